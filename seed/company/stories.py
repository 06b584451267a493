"""The history of the demo company: one story per feedback sheet, from receipt to answer."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from seed.company.answers import (
    action,
    analysed,
    carried_out,
    dissatisfied,
    enquiry_answer,
    is_happy,
    needs_action,
    replied,
    thanks,
)
from seed.company.grading import graded, measures, not_valid, remedy, severity_of
from seed.company.incident import DAY, GRADERS, OWNERS, RECEIVERS, Incident, Raw, Step
from seed.company.partners import To
from seed.company.receipt import received
from seed.company.timeline import Event

REPEATED_WITHIN = timedelta(days=180)
NOT_VALID_SHARE = 0.03
RECENT, STUCK_SHARE = timedelta(days=9), 0.5  # what somebody still sits on, some of it too long
DAYS_TO_ANSWER = {"urgent": 1, "major": 2, "important": 2.5, "general": 3}
HEAD_OF_QUALITY = "su.mingyuan"


@dataclass
class Story:
    """One sheet with the saves that lie before now; `earlier` counts from the first story."""

    steps: list[Step] = field(default_factory=list)
    earlier: int | None = None


def stories(rng: Random, events: list[Event], now: datetime, customers: list[Raw]) -> list[Story]:
    """Return one story per event; saves that would lie in the future have not happened."""
    latest: dict[tuple[int, str], tuple[int, datetime]] = {}
    told = []
    for position, event in enumerate(events):
        incident = Incident(rng, event, customers[event.customer])
        story = Story([step for step in _steps(incident) if step.at < now])
        if now - event.at < RECENT and rng.random() < STUCK_SHARE:
            del story.steps[rng.choice([1, 2, 3]) :]
        if event.kind == "complaint" and story.steps:
            before, at = latest.get((event.customer, event.fault.key), (None, event.at))
            story.earlier = before if event.at - at < REPEATED_WITHIN else None
            story.steps[0].values["repeated"] = story.earlier is not None
            latest[event.customer, event.fault.key] = (position, event.at)
        told.append(story)
    return [story for story in told if story.steps]


def _steps(told: Incident) -> Iterator[Step]:
    entered = told.event.at + timedelta(minutes=told.rng.randint(4, 70))
    receiver = told.rng.choice(RECEIVERS)
    yield Step(entered, receiver, received(told, receiver))
    if told.event.kind == "enquiry":
        yield enquiry_answer(told, entered)
    elif told.event.kind == "suggestion":
        yield thanks(told, entered)
    else:
        yield from _handling(told, entered, receiver)


def _handling(told: Incident, entered: datetime, receiver: str) -> Iterator[Step]:
    judged = entered + timedelta(minutes=told.rng.randint(15, 900))
    grader = told.rng.choice(GRADERS)
    if told.chance(NOT_VALID_SHARE):
        yield Step(judged, grader, not_valid(judged, grader), "refuse")
        return
    severity = severity_of(told)
    if severity == "general" and told.cause.department in {"SALES", "SERVICE"}:
        handler = told.rng.choice(OWNERS[told.cause.department])
        values = {**graded(told, judged, receiver, severity), "handler": To("person", handler)}
        yield Step(judged, receiver, values, "keep")
        yield from _remedied(told, judged, handler, severity, SALES)
    else:
        yield Step(judged, receiver, graded(told, judged, receiver, severity), "pass_on")
        is_serious = severity in {"urgent", "major"}
        yield from _remedied(told, judged, HEAD_OF_QUALITY if is_serious else grader, severity, QUALITY)


@dataclass(frozen=True)
class _Steps:
    """What the same steps are called where sales, or where quality, takes them."""

    propose: str
    satisfied: str
    not_satisfied: str


SALES = _Steps("propose_remedy", "satisfied", "not_satisfied")
QUALITY = _Steps("propose_quality_remedy", "satisfied_by_quality", "not_satisfied_by_quality")


def _remedied(told: Incident, judged: datetime, by: str, severity: str, steps: _Steps) -> Iterator[Step]:
    """Tell of remedy, talk with the customer, result and cause (P03.21–P03.27)."""
    proposed = _proposed(told, judged, severity)
    values = remedy(told, proposed, by, severity)
    first = "meeting_held" if severity in {"urgent", "major"} else steps.propose
    yield Step(proposed, by, values, first)
    at, again = _later(told, proposed, 0.2, DAYS_TO_ANSWER[severity]), False
    if not is_happy(told, at):
        yield Step(at, by, dissatisfied(told), steps.not_satisfied)
        at, again = _later(told, at, 0.5, 2.2), True
        values = {"measures": [*values["measures"], *measures(told, at, by)]}
        yield Step(at, by, values, steps.propose)
        at = _later(told, at, 0.2, 2)
    yield Step(at, by, replied(told), steps.satisfied)
    at = _later(told, at, 1, 12)
    yield Step(at, by, carried_out(told, at, severity, values["measures"], again=again), "record_result")
    at = _later(told, at, 0.5, 7)
    result = analysed(told, judged, at)
    grader = by if by in GRADERS else told.rng.choice(GRADERS)
    if needs_action(told, severity):
        yield Step(at, grader, {**result, **action(told, at)}, "start_action")
    else:
        yield Step(at, grader, result, "close")


def _proposed(told: Incident, judged: datetime, severity: str) -> datetime:
    """Return when a remedy is proposed: mostly in time, sometimes late."""
    in_time = {"urgent": 0.3, "major": 0.8}.get(severity, 1.4)
    return _later(told, judged, 0.08, in_time if told.chance(0.92) else in_time * 2.5)


def _later(told: Incident, moment: datetime, fewest: float, most: float) -> datetime:
    """Return a moment some days later, to the minute."""
    return (moment + DAY * told.rng.uniform(fewest, most)).replace(second=0, microsecond=0)
