"""Counting working time: pure, exact to the second, the same in every zone; it never walks minutes.

A shift belongs to the day on which it begins: one from 20:00 to 04:00 on a Friday is Friday's work, it is
done although Saturday is free, and it is left out when Friday is a holiday.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple, Self
from zoneinfo import ZoneInfo

from models.calendars.definition import WEEKDAYS, CalendarDefinition, DayException
from models.calendars.intervals import Interval, parse_all
from models.calendars.walls import first_moment, shown
from models.definition_parts import Label
from models.errors import DomainError
from models.messages import _

MAX_IDLE_DAYS = 3_660
MAX_DAYS = 36_600
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2300, 1, 1, tzinfo=UTC)

DayKind = Literal["workday", "rest", "holiday", "make_up"]
_DAY = timedelta(days=1)


class NoWorkingTimeError(DomainError):
    """A deadline that the calendar cannot reach: ten years without work, or more than a century away."""

    status = 422


class Span(NamedTuple):
    """Work without a break, in UTC, and the day it belongs to."""

    start: datetime
    end: datetime
    day: date


class DayCount(NamedTuple):
    """A day between two moments: what kind it is, the working seconds of it that count, what it is called."""

    date: date
    kind: DayKind
    seconds: int
    name: Label


@dataclass(frozen=True, eq=False)
class WorkingCalendar:
    """One version of a calendar, ready to count with. Moments are aware; results are UTC."""

    zone: ZoneInfo
    week: tuple[tuple[Interval, ...], ...]
    exceptions: Mapping[date, DayException] = field(default_factory=dict)
    loaded_years: frozenset[int] = frozenset()
    key: str = ""
    version: int = 0
    _spans: dict[date, tuple[Span, ...]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, definition: CalendarDefinition, key: str = "", version: int = 0) -> Self:
        """Return a checked definition as something to count with."""
        return cls(
            ZoneInfo(definition.timezone),
            tuple(parse_all(definition.week.get(name, ())) for name in WEEKDAYS),
            {one.date: one for one in definition.exceptions},
            frozenset(definition.loaded_years),
            key,
            version,
        )

    # -- days ----------------------------------------------------------------------------------------

    def hours(self, day: date) -> tuple[Interval, ...]:
        """Return the hours of work that begin on a date."""
        found = self.exceptions.get(day)
        if found is None:
            return self.week[day.weekday()]
        if found.kind == "holiday":
            return ()
        return parse_all(found.hours) if found.hours else self.week[WEEKDAYS.index(found.like or "mon")]

    def kind(self, day: date) -> DayKind:
        """Tell what a date is."""
        found = self.exceptions.get(day)
        return found.kind if found else "workday" if self.week[day.weekday()] else "rest"

    def spans(self, day: date) -> tuple[Span, ...]:
        """Return the work that begins on a date."""
        if day not in self._spans:
            found = (Span(self._at(day, start), self._at(day, end), day) for start, end in self.hours(day))
            self._spans[day] = tuple(span for span in found if span.start < span.end)
        return self._spans[day]

    def _at(self, day: date, minutes: int) -> datetime:
        return first_moment(day, timedelta(minutes=minutes), self.zone)

    def day_seconds(self, day: date) -> int:
        """Return how long is worked on a date."""
        return _seconds(sum((span.end - span.start for span in self.spans(day)), timedelta()))

    def day_of(self, moment: datetime) -> date:
        """Return the day a moment belongs to: of the shift it lies in, else its date."""
        today = self._date(moment)
        for span in self.spans(today - _DAY):
            if span.start <= moment < span.end:
                return span.day
        return today

    # -- working time --------------------------------------------------------------------------------

    def is_working(self, moment: datetime) -> bool:
        """Tell whether work goes on at a moment; the last moment of an interval is no longer part of it."""
        today = self._date(moment)
        return any(
            span.start <= moment < span.end for day in (today - _DAY, today) for span in self.spans(day)
        )

    def next_working(self, moment: datetime) -> datetime:
        """Return the moment itself while work goes on, else when it begins again."""
        return next(self._forward(moment)).start

    def working_seconds(self, start: datetime, end: datetime) -> int:
        """Return the working seconds between two moments, full ones; negative when `end` comes first."""
        if end < start:
            return -self.working_seconds(end, start)
        return sum(self._by_day(start, end).values())

    def add_working(self, start: datetime, seconds: float) -> datetime:
        """Return the first moment by which so many working seconds have passed since `start`.

        Eight hours from 08:00 with a break from 12 to 13 end at 17:00 of the same day, not at 08:00 of the
        next. A start outside working time counts from the next opening. Nothing ends at `start` itself.
        Negative seconds go back: the last moment from which so many pass until `start`.

        Raises NoWorkingTimeError where that lies out of reach.
        """
        left = timedelta(seconds=abs(seconds))
        if not left:
            return start.astimezone(UTC)
        for span in self._forward(start) if seconds > 0 else self._backward(start):
            length = span.end - span.start
            if length >= left:
                return span.start + left if seconds > 0 else span.end - left
            left -= length
        raise _out_of_reach()

    # -- working days --------------------------------------------------------------------------------

    def add_working_days(self, start: datetime, days: Decimal) -> datetime:
        """Return the moment so many working days on; parts of a day are counted after the whole ones.

        The day of the start is day 0; a day is a working day when work begins on it.

        * A start during the work of day 0, breaks included: *n* whole days end at the same time of day on the
          *n*-th working day after it. Where nobody works at that time, they end with the last work before it:
          Monday 10:00 and one day end on Tuesday at 10:00, Monday 12:30 (a break) on Tuesday at 12:00.
        * Any other start, on a free day, before work or after it: *n* whole days end with the close of the
          *n*-th day whose work is had as a whole: Friday 19:00, Saturday 10:00 or Monday 07:00 and one day
          end on Monday at 17:00. So a later start is never due earlier.
        * Half a day is half of the working seconds of the day it begins on, which is the day reached or,
          where that is over, the next working day; it is counted along working time, over night if need
          be: half a day of eight hours from 15:00 ends at 10:00 on the next working day.

        Negative days go back in the same way: to the same time of day, or to the opening of the *n*-th day
        whose work is had as a whole.

        Raises NoWorkingTimeError where that lies out of reach.
        """
        whole = int(days)
        moment = self._whole_days(start, whole) if whole else start.astimezone(UTC)
        return self._part_of_day(moment, days - whole) if days != whole else moment

    def _whole_days(self, start: datetime, days: int) -> datetime:
        first, forward = self.day_of(start), days > 0
        work = self.spans(first)
        if work and (
            work[0].start <= start < work[-1].end if forward else work[0].start < start <= work[-1].end
        ):
            return self._same_time(start, first, days)
        is_first_whole = work and (start < work[0].start if forward else start > work[-1].end)
        left = days - (1 if forward else -1) if is_first_whole else days
        spans = self.spans(self._working_day(first, left) if left else first)
        return spans[-1].end if forward else spans[0].start

    def _same_time(self, start: datetime, first: date, days: int) -> datetime:
        since_midnight = shown(start, self.zone) - datetime(first.year, first.month, first.day)  # noqa: DTZ001
        moment = first_moment(self._working_day(first, days), since_midnight, self.zone)
        return moment if self.is_working(moment) else next(self._backward(moment)).end

    def _part_of_day(self, moment: datetime, part: Decimal) -> datetime:
        begun = next(self._forward(moment) if part > 0 else self._backward(moment))
        seconds = (part * self.day_seconds(begun.day)).to_integral_value(ROUND_HALF_UP)
        return self.add_working(moment, int(seconds))

    def _working_day(self, day: date, count: int) -> date:
        """Return the `count`-th working day after a date, or before it."""
        step = _DAY if count > 0 else -_DAY
        for reached in self._days(day + step, step):
            count -= step.days
            if not count:
                return reached
        raise _out_of_reach()

    # -- explanations --------------------------------------------------------------------------------

    def days(self, start: datetime, end: datetime) -> list[DayCount]:
        """Return every day between two moments with what of it counts, to explain a due time."""
        counted = self._by_day(start, end)
        first, last = self.day_of(start), self._date(end)
        shown_days = (first + timedelta(days=index) for index in range((last - first).days + 1))
        return [DayCount(day, self.kind(day), counted.get(day, 0), self._name(day)) for day in shown_days]

    def uncertain(self, start: datetime, end: datetime) -> list[int]:
        """Return the years between two moments whose holidays are not known."""
        years = range(self._date(start).year, self._date(end).year + 1)
        return [year for year in years if year not in self.loaded_years]

    def _name(self, day: date) -> Label:
        found = self.exceptions.get(day)
        return found.name if found else Label()

    # -- walking -------------------------------------------------------------------------------------

    def _by_day(self, start: datetime, end: datetime) -> dict[date, int]:
        first, last = self._date(start) - _DAY, self._date(end)
        counted: dict[date, int] = {}
        exact = before = timedelta()
        for index in range((last - first).days + 1):
            day = first + timedelta(days=index)
            for span in self.spans(day):
                exact += max(min(span.end, end) - max(span.start, start), timedelta())
            if exact != before:
                counted[day] = _seconds(exact) - _seconds(before)
                before = exact
        return counted

    def _forward(self, moment: datetime) -> Iterator[Span]:
        """Yield the work from a moment on; the first span begins at it, if it lies in one."""
        for day in self._days(self._date(moment) - _DAY, _DAY):
            for span in self.spans(day):
                if span.end > moment:
                    yield span._replace(start=max(span.start, moment.astimezone(UTC)))

    def _backward(self, moment: datetime) -> Iterator[Span]:
        """Yield the work before a moment, the latest first; the first span ends at it, if it lies in one."""
        for day in self._days(self._date(moment), -_DAY):
            for span in reversed(self.spans(day)):
                if span.start < moment:
                    yield span._replace(end=min(span.end, moment.astimezone(UTC)))

    def _days(self, day: date, step: timedelta) -> Iterator[date]:
        """Yield working days from a date on; gives up after ten years without any, and after a century."""
        idle = 0
        for _index in range(MAX_DAYS):
            if self.spans(day):
                yield day
                idle = 0
            idle += 1
            if idle > MAX_IDLE_DAYS:
                break
            day += step
        raise _out_of_reach()

    def _date(self, moment: datetime) -> date:
        if not EARLIEST <= moment < LATEST:
            raise _out_of_reach()
        return shown(moment, self.zone).date()


def _seconds(length: timedelta) -> int:
    return length // timedelta(seconds=1)


def _out_of_reach() -> NoWorkingTimeError:
    return NoWorkingTimeError(_("The calendar has no working time there, so no deadline can be counted."))
