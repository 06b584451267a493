"""Which running clocks a changed calendar would move, as the page for confirmation shows them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from bson import ObjectId
from flask_babel import gettext as _

from models import clocks
from models.access import Action, permitted, visible
from models.calendars import WorkingCalendar
from models.people import User
from views.context import current_timezone

SHOWN = 100
COUNTED = 2_000


class Move(NamedTuple):
    """One clock that would move: what it is about, and when it is due before and after."""

    title: str
    url: str
    before: str
    after: str
    by: str
    is_later: bool


class Moves(NamedTuple):
    """The clocks that would move, and how many they are; `more` when only so many were counted."""

    shown: list[Move]
    total: int
    more: bool


def of(person: User, key: str, new: WorkingCalendar) -> Moves:
    """Count the running clocks by a calendar that would be due at another time."""
    found = list(islice(clocks.affected_by_calendar(key, new), COUNTED + 1))
    shown = list(_shown(person, found[:SHOWN]))
    return Moves(shown, min(len(found), COUNTED), len(found) > COUNTED)


def _shown(person: User, found: list[clocks.ClockMove]) -> Iterator[Move]:
    asked: dict[str, set[ObjectId]] = {}
    for one in found:
        if one.record:
            asked.setdefault(one.form, set()).add(one.record)
    seen = {one for form, ids in asked.items() for one in visible(person, form, ids)}
    for one in found:
        may_see = one.record in seen if one.record else permitted(person, one.form, Action.SEE)
        named = " · ".join(part for part in (one.number, one.title) if part) or "—"
        title = named if may_see else _("A record that you may not see")
        url = f"/records/{one.form}/{one.record}" if may_see and one.record else ""
        before, after = _moment(one.due_before), _moment(one.due_after)
        yield Move(title, url, before, after, *_distance(one.due_before, one.due_after))


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(current_timezone()):%Y-%m-%d %H:%M}" if moment else "—"


def _distance(before: datetime | None, after: datetime | None) -> tuple[str, bool]:
    """Say by how much a due time moves, and whether it becomes later."""
    if before is None or after is None:
        return "", False
    minutes = round(abs(after - before) / timedelta(minutes=1))
    days, hours = divmod(minutes // 60, 24)
    parts = [_("%(days)s d", days=days) if days else "", _("%(hours)s h", hours=hours) if hours else ""]
    text = " ".join(part for part in parts if part) or _("%(minutes)s min", minutes=minutes)
    return text, after > before
