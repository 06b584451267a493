"""Lent pieces in a stock check: whoever borrowed them says whether they have them, on a page of their own.

They need no right to the check for it: they answer for what is in their hands, and see nothing else of it.
What they say stands on the line as a count does, with name and time; nothing is booked because of it. Who
answers for the check is told what is not there: it is reported on the slip.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import access, directory, notifications, outbox
from models.database import Document, in_transaction
from models.errors import NotFoundError
from models.ledger.stock_check import lines
from models.ledger.stock_check.check import Check, check_forms
from models.ledger.stock_check.counting import Count, nothing_else, write_down
from models.ledger.stock_check.lines import COUNTED
from models.ledger.stock_check.reading import Reader, Shown
from models.ledger.wording import plain
from models.messages import _
from models.notifications import Event
from models.people import Actor, User
from models.who import called

PAGE: Final = "/property/confirm"
MOST: Final = 500
"""Lines of one check that somebody is shown at once."""
_LENT: Final[Document] = {"away": True, "kind": "lent"}


@dataclass(frozen=True)
class Asked:
    """A check that is being counted, and the lines of it that are in somebody's hands."""

    check: Check
    lines: list[Shown]


def asked_of(person: User) -> list[Asked]:
    """Return what somebody is asked to confirm, or has confirmed, in checks that are counted now."""
    found = [_asked(person, check) for check in _running()]
    return [one for one in found if one.lines]


def _asked(person: User, check: Check) -> Asked:
    mine = {"check": check.id, **_LENT, "spot.person": person.id}
    found = lines.collection().find(mine).sort([("order", 1), ("_id", 1)]).limit(MOST)
    told = [line for line in found if check.takes_count(line)]
    reader = Reader(person, check)
    seen = {one.id: one for one in reader.seen(told)}
    return Asked(check, [seen.get(line["_id"]) or _unnamed(reader, line) for line in told])


def _unnamed(reader: Reader, line: Document) -> Shown:
    """Return a line of an item that its borrower may not see: how many, and by which slip."""
    return reader.shown({**line, "number": "", "title": ""}, None)


def _running() -> Iterator[Check]:
    for form in check_forms():
        part = form.definition.stock_check
        states = [*part.counting, *part.reviewing] if part else []
        now = {"deleted_at": None, "state": {"$in": states}}
        for record in form.records().find(now, {"search": 0}):
            yield Check.of(form, record)


def open_of(asked: list[Asked]) -> int:
    """Return how many lines nobody has said anything of yet."""
    return sum(one.line["status"] != COUNTED for about in asked for one in about.lines)


def confirm(actor: Actor, person: User, line_id: str | ObjectId, said: Count) -> Document:
    """Write down how many of the pieces that somebody borrowed they have; return the line.

    Raises:
        NotFoundError: there is no such line, or its pieces are in other hands.
        ConflictError: it is not being counted now.
        InvalidError: beside `quantity` or `note`.
    """
    mine = {"_id": access.object_id(line_id), **_LENT, "spot.person": person.id}

    def write(session: ClientSession) -> Document:
        line = lines.collection().find_one(mine, session=session)
        if line is None:
            raise NotFoundError
        check = Check.of_line(line).fresh(session)
        after = write_down(actor, check, line, said, session, also=nothing_else)
        outbox.put(_missing(check, after, actor), session)
        return after

    return in_transaction(write)


def _missing(check: Check, line: Document, actor: Actor) -> list[Document]:
    """Return the effects that tell who has the check of pieces that are not where they should be."""
    difference, owner = lines.difference_of(line), check.record.get("owner")
    short = -difference.to_decimal() if difference else Decimal(0)
    if short <= 0 or owner is None:
        return []
    return notifications.tell(
        [owner],
        key=f"check.missing:{line['_id']}:{len(line.get('counts', ()))}",
        kind="task",
        title=called(check.form.key, check.record),
        text=_(
            "%(name)s does not have %(quantity)s of “%(item)s”, as the books say.",
            name=actor.name,
            quantity=plain(short),
            item=line["title"] or line["number"],
        ),
        url=f"/property/checks/{check.id}?which=listed",
        level="warning",
        by_name=actor.name,
    )


def ask(check: Check) -> None:
    """Tell everybody who has pieces on the list of a check to say whether they have them; each once."""
    known = directory.current()
    people = lines.collection().distinct("spot.person", {"check": check.id, **_LENT})
    events = [_event(check, one) for one in people if one and known.is_active(one)]
    if events:
        made = notifications.rows(events)
        in_transaction(lambda session: notifications.insert(made, session))


def _event(check: Check, person: ObjectId) -> Event:
    return Event(
        people=(person,),
        key=f"check.confirm:{check.id}",
        kind="task",
        title=called(check.form.key, check.record),
        text=_("What you have borrowed is being checked: say whether you have it."),
        url=PAGE,
    )


def confirmed(check: Check) -> tuple[int, int]:
    """Return how many lines of lent pieces were answered, and how many there are."""
    lent = {"check": check.id, **_LENT}
    count = lines.collection().count_documents
    return count({**lent, "status": COUNTED}), count(lent)
