"""The life of a clock: it starts, stands still, goes on, comes due, is settled and ends. Nothing is stored.

Every function takes a clock and a moment and changes the clock's document; the caller stores it.
"""

from datetime import datetime, timedelta
from typing import Final

from bson import ObjectId

from models.clocks import due, ladder
from models.clocks.aiming import aim, begin_turn, is_given, moved_on, schedule
from models.clocks.calendars_of import Choice
from models.clocks.clock import Clock
from models.clocks.coming_due import notice_breach
from models.clocks.pace import counts_work
from models.database import Document
from models.errors import DomainError
from models.forms import LiveForm
from models.procedure import ClockRule

TRY_AGAIN_AFTER: Final = timedelta(minutes=1)
TRY_AGAIN_AT_LEAST: Final = timedelta(hours=1)
MAX_TROUBLE: Final = 500


def start(
    form: LiveForm,
    rule: ClockRule,
    record: Document | None,
    *,
    count: int,
    at: datetime,
    because: Document,
    choice: Choice,
    taken_over: bool = False,
) -> Clock:
    """Return a clock that starts at a moment.

    Args:
        form: the version it is started under; it is kept for all its life.
        rule: the rule of that version.
        record: whose clock it is; None for a clock of the form itself.
        count: how many clocks of this rule the record had before.
        at: the moment of the change that starts it.
        because: what started it, for its explanation.
        choice: the calendars in force.
        taken_over: whether it comes in a heap from elsewhere: of the rungs that lie in the past already only
            the newest is told, the others only do what they do besides.

    A due time that cannot be told keeps nobody from saving: the clock says so, and the sweep tries again.
    """
    about = record or {}
    clock = Clock(
        {
            "_id": ObjectId(),
            "key": f"{form.key}:{about.get('_id') or '-'}:{rule.key}:{count}",
            "form": form.key,
            "record": about.get("_id"),
            "rule": rule.key,
            "kind": rule.kind,
            "count": count,
            **shown(about),
            "state": "running",
            "snapshot": {
                "form_version": form.version,
                "calendar": choice.of(rule, about.get("department")),
            },
            "started_at": at,
            "because": because,
            "counted_from": at,
            "due_at": None,
            "pauses": [],
            "paused_at": None,
            "paused_by": None,
            "remaining": None,
            "stopped_at": None,
            "stopped_why": None,
            "breached_at": None,
            "late_since": None,
            "occurrence": 1,
            "missed": 0,
            "steps": [],
            "fired": [],
            "recalculations": [],
            "fence": 1,
        }
    )
    try:
        aim(clock, record, at)
    except DomainError as error:
        set_aside(clock, error, at)
    if taken_over:
        ladder.hush(clock.document["steps"], at)
    return clock


def shown(record: Document) -> Document:
    """Return what a clock repeats of its record, so that a list of clocks needs no records."""
    return {
        "number": record.get("number"),
        "title": record.get("title") or "",
        "department": record.get("department"),
    }


def set_aside(clock: Clock, error: Exception, at: datetime) -> None:
    """Let a clock that cannot go on wait, longer each time, with what is wrong with it."""
    document = clock.document
    attempts = (document.get("trouble") or {}).get("attempts", 0) + 1
    document["trouble"] = {"text": str(error)[:MAX_TROUBLE], "at": at, "attempts": attempts}
    document["next_action_at"] = at + min(TRY_AGAIN_AFTER * 2 ** min(attempts - 1, 10), TRY_AGAIN_AT_LEAST)


def pause(clock: Clock, at: datetime, *, by: str, why: str) -> None:
    """Let a running clock stand still; what is left of it is kept in the measure it counts by.

    `by` says what lets it go on: `condition` when that no longer holds, `action` only another action.
    """
    if clock.state != "running":
        return
    notice_breach(clock, at)
    document, due_at = clock.document, clock.due_at
    left = clock.pace.between(at, due_at, working=counts_work(clock.rule)) if due_at else None
    document["state"], document["paused_at"], document["paused_by"] = "paused", at, by
    document["remaining"] = None if left is None else left.total_seconds()
    document["pauses"].append({"from": at, "to": None, "why": why})
    schedule(clock)


def resume(clock: Clock, at: datetime) -> None:
    """Let a paused clock go on: everything that was still to come moves by the time it stood still."""
    if clock.state != "paused":
        return
    document = clock.document
    paused_at: datetime = document["paused_at"]
    at = max(at, paused_at)
    document["pauses"][-1]["to"] = at
    document["state"], document["paused_at"], document["paused_by"] = "running", None, None
    document["remaining"] = None
    _carry(clock, paused_at, at)
    schedule(clock)


def _carry(clock: Clock, paused_at: datetime, at: datetime) -> None:
    document, due_at = clock.document, clock.due_at
    if due_at is None or is_given(clock):
        return
    recurrence = clock.rule.recurrence
    if recurrence and recurrence.every is None:  # a time of day is not moved by waiting
        _carry_fixed(clock, at)
    elif due_at <= paused_at:
        document["steps"] = [_moved(clock, one, paused_at, at) for one in document["steps"]]
    else:
        moved = moved_on(clock.pace, due_at, paused_at, at, working=counts_work(clock.rule))
        document["due_at"] = document["anchor"] = moved
        waiting = {one["rung"] for one in document["steps"] if one["of"] == due_at and not one["n"]}
        others = [one for one in document["steps"] if one["of"] != due_at or one["n"]]
        kept = [_moved(clock, one, paused_at, at) for one in others]
        kept = [{**one, "of": moved} if one["of"] == due_at else one for one in kept]
        renewed = ladder.plan(clock.rule, moved, paused_at, clock.pace)
        document["steps"] = kept + [one for one in renewed if one["rung"] in waiting]


def _carry_fixed(clock: Clock, at: datetime) -> None:
    """Leave out what came and went while a clock with fixed times stood still; what was late stays late."""
    document, skipped = clock.document, clock.due_at
    if skipped is None or skipped >= at:
        return
    begin_turn(clock, at)
    document["occurrence"] += 1
    kept = [one for one in document["steps"] if one["of"] != skipped]
    document["steps"] = kept + ladder.plan(clock.rule, document["due_at"], at, clock.pace)


def _moved(clock: Clock, step: Document, paused_at: datetime, at: datetime) -> Document:
    rung = next((one for one in clock.rule.ladder if one.key == step["rung"]), None)
    length = rung and (rung.repeat if step["n"] else rung.offset)
    working = due.is_working(length.unit) if length else counts_work(clock.rule)
    return {**step, "at": moved_on(clock.pace, step["at"], paused_at, at, working=working)}


def settle(clock: Clock, at: datetime) -> None:
    """Note that what a recurring clock asks for was done: the one that is late, else the next one.

    Whoever corrects what a record says before the next turn has begun has not done that one too.
    """
    if not clock.is_open or clock.due_at is None or clock.rule.recurrence is None:
        return
    notice_breach(clock, at)
    document, was_late = clock.document, clock.late_since
    is_again = document.get("settled_at") and at < document["turn_from"]
    if is_again and not was_late and document["record"] is not None:  # schedules of forms count records
        return
    document["late_since"] = None
    document["settled_at"] = at
    if was_late:
        document["steps"] = [one for one in document["steps"] if one["of"] == document["due_at"]]
    else:
        begin_turn(clock, document["due_at"])
        document["occurrence"] += 1
        document["steps"] = ladder.plan(clock.rule, document["due_at"], at, clock.pace)
    schedule(clock)


def end(clock: Clock, at: datetime, state: str, why: str) -> None:
    """End a clock: `done` when what it waits for happened, `stopped` without that, `exempt` by a person."""
    if not clock.is_open:
        return
    notice_breach(clock, at)
    document = clock.document
    if clock.state == "paused":
        document["pauses"][-1]["to"] = at
    document["state"], document["stopped_at"], document["stopped_why"] = state, at, why
    document["paused_at"] = document["paused_by"] = document["remaining"] = None
    document["left_steps"], document["steps"] = document["steps"], []
    schedule(clock)


def reopen(clock: Clock, at: datetime, why: str) -> None:
    """Let a clock go on that ended when its record was deleted; it stood still meanwhile."""
    document = clock.document
    stopped_at = document["stopped_at"]
    document["state"], document["paused_at"] = "paused", stopped_at
    document["pauses"].append({"from": stopped_at, "to": None, "why": why})
    document["stopped_at"] = document["stopped_why"] = None
    document["steps"] = document.pop("left_steps", [])
    resume(clock, at)
