"""When a mail may arrive: not in a person's quiet hours, and not on days off if they want that."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from models.deliveries.preferences import Preferences

WorkingDay = Callable[[date], bool]
MAX_STEPS: Final = 120
_SATURDAY: Final = 5


def monday_to_friday(day: date) -> bool:
    """Tell whether a day is a working day where no calendar says otherwise."""
    return day.weekday() < _SATURDAY


def first_moment(
    preferences: Preferences,
    zone: ZoneInfo,
    moment: datetime,
    *,
    urgent: bool = False,
    working_day: WorkingDay = monday_to_friday,
) -> datetime:
    """Return the first moment from `moment` on at which a mail may arrive, in UTC.

    Args:
        preferences: the person's quiet hours.
        zone: the person's time zone.
        moment: when it would be sent otherwise, in UTC.
        urgent: an urgent one, which most people let through.
        working_day: the calendar of the person's department.
    """
    if urgent and preferences.urgent_always:
        return moment
    at = moment.astimezone(zone).replace(tzinfo=None)
    for _step in range(MAX_STEPS):
        later = _after_quiet(preferences, at)
        if preferences.working_days_only and not working_day(later.date()):
            later = datetime.combine(later.date() + timedelta(days=1), time())
        if later == at:
            break
        at = later
    local = moment.astimezone(zone).replace(tzinfo=None)
    return moment if at == local else at.replace(tzinfo=zone).astimezone(UTC)


def _after_quiet(preferences: Preferences, at: datetime) -> datetime:
    hours = preferences.quiet
    if hours is None:
        return at
    begin, end = hours
    if begin < end:
        return datetime.combine(at.date(), end) if begin <= at.time() < end else at
    if at.time() >= begin:  # over midnight
        return datetime.combine(at.date() + timedelta(days=1), end)
    return datetime.combine(at.date(), end) if at.time() < end else at
