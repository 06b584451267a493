"""The calendar of deadlines: a month or a week of what comes due for me, for my department, for all."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from bson import ObjectId
from flask import request, url_for
from flask_admin import expose
from flask_babel import format_date, lazy_gettext

from models import calendars, clocks, duties
from models.clocks import Clock
from models.database import Document
from models.errors import ForbiddenError, NotFoundError
from models.messages import say_stored
from models.people import User
from models.times import now, today
from views.context import current_language, current_timezone, require_person
from views.inbox import days
from views.inbox.days import Entry, Period
from views.inbox.rows import address

if TYPE_CHECKING:
    from views.inbox.duties import DutyLists as _Base
else:
    _Base = object

MOST: Final = 1000
SHOWN: Final = 3
SCOPES: Final = {
    "mine": lazy_gettext("Mine"),
    "department": lazy_gettext("My department"),
    "all": lazy_gettext("All I may see"),
}


class DeadlineScreens(_Base):
    """The calendar of deadlines."""

    @expose("/calendar")
    def calendar(self) -> str:
        """Show the month (or with `span=week` the week) of `date`."""
        person, zone, language = require_person(), current_timezone(), current_language()
        present = today(zone)
        week = request.args.get("span") == "week"
        day = days.read_day(request.args.get("date", ""), present)
        period = days.week_of(day) if week else days.month_of(day)
        scope = request.args.get("scope", "")
        scope = scope if scope in SCOPES else "mine"
        own = person.department.id if person.department else None
        found = entries(person, period, scope, own)
        here: dict[str, Any] = {
            "scope": scope,
            "span": "week" if week else "month",
            "date": day.isoformat(),
        }
        return self.show(
            "calendar",
            weeks=days.laid_out(period, found, calendars.of_department(own), zone, present, language),
            weekdays=[format_date(one, "EEE") for one in _week(period)],
            period=period,
            title=_title(period, week=week),
            span=here["span"],
            scope=scope,
            scopes=SCOPES,
            limit=None if week else SHOWN,
            full=len(found) >= MOST,
            today=present,
            to=lambda **more: url_for(".calendar", **{**here, **more}),
        )


def _week(period: Period) -> list[Any]:
    return [period.first.fromordinal(period.first.toordinal() + offset) for offset in range(7)]


def _title(period: Period, *, week: bool) -> str:
    if not week:
        return str(format_date(period.chosen, "yyyy年M月" if current_language() == "zh" else "MMMM yyyy"))
    pattern = "yyyy年M月d日" if current_language() == "zh" else "d MMM yyyy"
    return f"{format_date(period.first, pattern)} – {format_date(period.last, pattern)}"


def entries(person: User, period: Period, scope: str, own: ObjectId | None) -> list[Entry]:
    """Return what comes due in a period: duties, and clocks that no duty shows already.

    Only what the person may see: of others' duties and of clocks only those of records they may open.
    """
    start, end = period.moments(current_timezone())
    owed = _owed(person, scope, own, start, end)
    narrowed: dict[str, Any] = {"limit": MOST}
    if scope == "mine":
        narrowed["whose"] = person.id
    elif scope == "department":
        narrowed["department"] = own
    running = clocks.due_between(person, start, end, **narrowed)
    visible = duties.visible_records(person, owed)
    shown = {(duty["record"], duty["due_at"]) for duty in owed}
    owned = {duty["clock"] for duty in owed if duty["clock"]}
    rest = [one for one in running if one.id not in owned and (one.get("record"), one.due_at) not in shown]
    return _of_duties(person, owed, visible) + _of_clocks(person, rest)


def _owed(
    person: User, scope: str, own: ObjectId | None, start: datetime, end: datetime
) -> Sequence[Document]:
    if scope == "mine":
        found = duties.for_person(person, before=end, limit=MOST).duties
    elif scope == "department" and own is not None:
        try:
            found = duties.for_department(person, own, before=end, limit=MOST).duties
        except ForbiddenError:  # who does not lead it sees its records' clocks only
            return []
    else:
        return []
    return [duty for duty in found if duty["due_at"] and duty["due_at"] >= start]


def _of_duties(person: User, owed: Sequence[Document], visible: set[ObjectId]) -> list[Entry]:
    return [
        _entry(
            duty["due_at"],
            duty["number"] or duty["title"] if url else "",
            say_stored(duty["what"], current_language()),
            url,
        )
        for duty in owed
        for url in (address(duty, visible, person),)
    ]


def _of_clocks(person: User, running: Sequence[Clock]) -> list[Entry]:
    """Return clocks as entries; the model gave only those of records the person may see."""
    return [
        _entry(
            clock.due_at,
            str(clock.get("number") or clock.get("title") or ""),
            _rule_name(clock),
            address(clock, {clock.get("record")}, person),
        )
        for clock in running
        if clock.due_at
    ]


def _rule_name(clock: Clock) -> str:
    try:
        return clock.rule.label.text(current_language())
    except NotFoundError:
        return str(clock.get("rule"))


def _entry(at: datetime, title: str, what: str, url: str) -> Entry:
    return Entry(at, f"{at.astimezone(current_timezone()):%H:%M}", title, what, url, at < now())
