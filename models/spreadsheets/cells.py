"""What one value becomes in a cell: a text, or a number with a format. Knows no file format."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from bson.decimal128 import Decimal128

from models.messages import Message, _, translate
from models.spreadsheets.columns import Column, Kind
from models.spreadsheets.formats import money_format, number_format
from models.spreadsheets.numbers import MAX_EXACT, number, quick_number
from models.spreadsheets.text import clean

FIRST_DAY = date(1900, 3, 1)
"""Before it, spreadsheet programs disagree about day numbers (Excel has a 29 February 1900)."""

EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  (Excel's days have no time zone)
DAY = timedelta(days=1)
SECONDS_PER_DAY = 86_400
PERCENT_SHIFT = 2
MAX_DURATION = 2_958_466 * SECONDS_PER_DAY
"""Seconds; Excel shows no day past 31 December 9999, nor a negative one."""

MAX_LITERAL = 255
"""Characters of a text inside a formula; Excel's limit."""

_UNSAFE = re.compile("_x|\n")
"""What would not be read as it is inside a formula."""

_DIGITS = ".16G"
_FIRST_NUMBER = FIRST_DAY.toordinal() - EPOCH.toordinal()


class Note(StrEnum):
    """What was changed in a cell so that Excel can hold it."""

    CLEANED = "cleaned"
    CUT = "cut"
    AS_TEXT = "as_text"


class Cell(NamedTuple):
    """Either a text or a number as XML writes it, with its number format and what was changed.

    A text may be what a `formula` of ours says, which leads to a page.
    """

    text: str | None = None
    number: str | None = None
    format: str = ""
    notes: tuple[Note, ...] = ()
    formula: str = ""


@dataclass(frozen=True, slots=True)
class Locale:
    """What the reader of a workbook expects: language of words, time zone of moments."""

    language: str
    timezone: tzinfo

    def word(self, message: Message) -> str:
        """Return a text in the workbook's language."""
        return translate(message, self.language)

    @property
    def booleans(self) -> tuple[str, str]:
        """The words for false and true."""
        return self.word(_("No")), self.word(_("Yes"))


Converter = Callable[[object], Cell | None]


def converter(column: Column, locale: Locale) -> Converter:
    """Return the function from a value to its cell (None for an empty one) in a column."""
    shown = number_format(column)
    special: dict[Kind, Converter] = {
        "integer": partial(_integer, shown),
        "rating": partial(_integer, shown),
        "decimal": partial(_decimal, shown, 0),
        "percent": partial(_percent, shown),
        "money": partial(_money, shown, column.decimals),
        "date": partial(_date, shown),
        "datetime": partial(_datetime, shown, locale.timezone),
        "duration": partial(_duration, shown),
        "boolean": partial(_boolean, shown, locale.booleans),
        "record": partial(_record, shown),
    }
    return special.get(column.kind, partial(_text, shown))


def _text(shown: str, value: object, *notes: Note) -> Cell | None:
    if value is None or value == "":
        return None
    text, replaced, cut = clean(value if isinstance(value, str) else str(value))
    changes = (*notes, *[Note.CLEANED] * replaced, *[Note.CUT] * cut)
    return Cell(text=text, format=shown, notes=changes)


def _record(shown: str, value: object) -> Cell | None:
    """Return a text that leads to a page; a formula, because Excel takes only 65,530 links of a sheet."""
    if not isinstance(value, tuple):
        return _text(shown, value)
    text, address = value
    cell = _text(shown, text)
    if cell is None or cell.text is None or not address.startswith(("http://", "https://")):
        return cell
    if max(len(address), len(cell.text)) > MAX_LITERAL or _UNSAFE.search(cell.text):
        return cell
    literals = (part.replace('"', '""') for part in (address, cell.text))
    return cell._replace(formula='HYPERLINK("{}","{}")'.format(*literals))


def _instead(shown: str, value: object) -> Cell | None:
    """Keep as text what the column's kind cannot hold."""
    return _text(shown, value, Note.AS_TEXT)


def _integer(shown: str, value: object) -> Cell | None:
    if isinstance(value, int) and -MAX_EXACT < value < MAX_EXACT:
        return Cell(number=str(int(value)), format=shown)
    return _decimal(shown, 0, value) if isinstance(value, float) else _instead(shown, value)


def _decimal(shown: str, shift: int, value: object) -> Cell | None:
    if not isinstance(value, int | float | Decimal | Decimal128):
        return _instead(shown, value)
    digits = quick_number(value, shift) or number(value, shift)
    return Cell(number=digits, format=shown) if digits else _instead(shown, value)


def _percent(shown: str, value: object) -> Cell | None:
    cell = _decimal(shown, PERCENT_SHIFT, value)
    return cell._replace(text=f"{cell.text}%") if cell and cell.text else cell


def _money(shown: str, decimals: int | None, value: object) -> Cell | None:
    if not isinstance(value, Mapping):
        return _decimal(shown, 0, value)
    currency = value.get("currency")
    if isinstance(currency, str):
        shown = money_format(currency, decimals)
    cell = _decimal(shown, 0, value.get("amount"))
    return cell._replace(text=f"{cell.text} {currency}") if cell and cell.text else cell


def _date(shown: str, value: object) -> Cell | None:
    if not isinstance(value, str):
        return _instead(shown, value)
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return _instead(shown, value)
    if day < FIRST_DAY:
        return _instead(shown, value)
    return Cell(number=str(day.toordinal() - EPOCH.toordinal()), format=shown)


def _datetime(shown: str, timezone: tzinfo, value: object) -> Cell | None:
    if not isinstance(value, datetime):
        return _instead(shown, value)
    digits = moment_number(value, timezone)
    return Cell(number=digits, format=shown) if digits else _instead(shown, value)


def moment_number(moment: datetime, timezone: tzinfo) -> str | None:
    """Return an aware moment as Excel's count of days in a time zone, to a millisecond or better.

    None before 1 March 1900, and for a moment that does not know its time zone.
    """
    if moment.tzinfo is None:
        return None
    try:
        days = (moment.astimezone(timezone).replace(tzinfo=None) - EPOCH) / DAY
    except OverflowError:
        return None
    return f"{days:{_DIGITS}}" if days >= _FIRST_NUMBER else None


def _duration(shown: str, value: object) -> Cell | None:
    if not isinstance(value, int) or not 0 <= value < MAX_DURATION:
        return _instead(shown, value)
    return Cell(number=duration_number(value), format=shown)


def duration_number(seconds: int) -> str:
    """Return seconds as Excel's count of days."""
    return f"{seconds / SECONDS_PER_DAY:{_DIGITS}}"


def _boolean(shown: str, words: tuple[str, str], value: object) -> Cell | None:
    return Cell(text=words[value], format=shown) if isinstance(value, bool) else _instead(shown, value)
