"""Lengths of time, in seconds."""

import re
from collections.abc import Iterator
from datetime import time, timedelta
from decimal import Decimal

from typing_extensions import override

from models.definition import Field
from models.errors import ValueProblem
from models.fields.base import HELD, Cell, Json, ParseContext
from models.fields.needs import Lookup
from models.fields.numbers import BLANK_CELLS, Number
from models.fields.reading import is_blank, narrow_text, number_from_text
from models.messages import Message, _, translate

MAX_SECONDS = 100 * 366 * 86_400
_CLOCK = re.compile(r"(\d{1,7}):([0-5]?\d)(?::([0-5]?\d))?\Z", re.ASCII)
_PART = re.compile(r"\s*(\d[\d.,]*)\s*([^\d\s.,]+)\s*")
_UNITS = {
    "w": 604_800, "周": 604_800, "星期": 604_800, "week": 604_800, "weeks": 604_800,
    "d": 86_400, "天": 86_400, "日": 86_400, "day": 86_400, "days": 86_400,
    "h": 3_600, "hr": 3_600, "hrs": 3_600, "hour": 3_600, "hours": 3_600,
    "小时": 3_600, "个小时": 3_600, "时": 3_600,
    "m": 60, "分": 60, "分钟": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60,
    "s": 1, "秒": 1, "秒钟": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1,
}  # fmt: skip


class Duration(Number[int]):
    """A length of time. Text without a unit is minutes, a number (JSON) is seconds."""

    key = "duration"
    name = _("Duration")
    description = _("A length of time, such as 2 h 30 min.")
    icon = "stopwatch"
    widget = "duration"
    kind = "duration"
    properties = (*HELD, "placeholder", "min", "max", "sum")

    @override
    def read(self, field: Field, raw: object, context: ParseContext, before: int | None = None) -> int | None:
        seconds = _seconds(raw)
        if not 0 <= seconds <= MAX_SECONDS:
            raise ValueProblem(_("A duration is between 0 and 100 years."))
        return seconds

    @override
    def limit(self, field: Field, value: int, context: ParseContext) -> None:
        least, most = _bound(field.min), _bound(field.max)
        if least is not None and value < least:
            raise ValueProblem(_("Must be at least %(min)s.", min=_in_words(least, context.language)))
        if most is not None and value > most:
            raise ValueProblem(_("Must be at most %(max)s.", max=_in_words(most, context.language)))

    @override
    def to_input(self, field: Field, value: int, lookup: Lookup) -> Json:
        return as_clock(value)

    @override
    def display(self, field: Field, value: int, lookup: Lookup, language: str) -> str:
        return _in_words(value, language)

    @override
    def search_text(self, field: Field, value: int, lookup: Lookup) -> str:
        return ""

    @override
    def cell(self, field: Field, value: int, lookup: Lookup, language: str) -> Cell:
        return value

    @override
    def from_cell(self, field: Field, cell: object, context: ParseContext) -> object:
        """Excel's times become seconds; its bare numbers are minutes, as typed."""
        if isinstance(cell, timedelta):
            return round(cell.total_seconds())
        if isinstance(cell, time):
            return cell.hour * 3_600 + cell.minute * 60 + cell.second
        text = super().from_cell(field, cell, context)
        return text.strip() if isinstance(text, str) and text.strip() not in BLANK_CELLS else text

    @override
    def check(self, field: Field) -> Iterator[tuple[str, Message]]:
        bounds: dict[str, int | None] = {}
        for name in ("min", "max"):
            try:
                bounds[name] = _bound(getattr(field, name))
            except ValueProblem as problem:
                yield name, problem.message
        least, most = bounds.get("min"), bounds.get("max")
        if least is not None and most is not None and least > most:
            yield "min", _("The least is more than the most.")
        elif len(bounds) > 1:
            yield from super(Number, self).check(field)


def as_clock(seconds: int) -> str:
    """Return a duration as h:mm, or h:mm:ss where there are seconds."""
    hours, rest = divmod(seconds, 3_600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if left else f"{hours}:{minutes:02}"


def _bound(raw: object) -> int | None:
    return None if is_blank(raw) else _seconds(raw)


def _seconds(raw: object) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if not isinstance(raw, str):
        raise ValueProblem(_("Please enter a duration, such as 1:30 or 2 h 30 min."))
    text = narrow_text(raw).lower()
    clock = _CLOCK.match(text)
    if clock:
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return hours * 3_600 + minutes * 60 + seconds
    return _whole(_units(text.replace("个半小时", ".5小时").replace("半小时", "0.5小时")))


def _units(text: str) -> Decimal:
    """Read `2h 30m`, `1.5 小时`, `2小时30` or a count of minutes as seconds."""
    total, at, unit, seen = Decimal(0), 0, 60, set[int]()
    while part := _PART.match(text, at):
        unit = _UNITS.get(part.group(2), 0)
        if not unit or unit in seen:
            raise _not_a_duration(text)
        seen.add(unit)
        total += _number(part.group(1), text) * unit
        at = part.end()
    rest = text[at:].strip()
    if rest:
        if seen and unit not in {60, 3_600}:
            raise _not_a_duration(text)
        total += _number(rest, text) * (60 if not seen or unit == 3_600 else 1)  # noqa: PLR2004
    return total


def _number(part: str, text: str) -> Decimal:
    try:
        return number_from_text(part)
    except ValueProblem:
        raise _not_a_duration(text) from None


def _whole(seconds: Decimal) -> int:
    if seconds != int(seconds):
        raise ValueProblem(_("A duration is counted in whole seconds."))
    return int(seconds)


def _not_a_duration(text: str) -> ValueProblem:
    return ValueProblem(_("“%(text)s” is not a duration. Write it as 1:30 or 2 h 30 min.", text=text[:60]))


def _in_words(seconds: int, language: str) -> str:
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, left = divmod(rest, 60)
    parts = [
        _("%(count)s d", count=days) if days else None,
        _("%(count)s h", count=hours) if hours else None,
        _("%(count)s min", count=minutes) if minutes or not seconds else None,
        _("%(count)s s", count=left) if left else None,
    ]
    return " ".join(translate(part, language) for part in parts if part)
