"""When a length is over: every unit, both sides of the boundary, and what comes again and again."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bson import Decimal128

from models.calendars import CalendarDefinition, WorkingCalendar
from models.calendars.definition import DayException
from models.clocks import due
from models.clocks.due import UncountableError
from models.definition import Definition
from models.definition_parts import Label
from models.procedure import Length, Recurrence, Unit

ZONE = ZoneInfo("Asia/Shanghai")
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("08:00-12:00", "13:00-17:00"))
NEW_YEAR = DayException(date=date(2026, 1, 1), kind="holiday", name=Label(zh="元旦", en="New Year"))
MADE_UP = DayException(date=date(2026, 1, 4), kind="make_up", like="fri")  # a Sunday
CALENDAR = WorkingCalendar.of(
    CalendarDefinition(
        label=Label(en="Works"), timezone="Asia/Shanghai", week=WEEK, exceptions=(NEW_YEAR, MADE_UP)
    )
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "expected"),
    [
        ("2026-03-02 09:00", "30", "minutes", "2026-03-02 09:30"),
        ("2026-03-02 09:00", "0.5", "minutes", "2026-03-02 09:00:30"),
        ("2026-03-02 23:30", "1", "hours", "2026-03-03 00:30"),
        ("2026-03-06 16:00", "48", "hours", "2026-03-08 16:00"),
        ("2026-03-06 16:00", "2", "working_hours", "2026-03-09 09:00"),
        ("2026-03-06 11:30", "1", "working_hours", "2026-03-06 13:30"),
        ("2026-03-06 16:00", "1", "working_hours", "2026-03-06 17:00"),
        ("2026-03-06 10:00", "7", "days", "2026-03-13 10:00"),
        ("2026-03-06 10:00", "0.5", "days", "2026-03-06 22:00"),
        ("2026-03-06 10:00", "0.5", "working_days", "2026-03-06 15:00"),
        ("2026-03-06 16:20", "1.5", "working_days", "2026-03-10 11:20"),
        ("2026-03-06 16:20", "2", "working_days", "2026-03-10 16:20"),
        ("2025-12-31 10:00", "1", "working_days", "2026-01-02 10:00"),
        ("2026-01-02 10:00", "1", "working_days", "2026-01-04 10:00"),
        ("2026-03-06 10:00", "1", "weeks", "2026-03-13 10:00"),
        ("2026-01-31 10:00", "1", "months", "2026-02-28 10:00"),
        ("2024-01-31 10:00", "1", "months", "2024-02-29 10:00"),
        ("2026-03-31 00:30", "1", "months", "2026-04-30 00:30"),
        ("2024-02-29 10:00", "1", "years", "2025-02-28 10:00"),
        ("2026-03-06 10:00", "5", "years", "2031-03-06 10:00"),
    ],
)
def test_a_length_ends_when_its_unit_says(start: str, amount: str, unit: Unit, expected: str) -> None:
    assert due.add(at(start), Decimal(amount), unit, ZONE, CALENDAR) == at(expected)


def test_working_time_without_a_calendar_cannot_be_counted() -> None:
    with pytest.raises(UncountableError):
        due.add(at("2026-03-02 09:00"), Decimal(1), "working_hours", ZONE, None)


def test_a_length_beyond_all_calendars_is_refused() -> None:
    with pytest.raises(UncountableError):
        due.add(at("2026-03-02 09:00"), Decimal(99_999), "years", ZONE, None)


DEFINITION = Definition.model_validate(
    {
        "key": "sheet",
        "label": {"en": "Sheet"},
        "fields": [
            {"key": kind, "type": kind} for kind in ("date", "datetime", "duration", "integer", "decimal")
        ],
    }
)


@pytest.mark.parametrize(
    ("field", "unit", "value", "expected"),
    [
        ("date", "hours", "2026-04-30", "2026-04-30 23:59:59"),
        ("datetime", "hours", datetime(2026, 4, 30, 2, tzinfo=UTC), "2026-04-30 10:00"),
        ("duration", "hours", 5_400, "2026-03-06 17:30"),
        ("duration", "working_hours", 5_400, "2026-03-09 08:30"),
        ("integer", "days", 3, "2026-03-09 16:00"),
        ("decimal", "hours", Decimal128("1.5"), "2026-03-06 17:30"),
    ],
)
def test_a_field_says_how_long_or_until_when(field: str, unit: Unit, value: Any, expected: str) -> None:
    length = Length(field=field, unit=unit)
    found = due.of_length(length, at("2026-03-06 16:00"), {field: value}, DEFINITION, ZONE, CALENDAR)
    assert found == at(expected)


def test_an_empty_field_says_nothing_yet() -> None:
    length = Length(field="date")
    assert due.of_length(length, at("2026-03-06 16:00"), {}, DEFINITION, ZONE, CALENDAR) is None


def next_times(recurrence: dict[str, Any], after: str, count: int, anchor: str = "") -> list[str]:
    moment, found = at(after), []
    for _turn in range(count):
        moment = due.next_time(
            Recurrence.model_validate(recurrence), moment, at(anchor or after), ZONE, CALENDAR
        )
        found.append(f"{moment.astimezone(ZONE):%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("recurrence", "after", "expected"),
    [
        (
            {"every": {"amount": 2, "unit": "hours"}},
            "2026-03-06 09:10",
            ["03-06 11:10", "03-06 13:10", "03-06 15:10"],
        ),
        ({"every": {"amount": 1, "unit": "months"}}, "2026-01-31 09:00", ["02-28 09:00", "03-31 09:00"]),
        (
            {"every": {"amount": 4, "unit": "working_hours"}},
            "2026-03-06 10:00",
            ["03-06 15:00", "03-09 10:00"],
        ),
        ({"times": ["14:00", "10:00"]}, "2026-03-06 10:00", ["03-06 14:00", "03-07 10:00", "03-07 14:00"]),
        (
            {"times": ["10:00", "14:00"], "working_days_only": True},
            "2026-03-06 13:00",
            ["03-06 14:00", "03-09 10:00"],
        ),
        ({"weekly": ["mon", "fri"], "at": "16:00"}, "2026-03-06 15:59", ["03-06 16:00", "03-09 16:00"]),
        ({"monthly": 31, "at": "18:00"}, "2026-01-31 18:00", ["02-28 18:00", "03-31 18:00"]),
        (
            {"monthly": 5, "months": [1, 4, 7, 10], "at": "09:00"},
            "2026-01-05 09:00",
            ["04-05 09:00", "07-05 09:00"],
        ),
        ({"monthly": 31, "working_days_only": True}, "2026-01-01 00:00", ["01-30 09:00", "02-27 09:00"]),
        ({"yearly": "03-31", "at": "23:59"}, "2026-03-31 23:58", ["03-31 23:59", "03-31 23:59"]),
        ({"yearly": "02-29"}, "2027-01-01 00:00", ["02-28 09:00", "02-29 09:00", "02-28 09:00"]),
    ],
)
def test_what_comes_again_is_due_at_its_next_time(
    recurrence: dict[str, Any], after: str, expected: list[str]
) -> None:
    assert next_times(recurrence, after, len(expected)) == expected


def test_a_long_time_of_short_turns_is_passed_at_once() -> None:
    every = Recurrence(every=Length(amount=Decimal(1), unit="minutes"))
    start = at("2000-01-01 00:00")
    assert due.next_time(every, at("2026-03-06 10:00"), start, ZONE, None) == at("2026-03-06 10:01")


def test_a_day_ends_with_its_last_second() -> None:
    assert due.end_of_day(date(2026, 3, 6), ZONE) + timedelta(seconds=1) == at("2026-03-07 00:00")
