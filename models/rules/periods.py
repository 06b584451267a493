"""Days and periods relative to today, such as "last month", as calendar dates."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal, NamedTuple, cast

from models.messages import Message, _

Unit = Literal["day", "week", "month", "quarter", "year"]

PERIODS: Mapping[str, Message] = MappingProxyType(
    {
        "this_day": _("today"),
        "last_day": _("yesterday"),
        "next_day": _("tomorrow"),
        "this_week": _("this week"),
        "last_week": _("last week"),
        "next_week": _("next week"),
        "this_month": _("this month"),
        "last_month": _("last month"),
        "next_month": _("next month"),
        "this_quarter": _("this quarter"),
        "last_quarter": _("last quarter"),
        "next_quarter": _("next quarter"),
        "this_year": _("this year"),
        "last_year": _("last year"),
        "next_year": _("next year"),
        "past": _("the past"),
        "future": _("the future"),
    }
)
_FIRST, _LAST = date(1900, 1, 1), date(2999, 12, 30)
"""The ends of the calendar."""

# The largest step in each unit: a century at most, so that no date leaves the calendar.
LARGEST_STEP: Mapping[str, int] = MappingProxyType(
    {"minutes": 1_000_000, "hours": 876_000, "days": 36_500, "weeks": 5_200, "months": 1_200, "years": 100}
)

_STEPS: Mapping[str, int] = MappingProxyType({"last": -1, "this": 0, "next": 1})
_MONTHS: Mapping[str, int] = MappingProxyType({"month": 1, "quarter": 3, "year": 12})


class Days(NamedTuple):
    """A run of whole days, both ends included."""

    first: date
    last: date


def add_months(day: date, months: int) -> date:
    """Return the same day some months later; the 31st becomes the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def step(day: date, unit: str, count: int) -> date:
    """Return the day that many `days`, `weeks`, `months` or `years` away."""
    if unit in {"months", "years"}:
        return add_months(day, count * (12 if unit == "years" else 1))
    return day + timedelta(days=count * (7 if unit == "weeks" else 1))


def period(name: str, today: date) -> Days:
    """Return the days of a calendar period of `PERIODS`; weeks begin on Monday (ISO 8601).

    Today belongs neither to the past nor to the future.
    """
    if name == "past":
        return Days(_FIRST, today - timedelta(days=1))
    if name == "future":
        return Days(today + timedelta(days=1), _LAST)
    which, _separator, unit = name.partition("_")
    count = _STEPS[which]
    first = _first(today, cast("Unit", unit))
    if unit in _MONTHS:
        months = _MONTHS[unit]
        return Days(
            add_months(first, count * months), add_months(first, (count + 1) * months) - timedelta(days=1)
        )
    length = timedelta(days=7 if unit == "week" else 1)
    return Days(first + count * length, first + (count + 1) * length - timedelta(days=1))


def _first(today: date, unit: Unit) -> date:
    if unit == "day":
        return today
    if unit == "week":
        return today - timedelta(days=today.weekday())
    if unit == "quarter":
        return today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    return today.replace(day=1) if unit == "month" else today.replace(month=1, day=1)
