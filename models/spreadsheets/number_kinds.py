"""What Excel's number formats say about a number: a day, a length of time, a percentage, a currency."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite

from models.spreadsheets.table import CellValue, Formatted

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,5})?")
_LITERALS = re.compile(r'"[^"]*"|\\.|_.|\*.')
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_BRACKETS = re.compile(r"\[[^\]]*\]")
_CURRENCY = re.compile(r"\[\$([A-Z]{3})[\]-]|\[\$(¥)-804\]")
_DATE_LETTERS = re.compile(r"[dmyhs年月日时分秒]", re.IGNORECASE)
_DAY_LETTERS = re.compile(r"[dy年月日]", re.IGNORECASE)

_BUILTIN = {9: "0%", 10: "0.00%", 46: "[h]:mm:ss"}
_BUILTIN_DATES = frozenset({14, 15, 16, 17, 22, *range(27, 32), 36, *range(50, 55), 57, 58})
_BUILTIN_TIMES = frozenset({18, 19, 20, 21, 32, 33, 34, 35, 45, 47, 55, 56})

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  (a spreadsheet knows no zone)
_EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
_LEAP_BUG = 60  # Excel believes in 1900-02-29
_LAST_DAY = 2_958_466
_MAX_EXACT = 1e15
_MAX_DIGITS = 18


@dataclass(frozen=True, slots=True)
class NumberKind:
    """How a style's numbers are meant."""

    date: bool = False
    time: bool = False
    elapsed: bool = False
    percent: bool = False
    currency: str = ""

    def read(self, text: str, *, from_1904: bool) -> CellValue:
        """Return a cell's number as what it means; the text itself where it is no number."""
        number = plain_number(text)
        if isinstance(number, str) or not -_LAST_DAY < number < _LAST_DAY * 366:
            return number
        if self.elapsed:
            return timedelta(milliseconds=round(number * 86_400_000))
        if self.date or self.time:
            return self._moment(number, from_1904=from_1904)
        if self.percent or self.currency:
            return Formatted(number, currency=self.currency, percent=self.percent)
        return number

    def _moment(self, number: float, *, from_1904: bool) -> CellValue:
        if not 0 <= number < _LAST_DAY:
            return number
        milliseconds = timedelta(milliseconds=round(number * 86_400_000))
        if self.time and not self.date and number < 1:
            return (_EPOCH + milliseconds).time()
        if from_1904:
            return _EPOCH_1904 + milliseconds if number < _LAST_DAY - 1_500 else number
        return _EPOCH + milliseconds + timedelta(days=1 if number < _LEAP_BUG else 0)


PLAIN = NumberKind()


def plain_number(text: str) -> int | float | str:
    """Read a number as Excel wrote it; whole ones as int, what is none stays text."""
    if not _NUMBER.fullmatch(text):
        return text
    if len(text) <= _MAX_DIGITS and text.isdigit():
        return int(text)
    number = float(text)
    if not isfinite(number):
        return text
    return int(number) if number.is_integer() and abs(number) < _MAX_EXACT else number


def number_kind(identifier: int, code: str | None) -> NumberKind:
    """Return what a number format means, from its code, or its number where it is built in."""
    if code is None:
        if identifier in _BUILTIN_DATES:
            return NumberKind(date=True)
        if identifier in _BUILTIN_TIMES:
            return NumberKind(time=True)
        code = _BUILTIN.get(identifier, "")
    first = _LITERALS.sub("", code[:500]).split(";")[0]
    if _ELAPSED.search(first):
        return NumberKind(elapsed=True)
    shown = _BRACKETS.sub("", first)
    if _DATE_LETTERS.search(shown) and "general" not in shown.lower():
        letters = set(shown.lower())
        is_day = bool(_DAY_LETTERS.search(shown)) or not letters & {"h", "s", "时", "秒"}
        return NumberKind(date=is_day, time=not is_day)
    found = _CURRENCY.search(code)
    currency = (found[1] or "CNY") if found else ""
    return NumberKind(percent="%" in shown, currency=currency)
