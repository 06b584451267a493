"""What the screens of calendars show and what they send back."""

import json
from collections.abc import Mapping
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from models.calendars import WEEKDAYS, CalendarDefinition, DayException, intervals
from models.calendars.definition import FIRST_YEAR, LAST_YEAR
from models.calendars.exchange import DAYS
from models.errors import InvalidError
from models.messages import _ as message
from models.times import today
from views.configure.base import posted
from views.context import current_language, current_timezone, say

Plain = dict[str, Any]
LABELS = {
    "key": lazy_gettext("Key"),
    "label": lazy_gettext("Calendar name"),
    "timezone": lazy_gettext("Time zone"),
    "week": lazy_gettext("Working week"),
    "loaded_years": lazy_gettext("Years whose holidays are known"),
    "exceptions": lazy_gettext("Holidays and make-up days"),
    "begin": lazy_gettext("Begin with"),
    "reason": lazy_gettext("Reason"),
    "file": lazy_gettext("File"),
}
MAX_HOURS = 400


def weekday_names() -> dict[str, str]:
    """Return what the weekdays are called, Monday first."""
    return {name: say(label) for name, label in DAYS.items()}


def posted_definition() -> Plain:
    """Return the calendar that the editor sent. Raises InvalidError where it cannot even be read."""
    plain = {
        "label": {"zh": posted("label_zh"), "en": posted("label_en")},
        "timezone": posted("timezone", 60),
        "week": {name: list(intervals.split(posted(name, MAX_HOURS))) for name in WEEKDAYS},
    }
    return {**plain, "exceptions": _json("exceptions"), "loaded_years": _json("loaded_years")}


def posted_plain() -> Plain:
    """Return the calendar that was shown for confirmation."""
    name = "definition"
    found = _json(name)
    if not isinstance(found, dict):
        raise _unreadable(name)
    return found


def posted_version() -> int:
    """Return the version that was looked at; 0 for what is no number."""
    text = posted("seen", 9)
    return int(text) if text.isascii() and text.isdigit() else 0


def _json(name: str) -> Any:  # noqa: ANN401  (checked by what takes it)
    try:
        return json.loads(request.form.get(name, "null"))
    except (ValueError, RecursionError):
        raise _unreadable(name) from None


def _unreadable(name: str) -> InvalidError:
    return InvalidError({name: [message("This value does not fit here.")]})


def as_json(definition: CalendarDefinition) -> str:
    """Return a calendar as the page for confirmation carries it."""
    plain = definition.model_dump(mode="json", exclude_defaults=True)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def paths_said(errors: Mapping[str, str]) -> list[dict[str, str]]:
    """Return errors as the summary lists them: weekdays by name, dates as dates."""
    names = weekday_names()
    found = []
    for path, text in errors.items():
        first, _dot, rest = path.partition(".")
        label = names.get(rest) or (rest if first == "exceptions" else "") or str(LABELS.get(first, ""))
        key = rest if rest in names else first if first in LABELS else ""
        found.append({"key": key, "label": label, "message": text})
    return found


def editor_data(plain: Plain, errors: Mapping[str, str]) -> Plain:
    """Return what the scripts of the editor begin with."""
    now = today(current_timezone())
    return {
        "exceptions": plain.get("exceptions") or [],
        "loaded_years": plain.get("loaded_years") or [],
        "today": now.isoformat(),
        "first_year": FIRST_YEAR,
        "last_year": LAST_YEAR,
        "language": "en" if current_language() == "en" else "zh-CN",
        "weekdays": weekday_names(),
        "wrong": [path.partition(".")[2] for path in errors if path.startswith("exceptions.")],
        "texts": _texts(),
    }


def _texts() -> dict[str, str]:
    return {
        "workday": _("Working day"),
        "rest": _("Day off"),
        "holiday": _("Holiday"),
        "make_up": _("Make-up day"),
        "short_holiday": _("off"),
        "short_make_up": _("on"),
        "as_usual": _("As usual: %(kind)s"),
        "free": _("free"),
        "hours": _("%(hours)s h"),
        "year_sum": _("%(days)s working days, %(holidays)s holidays, %(make_up)s make-up days"),
        "known": _("The holidays of %(year)s are all entered"),
        "own_hours": _("Hours of its own"),
    }


def hours_text(hours: tuple[str, ...]) -> str:
    """Return the hours of a day as people read them."""
    return ", ".join(hours).replace("-", "–") if hours else _("free")


def date_text(one: DayException | None) -> str:
    """Return what a date is, with its hours."""
    if one is None:
        return _("as the weekday")
    name = one.name.text(current_language())
    if one.kind == "holiday":
        return _("Holiday (%(name)s)", name=name) if name else _("Holiday")
    by = hours_text(one.hours) if one.hours else weekday_names().get(one.like or "", "")
    said = (
        _("Make-up day, works like %(day)s", day=by)
        if not one.hours
        else _("Make-up day, %(hours)s", hours=by)
    )
    return f"{said} ({name})" if name else said


def week_summary(definition: CalendarDefinition) -> list[tuple[str, str]]:
    """Return runs of weekdays with the same hours: (`Monday – Friday`, `08:00–12:00, 13:00–17:00`)."""
    names, runs = weekday_names(), list[tuple[str, str, tuple[str, ...]]]()
    for day in WEEKDAYS:
        hours = definition.week.get(day, ())
        if runs and runs[-1][2] == hours:
            runs[-1] = (runs[-1][0], day, hours)
        else:
            runs.append((day, day, hours))
    return [
        (names[first] if first == last else f"{names[first]} – {names[last]}", hours_text(hours))
        for first, last, hours in runs
        if hours
    ]


def years_text(years: tuple[int, ...]) -> str:
    """Return years with runs drawn together: `2004–2026, 2030`."""
    runs: list[list[int]] = []
    for year in years:
        if runs and runs[-1][1] == year - 1:
            runs[-1][1] = year
        else:
            runs.append([year, year])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)
