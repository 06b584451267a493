"""Letting somebody off a deadline: by the people the clock names, with a reason, on record."""

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import access, changes, forms, planning, who
from models.clocks import life, schedules, store
from models.clocks.clock import OPEN, Clock
from models.database import Document, db, in_transaction
from models.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from models.messages import _
from models.people import Actor, User
from models.times import now

MAX_REASON = 2_000


def may_exempt(person: User, clock: Clock) -> bool:
    """Tell whether a person may end a clock with a reason: whom it names, if they may see its form."""
    record = _record(clock) if clock.get("record") else {"data": {}}
    return (
        clock.is_open
        and access.permitted(person, clock.get("form"), access.Action.SEE)
        and who.includes(person, clock.rule.exempt, clock.form, record)
    )


def _record(clock: Clock) -> Document:
    found = db()[forms.collection_name(clock.get("form"))].find_one({"_id": clock.get("record")})
    if found is None:
        raise NotFoundError
    return found


def exempt(actor: Actor, person: User, clock_id: ObjectId, reason: str) -> None:
    """End a clock before it is due, or after, because it does not apply; the reason stays on record.

    Of a clock of the form itself, only the turn that is owed or next is left out: it runs on.

    Raises:
        NotFoundError: there is no such clock.
        ForbiddenError: the clock does not name this person.
        InvalidError: there is no reason.
        ConflictError: the clock has ended meanwhile.
    """
    found = db().clocks.find_one({"_id": clock_id})
    if found is None:
        raise NotFoundError
    clock = Clock(found)
    if not clock.is_open:
        raise ConflictError(_("This clock has ended already."))
    if not may_exempt(person, clock):
        raise ForbiddenError
    if not reason.strip():
        raise InvalidError({"reason": [_("Say why.")]})
    if clock.get("record"):
        _with_history(actor, clock, reason)
    else:
        in_transaction(lambda session: _end(clock_id, actor, reason, session))


def _with_history(actor: Actor, clock: Clock, reason: str) -> None:
    before = _record(clock)
    record = {**before, "revision": before["revision"] + 1}
    form = forms.at_version(clock.get("form"), record["form_version"])
    change = planning.step(actor, form, before, record, "updated", source="screen", reason=reason)
    change.facts["exempted"] = {"clock": clock.get("rule"), "due_at": clock.due_at}
    change.writes.append(lambda session: _end(clock.id, actor, reason, session))
    planning.seal(change)
    changes.commit([change])


def _end(clock_id: ObjectId, actor: Actor, reason: str, session: ClientSession) -> None:
    """End the clock as it is now, in the transaction that records why."""
    found = db().clocks.find_one({"_id": clock_id, "state": {"$in": list(OPEN)}}, session=session)
    if found is None:
        raise ConflictError(_("This clock has ended already."))
    clock = Clock(found)
    at = now()
    if clock.get("record"):
        life.end(clock, at, "exempt", "exempt")
    else:
        schedules.settle_turn(clock, at, actor.id, "exempt", session)
    clock.document["exemption"] = {
        "at": at,
        "by": actor.id,
        "by_name": actor.name,
        "reason": reason.strip()[:MAX_REASON],
    }
    store.replace([clock], session)
    if clock.get("record"):
        key = (clock.get("form"), clock.get("record"))
        store.set_due({key: store.of_records(key[0], [key[1]], session)}, session)
