"""What changes between two versions of a calendar, for whoever is asked to confirm it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from models.calendars.definition import WEEKDAYS, CalendarDefinition, DayException
from models.procedure import Weekday


class WeekdayChange(NamedTuple):
    """The hours of a weekday, before and after."""

    day: Weekday
    before: tuple[str, ...]
    after: tuple[str, ...]


class DateChange(NamedTuple):
    """A date that becomes, or was, other than its weekday says."""

    date: date
    before: DayException | None
    after: DayException | None


@dataclass(frozen=True)
class Difference:
    """What a new version changes; false when nothing."""

    renamed: bool
    zone: tuple[str, str] | None
    week: tuple[WeekdayChange, ...]
    dates: tuple[DateChange, ...]
    years_known: tuple[int, ...]
    years_unknown: tuple[int, ...]

    def __bool__(self) -> bool:
        return bool(
            self.renamed or self.zone or self.week or self.dates or self.years_known or self.years_unknown
        )

    @property
    def counts(self) -> bool:
        """Tell whether any deadline may move."""
        return bool(self.zone or self.week or self.dates)

    @property
    def by_year(self) -> dict[int, list[DateChange]]:
        """The changed dates, year by year."""
        found: dict[int, list[DateChange]] = {}
        for one in self.dates:
            found.setdefault(one.date.year, []).append(one)
        return found


def between(before: CalendarDefinition, after: CalendarDefinition) -> Difference:
    """Return what changes from one version to another."""
    first, second = set(before.loaded_years), set(after.loaded_years)
    return Difference(
        renamed=before.label != after.label,
        zone=None if before.timezone == after.timezone else (before.timezone, after.timezone),
        week=tuple(_weekdays(before, after)),
        dates=tuple(_dates(before, after)),
        years_known=tuple(sorted(second - first)),
        years_unknown=tuple(sorted(first - second)),
    )


def _weekdays(before: CalendarDefinition, after: CalendarDefinition) -> Iterator[WeekdayChange]:
    for day in WEEKDAYS:
        was, will_be = before.week.get(day, ()), after.week.get(day, ())
        if was != will_be:
            yield WeekdayChange(day, was, will_be)


def _dates(before: CalendarDefinition, after: CalendarDefinition) -> Iterator[DateChange]:
    was = {one.date: one for one in before.exceptions}
    will_be = {one.date: one for one in after.exceptions}
    for day in sorted(was.keys() | will_be.keys()):
        if was.get(day) != will_be.get(day):
            yield DateChange(day, was.get(day), will_be.get(day))
