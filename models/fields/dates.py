"""Dates and moments. Durations are in `durations`."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from typing_extensions import override

from models.definition import Field
from models.errors import ValueProblem
from models.fields.base import HELD, Cell, FieldType, Json, ParseContext
from models.fields.needs import Lookup
from models.fields.numbers import BLANK_CELLS
from models.fields.reading import cell_text, is_blank, narrow_text
from models.messages import Message, _
from models.times import now, today

FIRST_YEAR, LAST_YEAR = 1900, 2999
_DATE = r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?|(\d{4})(\d{2})(\d{2})"
_WEEKDAY = r"(?:\s*\(?(?:星期|周|礼拜)[一二三四五六日天]\)?)?"
_CLOCK = (
    r"(上午|下午|中午|晚上|早上|凌晨|AM|PM)?\s*(\d{1,2})\s*(?:[:时点])\s*(?:(\d{1,2})\s*分?"
    r"(?:\s*:?\s*(\d{1,2})(?:[.,](\d{1,9}))?\s*秒?)?)?\s*(AM|PM)?"
)
_ZONE = r"\s*(Z|[+-]\d{2}:?\d{2}(?::\d{2})?)?"
_ONLY_DATE = re.compile(
    rf"(?:{_DATE}){_WEEKDAY}(?:[T\s]\s*0?0:00(?::00(?:\.0+)?)?)?\Z", re.ASCII | re.IGNORECASE
)
_MOMENT = re.compile(rf"(?:{_DATE}){_WEEKDAY}(?:\s*[T,\s]?\s*{_CLOCK}{_ZONE})?\Z", re.ASCII | re.IGNORECASE)
_AFTERNOON = frozenset({"下午", "晚上", "PM"})
_MORNING = frozenset({"上午", "早上", "凌晨", "AM"})
_SERIAL = re.compile(r"\d{1,7}(?:\.\d+)?\Z", re.ASCII)
_LAST_SERIAL = 401_768  # 2999-12-31
_LEAP_BUG = 60  # Excel believes in 1900-02-29


def serial_moment(serial: float) -> datetime | None:
    """Return the naive moment that Excel keeps as a count of days; None outside 1900..2999."""
    if not 1 <= serial < _LAST_SERIAL + 1 or _LEAP_BUG <= serial < _LEAP_BUG + 1:
        return None
    start = datetime(1899, 12, 31 if serial < _LEAP_BUG else 30)  # noqa: DTZ001  (a spreadsheet knows no zone)
    seconds = round(serial * 86_400)
    return start + timedelta(seconds=seconds)


def from_dated_cell(cell: object) -> object:
    """Return a cell that holds a date or moment as text; numbers are Excel's days."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        moment = serial_moment(cell)
        return cell_text(moment or cell)
    text = cell_text(cell)
    if isinstance(text, str):
        if text.strip() in BLANK_CELLS:
            return None
        if _SERIAL.match(text.strip()) and (moment := serial_moment(float(text))):
            return cell_text(moment)
    return text


def _date_from(parts: tuple[str | None, ...]) -> date:
    """Make a date of the groups of `_DATE`. Raises ValueProblem for a day that is not in the calendar."""
    year, month, day = (int(part) for part in parts if part is not None)
    try:
        found = date(year, month, day)
    except ValueError:
        text = f"{year:04}-{month:02}-{day:02}"
        raise ValueProblem(_("There is no %(date)s in the calendar.", date=text)) from None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueProblem(
            _("The year must be between %(first)s and %(last)s.", first=FIRST_YEAR, last=LAST_YEAR)
        )
    return found


def _check_bounds(field: Field, read: Callable[[object], date | None]) -> Iterator[tuple[str, Message]]:
    """Yield what is wrong with the bounds of a date or moment."""
    found: dict[str, date] = {}
    for name in ("min", "max"):
        try:
            bound = read(getattr(field, name))
        except ValueProblem as problem:
            yield name, problem.message
        else:
            found |= {name: bound} if bound else {}
    if len(found) > 1 and found["min"] > found["max"]:
        yield "min", _("The least is more than the most.")


class Date(FieldType[str]):
    """A day, kept as text so that no time zone can move it. Bounds may be `today`."""

    key = "date"
    name = _("Date")
    description = _("A day of the calendar.")
    icon = "calendar-date"
    widget = "date"
    kind = "date"
    sortable = True
    groupable = True
    properties = (*HELD, "searchable", "unique", "default_from", "min", "max")
    default_sources = ("today",)

    @override
    def read(self, field: Field, raw: object, context: ParseContext, before: str | None = None) -> str | None:
        if isinstance(raw, date) and not isinstance(raw, datetime):
            raw = raw.isoformat()
        text = _text_of_date(raw)
        found = _ONLY_DATE.match(text)
        if not found:
            raise ValueProblem(_("“%(text)s” is not a date. Write it as 2026-02-03.", text=text[:60]))
        return _date_from(found.groups()).isoformat()

    def bound(self, raw: object, context: ParseContext) -> date | None:
        """Read a bound, which may be `today`."""
        if raw == "today":
            return today(context.timezone)
        text = None if is_blank(raw) else self.read(_ANY_DATE, raw, context)
        return date.fromisoformat(text) if text else None

    @override
    def limit(self, field: Field, value: str, context: ParseContext) -> None:
        least, most = self.bound(field.min, context), self.bound(field.max, context)
        if least and value < least.isoformat():
            raise ValueProblem(_("Must not be before %(min)s.", min=least.isoformat()))
        if most and value > most.isoformat():
            raise ValueProblem(_("Must not be after %(max)s.", max=most.isoformat()))

    @override
    def default_raw(self, field: Field, context: ParseContext) -> object:
        return (
            today(context.timezone) if field.default_from == "today" else super().default_raw(field, context)
        )

    @override
    def search_text(self, field: Field, value: str, lookup: Lookup) -> str:
        return value

    @override
    def from_cell(self, field: Field, cell: object, context: ParseContext) -> object:
        return from_dated_cell(cell)

    @override
    def check(self, field: Field) -> Iterator[tuple[str, Message]]:
        problems = list(_check_bounds(field, lambda raw: self.bound(raw, ParseContext())))
        yield from problems or super().check(field)


class DateTime(FieldType[datetime]):
    """A moment, kept in UTC to the millisecond; read and shown in the person's time zone."""

    key = "datetime"
    name = _("Date and time")
    description = _("A day and a time of day.")
    icon = "calendar-event"
    widget = "datetime"
    kind = "datetime"
    sortable = True
    properties = (*HELD, "unique", "default_from", "min", "max")
    default_sources = ("now",)

    @override
    def read(
        self, field: Field, raw: object, context: ParseContext, before: datetime | None = None
    ) -> datetime | None:
        """Read a moment; one without an offset is local time of the person.

        Where clocks go back, the earlier of the two moments is meant, unless the value before shows the
        same time of day: what a screen showed without seconds or offset comes back unchanged.
        """
        if isinstance(raw, datetime):
            raw = raw.isoformat(sep=" ")
        text = _text_of_date(raw)
        found = _MOMENT.match(text)
        if not found:
            raise ValueProblem(_("“%(text)s” is not a time. Write it as 2026-02-03 12:05.", text=text[:60]))
        local = datetime.combine(_date_from(found.groups()[:6]), _time_from(found.groups()[6:12]))
        offset = found.group(13)
        if not offset and before is not None and _shows(before, local, found, context.timezone):
            return before
        return _in_range(_with_offset(local, offset) if offset else _in_zone(local, context.timezone))

    def bound(self, raw: object, context: ParseContext) -> datetime | None:
        """Read a bound, which may be `now`."""
        if raw == "now":
            return now()
        return None if is_blank(raw) else self.read(_ANY_DATE, raw, context)

    @override
    def limit(self, field: Field, value: datetime, context: ParseContext) -> None:
        least, most = self.bound(field.min, context), self.bound(field.max, context)
        if least and value < least:
            raise ValueProblem(_("Must not be before %(min)s.", min=_local(least, context.timezone)))
        if most and value > most:
            raise ValueProblem(_("Must not be after %(max)s.", max=_local(most, context.timezone)))

    @override
    def default_raw(self, field: Field, context: ParseContext) -> object:
        return now() if field.default_from == "now" else super().default_raw(field, context)

    @override
    def to_json(self, field: Field, value: datetime) -> Json:
        moment = value.astimezone(UTC)
        return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds").replace(
            "+00:00", "Z"
        )

    @override
    def to_input(self, field: Field, value: datetime, lookup: Lookup) -> Json:
        return value.astimezone(lookup.timezone).strftime("%Y-%m-%dT%H:%M")

    @override
    def display(self, field: Field, value: datetime, lookup: Lookup, language: str) -> str:
        return _local(value, lookup.timezone)

    @override
    def cell(self, field: Field, value: datetime, lookup: Lookup, language: str) -> Cell:
        return value

    @override
    def from_cell(self, field: Field, cell: object, context: ParseContext) -> object:
        return from_dated_cell(cell)

    @override
    def check(self, field: Field) -> Iterator[tuple[str, Message]]:
        problems = list(_check_bounds(field, lambda raw: self.bound(raw, ParseContext())))
        yield from problems or super().check(field)


_ANY_DATE = Field.model_validate({"key": "date", "type": "date"})


def _text_of_date(raw: object) -> str:
    if not isinstance(raw, str):
        raise ValueProblem(_("Please enter a date as text, such as 2026-02-03."))
    return narrow_text(raw)


def _time_from(parts: tuple[str | None, ...]) -> time:
    """Make a time of the groups of `_CLOCK`; midnight where there is none."""
    half, hour_text, minute, second, fraction, half_after = parts
    hour = int(hour_text or 0)
    half = (half or half_after or "").upper()
    if half in _AFTERNOON and hour < 12:  # noqa: PLR2004  (the clock has twelve hours)
        hour += 12
    elif half in _MORNING and hour == 12:  # noqa: PLR2004
        hour = 0
    try:
        return time(hour, int(minute or 0), int(second or 0), int(f"{fraction or '':0<6}"[:3]) * 1000)
    except ValueError:
        raise ValueProblem(_("There is no such time of day.")) from None


def _shows(before: datetime, local: datetime, found: re.Match[str], timezone: ZoneInfo) -> bool:
    """Tell whether the stored moment reads as typed, to the precision typed."""
    shown = before.astimezone(timezone).replace(tzinfo=None)
    if not found.group(10):
        shown = shown.replace(second=0, microsecond=0)
    elif not found.group(11):
        shown = shown.replace(microsecond=0)
    return bool(found.group(8)) and shown == local


def _with_offset(local: datetime, offset: str) -> datetime:
    try:
        return datetime.fromisoformat(f"{local.isoformat()}{offset.upper()}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueProblem(_("There is no such time of day.")) from None


def _in_zone(local: datetime, timezone: ZoneInfo) -> datetime:
    moment = local.replace(tzinfo=timezone).astimezone(UTC)
    if moment.astimezone(timezone).replace(tzinfo=None) != local:
        raise ValueProblem(_("This time does not exist: the clocks were put forward then."))
    return moment


def _in_range(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueProblem(
            _("The year must be between %(first)s and %(last)s.", first=FIRST_YEAR, last=LAST_YEAR)
        )
    return moment


def _local(moment: datetime, timezone: ZoneInfo) -> str:
    return moment.astimezone(timezone).strftime("%Y-%m-%d %H:%M")
