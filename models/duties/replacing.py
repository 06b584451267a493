"""When somebody leaves: what they owed goes to whoever steps in, and the administrators are told."""

from collections.abc import Iterable

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import directory, who
from models.database import Document, db, in_transaction
from models.duties import store
from models.who import Substitution


def replace_person(person: ObjectId) -> int:
    """Give the open duties of somebody who left to their deputy or head; return how many.

    Approvals apart, where a signer is replaced. Safe to run twice.
    """
    with directory.batch() as known:
        stand_in = known.substitute(person)
        by = (stand_in,) if stand_in else tuple(known.administrators)
        substitution = Substitution(person, by, known.department_of(person))
        owed = db().duties.find({"people": person, "kind": {"$ne": "approval"}, **store.OPEN})
        return sum(_replace(duty, substitution) for duty in owed)


def _replace(duty: Document, substitution: Substitution) -> bool:
    """Give one duty away and tell everybody concerned, in one transaction: who was told has it."""
    people = _without(duty["people"], substitution)
    new = [one for one in people if one not in duty["people"]]
    record = {"_id": duty["record"] or duty["_id"], "number": duty["number"], "title": duty["title"]}

    def work(session: ClientSession) -> bool:
        still_theirs = {"_id": duty["_id"], "people": duty["people"], **store.OPEN}
        replaced = db().duties.update_one(still_theirs, {"$set": {"people": people}}, session=session)
        if not replaced.matched_count:
            return False
        store.ask([(duty, new)], session)
        store.tell_again(duty, new, key=f"{duty['key']}:instead:{substitution.left}", session=session)
        who.tell_substitutions(duty["form"], record, [substitution], session)
        return True

    return in_transaction(work)


def _without(people: Iterable[ObjectId], substitution: Substitution) -> list[ObjectId]:
    found: list[ObjectId] = []
    for one in people:
        found += substitution.by if one == substitution.left else (one,)
    return list(dict.fromkeys(found))
