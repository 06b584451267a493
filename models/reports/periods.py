"""Periods of a report: weeks, months, quarters and years as a company counts them.

A fiscal month may begin on another day than the first: with 26, "2026-10" is 26 September to 25 October.
A fiscal year may begin with another month: with 4, "2026" is April 2026 to March 2027.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, Self
from zoneinfo import ZoneInfo

from models.errors import DomainError, InvalidError
from models.messages import Message, _

Unit = Literal["week", "month", "quarter", "year", "custom"]
MAX_DAYS: Final = 366 * 30
LAST_START: Final = 28
_YEARS: Final = range(1990, 2900)
"""Periods to compare with, and trends of many years before, must lie in the calendar of records, too."""
_DAY: Final = timedelta(days=1)
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_NAMES: Final = (
    ("month", re.compile(r"(\d{4})-(\d{2})\Z")),
    ("quarter", re.compile(r"(\d{4})-Q([1-4])\Z")),
    ("week", re.compile(r"(\d{4})-W(\d{2})\Z")),
    ("year", re.compile(r"(\d{4})\Z")),
)
_CUSTOM: Final = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})\Z")


@dataclass(frozen=True)
class Fiscal:
    """How a company counts: the month a year begins with, and the day a month begins on (1–28)."""

    month: int = 1
    day: int = 1

    def first_of(self, year: int, month: int) -> date:
        """Return the first day of the fiscal month that bears a calendar month's name."""
        index = year * 12 + month - 1 - (self.day > 1)
        return date(index // 12, index % 12 + 1, self.day)

    def month_of(self, day: date) -> tuple[int, int]:
        """Return year and month whose name the fiscal month of a day bears."""
        index = day.year * 12 + day.month - 1 + (self.day > 1 and day.day >= self.day)
        return index // 12, index % 12 + 1


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last`, both counted; `name` is how it is asked for: 2026-10, 2026-Q4, 2026."""

    unit: Unit
    first: date
    last: date
    name: str
    fiscal: Fiscal = Fiscal()

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def bounds(self, timezone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the moments in UTC at which it begins (counted) and the next one does (not counted)."""
        begins, ends = (
            datetime.combine(day, time.min, timezone).astimezone(UTC)
            for day in (self.first, self.last + _DAY)
        )
        return begins, ends

    def is_over(self, today: date) -> bool:
        """Tell whether its last day has passed."""
        return today > self.last

    # -- neighbours ------------------------------------------------------------------------------------

    def before(self, count: int = 1) -> Self:
        """Return the period of the same length so many periods earlier.

        Raises DomainError where the calendar has no such days.
        """
        try:
            return self._before(count)
        except (ValueError, OverflowError):
            raise DomainError(NO_SUCH_DAYS) from None

    def _before(self, count: int) -> Self:
        if self.unit in _MONTHS:
            return self._shifted(-count * _MONTHS[self.unit])
        span = timedelta(days=self.days * count)
        if self.unit == "week":
            return self.at(self.unit, self.first - span, self.fiscal)
        return self.between(self.first - span, self.last - span, self.fiscal)

    def year_before(self) -> Self:
        """Return the same period a year earlier; of a week, the one with the same number of days before."""
        if self.unit in _MONTHS:
            return self._shifted(-12)
        if self.unit == "week":
            return self.at("week", self.first - timedelta(weeks=52), self.fiscal)
        return self.between(_a_year_back(self.first), _a_year_back(self.last), self.fiscal)

    def until(self, count: int) -> list[Self]:
        """Return so many periods, oldest first, that end with this one: a trend."""
        return [self.before(back) for back in range(count - 1, 0, -1)] + [self]

    def months(self) -> list[Self]:
        """Return the fiscal months that it consists of; of a custom one, those it touches."""
        found = [self.at("month", self.first, self.fiscal)]
        while found[-1].last < self.last:
            found.append(self.at("month", found[-1].last + _DAY, self.fiscal))
        return found

    def _shifted(self, months: int) -> Self:
        year, month = self.fiscal.month_of(self.first)
        index = year * 12 + month - 1 + months
        return self.at(self.unit, self.fiscal.first_of(index // 12, index % 12 + 1), self.fiscal)

    # -- making ------------------------------------------------------------------------------------------

    @classmethod
    def at(cls, unit: Unit, day: date, fiscal: Fiscal = Fiscal()) -> Self:
        """Return the week, month, quarter or year that a day lies in."""
        if unit == "week":
            monday = day - timedelta(days=day.weekday())
            year, week, _weekday = monday.isocalendar()
            return cls(unit, monday, monday + timedelta(days=6), f"{year}-W{week:02}", fiscal)
        months = _MONTHS[unit]
        year, month = fiscal.month_of(day)
        into = (month - fiscal.month) % 12
        start = year * 12 + month - 1 - into % months
        first = fiscal.first_of(start // 12, start % 12 + 1)
        after = start + months
        last = fiscal.first_of(after // 12, after % 12 + 1) - _DAY
        return cls(unit, first, last, _name(unit, start, into, fiscal), fiscal)

    @classmethod
    def between(cls, first: date, last: date, fiscal: Fiscal = Fiscal()) -> Self:
        """Return a period of any days. Raises InvalidError for days backwards, and for more than 30 years."""
        if last < first:
            raise InvalidError({"last": [_("This is before the first day.")]})
        if (last - first).days >= MAX_DAYS:
            raise InvalidError({"last": [_("At most 30 years.")]})
        return cls("custom", first, last, f"{first:%Y-%m-%d}..{last:%Y-%m-%d}", fiscal)

    @classmethod
    def last_full(cls, unit: Unit, today: date, fiscal: Fiscal = Fiscal()) -> Self:
        """Return the last one that is over: "last month" is the whole month before this one."""
        return cls.at(unit, today, fiscal).before()

    @classmethod
    def read(cls, name: str, fiscal: Fiscal = Fiscal()) -> Self:
        """Return the period of a name: 2026-10, 2026-Q4, 2026-W07, 2026, 2026-10-01..2026-10-15.

        Raises InvalidError.
        """
        try:
            found = cls._read(name.strip(), fiscal)
        except (ValueError, OverflowError):
            found = None
        if found is None:
            raise InvalidError({"period": [NOT_A_PERIOD]})
        return found

    @classmethod
    def _read(cls, name: str, fiscal: Fiscal) -> Self | None:
        if custom := _CUSTOM.match(name):
            first, last = map(date.fromisoformat, custom.groups())
            if first.year not in _YEARS or last.year not in _YEARS:
                return None
            return cls.between(first, last, fiscal)
        for unit, pattern in _NAMES:
            if found := pattern.match(name):
                year, number = int(found[1]), int(found[2]) if found.lastindex == 2 else 1  # noqa: PLR2004
                if year not in _YEARS:
                    return None
                return cls._named(unit, year, number, fiscal)  # type: ignore[arg-type]  # one of the units
        return None

    @classmethod
    def _named(cls, unit: Unit, year: int, number: int, fiscal: Fiscal) -> Self:
        if unit == "week":
            return cls.at(unit, date.fromisocalendar(year, number, 1), fiscal)
        if unit == "month":
            return cls.at(unit, fiscal.first_of(year, date(year, number, 1).month), fiscal)
        start = year * 12 + fiscal.month - 1 + (number - 1) * 3 * (unit == "quarter")
        return cls.at(unit, fiscal.first_of(start // 12, start % 12 + 1), fiscal)

    def label(self) -> Message:
        """Return it in words, with its days."""
        return _("%(name)s (%(first)s to %(last)s)", name=self.name, first=self.first, last=self.last)


NO_SUCH_DAYS: Final = _("This looks back further than there is a calendar.")
NOT_A_PERIOD: Final = _("Write a period such as 2026-10, 2026-Q4, 2026 or 2026-10-01..2026-10-15.")


def _name(unit: Unit, start: int, into: int, fiscal: Fiscal) -> str:
    """Return the name of the period that begins with the fiscal month `start` (months since year 0)."""
    if unit == "month":
        return f"{start // 12}-{start % 12 + 1:02}"
    year = (start - (fiscal.month - 1)) // 12
    return f"{year}-Q{into // 3 + 1}" if unit == "quarter" else f"{year}"


def _a_year_back(day: date) -> date:
    return replace_year(day, day.year - 1)


def replace_year(day: date, year: int) -> date:
    """Return the same day of another year; 29 February becomes the 28th where there is none."""
    return day.replace(year=year, day=min(day.day, monthrange(year, day.month)[1]))
