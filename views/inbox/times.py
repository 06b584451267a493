"""Deadlines as people say them: late since, in an hour, today, on Wednesday."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import format_date, lazy_gettext
from flask_babel import gettext as _

from models.times import now

GROUPS = {
    "overdue": lazy_gettext("Overdue"),
    "today": lazy_gettext("Due today"),
    "week": lazy_gettext("This week"),
    "later": lazy_gettext("Later"),
    "none": lazy_gettext("No deadline"),
}
SOON = timedelta(hours=1)
NEAR_DAYS = 7
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Due:
    """A deadline in a person's words; `tone` is `late`, `soon`, `today` or nothing."""

    words: str
    tone: str
    exact: str
    iso: str


def group_of(due_at: datetime | None, zone: ZoneInfo) -> str:
    """Return the key of the group under which a deadline is listed."""
    moment = now()
    if due_at is None:
        return "none"
    if due_at < moment:
        return "overdue"
    day, today = due_at.astimezone(zone).date(), moment.astimezone(zone).date()
    if day == today:
        return "today"
    sunday = today + timedelta(days=6 - today.weekday())
    return "week" if day <= sunday else "later"


def due(due_at: datetime | None, zone: ZoneInfo) -> Due | None:
    """Return a deadline in words, None where there is none."""
    if due_at is None:
        return None
    words, tone = _said(due_at, zone)
    local = due_at.astimezone(zone)
    return Due(words, tone, f"{local:%Y-%m-%d %H:%M}", due_at.isoformat())


def _said(due_at: datetime, zone: ZoneInfo) -> tuple[str, str]:
    moment = now()
    if due_at < moment:
        return _("%(length)s late", length=length(moment - due_at)), "late"
    if due_at - moment < SOON:
        return _("in %(length)s", length=length(due_at - moment)), "soon"
    return _day_said(due_at.astimezone(zone), moment.astimezone(zone))


def _day_said(local: datetime, moment: datetime) -> tuple[str, str]:
    days, clock = (local.date() - moment.date()).days, f"{local:%H:%M}"
    if days == 0:
        return _("today %(time)s", time=clock), "today"
    if days == 1:
        return _("tomorrow %(time)s", time=clock), ""
    if days < NEAR_DAYS:
        return f"{format_date(local.date(), 'EEE')} {clock}", ""
    same_year = local.year == moment.year
    return f"{local:%m-%d}" if same_year else f"{local:%Y-%m-%d}", ""


def length(span: timedelta) -> str:
    """Return how long something is, in its largest unit, rounded down."""
    if span < _HOUR:
        return _("%(count)s min", count=max(1, int(span / timedelta(minutes=1))))
    if span < 2 * _DAY:
        return _("%(count)s h", count=int(span / _HOUR))
    return _("%(count)s d", count=int(span / _DAY))
