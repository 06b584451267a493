"""Reports make themselves on working days, once for each period, also after the program was down."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from models import calendars, jobs, outbox
from models.database import db
from models.forms import LiveForm
from models.jobs import Job, RunningJob
from models.people import Actor, Role, User
from models.reports import keeping, scheduling
from models.reports.parts import ReportDefinition, Schedule
from models.reports.periods import Period
from models.times import set_clock
from tasks.jobs import carry_out
from tests import factories, report_stage

JULY = datetime(2026, 7, 20, tzinfo=UTC)


def at(month: int, day: int, hour: int, minute: int = 0, *, year: int = 2026) -> datetime:
    """Return a moment in Shanghai."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@pytest.fixture(autouse=True)
def calendar(db: object) -> None:
    calendars.ensure_default()


@pytest.fixture
def complaints(calendar: None) -> LiveForm:
    form = report_stage.complaint_form()
    report_stage.delivery_form()
    return form


@pytest.fixture
def manager() -> User:
    return factories.user("manager", factories.role("quality", form="complaint", actions=["see", "export"]))


def scheduled(**schedule: Any) -> ReportDefinition:
    recipients = {"recipients": {"roles": ["quality"]}}
    return report_stage.definition(schedules=[{"every": "month", "at": "08:00", **recipients, **schedule}])


@pytest.fixture
def report(complaints: LiveForm, manager: User) -> Iterator[keeping.Report]:
    with set_clock(JULY):
        yield report_stage.stored(factories.administrator(), scheduled())


@pytest.mark.parametrize(
    ("period", "working_day", "due"),
    [
        ("2026-07", 1, at(8, 3, 8)),  # 1 and 2 August are a weekend
        ("2026-09", 1, at(10, 8, 8)),  # the holidays of October
        ("2026-09", 3, at(10, 10, 8)),  # a Saturday on which people work
        ("2026-Q3", 1, at(10, 8, 8)),
        ("2025", 1, at(1, 4, 8, year=2026)),  # a Sunday on which people work
        ("2026-W30", 1, at(7, 27, 8)),
    ],
)
def test_it_is_due_on_the_n_th_working_day_after_the_period(
    period: str, working_day: int, due: datetime
) -> None:
    schedule = Schedule(working_day=working_day)
    calendar = calendars.working(calendars.DEFAULT_KEY)
    assert scheduling.due_at(schedule, Period.read(period), calendar) == due


def swept(moment: datetime) -> list[ObjectId]:
    with set_clock(moment):
        return scheduling.sweep()


def runs() -> list[tuple[str, bool]]:
    return [(one["period"], one["late"]) for one in db().report_runs.find().sort("due", 1)]


def test_a_month_is_made_when_its_time_has_come_and_once(report: keeping.Report, manager: User) -> None:
    assert swept(at(8, 3, 7, 59)) == []
    [job] = swept(at(8, 3, 8))
    assert swept(at(8, 3, 8, 1)) == []
    made = Job.objects.get(id=job)
    assert (made.owner, made.params["period"]) == (manager.id, "2026-07")
    assert runs() == [("2026-07", False)]


def test_what_was_missed_is_made_up_for_oldest_first_and_marked_late(report: keeping.Report) -> None:
    swept(at(11, 20, 9))
    assert runs() == [("2026-07", True), ("2026-08", True), ("2026-09", True), ("2026-10", True)]


def test_nothing_is_made_of_periods_before_the_report_was_there(report: keeping.Report) -> None:
    swept(at(8, 3, 9))
    assert [period for period, _late in runs()] == ["2026-07"]


def test_many_who_sweep_at_once_begin_it_once(report: keeping.Report) -> None:
    with set_clock(at(8, 3, 8)), ThreadPoolExecutor(4) as pool:
        begun = list(pool.map(lambda _one: scheduling.sweep(), range(8)))
    assert len([job for jobs in begun for job in jobs]) == 1
    assert db().jobs.count_documents({}) == 1


def test_only_who_may_read_it_is_sent_it(report: keeping.Report) -> None:
    factories.user("elsewhere", Role.objects.get(name="quality"), active=False)
    blind = factories.user("blind", factories.role("quality_guest", form="other", actions=["see"]))
    definition = scheduled(recipients={"roles": ["quality"], "people": [blind.username]})
    with set_clock(JULY):
        keeping.put(Actor.of(factories.administrator()), definition, version=1)
    [job] = swept(at(8, 3, 8))
    assert Job.objects.get(id=job).owner != blind.id


def carried_out(job_id: ObjectId) -> Job:
    running = RunningJob.claim(job_id, "test")
    assert running
    carry_out(running)
    found: Job = Job.objects.get(id=job_id)
    return found


def test_the_recipient_is_told_where_it_is(report: keeping.Report, manager: User) -> None:
    [job] = swept(at(8, 3, 8))
    with set_clock(at(8, 3, 8)):
        assert carried_out(job).state == "done"
        outbox.carry_out_due()
    [notice] = db().notifications.find({"person": manager.id})
    assert notice["url"] == f"/jobs/{job}"


def test_a_failed_run_is_tried_again_some_times(report: keeping.Report, manager: User) -> None:
    [job] = swept(at(8, 3, 8))
    manager.update(active=False)
    with set_clock(at(8, 3, 8)):
        assert carried_out(job).state == "failed"
    assert swept(at(8, 3, 8, 5)) == []
    assert swept(at(8, 3, 8, 11)) == [job]
    with set_clock(at(8, 3, 8, 11)):
        assert carried_out(job).state == "failed"
    manager.update(active=True)
    assert swept(at(8, 3, 8, 22)) == [job]
    with set_clock(at(8, 3, 8, 22)):
        assert carried_out(job).state == "done"
    assert swept(at(8, 3, 9)) == []
    [run] = scheduling.runs("monthly")
    assert run["tries"] == 3
    assert [one["state"] for one in run["jobs"]] == ["done"]


def test_another_change_of_the_report_misses_no_run(report: keeping.Report) -> None:
    definition = scheduled().model_copy(update={"form_number": "QR-8.2-08"})
    with set_clock(at(8, 20, 9)):
        keeping.put(Actor.of(factories.administrator()), definition, version=1)
    swept(at(9, 1, 8))
    assert runs() == [("2026-07", True), ("2026-08", False)]


def test_a_schedule_that_is_changed_makes_up_for_nothing_from_before(report: keeping.Report) -> None:
    with set_clock(at(8, 20, 9)):
        keeping.put(Actor.of(factories.administrator()), scheduled(at="09:30"), version=1)
    swept(at(9, 1, 10))
    assert runs() == [("2026-08", True)]


def test_administrators_are_told_once_of_a_report_that_failed_every_time(
    report: keeping.Report, manager: User
) -> None:
    [job] = swept(at(8, 3, 8))
    manager.update(active=False)
    for minute in (1, 12, 24):
        with set_clock(at(8, 3, 8, minute)):
            assert carried_out(job).state == "failed"
        swept(at(8, 3, 8, minute + 11))
    swept(at(8, 3, 9))
    with set_clock(at(8, 3, 9)):
        outbox.carry_out_due()
    notices = list(db().notifications.find({"url": "/reports/monthly/runs"}))
    assert len(notices) == User.objects(username__startswith="admin").count() == 1


def test_whoever_may_read_but_not_take_away_is_told_where_it_stands(complaints: LiveForm) -> None:
    reader = factories.user("looker", factories.role("quality", form="complaint", actions=["see"]))
    with set_clock(JULY):
        report_stage.stored(factories.administrator(), scheduled())
    assert swept(at(8, 3, 8)) == []
    assert runs() == [("2026-07", False)]
    with set_clock(at(8, 3, 8)):
        outbox.carry_out_due()
    [notice] = db().notifications.find({"person": reader.id})
    assert notice["url"] == "/reports/monthly?period=2026-07"


def test_a_run_is_not_missed_because_another_schedule_was_removed(
    complaints: LiveForm, manager: User
) -> None:
    two = scheduled().model_dump(mode="json")["schedules"] * 2
    early, late = {**two[0], "working_day": 1}, {**two[1], "working_day": 3}
    admin = factories.administrator()
    with set_clock(JULY):
        report_stage.stored(admin, report_stage.definition(schedules=[early, late]))
    assert len(swept(at(8, 3, 8))) == 1
    with set_clock(at(8, 4, 8)):
        keeping.put(Actor.of(admin), report_stage.definition(schedules=[late]), version=1)
    assert len(swept(at(8, 5, 8))) == 1
    assert runs() == [("2026-07", False), ("2026-07", False)]


def test_nothing_is_tried_again_where_nothing_failed(report: keeping.Report, manager: User) -> None:
    swept(at(8, 3, 8))
    [run] = scheduling.runs("monthly")
    with set_clock(at(8, 3, 9)):
        assert scheduling.try_again(scheduling.get("monthly", run["_id"])) == []
    assert scheduling.get("monthly", run["_id"])["tries"] == 1


def test_every_report_is_named_however_many_were_read_before(
    report: keeping.Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_READ", 1)
    keeping._read_before.clear()
    for key in ("one", "two"):
        report_stage.stored(factories.administrator(), scheduled().model_copy(update={"key": key}))
    assert [one.key for one in keeping.every()] == ["monthly", "one", "two"]
    assert len(keeping._read_before) == 1


@pytest.fixture
def two(complaints: LiveForm, manager: User) -> None:
    """Store a first and a second report, with the same schedule."""
    admin = factories.administrator()
    with set_clock(JULY):
        for key in ("first", "second"):
            report_stage.stored(admin, scheduled().model_copy(update={"key": key}))


def test_a_report_that_cannot_be_begun_holds_up_no_other(two: None, monkeypatch: pytest.MonkeyPatch) -> None:
    recipients = scheduling._recipients

    def broken(one: scheduling.Due) -> list[User]:
        if one.report.key == "first":
            raise KeyError
        return recipients(one)

    monkeypatch.setattr(scheduling, "_recipients", broken)
    [job] = swept(at(8, 3, 8))
    assert Job.objects.get(id=job).params["report"] == "second"
    monkeypatch.undo()
    [late] = swept(at(9, 1, 7))
    assert Job.objects.get(id=late).params["report"] == "first"


def test_a_run_that_cannot_be_tried_again_holds_up_no_other(
    two: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = swept(at(8, 3, 8))
    db().jobs.update_many({"_id": {"$in": begun}}, {"$set": {"state": "failed"}})
    put_back = jobs.put_back

    def broken(ids: list[ObjectId]) -> list[ObjectId]:
        if ids == begun[:1]:
            raise KeyError
        return put_back(ids)

    monkeypatch.setattr(jobs, "put_back", broken)
    assert swept(at(8, 3, 8, 11)) == begun[1:]


def test_recipients_that_only_a_record_could_name_are_nobody(complaints: LiveForm, manager: User) -> None:
    department = factories.department("QA")
    manager.update(department=department)
    kept = {"roles": ["quality"], "within": "QA", "heads_of": ["@department"], "fields": ["owner"]}
    with set_clock(JULY):
        stored = report_stage.stored(factories.administrator(), scheduled())
    definition = scheduled(recipients=kept).dump()
    db().report_versions.update_one({"report": stored.key}, {"$set": {"definition": definition}})
    keeping._read_before.clear()
    [job] = swept(at(8, 3, 8))
    assert Job.objects.get(id=job).owner == manager.id
