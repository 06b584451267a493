"""Whether a calendar makes sense: it has working time, nothing overlaps, every date and zone exists."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from pydantic import ValidationError

from models.calendars.arithmetic import WorkingCalendar
from models.calendars.definition import (
    FIRST_YEAR,
    LAST_YEAR,
    MAX_NAME,
    WEEKDAYS,
    CalendarDefinition,
    DayException,
)
from models.calendars.intervals import DAY_MINUTES, parse_all
from models.errors import InvalidError, ValueProblem
from models.messages import Message, _
from models.times import timezones

Problem = tuple[str, Message]
_NEXT = timedelta(days=1)


def load(plain: Mapping[str, Any]) -> CalendarDefinition:
    """Return plain values as a calendar one can count with.

    Raises InvalidError with what is wrong beside `label`, `timezone`, `week`, `week.mon`, `loaded_years` or
    `exceptions.2026-10-01`.
    """
    try:
        definition = CalendarDefinition.model_validate(plain)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        places = {".".join(map(str, detail["loc"])) for detail in details}
        raise InvalidError({place: [_("This value does not fit here.")] for place in places}) from None
    found: dict[str, list[Message]] = {}
    for path, message in problems(definition):
        found.setdefault(path, []).append(message)
    if found:
        raise InvalidError(found)
    return _tidy(definition)


def _tidy(definition: CalendarDefinition) -> CalendarDefinition:
    """Return the same calendar in the one way it is written, so that two can be compared."""
    week = {name: tidy for name in WEEKDAYS if (tidy := _tidy_hours(definition.week.get(name, ())))}
    dates = [
        one.model_copy(update={"hours": _tidy_hours(one.hours), "like": None if one.hours else one.like})
        if one.kind == "make_up"
        else one.model_copy(update={"hours": (), "like": None})
        for one in sorted(definition.exceptions, key=lambda one: one.date)
    ]
    years = tuple(sorted(set(definition.loaded_years)))
    return definition.model_copy(update={"week": week, "exceptions": tuple(dates), "loaded_years": years})


def _tidy_hours(hours: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(str, parse_all(hours)))


def problems(definition: CalendarDefinition) -> Iterator[Problem]:
    """Yield what keeps a calendar from being used."""
    if not definition.label:
        yield "label", _("This is needed.")
    if definition.timezone not in timezones():
        yield "timezone", _("There is no time zone “%(name)s”.", name=definition.timezone)
    if any(not FIRST_YEAR <= year <= LAST_YEAR for year in definition.loaded_years):
        yield "loaded_years", _out_of_range()
    shapes = [*_week_problems(definition), *_exception_problems(definition)]
    yield from shapes
    if not shapes:  # only what can be read can overlap; the zone plays no part in it
        yield from _overlaps(WorkingCalendar.of(definition.model_copy(update={"timezone": "UTC"})))


def _week_problems(definition: CalendarDefinition) -> Iterator[Problem]:
    if not any(definition.week.values()):
        yield "week", _("A calendar needs working time on some weekday.")
    for name, hours in definition.week.items():
        yield from _unreadable(f"week.{name}", hours)


def _exception_problems(definition: CalendarDefinition) -> Iterator[Problem]:
    kinds: dict[date, str] = {}
    for one in definition.exceptions:
        path = f"exceptions.{one.date}"
        if one.date in kinds:
            same = kinds[one.date] == one.kind
            yield path, _("This date is given twice.") if same else _both_kinds()
        kinds[one.date] = one.kind
        if max(len(one.name.zh), len(one.name.en)) > MAX_NAME:
            yield path, _("At most %(max)s characters.", max=MAX_NAME)
        if not FIRST_YEAR <= one.date.year <= LAST_YEAR:
            yield path, _out_of_range()
        elif one.kind == "make_up":
            yield from _make_up_problems(path, one, definition)


def _make_up_problems(path: str, one: DayException, definition: CalendarDefinition) -> Iterator[Problem]:
    if one.hours:
        yield from _unreadable(path, one.hours)
    elif one.like is None:
        yield path, _("Say by which weekday or by which hours this day works.")
    elif not definition.week.get(one.like):
        yield path, _("The weekday whose hours it takes is free.")


def _unreadable(path: str, hours: tuple[str, ...]) -> Iterator[Problem]:
    try:
        parse_all(hours)
    except ValueProblem as error:
        yield path, error.message


def _overlaps(calendar: WorkingCalendar) -> Iterator[Problem]:
    """Yield the days that begin to work while the shift of the day before still goes on."""
    for index, name in enumerate(WEEKDAYS):
        if _collide(calendar.week[index - 1], calendar.week[index]):
            yield f"week.{name}", _("The shift of the day before runs into these hours.")
    for day in sorted(calendar.exceptions):
        for earlier, later in ((day - _NEXT, day), (day, day + _NEXT)):
            if _collide(calendar.hours(earlier), calendar.hours(later)) and not _by_week(calendar, earlier):
                yield f"exceptions.{day}", _("The hours of %(first)s run into those of %(second)s.",
                    first=earlier.isoformat(), second=later.isoformat())  # fmt: skip


def _collide(earlier: tuple[Any, ...], later: tuple[Any, ...]) -> bool:
    return bool(earlier and later) and earlier[-1].end - DAY_MINUTES > later[0].start


def _by_week(calendar: WorkingCalendar, day: date) -> bool:
    """Tell whether neither a date nor the next one is an exception, so that the week itself is to blame."""
    return day not in calendar.exceptions and day + _NEXT not in calendar.exceptions


def _out_of_range() -> Message:
    return _("Only dates from %(first)s to %(last)s are known.", first=FIRST_YEAR, last=LAST_YEAR)


def _both_kinds() -> Message:
    return _("This date is both a holiday and a make-up day.")
