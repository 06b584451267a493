"""What happens to a clock when time passes: its rungs are taken one by one, and it becomes late."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from models.clocks import ladder
from models.clocks.aiming import begin_turn, schedule
from models.clocks.clock import BREACH, Clock
from models.database import Document
from models.errors import DomainError
from models.procedure import Rung

LATE_AFTER: Final = timedelta(minutes=2)
KEPT_FIRINGS: Final = 50
_MAX_STEPS: Final = 200


@dataclass(frozen=True)
class Firing:
    """A rung of a clock that is to be carried out; of a `silent` one nobody is told."""

    clock: Clock
    rung: Rung
    number: int
    of: datetime
    occurrence: int
    planned_at: datetime
    late: bool
    silent: bool = False

    @property
    def key(self) -> str:
        """What makes it happen once: the clock, the rung, the occurrence and the repetition."""
        return f"clock:{self.clock.id}:{self.rung.key}:{self.occurrence}:{self.number}"


def notice_breach(clock: Clock, at: datetime) -> None:
    """Mark a clock as late that was due before a moment, whether a sweep has been by or not."""
    while clock.state == "running" and (late := _due_breach(clock, at)):
        _breach(clock, late, at)


def _due_breach(clock: Clock, at: datetime) -> Document | None:
    steps = clock.document["steps"]
    return next((one for one in steps if one["rung"] == BREACH and one["at"] <= at), None)


def advance(clock: Clock, now: datetime) -> list[Firing]:
    """Take every step that is planned for now or before; return the rungs to be carried out, in order.

    After a time in which nobody swept, each rung is carried out once, marked late; what came again and again
    meanwhile, once for all. Where a step cannot be taken, those before it are; raises DomainError when it is
    the first.
    """
    fired: list[Firing] = []
    document = clock.document
    for _turn in range(_MAX_STEPS):
        steps = document["steps"]
        if clock.state != "running" or not steps or steps[0]["at"] > now:
            break
        before = dict(document)
        try:
            fired += _take(clock, steps[0], now)
        except DomainError:
            document.clear()
            document.update(before)
            if not fired:
                raise
            break
    schedule(clock)
    return fired


def _take(clock: Clock, step: Document, now: datetime) -> list[Firing]:
    if step["rung"] != BREACH:
        return _fire(clock, step, now)
    _breach(clock, step, now)
    return []


def _fire(clock: Clock, step: Document, now: datetime) -> list[Firing]:
    document = clock.document
    document["steps"] = document["steps"][1:]
    rung = next((one for one in clock.rule.ladder if one.key == step["rung"]), None)
    if rung is None:
        return []
    again = _again(clock, rung, step, now)
    document["steps"] = ladder.ordered([*document["steps"], *([again] if again else [])])
    possible = max(step["at"], document["started_at"])  # it cannot be told before there was a clock
    late = now - possible > LATE_AFTER
    occurrence = document["occurrence"] - (1 if step["of"] != document["due_at"] else 0)
    silent = bool(step.get("silent"))
    fired = Firing(clock, rung, step["n"], step["of"], occurrence, step["at"], late, silent)
    said = {"rung": rung.key, "n": step["n"], "at": now, "planned_at": step["at"], "late": late}
    document["fired"] = [*document["fired"], said][-KEPT_FIRINGS:]
    return [fired]


def _again(clock: Clock, rung: Rung, step: Document, now: datetime) -> Document | None:
    """Return the next repetition of a rung; where its time cannot be told, the rung is told all the same."""
    try:
        return ladder.repeated(rung, step, now, clock.pace)
    except DomainError:
        return None


def _breach(clock: Clock, step: Document, now: datetime) -> None:
    document = clock.document
    document["steps"] = [one for one in document["steps"] if one is not step]
    document["breached_at"] = document["breached_at"] or step["at"]
    document["late_since"] = document["late_since"] or step["of"]
    document["missed"] += 1
    if clock.rule.recurrence:
        _begin_next(clock, step["of"], now)


def _begin_next(clock: Clock, missed: datetime, now: datetime) -> None:
    """Aim at the next due time, with what is left of the ladder of the one that was just missed."""
    document = clock.document
    begin_turn(clock, max(missed, now))
    document["occurrence"] += 1
    left = [one for one in document["steps"] if one["of"] == missed]
    document["steps"] = ladder.ordered(left + ladder.plan(clock.rule, document["due_at"], missed, clock.pace))
