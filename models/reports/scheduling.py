"""Reports that make themselves: some working days after a period is over, for whoever is to have them.

A run is a document with a key of its own, so that it begins once however many sweep; what was missed while
the program was down is made up for. Each recipient gets the report within their own rights, as a job.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Final

import structlog
from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from models import calendars, jobs, notifications, outbox, who
from models.calendars import WorkingCalendar
from models.database import Document, db, in_transaction, is_passing
from models.directory import Directory
from models.errors import NotFoundError
from models.jobs import RunningJob
from models.messages import _
from models.people import User
from models.reports import keeping, making, reading
from models.reports.keeping import Report, every
from models.reports.parts import Schedule
from models.reports.periods import Period
from models.times import now

log = structlog.get_logger()

CATCH_UP: Final = 12
"""So many missed periods are made up for, the latest first."""
TRIES: Final = 3
BETWEEN: Final = timedelta(minutes=10)
LATELY: Final = timedelta(days=7)
_FARTHEST: Final = 400
_DIGITS: Final = 12
_DAY: Final = timedelta(days=1)
_NO_RECORD: Final[Document] = {"data": {}}


@dataclass(frozen=True)
class Due:
    """A run that should have begun."""

    report: Report
    schedule: Schedule
    period: Period
    at: datetime

    @property
    def key(self) -> str:
        """What it is known by: the same run is begun once, wherever its schedule stands."""
        own = hashlib.sha256(self.schedule.model_dump_json().encode()).hexdigest()
        return f"{self.report.key}:{own[:_DIGITS]}:{self.period.name}"


def due_at(schedule: Schedule, period: Period, calendar: WorkingCalendar) -> datetime | None:
    """Return when a period's report is due: at an hour of its n-th working day after the period, in UTC.

    None where the calendar has no such day within a year.
    """
    day, missing = period.last, schedule.working_day
    for _step in range(_FARTHEST):
        day += _DAY
        missing -= bool(calendar.hours(day))
        if not missing:
            return _moment(day, schedule.at, calendar)
    return None


def _moment(day: date, at: str, calendar: WorkingCalendar) -> datetime:
    hour, minute = map(int, at.split(":"))
    return datetime.combine(day, time(hour, minute), calendar.zone).astimezone(now().tzinfo)


def due(report: Report, schedule: Schedule) -> list[Due]:
    """Return the runs of a schedule that are due and were not begun, the oldest first."""
    return list(_of_schedule(report, schedule))[::-1]


def _of_schedule(report: Report, schedule: Schedule) -> Iterator[Due]:
    calendar = calendars.working(calendars.DEFAULT_KEY)
    today = now().astimezone(calendar.zone).date()
    period = Period.last_full(schedule.every, today, reading.fiscal(report.definition))
    for _back in range(CATCH_UP):
        at = due_at(schedule, period, calendar)
        found = Due(report, schedule, period, at) if at else None
        if found is None or _is_begun(found) or not _was_scheduled(found):
            return
        if found.at <= now():
            yield found
        period = period.before()


def _is_begun(one: Due) -> bool:
    return db().report_runs.count_documents({"_id": one.key}, limit=1) > 0


def _was_scheduled(one: Due) -> bool:
    """Tell whether its schedule was as it is when it was due; other changes of a report miss no run."""
    if one.at >= one.report.at:
        return True
    return one.at >= keeping.unchanged_since(one.report, lambda each: one.schedule in each.schedules)


def sweep() -> list[ObjectId]:
    """Begin what is due, and try again what failed; return the jobs, to be sent to the workers.

    A report that cannot be begun holds up no other.
    """
    give_up()
    found: list[ObjectId] = []
    for report in every():
        for schedule in report.definition.schedules:
            with _apart(report.key):  # what is begun later would hide what was missed before
                for one in due(report, schedule):
                    found += begin(one)
    for run in _failed():
        with _apart(run["report"]):
            found += try_again(run)
    return found


@contextmanager
def _apart(report: str) -> Iterator[None]:
    """Log what goes wrong with a report, so that the others go on; raise what passes by itself."""
    try:
        yield
    except Exception as error:
        if is_passing(error):
            raise  # the database is gone for all of them
        log.exception("report.not_begun", report=report)


def begin(one: Due) -> list[ObjectId]:
    """Begin a run: a job for each recipient, in one transaction with the run itself.

    Whoever may read the report but not take it away is told where it stands.
    """
    people = _recipients(one)
    takers = [person for person in people if making.may_export(person, one.report.definition)]
    readers = [person.id for person in people if person not in takers]

    def work(session: ClientSession) -> list[ObjectId]:
        asked = [_job(person, one, session) for person in takers]
        outbox.put(_pointed_to(one, readers), session)
        run: Document = {
            "_id": one.key,
            "report": one.report.key,
            "period": one.period.name,
            "due": one.at,
            "at": now(),
            "late": now() - one.at > BETWEEN,
            "jobs": asked,
            "tries": 1,
        }
        db().report_runs.insert_one(run, session=session)
        return asked

    try:
        return in_transaction(work)
    except DuplicateKeyError:
        return []  # another sweep was faster


def _pointed_to(one: Due, readers: list[ObjectId]) -> list[Document]:
    if not readers:
        return []
    return notifications.tell(
        readers,
        key=f"report-to-read:{one.key}",
        kind="record",
        title=_("%(report)s %(period)s", report=one.report.definition.label, period=one.period.name),
        text=_("The report of %(period)s is ready.", period=one.period.name),
        url=f"/reports/{one.report.key}?period={one.period.name}",
        channels=("email",),
    )


def _recipients(one: Due) -> list[User]:
    definition = one.report.definition
    live = reading.forms_of(definition)
    if not live:
        return []
    meant = who.resolve(one.schedule.recipients, live[0], _NO_RECORD).people
    people = User.objects(id__in=meant, active=True)
    return [person for person in people if reading.may_read(person, definition)]


def _job(person: User, one: Due, session: ClientSession) -> ObjectId:
    title = f"{one.report.definition.label.text(str(person.language))} {one.period.name}"
    params = {"report": one.report.key, "period": one.period.name, "run": one.key}
    made = jobs.enqueue(
        making.JOB, person, params, title=title, language=str(person.language), session=session
    )
    found: ObjectId = made.id
    return found


def _failed(*, for_good: bool = False) -> Iterator[Document]:
    """Yield runs that have a failed job and may be tried again by now, or `for_good` no more."""
    lately = {"$gt": now() - LATELY}
    if for_good:
        wanted = {"tries": {"$gte": TRIES}, "given_up": {"$exists": False}, "at": lately}
    else:
        wanted = {"tries": {"$lt": TRIES}, "at": {"$lt": now() - BETWEEN, **lately}}
    for run in db().report_runs.find(wanted):
        if db().jobs.count_documents({"_id": {"$in": run["jobs"]}, "state": "failed"}, limit=1):
            yield run


def try_again(run: Document) -> list[ObjectId]:
    """Put the failed jobs of a run back into the queue; return them."""
    found = jobs.put_back(run["jobs"])
    if not found:  # another sweep was faster
        return []
    again = {"$inc": {"tries": 1}, "$set": {"at": now()}, "$unset": {"given_up": ""}}
    db().report_runs.update_one({"_id": run["_id"]}, again)
    return found


def give_up() -> None:
    """Tell administrators of the runs that failed every time, once."""
    for run in _failed(for_good=True):
        with _apart(run["report"]):
            in_transaction(partial(_tell_of_failure, run))


def _tell_of_failure(run: Document, session: ClientSession) -> None:
    told = {"_id": run["_id"], "given_up": {"$exists": False}}
    if not db().report_runs.update_one(told, {"$set": {"given_up": True}}, session=session).modified_count:
        return
    failed = db().jobs.find_one({"_id": {"$in": run["jobs"]}, "state": "failed"}, {"title": 1})
    effects = notifications.tell(
        Directory().administrators,
        key=f"report-failed:{run['_id']}:{run['tries']}",
        kind="system",
        title=_("A report could not be made: %(name)s", name=failed["title"] if failed else run["report"]),
        text=_("It was tried %(count)s times.", count=run["tries"]),
        url=f"/reports/{run['report']}/runs",
        level="warning",
    )
    outbox.put(effects, session)


def run(job: RunningJob, **options: Any) -> None:  # noqa: ANN401  (as `making.run`)
    """Carry out a report job; whoever did not ask for it themselves is told that it is there."""
    making.run(job, effects=_told(job) if "run" in job.params else (), **options)


def _told(job: RunningJob) -> list[Document]:
    return notifications.tell(
        [job.document["owner"]],
        key=f"report:{job.id}",
        kind="record",
        title=job.document["title"],
        text=_("The report of %(period)s is ready.", period=job.params["period"]),
        url=f"/jobs/{job.id}",
        channels=("email",),
    )


def get(report: str, key: str) -> Document:
    """Return a run of a report. Raises NotFoundError."""
    found = db().report_runs.find_one({"_id": str(key), "report": report})
    if found is None:
        raise NotFoundError
    return found


def runs(report: str, limit: int = 60) -> list[Document]:
    """Return the runs of a report, newest first, each with the state of its jobs."""
    found = list(db().report_runs.find({"report": report}).sort("due", DESCENDING).limit(limit))
    ids = [job for one in found for job in one["jobs"]]
    jobs_of = db().jobs.find({"_id": {"$in": ids}}, {"state": 1, "owner": 1, "error": 1})
    states = {one["_id"]: one for one in jobs_of}
    return [{**one, "jobs": [states[job] for job in one["jobs"] if job in states]} for one in found]


def ensure_indexes() -> None:
    """Create the indexes that the sweep and the page of a report read."""
    db().report_runs.create_index([("report", ASCENDING), ("due", DESCENDING)])
    db().report_runs.create_index([("tries", ASCENDING), ("at", ASCENDING)])
