"""Records that are open to somebody although their scope does not reach them: shared, or asked about them."""

from collections.abc import Collection, Iterable, Mapping

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from models import directory
from models.database import db
from models.forms import collection_name


def invite(
    form: str, records: Mapping[ObjectId, Iterable[ObjectId]], session: ClientSession | None = None
) -> None:
    """Open records of a form to the people who are asked for something there, for good.

    Whoever sees every record anyway is left out, so that the list of the invited stays short.

    Args:
        form: its key.
        records: for each record the people.
        session: of the transaction that asks them.
    """
    asked = {record: list(people) for record, people in records.items()}
    narrow = _narrow(form, {person for people in asked.values() for person in people})
    writes = [
        UpdateOne({"_id": record}, {"$addToSet": {"invited": {"$each": invited}}})
        for record, people in asked.items()
        if (invited := [person for person in people if person in narrow])
    ]
    if writes:
        db()[collection_name(form)].bulk_write(writes, ordered=False, session=session)


def _narrow(form: str, people: Collection[ObjectId]) -> set[ObjectId]:
    """Return those of some people who do not see every record of a form."""
    if not people:
        return set()
    with directory.batch() as known:
        known.know(people)
        found = {person: known.person(person) for person in people}
        wide = known.wide_roles(form)
    return {one for one, about in found.items() if about and wide.isdisjoint(about.get("roles") or ())}
