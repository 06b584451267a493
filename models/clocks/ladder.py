"""The ladder of a clock: when each rung is planned, and which are due. Pure.

A clock keeps what is to come as `steps`: `{rung, at, n, of}` says that a rung is told for the n-th time at a
moment, for a due time. A step that was taken is gone or has moved on, so nothing is ever done twice, whatever
the time of day is set to.
"""

from datetime import datetime, timedelta

from models.clocks import due
from models.clocks.clock import BREACH
from models.clocks.pace import Pace
from models.database import Document
from models.procedure import ClockRule, Length, Rung

_JUST_AFTER = timedelta(milliseconds=1)
_MAX_SKIPPED = 100_000
_FIXED = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
}


def plan(rule: ClockRule, due_at: datetime | None, since: datetime, pace: Pace) -> list[Document]:
    """Return the steps of a due time, earliest first; what would have come before `since` is left out.

    Raises UncountableError.
    """
    if due_at is None or rule.kind == "retention":
        return []
    steps = [step(BREACH, due_at + _JUST_AFTER, due_at)]
    for rung in rule.ladder:
        at = planned(rung, due_at, pace)
        if rung.side != "before" or at > since:
            steps.append(step(rung.key, at, due_at))
    return ordered(steps)


def step(rung: str, at: datetime, due_at: datetime, number: int = 0) -> Document:
    """Return a step to come."""
    return {"rung": rung, "at": at, "n": number, "of": due_at}


def ordered(steps: list[Document]) -> list[Document]:
    """Return steps in the order in which they are taken."""
    return sorted(steps, key=lambda one: one["at"])


def hush(steps: list[Document], at: datetime) -> None:
    """Let only the newest of the steps before a moment be told; the others are taken silently."""
    past = [one for one in ordered(steps) if one["rung"] != BREACH and one["at"] <= at]
    for one in past[:-1]:
        one["silent"] = True


def planned(rung: Rung, due_at: datetime, pace: Pace) -> datetime:
    """Return when a rung is to be told for the first time."""
    if rung.side == "at":
        return due_at
    return pace.shift(due_at, rung.offset, -1 if rung.side == "before" else 1)


def repeated(rung: Rung, taken: Document, now: datetime, pace: Pace) -> Document | None:
    """Return the step that follows a taken one: the next repetition that is still to come, or none.

    Repetitions that were missed are made up for by the one that was just taken.
    """
    number = taken["n"] + 1
    if rung.repeat is None or not rung.repeat.amount or number >= rung.times:
        return None
    at = _next(rung.repeat, taken["at"], now, pace)
    return step(rung.key, at, taken["of"], number) if at else None


def _next(length: Length, at: datetime, now: datetime, pace: Pace) -> datetime | None:
    fixed = _FIXED.get(length.unit)
    if fixed is not None and length.amount:
        each = due.scaled(fixed, length.amount)
        return at + max(1, (now - at) // each + 1) * each if each else None
    for _turn in range(_MAX_SKIPPED):
        later = pace.shift(at, length)
        if later > now or later <= at:
            return later if later > at else None
        at = later
    return None
