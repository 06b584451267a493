"""When something is due: lengths added to moments, and the next time of what comes again and again. Pure.

Minutes, hours, days, weeks, months and years pass day and night; working hours and days only in the working
time of a calendar. Days and longer keep the time of day of the calendar's zone.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from bson import Decimal128

from models.calendars.arithmetic import WorkingCalendar
from models.definition import Definition
from models.errors import DomainError
from models.messages import _
from models.procedure import Length, Recurrence, Unit
from models.rules.periods import add_months

WORKING_UNITS: Final = frozenset({"working_hours", "working_days"})
_ELAPSED: Final[Mapping[str, timedelta]] = {"minutes": timedelta(minutes=1), "hours": timedelta(hours=1)}
_DAYS: Final[Mapping[str, int]] = {"days": 1, "weeks": 7}
_MONTHS: Final[Mapping[str, int]] = {"months": 1, "years": 12}
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAYS_AHEAD: Final = 366 * 9  # from one 29 February to the next there may be eight years
_MAX_TURNS: Final = 1_000_000
_LAST_YEAR: Final = 2999
_MONTH_DAYS: Final = 30  # a part of a month, where a field says 1.5


class UncountableError(DomainError):
    """A due time that cannot be told: no calendar for working time, or a date beyond all calendars."""


def is_working(unit: str) -> bool:
    """Tell whether a unit is counted by a calendar of working time."""
    return unit in WORKING_UNITS


def add(
    start: datetime, amount: Decimal, unit: Unit, zone: ZoneInfo, calendar: WorkingCalendar | None
) -> datetime:
    """Return the moment so much later (earlier for a negative amount), in UTC. Raises UncountableError."""
    try:
        return _add(start, amount, unit, zone, calendar).astimezone(UTC)
    except (OverflowError, ValueError):
        raise UncountableError(_("This lies beyond the calendar.")) from None


def _add(
    start: datetime, amount: Decimal, unit: Unit, zone: ZoneInfo, calendar: WorkingCalendar | None
) -> datetime:
    if unit in _ELAPSED:
        return start + scaled(_ELAPSED[unit], amount)
    if unit in _DAYS:
        return _add_days(start, amount * _DAYS[unit], zone)
    if unit in _MONTHS:
        months = amount * _MONTHS[unit]
        local = start.astimezone(zone)
        moved = datetime.combine(add_months(local.date(), int(months)), local.timetz())
        return _add_days(moved, (months - int(months)) * _MONTH_DAYS, zone)
    if calendar is None:
        raise UncountableError(_("There is no calendar of working time."))
    if unit == "working_days":
        return calendar.add_working_days(start, amount)
    return calendar.add_working(start, scaled(timedelta(hours=1), amount).total_seconds())


def scaled(length: timedelta, amount: Decimal) -> timedelta:
    """Return a length so many times, in whole milliseconds."""
    milliseconds = Decimal(length // timedelta(milliseconds=1)) * amount
    return timedelta(milliseconds=int(milliseconds.to_integral_value()))


def _add_days(start: datetime, days: Decimal, zone: ZoneInfo) -> datetime:
    """Add days at the same time of day, and a part of a day as hours."""
    whole = int(days)
    local = start.astimezone(zone)
    moved = datetime.combine(local.date() + timedelta(days=whole), local.time(), tzinfo=zone)
    return moved.astimezone(UTC) + scaled(timedelta(days=1), days - whole)


def of_length(
    length: Length,
    start: datetime,
    data: Mapping[str, Any],
    definition: Definition,
    zone: ZoneInfo,
    calendar: WorkingCalendar | None,
) -> datetime | None:
    """Return when a length that began at a moment is over; None while its field is empty.

    A date is due at the end of its day. Raises UncountableError.
    """
    if not length.field:
        return None if length.amount is None else add(start, length.amount, length.unit, zone, calendar)
    value, field = data.get(length.field), definition.by_key.get(length.field)
    if value is None or value == "" or field is None:
        return None
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        return end_of_day(date.fromisoformat(value), zone)
    if field.type == "duration":
        seconds = Decimal(int(value))
        unit: Unit = "working_hours" if is_working(length.unit) else "hours"
        return add(start, seconds / 3600, unit, zone, calendar)
    return add(start, number(value), length.unit, zone, calendar)


def number(value: Any) -> Decimal:  # noqa: ANN401  (a stored number)
    """Return a stored number as a Decimal."""
    return value.to_decimal() if isinstance(value, Decimal128) else Decimal(str(value))


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the last second of a day, in UTC."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=zone).astimezone(UTC)


def moment_of(value: Any, zone: ZoneInfo) -> datetime | None:  # noqa: ANN401  (a stored value)
    """Return the moment that a date or date-time field holds: of a date, where its day begins."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and value:
        return datetime.combine(date.fromisoformat(value[:10]), time.min, tzinfo=zone).astimezone(UTC)
    return None


# -- again and again ----------------------------------------------------------------------------------


def next_time(
    recurrence: Recurrence,
    after: datetime,
    anchor: datetime,
    zone: ZoneInfo,
    calendar: WorkingCalendar | None,
) -> datetime:
    """Return the first due time after a moment.

    On working days only, a fixed time of day or of the week is left out on other days; a day of the month or
    the year is moved to the working day before it, so that it is never later than was said.

    Args:
        recurrence: how it comes again.
        after: a moment; what is returned is later.
        anchor: where `every` begins to count.
        zone: in which times of day are meant.
        calendar: of working time, where it is needed.

    Raises:
        UncountableError: there is no such time, or no calendar to count by.
    """
    if recurrence.every is not None:
        return _next_multiple(recurrence.every, after, anchor, zone, calendar)
    for day in _days_from(after.astimezone(zone).date()):
        for moment in _on(recurrence, day, zone, calendar):
            if moment > after:
                return moment
    raise UncountableError(_("This lies beyond the calendar."))


def _next_multiple(
    every: Length, after: datetime, anchor: datetime, zone: ZoneInfo, calendar: WorkingCalendar | None
) -> datetime:
    """Find the first multiple behind a moment by halving: multiples only grow."""
    amount = every.amount or Decimal(0)
    if amount <= 0:
        raise UncountableError(_("Say how long."))

    def multiple(turn: int) -> datetime:
        return add(anchor, amount * turn, every.unit, zone, calendar)

    return multiple(_first(lambda turn: multiple(turn) > after))


def _first(holds: Callable[[int], bool]) -> int:
    """Return the least positive number for which something holds that goes on holding."""
    high = 1
    while not holds(high):
        high *= 2
        if high > _MAX_TURNS * 1024:
            raise UncountableError(_("This lies beyond the calendar."))
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _days_from(first: date) -> Iterator[date]:
    for offset in range(_DAYS_AHEAD):
        day = first + timedelta(days=offset)
        if day.year > _LAST_YEAR:
            return
        yield day


def _on(
    recurrence: Recurrence, day: date, zone: ZoneInfo, calendar: WorkingCalendar | None
) -> Iterator[datetime]:
    """Yield the times that a day stands for, earliest first."""
    if not _is_meant(recurrence, day):
        return
    daily = bool(recurrence.times or recurrence.weekly)
    meant = day
    if recurrence.working_days_only:
        if calendar is None:
            raise UncountableError(_("There is no calendar of working time."))
        if daily and not calendar.spans(day):
            return
        meant = _working_day_before(day, calendar)
    for clock in sorted(recurrence.times) or [recurrence.at]:
        yield datetime.combine(meant, time.fromisoformat(clock), tzinfo=zone).astimezone(UTC)


def _working_day_before(day: date, calendar: WorkingCalendar) -> date:
    for offset in range(60):
        earlier = day - timedelta(days=offset)
        if calendar.spans(earlier):
            return earlier
    return day


def _is_meant(recurrence: Recurrence, day: date) -> bool:
    if recurrence.times:
        return True
    if recurrence.weekly:
        return _WEEKDAYS[day.weekday()] in recurrence.weekly
    last = monthrange(day.year, day.month)[1]
    if recurrence.monthly:
        in_month = not recurrence.months or day.month in recurrence.months
        return in_month and day.day == min(recurrence.monthly, last)
    month, _dash, wanted = recurrence.yearly.partition("-")
    return bool(month) and day.month == int(month) and day.day == min(int(wanted), last)
