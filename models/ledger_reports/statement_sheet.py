"""A statement as a sheet of A4 that both sides sign: one workbook for one customer."""

import tempfile
from collections.abc import Iterable, Sequence
from math import ceil
from pathlib import Path
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from models.channels.surroundings import surroundings
from models.ledger_reports.base import Reading
from models.ledger_reports.statement_words import (
    AGREED,
    NOTHING,
    RULE,
    SIDES,
    SIGNING,
    TITLE,
    amount_heads,
    amounts,
    facts,
    withheld,
)
from models.ledger_reports.statements import Line, Statement
from models.messages import _
from models.spreadsheets.cells import Locale, Note
from models.spreadsheets.columns import Column
from models.spreadsheets.engine import PlainEngine, write_text
from models.spreadsheets.names import SheetNames
from models.spreadsheets.paper import Paper, lay_out
from models.spreadsheets.text import clean
from models.spreadsheets.widths import text_width

_BOX: Final = {"border": 1, "border_color": "#9AA7B5", "text_wrap": True, "valign": "top", "font_size": 9}
_HEAD: Final = {**_BOX, "bold": True, "bg_color": "#E8EDF3", "valign": "vcenter", "align": "center"}
_SUM: Final = {**_BOX, "bold": True, "bg_color": "#F4F6F9"}
_PLAIN: Final = {"text_wrap": True, "valign": "vcenter", "font_size": 10}
_TALL: Final = 32
"""Points; room for a signature."""
_LINE: Final = 13
"""Points of one line of a cell; rows do not grow by themselves in every program."""


def write(path: Path, reading: Reading, made: Statement, lines: Iterable[Line]) -> int:
    """Write a statement of some lines, with what `made` adds up to when all are written; return how many."""
    with tempfile.TemporaryDirectory(prefix="statement-", ignore_cleanup_errors=True) as folder:
        book = Workbook(str(path), {"constant_memory": True, "tmpdir": folder})
        sheet = _Sheet(book, reading, made)
        sheet.begin()
        count = 0
        for count, line in enumerate(lines, 1):
            sheet.line(count, line)
        sheet.end(count)
        book.close()
    return count


class _Styles:
    """What cells look like; see `engine.Styles`."""

    def __init__(self, book: Workbook, look: dict[str, Any]) -> None:
        self._book, self._look = book, look
        self._formats: dict[str, Format] = {}

    def format(self, number_format: str, column: Column) -> Format:
        """Return the format of a cell."""
        key = f"{number_format} {column.kind}"
        if key not in self._formats:
            link = {"font_color": "#1F5FA8", "underline": 1} if column.kind == "record" else {}
            shown = {"num_format": number_format or "General"}
            self._formats[key] = self._book.add_format({**self._look, **shown, **link})
        return self._formats[key]

    def shared(self, text: str) -> int:
        """Return the index of a text in the shared strings; the plain way needs none."""
        raise NotImplementedError

    def note(self, row: int, column: int, notes: tuple[Note, ...]) -> None:
        """Leave it at that: what Excel cannot hold is shown as text."""


class _Sheet:
    """The sheet of a statement, written from above."""

    def __init__(self, book: Workbook, reading: Reading, made: Statement) -> None:
        local = reading.started.astimezone(reading.zone).replace(tzinfo=None)
        book.set_properties({"title": f"{reading.say(TITLE)} {made.year.year}", "created": local})
        self._book, self._reading, self._made, self._row = book, reading, made, 0
        self._columns = _columns(reading)
        self._sheet = book.add_worksheet(SheetNames().take(made.name or reading.title))
        locale = Locale(reading.language, reading.zone)
        self._lines = PlainEngine(self._sheet, self._columns, locale, _Styles(book, _BOX))
        self._sums = PlainEngine(self._sheet, self._columns, locale, _Styles(book, _SUM))
        self._empty = book.add_format(_BOX)

    def begin(self) -> None:
        """Write what stands above the lines; the columns' heads come again on every page."""
        say, company = self._reading.say, surroundings().company
        lay_out(self._sheet, Paper(company or self._reading.title, f"{say(TITLE)} {self._made.year.year}"))
        for index, column in enumerate(self._columns):
            self._sheet.set_column(index, index, column.width)
        if company:
            self._across(company, bold=True, align="center")
        self._across(f"{self._made.year.year} {say(TITLE)}", bold=True, align="center", font_size=16)
        self._across("    ".join(facts(self._reading, self._made)), align="center")
        head = self._book.add_format(_HEAD)
        self._sheet.set_row(self._row, _lines_in(self._columns, [one.label for one in self._columns]) * _LINE)
        for index, column in enumerate(self._columns):
            write_text(self._sheet, self._row, index, clean(column.label).text, head)
        self._sheet.repeat_rows(self._row)
        self._step()
        self._sheet.freeze_panes(self._row, 3)

    def line(self, number: int, line: Line) -> None:
        """Write one item."""
        places = "\n".join(line.places) or None
        cells = (number, line.number, line.name, line.unit or None, *amounts(line.account), places)
        self._write(self._lines, cells)

    def end(self, count: int) -> None:
        """Write the sums, the rule by which they add up, and where both sides sign."""
        say = self._reading.say
        for unit, summed in sorted(self._made.totals.items()):
            self._write(self._sums, (None, None, say(_("Total")), unit or None, *amounts(summed), None))
        if not count:
            self._across(say(NOTHING))
        for text in filter(None, (withheld(self._reading, self._made), say(RULE))):
            self._across(text, font_size=9, italic=True)
        self._step()
        self._across(say(AGREED))
        self._across("", height=2 * _TALL, border=1)
        self._step()
        self._boxes([say(side) for side in SIDES], bold=True)
        for word in SIGNING:
            self._boxes([f"{say(word)}:"] * len(SIDES), height=_TALL)

    def _write(self, engine: PlainEngine, cells: Sequence[object]) -> None:
        self._sheet.set_row(self._row, _lines_in(self._columns, cells) * _LINE + 2)
        for index, cell in enumerate(cells):
            if cell is None:  # the box goes on where there is nothing
                self._sheet.write_blank(self._row, index, None, self._empty)
        engine.write([cells], self._row + 1)
        self._step()

    def _step(self) -> None:
        self._row += 1

    def _across(self, text: str, *, height: int = 0, **look: object) -> None:
        self._merged(text, 0, len(self._columns) - 1, height, look)
        self._step()

    def _boxes(self, texts: Sequence[str], *, height: int = 0, **look: object) -> None:
        """Write texts side by side, each in half the width."""
        half, last = len(self._columns) // 2, len(self._columns) - 1
        for text, (first, end) in zip(texts, ((0, half - 2), (half - 1, last)), strict=True):
            self._merged(text, first, end, height, {"border": 1, **look})
        self._step()

    def _merged(self, text: str, first: int, last: int, height: int, look: dict[str, object]) -> None:
        style = self._book.add_format({**_PLAIN, **look})
        if height:
            self._sheet.set_row(self._row, height)
        self._sheet.merge_range(self._row, first, self._row, last, "", style)
        write_text(self._sheet, self._row, first, clean(text).text, style)


def _lines_in(columns: Sequence[Column], cells: Sequence[object]) -> int:
    """Return how many lines the highest cell of a row takes."""
    found = 1
    for column, cell in zip(columns, cells, strict=True):
        if isinstance(cell, str) and column.width:
            found = max(
                found, sum(ceil(text_width(line) / (column.width - 1)) or 1 for line in cell.split("\n"))
            )
    return found


def _columns(reading: Reading) -> list[Column]:
    say = reading.say
    return [
        Column("row", say(_("No.")), "integer", width=5),
        Column("number", say(_("Number")), "record", width=16),
        Column("name", say(_("Item name")), "text", width=28),
        Column("unit", say(_("Unit")), "text", width=6),
        *(Column("amount", head, "decimal", width=9) for head in amount_heads(reading)),
        Column("places", say(_("Where it is at the end")), "text", width=36),
    ]
