"""From the clock on the wall to the moment it shows, where clocks are set forward and back, too."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)


def first_moment(day: date, offset: timedelta, zone: ZoneInfo) -> datetime:
    """Return the first moment (UTC) at which clocks of a zone show a time of a day, or a later one.

    So an hour that occurs twice counts where it occurs first, and one that is left out begins and ends at
    the moment clocks are set forward.

    Args:
        day: the date.
        offset: time since that date's midnight on the clock; 24 hours and more lie on the next day.
        zone: where the clock hangs.
    """
    wall = datetime.combine(day, time()) + offset
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    return moment if shown(moment, zone) == wall else _set_forward(wall, moment, zone)


def shown(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return what a clock of a zone shows at a moment."""
    return moment.astimezone(zone).replace(tzinfo=None)


def _set_forward(wall: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return when clocks were set forward past a time that they never showed."""
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        before, after = (before, middle) if shown(middle, zone) >= wall else (middle, after)
    return after.replace(microsecond=0)
