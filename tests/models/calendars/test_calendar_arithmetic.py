"""Deadlines as people count them."""

import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from models.calendars.arithmetic import NoWorkingTimeError, WorkingCalendar
from models.calendars.definition import CalendarDefinition

OFFICE = ["08:00-12:00", "13:00-17:00"]
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
WEEK = dict.fromkeys(WORKDAYS, OFFICE)
NIGHT = ["20:00-04:00"]
NIGHTS = dict.fromkeys(WORKDAYS, NIGHT)


def calendar(
    week: dict[str, list[str]] = WEEK, *exceptions: Mapping[str, object], zone: str = "Asia/Shanghai"
) -> WorkingCalendar:
    plain = {"label": {}, "timezone": zone, "week": week, "exceptions": exceptions, "loaded_years": [2026]}
    return WorkingCalendar.of(CalendarDefinition.model_validate(plain))


def at(text: str, zone: str = "Asia/Shanghai") -> datetime:
    """Read `11-20 15:00` as a moment of 2026; the 16th of November is a Monday."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(zone))


HOLIDAY_ON_TUESDAY = {"date": "2026-11-17", "kind": "holiday", "name": {"en": "Fair"}}
MAKE_UP_ON_SATURDAY = {"date": "2026-11-21", "kind": "make_up", "like": "fri", "name": {"en": "Made up"}}
EARLY_SUNDAY = {"date": "2026-11-22", "kind": "make_up", "hours": ["06:00-10:00"]}


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("11-16 08:00", 8, "11-16 17:00"),
        ("11-16 10:00", 2, "11-16 12:00"),
        ("11-16 10:00", 3, "11-16 14:00"),
        ("11-16 12:30", 1, "11-16 14:00"),
        ("11-20 16:00", 2, "11-23 09:00"),
        ("11-21 10:00", 1, "11-23 09:00"),
        ("11-21 10:00", 0, "11-21 10:00"),
        ("11-16 17:00", -8, "11-16 08:00"),
        ("11-16 09:00", -2, "11-13 16:00"),
        ("11-15 09:00", -1, "11-13 16:00"),
    ],
)
def test_working_hours_skip_lunch_nights_and_weekends(start: str, hours: int, due: str) -> None:
    assert calendar().add_working(at(start), hours * 3600) == at(due)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("11-16 10:00", "1", "11-17 10:00"),
        ("11-20 10:00", "1", "11-23 10:00"),
        ("11-20 19:00", "1", "11-23 17:00"),
        ("11-16 12:30", "1", "11-17 12:00"),
        ("11-16 07:00", "1", "11-16 17:00"),
        ("11-21 10:00", "1", "11-23 17:00"),
        ("11-21 10:00", "2", "11-24 17:00"),
        ("11-16 10:00", "0", "11-16 10:00"),
        ("11-16 08:00", "0.5", "11-16 12:00"),
        ("11-16 10:00", "0.5", "11-16 15:00"),
        ("11-16 15:00", "0.5", "11-17 10:00"),
        ("11-21 10:00", "0.5", "11-23 12:00"),
        ("11-16 10:00", "1.5", "11-17 15:00"),
        ("11-21 10:00", "1.5", "11-24 12:00"),
        ("11-16 17:00", "-1", "11-13 17:00"),
        ("11-16 07:00", "-1", "11-13 08:00"),
        ("11-16 19:00", "-1", "11-16 08:00"),
        ("11-16 19:00", "-2", "11-13 08:00"),
        ("11-16 08:00", "1", "11-17 08:00"),
        ("11-16 17:00", "1", "11-17 17:00"),
        ("11-16 07:00", "2", "11-17 17:00"),
        ("11-22 19:00", "-1", "11-20 08:00"),
        ("11-16 17:00", "-0.5", "11-16 13:00"),
    ],
)
def test_working_days_end_at_the_same_time_of_day(start: str, days: str, due: str) -> None:
    assert calendar().add_working_days(at(start), Decimal(days)) == at(due)


def test_a_holiday_is_skipped_and_a_make_up_day_is_counted() -> None:
    changed = calendar(WEEK, HOLIDAY_ON_TUESDAY, MAKE_UP_ON_SATURDAY, EARLY_SUNDAY)
    assert changed.add_working_days(at("11-16 10:00"), Decimal(1)) == at("11-18 10:00")
    assert changed.add_working_days(at("11-20 10:00"), Decimal(1)) == at("11-21 10:00")
    assert changed.add_working_days(at("11-21 10:00"), Decimal(1)) == at("11-22 10:00")
    assert changed.add_working_days(at("11-21 15:00"), Decimal(1)) == at("11-22 10:00")
    assert changed.add_working_days(at("11-22 06:00"), Decimal("0.5")) == at("11-22 08:00")
    assert changed.add_working(at("11-21 16:00"), 2 * 3600) == at("11-22 07:00")


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    nights = calendar(NIGHTS, HOLIDAY_ON_TUESDAY)
    assert nights.is_working(at("11-17 03:59"))  # Monday's night
    assert not nights.is_working(at("11-17 04:00"))
    assert not nights.is_working(at("11-18 01:00"))  # Tuesday's is left out
    assert nights.is_working(at("11-21 02:00"))  # Friday's, although Saturday is free
    assert nights.day_of(at("11-17 02:00")) == date(2026, 11, 16)
    assert nights.add_working_days(at("11-17 02:00"), Decimal(1)) == at("11-19 02:00")
    assert nights.add_working(at("11-16 22:00"), 8 * 3600) == at("11-18 22:00")


def test_a_day_is_never_over_before_it_begins() -> None:
    late = calendar({"fri": ["08:00-12:00"], "sat": ["14:00-18:00"]})
    assert late.add_working_days(at("11-20 13:00"), Decimal(1)) == at("11-21 18:00")
    assert late.add_working_days(at("11-20 12:00"), Decimal(1)) == at("11-21 18:00")
    assert late.add_working_days(at("11-20 09:00"), Decimal(1)) == at("11-20 12:00")


def test_a_night_in_two_halves_counts_as_one_stretch_of_work() -> None:
    halves = {"mon": ["22:00-24:00"], "tue": ["00:00-06:00"]}
    assert calendar(halves).add_working(at("11-16 22:00"), 8 * 3600) == at("11-17 06:00")


def test_a_night_in_which_clocks_change_is_an_hour_shorter_or_longer() -> None:
    berlin = calendar({"sat": ["22:00-06:00"], "sun": ["22:00-06:00"]}, zone="Europe/Berlin")
    assert berlin.day_seconds(date(2026, 3, 28)) == 7 * 3600
    assert berlin.day_seconds(date(2026, 10, 24)) == 9 * 3600
    assert berlin.day_seconds(date(2026, 6, 6)) == 8 * 3600


def test_hours_that_are_left_out_begin_when_clocks_are_set_forward() -> None:
    berlin = calendar({"sun": ["02:30-05:00"]}, zone="Europe/Berlin")
    (span,) = berlin.spans(date(2026, 3, 29))
    assert (span.start, span.end) == (
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        datetime(2026, 3, 29, 3, tzinfo=UTC),
    )
    assert calendar({"sun": ["02:00-03:00"]}, zone="Europe/Berlin").spans(date(2026, 3, 29)) == ()


def test_a_day_that_a_zone_leaves_out_has_no_work() -> None:
    apia = calendar({"thu": OFFICE, "fri": OFFICE, "sat": OFFICE}, zone="Pacific/Apia")
    assert apia.spans(date(2011, 12, 30)) == ()
    assert apia.day_seconds(date(2011, 12, 31)) == 8 * 3600


def test_days_explain_a_due_time() -> None:
    found = calendar(WEEK, HOLIDAY_ON_TUESDAY, MAKE_UP_ON_SATURDAY).days(at("11-16 15:00"), at("11-22 10:00"))
    assert [(day.date.day, day.kind, day.seconds // 3600, str(day.name)) for day in found] == [
        (16, "workday", 2, ""),
        (17, "holiday", 0, "Fair"),
        (18, "workday", 8, ""),
        (19, "workday", 8, ""),
        (20, "workday", 8, ""),
        (21, "make_up", 8, "Made up"),
        (22, "rest", 0, ""),
    ]


def test_seconds_and_parts_of_them_are_kept() -> None:
    start = at("11-16 11:59") + timedelta(seconds=30, milliseconds=500)
    assert calendar().add_working(start, 60) == at("11-16 13:00") + timedelta(seconds=30, milliseconds=500)
    assert calendar().working_seconds(start, at("11-16 13:00")) == 29


def test_years_whose_holidays_are_not_known_are_named() -> None:
    assert calendar().uncertain(at("11-16 08:00"), at("12-31 23:59")) == []
    assert calendar().uncertain(at("11-16 08:00"), at("12-31 23:59") + timedelta(days=400)) == [2027, 2028]


@pytest.mark.parametrize(
    "count",
    [
        lambda one, start: one.add_working(start, 3600),
        lambda one, start: one.add_working(start, -3600),
        lambda one, start: one.add_working_days(start, Decimal(1)),
        lambda one, start: one.add_working_days(start, Decimal("-0.5")),
        lambda one, start: one.next_working(start),
    ],
)
def test_a_calendar_that_never_works_again_gives_up(count: object) -> None:
    never = calendar({})
    assert callable(count)
    with pytest.raises(NoWorkingTimeError):
        count(never, at("11-16 08:00"))
    with pytest.raises(NoWorkingTimeError):
        count(calendar(), datetime(9999, 12, 31, 23, tzinfo=UTC))


def test_more_than_a_century_is_out_of_reach() -> None:
    with pytest.raises(NoWorkingTimeError):
        calendar().add_working_days(at("11-16 08:00"), Decimal(100_000))
    with pytest.raises(NoWorkingTimeError):
        calendar().add_working(at("11-16 08:00"), 10**11)


def test_years_are_counted_in_no_time() -> None:
    office = calendar()
    office.add_working_days(at("11-16 08:00"), Decimal(2500))
    begun = time.perf_counter()
    for _round in range(20):
        office.add_working_days(at("11-16 08:00"), Decimal(250))
        office.working_seconds(at("11-16 08:00"), at("11-16 08:00") + timedelta(days=365))
    assert (time.perf_counter() - begun) / 20 < 0.05
