"""Calendars are checked, kept in versions, and chosen by department."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import calendars, departments
from models.calendars import checks
from models.database import Document
from models.errors import ConflictError, InUseError, InvalidError, NotFoundError
from models.people import Actor, Department, Name

ACTOR = Actor.system()
OFFICE = ["08:00-12:00", "13:00-17:00"]
PLAIN: dict[str, Any] = {
    "label": {"zh": "两班", "en": "Two shifts"},
    "timezone": "Asia/Shanghai",
    "week": {"mon": OFFICE, "tue": OFFICE},
    "loaded_years": [2026],
}


def refused(**changes: Any) -> set[str]:
    with pytest.raises(InvalidError) as caught:
        checks.load({**PLAIN, **changes})
    return set(caught.value.errors)


def holiday(day: str) -> dict[str, Any]:
    return {"date": day, "kind": "holiday"}


def make_up(day: str, **values: Any) -> dict[str, Any]:
    return {"date": day, "kind": "make_up", **values}


@pytest.mark.parametrize("week", [{}, {"mon": []}])
def test_a_calendar_without_working_time_is_refused(week: dict[str, Any]) -> None:
    assert refused(week=week) == {"week"}


@pytest.mark.parametrize(
    "hours",
    [
        ["08:00-12:00", "11:00-15:00"],
        ["17:00-13:00"],
        ["08:00-08:00"],
        ["24:00-02:00"],
        ["8-12"],
        ["08:60-12:00"],
        ["08:00-25:00"],
        ["morning"],
        ["08:00-12:00-13:00"],
        ["٠٨:٠٠-١٢:٠٠"],
        ["22:00-04:00", "20:00-23:00"],
    ],
)
def test_hours_that_overlap_or_run_backwards_or_are_none_are_refused(hours: list[str]) -> None:
    assert refused(week={"mon": hours}) == {"week.mon"}


def test_a_night_that_runs_into_the_next_morning_is_refused() -> None:
    assert refused(week={"mon": ["22:00-06:00"], "tue": ["05:00-09:00"]}) == {"week.tue"}
    assert refused(week={"sun": ["22:00-06:00"], "mon": ["05:00-09:00"]}) == {"week.mon"}


def test_a_make_up_day_that_collides_with_the_night_before_is_refused() -> None:
    week = {"fri": ["22:00-06:00"]}
    collides = make_up("2026-11-21", hours=["05:00-09:00"])
    assert refused(week=week, exceptions=[collides]) == {"exceptions.2026-11-21"}
    checks.load({**PLAIN, "week": week, "exceptions": [make_up("2026-11-21", hours=["06:00-09:00"])]})


@pytest.mark.parametrize("zone", ["", "Asia", "Mars/Base", "../etc/passwd", "asia/shanghai\0"])
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    assert refused(timezone=zone) == {"timezone"}


@pytest.mark.parametrize(
    "exceptions",
    [
        [holiday("2026-10-01"), make_up("2026-10-01", like="mon")],
        [holiday("2026-10-01"), holiday("2026-10-01")],
        [make_up("2026-10-01")],
        [make_up("2026-10-01", like="sun")],
        [make_up("2026-10-01", hours=["12:00-08:00"])],
    ],
)
def test_a_date_that_is_two_things_or_works_at_no_time_is_refused(exceptions: list[dict[str, Any]]) -> None:
    assert refused(exceptions=exceptions) == {"exceptions.2026-10-01"}


@pytest.mark.parametrize("day", ["1989-12-31", "2101-01-01"])
def test_a_date_far_away_is_refused(day: str) -> None:
    assert refused(exceptions=[holiday(day)]) == {f"exceptions.{day}"}
    assert refused(loaded_years=[int(day[:4])]) == {"loaded_years"}


@pytest.mark.parametrize(
    "changes",
    [
        {"week": {"someday": OFFICE}},
        {"exceptions": [{"date": "tomorrow", "kind": "holiday"}]},
        {"exceptions": [{"date": "2026-01-01", "kind": "party"}]},
        {"unknown": 1},
        {"week": {"mon": [f"{hour:02d}:00-{hour:02d}:30" for hour in range(13)]}},
        {"label": {}},
    ],
)
def test_what_is_no_calendar_is_refused_beside_what_is_wrong(changes: dict[str, Any]) -> None:
    assert refused(**changes)


def test_the_standard_calendar_knows_china_until_2026(db: Database[Document]) -> None:
    standard = calendars.current("default")
    assert standard.definition.loaded_years == tuple(range(2004, 2027))
    count = standard.working
    assert count.kind(date(2026, 10, 1)) == "holiday"
    assert count.kind(date(2026, 10, 10)) == "make_up"
    assert count.day_seconds(date(2026, 10, 10)) == 8 * 3600
    assert count.kind(date(2026, 10, 11)) == "rest"
    assert (
        next(one.name.zh for one in standard.definition.exceptions if one.date == date(2026, 10, 1))
        == "国庆节"
    )


def test_every_saved_change_is_a_version_that_stays(db: Database[Document]) -> None:
    first = calendars.create(ACTOR, "shifts", PLAIN)
    second = calendars.save(ACTOR, "shifts", {**PLAIN, "week": {"wed": OFFICE}}, seen=1, note="less work")
    assert (first.version, second.version) == (1, 2)
    monday = datetime(2026, 11, 16, 2, tzinfo=UTC)
    assert calendars.working("shifts", 1).is_working(monday)
    assert not calendars.working("shifts").is_working(monday)
    calendars.forget_versions()
    assert calendars.working("shifts", 1).is_working(monday)
    assert [(one.version, one.note) for one in calendars.versions("shifts")] == [(2, "less work"), (1, "")]


def test_what_did_not_change_makes_no_version(db: Database[Document]) -> None:
    calendars.create(ACTOR, "shifts", PLAIN)
    assert calendars.save(ACTOR, "shifts", PLAIN, seen=1).version == 1


def test_who_saves_second_is_told(db: Database[Document]) -> None:
    calendars.create(ACTOR, "shifts", PLAIN)
    calendars.save(ACTOR, "shifts", {**PLAIN, "week": {"wed": OFFICE}}, seen=1)
    with pytest.raises(ConflictError):
        calendars.save(ACTOR, "shifts", {**PLAIN, "week": {"thu": OFFICE}}, seen=1)


def test_a_key_is_used_once_and_says_little(db: Database[Document]) -> None:
    calendars.create(ACTOR, "shifts", PLAIN)
    for key in ("shifts", "Shifts", "9", "", "a" * 61, "a\n", "$x"):
        with pytest.raises(InvalidError) as caught:
            calendars.create(ACTOR, key, PLAIN)
        assert set(caught.value.errors) == {"key"}


def test_a_deleted_calendar_still_explains_and_its_versions_go_on(db: Database[Document]) -> None:
    calendars.create(ACTOR, "shifts", PLAIN)
    calendars.delete("shifts")
    with pytest.raises(NotFoundError):
        calendars.current("shifts")
    assert calendars.working("shifts", 1).week[0]
    assert calendars.create(ACTOR, "shifts", PLAIN).version == 2


def test_what_is_worked_by_cannot_be_deleted(db: Database[Document]) -> None:
    calendars.create(ACTOR, "shifts", PLAIN)
    department = Department(code="A", name=Name(en="A"), calendar="shifts")
    departments.save(department)
    for key in ("default", "shifts"):
        with pytest.raises(InUseError):
            calendars.delete(key)


def test_a_department_works_by_the_calendar_above_it(db: Database[Document]) -> None:
    calendars.create(ACTOR, "shifts", PLAIN)
    plant = Department(code="P", name=Name(en="Plant"), calendar="shifts").save()
    line = Department(code="L", name=Name(en="Line"), parent=plant).save()
    office = Department(code="O", name=Name(en="Office")).save()
    assert calendars.of_department(line.id) == "shifts"
    assert calendars.of_department(office.id) == "default"
    assert calendars.of_department(None) == "default"


def test_a_department_cannot_work_by_a_calendar_that_is_not_there(db: Database[Document]) -> None:
    with pytest.raises(InvalidError) as caught:
        departments.save(Department(code="P", name=Name(en="Plant"), calendar="gone"))
    assert set(caught.value.errors) == {"calendar"}


def test_the_next_year_is_missed_from_november_on(db: Database[Document]) -> None:
    calendars.create(ACTOR, "shifts", {**PLAIN, "loaded_years": [2027]})
    assert calendars.missing_years(date(2026, 10, 31)) == [("shifts", 2026)]
    assert calendars.missing_years(date(2026, 11, 1)) == [("default", 2027), ("shifts", 2026)]


def test_the_default_calendar_is_made_once(db: Database[Document]) -> None:
    calendars.ensure_default()
    calendars.ensure_default()
    assert db.calendar_versions.count_documents({}) == 1
