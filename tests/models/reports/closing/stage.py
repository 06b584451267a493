"""Complaints of two years whose report is closed month by month, and later changes of them."""

from datetime import UTC, datetime
from typing import Any

from models import records
from models.forms import LiveForm
from models.jobs import Job, RunningJob
from models.people import Actor, User
from models.reports import keeping as reports
from models.reports import reading, running
from models.reports.closing import keeping, reopening
from models.reports.closing import running as closing_month
from models.reports.closing.keeping import Closing
from models.reports.look import Look
from models.reports.periods import Period
from models.reports.results import Result
from models.times import set_clock
from tasks.jobs import carry_out

AUGUST, SEPTEMBER, OCTOBER, NOVEMBER = (Period.read(f"2026-{month:02}") for month in (8, 9, 10, 11))
IN_OCTOBER = datetime(2026, 10, 5, 2, tzinfo=UTC)


def closed(person: User, period: Period = SEPTEMBER) -> Job:
    """Close a period by its job, and return that as it ended."""
    job = closing_month.enqueue(person, reports.get("monthly"), period, "en")
    return ended(job)


def ended(job: Job) -> Job:
    running_job = RunningJob.claim(job.id, "test")
    assert running_job
    carry_out(running_job)
    job.reload()
    return job


def look_at(person: User, period: Period = SEPTEMBER) -> Look:
    return reading.look_at(person, reports.get("monthly").definition, period, "en")


def table(results: Any) -> dict[str, list[dict[str, Any]]]:
    return {one.key: [dict(row.values) for row in one.rows] for one in results}


def found(look: Look, key: str) -> Result:
    return next(one for one in running.results(look) if one.key == key)


def of_september(complaints: LiveForm) -> list[dict[str, Any]]:
    inside = {"data.received_on": {"$gte": "2026-09-01", "$lte": "2026-09-30"}}
    return list(complaints.records().find(inside).sort("_id", 1))


def changed(form: LiveForm, person: User, record: dict[str, Any], **values: Any) -> dict[str, Any]:
    actor = Actor.of(person)
    return records.update(actor, form, record["_id"], values, revision=record["revision"], partial=True)


def binned(form: LiveForm, person: User, record: dict[str, Any]) -> None:
    records.delete(Actor.of(person), form, record["_id"], revision=record["revision"], reason="twice")


def in_force(period: Period, report: str = "monthly") -> Closing:
    closing = keeping.get(report, period.name)
    assert closing
    return closing


def closed_on(moment: datetime, person: User, period: Period) -> Closing:
    with set_clock(moment):
        job = closed(person, period)
    assert job.state == "done", job.error
    return in_force(period)


def reopened(person: User, period: Period) -> None:
    reopening.reopen(person, in_force(period), "Something was forgotten.")


def one_of(form: LiveForm, period: Period) -> dict[str, Any]:
    """Return the first record of a period as it is now."""
    days = {"$gte": period.first.isoformat(), "$lte": period.last.isoformat()}
    record = form.records().find_one({"data.received_on": days, "deleted_at": None}, sort=[("_id", 1)])
    assert record
    return dict(record)


def again(form: LiveForm, record: dict[str, Any]) -> dict[str, Any]:
    now = form.records().find_one({"_id": record["_id"]})
    assert now
    return dict(now)


def told(look: Look) -> list[tuple[str, str, str, str]]:
    """Return what a period tells of those closed before: period, number, what happened, what was changed."""
    names = ("period", "number", "what", "fields")
    return [tuple(str(row.values[name]) for name in names) for row in found(look, "late").rows]  # type: ignore[misc]
