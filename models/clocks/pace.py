"""How a clock counts: its zone, its calendar, and time measured the way its unit passes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from models.calendars.arithmetic import WorkingCalendar
from models.clocks import due
from models.people import DEFAULT_TIMEZONE
from models.procedure import ClockRule, Length, Unit

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Pace:
    """What lengths of a clock are counted by; without a calendar only elapsed time can be."""

    calendar: WorkingCalendar | None = None

    @property
    def zone(self) -> ZoneInfo:
        """Where times of day are meant."""
        return self.calendar.zone if self.calendar else ZoneInfo(DEFAULT_TIMEZONE)

    def add(self, start: datetime, amount: Decimal, unit: Unit) -> datetime:
        """Return the moment so much later; earlier for a negative amount. Raises UncountableError."""
        return due.add(start, amount, unit, self.zone, self.calendar)

    def shift(self, start: datetime, length: Length, sign: int = 1) -> datetime:
        """Return the moment a length later (or earlier); a length without an amount is none."""
        return self.add(start, sign * length.amount, length.unit) if length.amount else start

    def between(self, start: datetime, end: datetime, *, working: bool) -> timedelta:
        """Return how much time passes between two moments, of work or all of it; exact to the millisecond."""
        if not working or self.calendar is None:
            return end - start
        whole = timedelta(seconds=self.calendar.working_seconds(start, end))
        return whole + (self._part(end) - self._part(start)) % _SECOND

    def _part(self, moment: datetime) -> timedelta:
        """Return the part of a second that a moment adds to working time; that goes by whole minutes."""
        works = self.calendar is not None and self.calendar.is_working(moment)
        return timedelta(microseconds=moment.microsecond if works else 0)

    def after(self, start: datetime, time: timedelta, *, working: bool) -> datetime:
        """Return when so much time has passed since a moment."""
        if not working or self.calendar is None:
            return start + time
        return self.calendar.add_working(start, time.total_seconds())


def counts_work(rule: ClockRule) -> bool:
    """Tell whether a clock's length passes in working time only."""
    length = rule.recurrence.every if rule.recurrence else rule.length
    return length is not None and due.is_working(length.unit)
