"""Two ways to put rows into an XlsxWriter sheet: past its calls (quick), and through them (plain)."""

import re
from collections.abc import Sequence
from typing import Protocol

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from models.spreadsheets.cells import Cell, Locale, Note, converter
from models.spreadsheets.columns import Column
from models.spreadsheets.rendering import ColumnRenderer, render_rows

TESTED_VERSION = "3.3.1"
"""The XlsxWriter whose inside the quick way was compared with, cell by cell."""

_USED_INSIDE = (
    "_initialize",
    "_write_single_row",
    "_opt_close",
    "_opt_reopen",
    "_write_optimized_sheet_data",
)
_RICH = re.compile(r"<r>.*</r>", re.DOTALL)
_TOUCHING_ESCAPES = re.compile("_x[0-9A-Fa-f]{4}_x[0-9A-Fa-f]{4}_")
_LEAST_PARTS = 3
_INSIDE_ESCAPES = re.compile("(?<=_)(?=x)")


class Styles(Protocol):
    """Where a sheet gets its cell styles, and tells what it changed."""

    def format(self, number_format: str, column: Column) -> Format:
        """Return the format of a cell."""
        ...

    def shared(self, text: str) -> int:
        """Return the index of a text in the shared strings."""
        ...

    def note(self, row: int, column: int, notes: tuple[Note, ...]) -> None:
        """Remember that a cell (row counted from 1) was changed."""
        ...


class Engine(Protocol):
    """Writes the rows of one sheet, in order."""

    def write(self, rows: Sequence[Sequence[object]], first: int) -> None:
        """Write rows; `first` is the number of the first one, counted from 1."""
        ...


def knows_xlsxwriter() -> bool:
    """Tell whether the installed XlsxWriter has the inside that the quick way relies on."""
    return xlsxwriter.__version__ == TESTED_VERSION and all(hasattr(Worksheet, name) for name in _USED_INSIDE)


def write_text(worksheet: Worksheet, row: int, column: int, text: str, style: Format | None = None) -> None:
    """Write a cleaned text as text, whatever it looks like (`row` and `column` count from 0).

    XlsxWriter takes `<r>…</r>` for markup, and misses the second of two touching `_xHHHH_`: such
    texts go as rich strings, whose parts it escapes.
    """
    if not _RICH.fullmatch(text) and not _TOUCHING_ESCAPES.search(text):
        worksheet.write_string(row, column, text, style)
        return
    parts = _INSIDE_ESCAPES.split(text)
    while len(parts) < _LEAST_PARTS:
        longest = parts.index(max(parts, key=len))
        parts[longest : longest + 1] = [parts[longest][:1], parts[longest][1:]]
    worksheet.write_rich_string(row, column, *parts, *([style] if style else []))


class PlainEngine:
    """The plain way: one public call per cell."""

    def __init__(
        self, worksheet: Worksheet, columns: Sequence[Column], locale: Locale, styles: Styles
    ) -> None:
        """Write into `worksheet`."""
        self._worksheet, self._styles = worksheet, styles
        self._columns = [(column, converter(column, locale)) for column in columns]

    def write(self, rows: Sequence[Sequence[object]], first: int) -> None:
        """Write rows; `first` is the number of the first one, counted from 1."""
        for number, row in enumerate(rows, first):
            for index, ((column, convert), value) in enumerate(zip(self._columns, row, strict=True)):
                if cell := convert(value):
                    self._write(number, index, column, cell)

    def _write(self, number: int, index: int, column: Column, cell: Cell) -> None:
        style = self._styles.format(cell.format, column)
        if cell.text is None:
            self._worksheet.write_number(number - 1, index, float(cell.number or 0), style)
        elif cell.formula:
            self._worksheet.write_formula(number - 1, index, f"={cell.formula}", style, cell.text)
        else:
            write_text(self._worksheet, number - 1, index, cell.text, style)
        if cell.notes:
            self._styles.note(number, index, cell.notes)


class QuickEngine:
    """The quick way: rendered rows straight into XlsxWriter's row file."""

    def __init__(
        self, worksheet: Worksheet, columns: Sequence[Column], locale: Locale, styles: Styles
    ) -> None:
        """Write into `worksheet`, whose header has been written."""
        self._worksheet, self._styles = worksheet, styles
        self._renderers = [
            ColumnRenderer(index, column, locale, self) for index, column in enumerate(columns)
        ]

    def style(self, number_format: str, column: Column) -> int:
        """Return the index of a cell style."""
        return int(self._styles.format(number_format, column)._get_xf_index())  # noqa: SLF001

    def shared(self, text: str) -> int:
        """Return the index of a text in the shared strings."""
        return self._styles.shared(text)

    def note(self, row: int, column: int, notes: tuple[Note, ...]) -> None:
        """Pass on that a cell was changed."""
        self._styles.note(row, column, notes)

    def write(self, rows: Sequence[Sequence[object]], first: int) -> None:
        """Write rows; `first` is the number of the first one, counted from 1."""
        sheet = self._worksheet
        if sheet.previous_row < first - 1:
            sheet._write_single_row(first - 1)  # noqa: SLF001
        sheet.fh.write(render_rows(self._renderers, rows, first))
        sheet.previous_row = sheet.dim_rowmax = first + len(rows) - 2
