"""The rows that an import refused, as a workbook to correct and import again."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from models.messages import _
from models.spreadsheets.cells import DAY, EPOCH, FIRST_DAY, Locale
from models.spreadsheets.columns import Column
from models.spreadsheets.engine import write_text
from models.spreadsheets.formats import DATE, DATETIME, DURATION, money_format
from models.spreadsheets.numbers import MAX_EXACT
from models.spreadsheets.rendering import column_letters
from models.spreadsheets.table import CellError, CellValue, Formatted
from models.spreadsheets.text import clean
from models.spreadsheets.widths import SAMPLE_ROWS, WidthMeter
from models.spreadsheets.workbook import About, Book

MAX_COMMENTS = 5_000
"""Comments in one workbook; each is also written in the last column, and many make Excel slow."""

_WRONG = {"bg_color": "#FFD7D7", "border": 1, "border_color": "#C62828"}
_ERRORS_WIDTH = 60
_TIME = "hh:mm:ss"
_COMMENT = {"x_scale": 2, "author": ""}


class Refusal(NamedTuple):
    """One refused row: its number in the file, its cells, what is wrong by column (None: the whole row)."""

    number: int
    cells: Sequence[CellValue]
    errors: Mapping[int | None, Sequence[str]]


Part = tuple[str, Sequence[str], Iterable[Refusal]]
"""A sheet of refused rows: its name, its header, its rows."""


def write_refusals(path: Path, header: Sequence[str], refusals: Iterable[Refusal], about: About) -> int:
    """Write refused rows in their original columns, then what is wrong; return how many.

    Offending cells are coloured and carry a comment. The last column says everything in words.
    """
    name = Locale(about.language, about.timezone).word(_("Refused rows"))
    return write_refusal_sheets(path, [(name, header, refusals)], about)


def write_refusal_sheets(path: Path, parts: Iterable[Part], about: About) -> int:
    """Write several sheets like `write_refusals`; return how many rows."""
    locale, rows = Locale(about.language, about.timezone), 0
    with Book(path, about) as book:
        for name, header, refusals in parts:
            names = [*header, locale.word(_("Errors"))]
            columns = [Column(str(index), caption, "text") for index, caption in enumerate(names)]
            sheet = _Sheet(book, name, columns, locale)
            for refusal in refusals:
                sheet.write(refusal)
            sheet.finish()
            rows += sheet.rows
    return rows


class _Sheet:
    """One sheet of the workbook."""

    def __init__(self, book: Book, name: str, columns: Sequence[Column], locale: Locale) -> None:
        self.rows = self._comments = 0
        self._book, self._locale, self._names = book, locale, [column.label for column in columns]
        self._sheet: Worksheet = book.add_part(name, columns)
        self._meter = WidthMeter(columns, self._names)
        self._formats: dict[tuple[str, bool], Format] = {}

    def write(self, refusal: Refusal) -> None:
        """Write one row."""
        self.rows += 1
        if self.rows <= SAMPLE_ROWS:
            self._meter.look([list(refusal.cells)[: len(self._names) - 1]])
        for index in range(len(self._names) - 1):
            value = refusal.cells[index] if index < len(refusal.cells) else None
            self._cell(index, value, refusal.errors.get(index, ()))
        self._text(len(self._names) - 1, self._summary(refusal), self._format("", wrong=False))

    def finish(self) -> None:
        """Set widths and filter."""
        *widths, _errors = self._meter.widths()
        for index, width in enumerate([*widths, _ERRORS_WIDTH]):
            self._sheet.set_column(index, index, width)
        self._sheet.autofilter(0, 0, self.rows, len(self._names) - 1)
        self._sheet.ignore_errors(
            {"number_stored_as_text": f"A1:{column_letters(len(self._names) - 1)}{self.rows + 1}"}
        )

    def _summary(self, refusal: Refusal) -> str:
        lines = [self._locale.word(_("Row %(row)s", row=refusal.number))]
        for index, texts in refusal.errors.items():
            about = "" if index is None or index >= len(self._names) else f"{self._names[index]}: "
            lines += [f"{about}{text}" for text in texts]
        return "\n".join(lines)

    def _cell(self, index: int, value: CellValue, errors: Sequence[str]) -> None:
        shown, number = _as_number(value)
        style = self._format(shown, wrong=bool(errors))
        if number is not None:
            self._sheet.write_number(self.rows, index, number, style)
        elif value is not None:
            self._text(index, _as_text(value), style)
        elif errors:
            self._sheet.write_blank(self.rows, index, None, style)
        if errors and self._comments < MAX_COMMENTS:
            self._comments += 1
            self._sheet.write_comment(self.rows, index, clean("\n".join(errors)).text, _COMMENT)

    def _text(self, index: int, text: str, style: Format) -> None:
        write_text(self._sheet, self.rows, index, clean(text).text, style)

    def _format(self, number_format: str, *, wrong: bool) -> Format:
        key = number_format, wrong
        if key not in self._formats:
            properties = {"valign": "top", "text_wrap": True, "num_format": number_format or "General"}
            self._formats[key] = self._book.add_format(properties | (_WRONG if wrong else {}))
        return self._formats[key]


def _as_number(value: CellValue) -> tuple[str, float | None]:
    """Return the format and number of a cell that is one; digits that Excel would lose stay text."""
    shown, number = "", None
    match value:
        case bool() | CellError():
            pass
        case Formatted():
            shown, number = ("0.00%" if value.percent else money_format(value.currency)), float(value)
        case int() | float() if abs(value) < MAX_EXACT:
            number = float(value)
        case datetime() if value.date() >= FIRST_DAY:
            shown = DATE if value.time() == time() else DATETIME
            number = (value.replace(tzinfo=None) - EPOCH) / DAY
        case timedelta() if value >= timedelta():
            shown, number = DURATION, value / DAY
        case time():
            shown = _TIME
            number = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second) / DAY
    return shown, number


def _as_text(value: CellValue) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return value.isoformat() if isinstance(value, date) else str(value)
