"""Where a clock aims: from when it counts, when it is due, and which steps follow from that."""

from datetime import datetime

from models.clocks import due, ladder
from models.clocks.clock import BREACH, Clock
from models.clocks.pace import Pace, counts_work
from models.database import Document
from models.procedure import Recurrence


def aim(clock: Clock, record: Document | None, at: datetime) -> None:
    """Work out from where a clock counts, when it is due, and its steps. Raises DomainError.

    One that was aimed before and only got into trouble on its way keeps what it stood still and what it told.
    """
    document, rule, data = clock.document, clock.rule, (record or {}).get("data", {})
    if document.get("trouble") and document["steps"]:
        return
    given = due.moment_of(data.get(rule.start_at), clock.pace.zone) if rule.start_at else None
    document["counted_from"] = document["anchor"] = given or document["started_at"]
    document["due_at"] = _due(clock, data)
    document["steps"] = ladder.plan(rule, document["due_at"], at, clock.pace)
    schedule(clock)


def _due(clock: Clock, data: Document) -> datetime | None:
    counted_from: datetime = clock.get("counted_from")
    rule, pace = clock.rule, clock.pace
    if rule.recurrence:
        return begin_turn(clock, counted_from)
    definition = clock.form.definition
    return due.of_length(rule.length, counted_from, data, definition, pace.zone, pace.calendar)


def begin_turn(clock: Clock, after: datetime) -> datetime:
    """Aim a recurring clock at the next due time after a moment, and return it. Raises UncountableError."""
    due_at = following(clock, after)
    clock.document["turn_from"], clock.document["due_at"] = after, due_at
    return due_at


def following(clock: Clock, after: datetime) -> datetime:
    """Return the next due time of a recurring clock after a moment. Raises UncountableError."""
    pace = clock.pace
    recurrence = clock.rule.recurrence or Recurrence()
    return due.next_time(recurrence, after, clock.get("anchor"), pace.zone, pace.calendar)


def schedule(clock: Clock) -> None:
    """Let the sweep look at a clock when its next step is planned; not at all when there is none."""
    document = clock.document
    document["steps"] = ladder.ordered(document["steps"])
    document.pop("trouble", None)
    if document["state"] == "running" and document["steps"]:
        document["next_action_at"] = document["steps"][0]["at"]
    else:
        document.pop("next_action_at", None)


def retarget(clock: Clock, due_at: datetime | None, at: datetime) -> None:
    """Give an open clock another due time, because a date was corrected or it was recalculated.

    Rungs that were told and still lie in the past are not told again; those that come once more are.
    """
    document = clock.document
    if due_at == clock.due_at:
        return
    told = {one["rung"] for one in document["fired"]}
    document["due_at"] = due_at
    document["occurrence"] += 1
    if due_at is None or due_at >= at:
        document["late_since"] = document["breached_at"] = None
    known = told if document["breached_at"] is None else told | {BREACH}
    steps = ladder.plan(clock.rule, due_at, at, clock.pace)
    document["steps"] = [one for one in steps if one["at"] > at or one["rung"] not in known]
    schedule(clock)


def correct(clock: Clock, record: Document, at: datetime, said: Document) -> None:
    """Follow a date of the record that the clock counts from or to, and note it. Raises DomainError."""
    document, before = clock.document, clock.due_at
    given = (
        due.moment_of(record["data"].get(clock.rule.start_at), clock.pace.zone)
        if clock.rule.start_at
        else None
    )
    document["counted_from"] = given or document["started_at"]
    retarget(clock, _corrected(clock, record["data"], at), at)
    if clock.due_at != before:
        document["recalculations"].append({**said, "before": before, "after": clock.due_at})


def _corrected(clock: Clock, data: Document, at: datetime) -> datetime | None:
    """Return when a clock is due by what its record says now; of what comes again, the next time to come."""
    document = clock.document
    if clock.rule.recurrence:
        document["anchor"] = document["counted_from"]
        document["turn_from"] = max(document["anchor"], at)
        return following(clock, document["turn_from"])
    fresh = _due(clock, data)
    return _with_pauses(clock, fresh) if fresh and not is_given(clock) else fresh


def recounted(clock: Clock, record: Document | None, pace: Pace) -> datetime | None:
    """Return when an open clock would be due if all of its time were counted by another calendar.

    Raises DomainError.
    """
    other = Clock({**clock.document, "snapshot": clock.get("snapshot")})
    other.form, other.rule, other.pace = clock.form, clock.rule, pace
    rule, due_at = clock.rule, clock.due_at
    if due_at is None:
        return None
    if rule.recurrence:
        return _recounted_again(other, due_at)
    fresh = _due(other, (record or {}).get("data", {}))
    return _with_pauses(other, fresh) if fresh and not is_given(other) else fresh


def _recounted_again(clock: Clock, due_at: datetime) -> datetime:
    """Return the due time of the same turn of a recurring clock; one that was moved by a pause stays."""
    return due_at if due_at == clock.get("anchor") else following(clock, clock.get("turn_from"))


def is_given(clock: Clock) -> bool:
    """Tell whether a clock is due when a field says, whatever time it stood still."""
    field = clock.form.definition.by_key.get(clock.rule.length.field)
    return field is not None and field.type in {"date", "datetime"}


def _with_pauses(clock: Clock, due_at: datetime) -> datetime:
    """Move a due time by every pause that began before it."""
    working = counts_work(clock.rule)
    for one in clock.get("pauses"):
        if one["to"] and one["from"] < due_at:
            due_at = moved_on(clock.pace, due_at, one["from"], one["to"], working=working)
    return due_at


def moved_on(pace: Pace, moment: datetime, paused_at: datetime, at: datetime, *, working: bool) -> datetime:
    """Return when a moment comes that had not come yet when everything stood still."""
    return pace.after(at, pace.between(paused_at, moment, working=working), working=working)
