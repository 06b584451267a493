"""The history of the demo company: one story per feedback sheet, from receipt to answer."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from seed.company.answers import answered, contented, enquiry_answer, thanks
from seed.company.grading import graded, not_valid, severity_of
from seed.company.incident import DAY, GRADERS, OWNERS, RECEIVERS, Incident, Raw, Step
from seed.company.receipt import received
from seed.company.timeline import Event

REPEATED_WITHIN = timedelta(days=180)
NOT_VALID_SHARE = 0.03
SECOND_TRY_SHARE = 0.85
DAYS_TO_ANSWER = {"urgent": 2, "major": 4, "important": 6, "general": 9}


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
        yield from _handling(told, entered)


def _handling(told: Incident, entered: datetime) -> Iterator[Step]:
    judged = entered + timedelta(minutes=told.rng.randint(15, 1200))
    grader = told.rng.choice(GRADERS)
    if told.chance(NOT_VALID_SHARE):
        yield Step(judged, grader, not_valid(judged, grader))
        return
    severity = severity_of(told)
    handler = told.rng.choice(OWNERS[told.cause.department])
    grading = graded(told, judged, grader, severity, handler)
    yield Step(judged, grader, grading)
    done = _later(told, judged, 0.6, DAYS_TO_ANSWER[severity] * 2)
    answer = answered(told, judged, done, handler, severity, grading["measures"])
    yield Step(done, handler, answer)
    if not answer["customer_satisfied"] and told.chance(SECOND_TRY_SHARE):
        again = _later(told, done, 2, 20)
        yield Step(again, handler, contented(told, again))


def _later(told: Incident, moment: datetime, fewest: float, most: float) -> datetime:
    """Return a moment some days later, to the minute."""
    return (moment + DAY * told.rng.uniform(fewest, most)).replace(second=0, microsecond=0)
