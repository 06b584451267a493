"""Days and their deadlines, as the calendar of deadlines shows them."""

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from models import calendars
from models.calendars import WorkingCalendar

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2100
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Entry:
    """A deadline; `late` tells whether it is over."""

    at: datetime
    time: str
    title: str
    what: str
    url: str
    late: bool


@dataclass
class Day:
    """One day; `kind` is `workday`, `rest`, `holiday` or `make_up`, `name` that of the holiday."""

    date: date
    kind: str
    name: str
    outside: bool
    today: bool
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True)
class Period:
    """The days from `first` to `last`, and where one goes on from there."""

    first: date
    last: date
    chosen: date
    previous: date
    next: date

    def moments(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the first moment, and the first that no longer belongs to it."""
        end = self.last + timedelta(days=1)
        return datetime.combine(self.first, time(), zone), datetime.combine(end, time(), zone)


def month_of(day: date) -> Period:
    """Return the whole weeks, from Monday, that a month touches."""
    first = day.replace(day=1)
    last = day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return Period(
        first - timedelta(days=first.weekday()),
        last + timedelta(days=6 - last.weekday()),
        day,
        _within((first - timedelta(days=1)).replace(day=1)),
        _within(last + timedelta(days=1)),
    )


def week_of(day: date) -> Period:
    """Return the week of a day, from Monday."""
    monday = day - timedelta(days=day.weekday())
    return Period(monday, monday + timedelta(days=6), day, _within(day - _WEEK), _within(day + _WEEK))


def read_day(text: str, today: date) -> date:
    """Return the day an address names, today where it names none that is shown."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return today
    return _within(found)


def _within(day: date) -> date:
    return min(max(day, date(FIRST_YEAR, 1, 1)), date(LAST_YEAR, 12, 31))


def laid_out(
    period: Period, entries: Sequence[Entry], key: str, zone: ZoneInfo, today: date, language: str
) -> list[list[Day]]:
    """Return the weeks of a period with their entries, shaded by the calendar with a key."""
    working = calendars.working(key)
    days = {day: _day(day, period, working, today, language) for day in _dates(period)}
    for entry in sorted(entries, key=lambda one: one.at):
        local = entry.at.astimezone(zone).date()
        if local in days:
            days[local].entries.append(entry)
    found = list(days.values())
    return [found[start : start + 7] for start in range(0, len(found), 7)]


def _dates(period: Period) -> Iterator[date]:
    for offset in range((period.last - period.first).days + 1):
        yield period.first + timedelta(days=offset)


def _day(day: date, period: Period, working: WorkingCalendar, today: date, language: str) -> Day:
    exception = working.exceptions.get(day)
    name = exception.name.text(language) if exception else ""
    is_week = period.last - period.first < _WEEK
    outside = not is_week and (day.year, day.month) != (period.chosen.year, period.chosen.month)
    return Day(day, working.kind(day), name, outside, day == today)
