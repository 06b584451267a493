"""What the steps of a stock check bring about, and what no change of its record may do.

A step only asks for a job, in the transaction that takes it; `carrying` does the work.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import access
from models.changes import Change
from models.database import db
from models.errors import ConflictError, InvalidError
from models.jobs import Job
from models.ledger.stock_check import lines
from models.ledger.stock_check.check import (
    ADJUSTED,
    ADJUSTING,
    DISCARDED,
    READY,
    TAKING,
    Check,
    stage_set,
)
from models.ledger.stock_check.scope import Scope
from models.ledger_parts import CheckStock
from models.messages import Message, _
from models.people import User
from models.times import now
from models.workflow.run import Run

JOB = "stock_check"


def carry_out(run: Run, change: Change, effect: CheckStock) -> None:
    """Plan what a step does with a stock check. Raises ConflictError or InvalidError where that cannot be."""
    if run.dry:
        return
    check = Check.of(change.form, change.record)
    _ACTIONS[effect.action](check, change)


def _snapshot(check: Check, change: Change) -> None:
    """Let a job draw up the list; one that was counted already is not thrown away."""
    _require_idle(check)
    if check.stage in {ADJUSTING, ADJUSTED} or check.numbers["counted"]:
        raise _refused(_("Something was counted already; the list stays as it is."))
    person = change.actor.person
    if person and not access.permitted(person, check.ledger.key, access.Action.SEE):
        raise _refused(_("You may not see the ledger that this check counts."))
    scope = Scope.of(check.part, change.record["data"])
    if not check.ledger.records().find_one(scope.filter(check.ledger, person), {"_id": 1}):
        raise _refused(_("Nothing of the ledger is in what this check counts."))
    _ask_for(check, change, TAKING, taken_at=now())


def _adjust(check: Check, change: Change) -> None:
    """Let a job book what was decided."""
    _require_idle(check)
    if check.stage not in {READY, ADJUSTING}:
        raise _refused(_("There is nothing to book: no list was drawn up, or it was booked already."))
    if lines.add_up(check.id)["undecided"]:
        raise _refused(_("Decide about every difference first."))
    _ask_for(check, change, ADJUSTING)


def _discard(check: Check, change: Change) -> None:
    """Let a job remove the lines; nothing that was booked is undone."""
    if check.stage == ADJUSTING and check.is_busy:
        raise ConflictError(_("This check is being booked right now."), current=change.before)
    if check.stage:
        _ask_for(check, change, DISCARDED)


_ACTIONS: Mapping[str, Callable[[Check, Change], None]] = MappingProxyType(
    {"snapshot": _snapshot, "adjust": _adjust, "discard": _discard}
)


def _ask_for(check: Check, change: Change, stage: str, **about: object) -> None:
    owner = change.actor.person or User.objects(id=change.actor.id).first()
    params = {"form": check.form.key, "check": check.id, "stage": stage}
    job = Job(
        id=ObjectId(), kind=JOB, form=check.form.key, title=_title(change), params=params, created_at=now(),
        owner=owner.id if owner else None, language=change.actor.language,
    )  # fmt: skip
    job.validate()

    def write(session: ClientSession) -> None:
        db().jobs.insert_one(job.to_mongo().to_dict(), session=session)
        stage_set(check, session, stage=stage, job=job.id, **about)

    change.writes.append(write)


def _title(change: Change) -> str:
    label = change.form.definition.label.text(change.actor.language)
    return f"{label} {change.record.get('number') or ''}".strip()


def _require_idle(check: Check) -> None:
    if check.is_busy:
        raise ConflictError(_("A job works on this check already."), current=check.record)


def _refused(message: Message) -> InvalidError:
    return InvalidError({"": [message]})


# -- what every change keeps to ----------------------------------------------------------------------------


def guard(change: Change) -> None:
    """Let the numbers of a check stand as they are stored; refuse to delete one that was booked.

    Raises InvalidError.
    """
    part = change.form.definition.stock_check
    if part is None:
        return
    if change.action == "deleted":
        _refuse_deleting(change)
        return
    had = dict(change.before["data"]) if change.before else {}
    data = change.record["data"]
    for key in part.numbers.values():
        data.pop(key, None)
        if key in had:
            data[key] = had[key]


def _refuse_deleting(change: Change) -> None:
    check = Check.of(change.form, change.record)
    if check.stage in {ADJUSTING, ADJUSTED}:
        raise _refused(_("Something was booked by this check; it cannot be deleted."))


def forget_item(change: Change) -> None:
    """Let the lines of an item that is being deleted wait for nobody any more, on whatever list they are."""
    item = change.record["_id"]
    waiting = {"item": item, "status": {"$in": [lines.OPEN, lines.AGAIN]}}
    if lines.collection().find_one(waiting, {"_id": 1}):
        change.writes.append(lambda session: _forget(waiting, session))


def _forget(waiting: dict[str, object], session: ClientSession) -> None:
    for line in lines.collection().find(waiting, session=session):
        check = Check.of_line(line)
        after = {**line, "status": lines.GONE}
        lines.store(check.form, check.part, line["check"], [(line, after)], session)
