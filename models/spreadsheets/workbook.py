"""Excel workbooks from columns and rows, in constant memory, several sheets at a time.

XlsxWriter keeps the workbook, its formats and its parts. Rows go straight into its `constant_memory` row file
(see `rendering`) when its inside is the one we know, else through its public calls.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import islice, zip_longest
from pathlib import Path
from types import TracebackType
from typing import Self

from xlsxwriter import Workbook as XlsxWorkbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from models.messages import _
from models.spreadsheets.cells import Locale, Note
from models.spreadsheets.columns import Column
from models.spreadsheets.engine import Engine, PlainEngine, QuickEngine, knows_xlsxwriter, write_text
from models.spreadsheets.names import SheetNames
from models.spreadsheets.notes import NotedCell, note_rows
from models.spreadsheets.packing import packed_quickly
from models.spreadsheets.paper import Paper, lay_out
from models.spreadsheets.rendering import column_letters
from models.spreadsheets.text import clean
from models.spreadsheets.widths import WidthMeter

MAX_ROWS = 1_048_576
"""Rows of one sheet, the header included; Excel's limit."""

CHUNK_ROWS = 500
"""Rows rendered at once; bounds memory."""

MAX_NOTED = 500
"""Changed cells named one by one in the notes sheet; the rest is only counted."""

OFFERED_ROWS = 5_000
"""Rows of a template for which Excel offers choices."""

_HEADER = {"bold": True, "bg_color": "#E8EDF3", "bottom": 1, "border_color": "#9AA7B5", "valign": "vcenter"}
_LINK = {"font_color": "#1F5FA8", "underline": 1}
_NOTES_WIDTHS = (70, 20, 12)


@dataclass(frozen=True, slots=True)
class About:
    """What a workbook says of itself. The same `About` and rows give the same bytes."""

    title: str
    author: str
    created: datetime
    language: str
    timezone: tzinfo


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a workbook: rows by sheet as asked for, the sheets made, and how many cells changed."""

    rows: dict[str, int]
    sheets: tuple[str, ...]
    notes: dict[Note, int]


def header_text(column: Column) -> str:
    """Return what stands above a column: its label, with the unit if it has one."""
    return f"{column.label} ({column.unit})" if column.unit else column.label


def _no_tick() -> None:
    """Do nothing after a packed block."""


class Book:
    """A workbook being written; a context manager that leaves nothing behind when it fails.

    `rows_per_sheet` counts the header. `tick` is called now and then while the file is packed, and may raise
    to stop. `quick=False` forces the plain way. With `paper` the sheets are ready to be printed.
    """

    def __init__(
        self,
        path: Path,
        about: About,
        *,
        rows_per_sheet: int = MAX_ROWS,
        tick: Callable[[], None] = _no_tick,
        quick: bool | None = None,
        paper: Paper | None = None,
    ) -> None:
        """Begin a workbook at `path`."""
        self.rows_per_sheet = rows_per_sheet
        self.locale = Locale(about.language, about.timezone)
        self.quick = knows_xlsxwriter() if quick is None else quick
        self.written: Written | None = None
        self._path, self._paper = path, paper
        self._folder = tempfile.TemporaryDirectory(prefix="workbook-", ignore_cleanup_errors=True)
        kind = packed_quickly(tick) if self.quick else XlsxWorkbook
        options = {"constant_memory": True, "tmpdir": self._folder.name, "use_zip64": True}
        self._xlsx = kind(str(path), options)
        self._xlsx.set_properties({"title": about.title, "author": about.author, "created": about.created})
        self._names = SheetNames()
        self._sheets: list[Sheet] = []
        self._formats: dict[tuple[str, bool, bool], Format] = {}
        self._header = self._xlsx.add_format(_HEADER)
        self._counts: Counter[Note] = Counter()
        self._noted: list[NotedCell] = []
        self._lists: list[Sequence[str]] = []
        self._list_sheet = ""

    def sheet(self, name: str, columns: Sequence[Column], *, frozen: int = 0) -> "Sheet":
        """Add a sheet; sheets may be written in turns, each in the order of its rows.

        The first `frozen` columns stay in sight.
        """
        sheet = Sheet(self, name, columns, frozen)
        self._sheets.append(sheet)
        return sheet

    def add_part(self, name: str, columns: Sequence[Column], frozen: int = 0) -> Worksheet:
        """Add one worksheet with its header."""
        worksheet = self._xlsx.add_worksheet(self._names.take(name))
        worksheet.freeze_panes(1, frozen)
        if self._paper:
            worksheet.repeat_rows(0)
            lay_out(worksheet, self._paper, len(columns), frozen)
        for index, column in enumerate(columns):
            write_text(worksheet, 0, index, clean(header_text(column)).text, self._header)
        return worksheet

    def format(self, number_format: str, column: Column) -> Format:
        """Return the format of a cell."""
        key = number_format, column.wrap or column.kind == "long_text", column.kind == "record"
        if key not in self._formats:
            properties = {"valign": "top", "text_wrap": key[1], "num_format": number_format or "General"}
            self._formats[key] = self._xlsx.add_format(properties | (_LINK if key[2] else {}))
        return self._formats[key]

    def add_format(self, properties: Mapping[str, object]) -> Format:
        """Add a format of one's own."""
        return self._xlsx.add_format(dict(properties))

    def shared(self, text: str) -> int:
        """Return the index of a text in the shared strings."""
        return int(self._xlsx.str_table._get_shared_string_index(text))  # noqa: SLF001

    def list_source(self, labels: Sequence[str]) -> str:
        """Put labels on the hidden sheet of lists; return where they are, as a formula."""
        self._lists.append(labels)
        if not self._list_sheet:
            self._list_sheet = self._names.take("lists")
        letters = column_letters(len(self._lists) - 1)
        return f"='{self._list_sheet}'!${letters}$1:${letters}${len(labels)}"

    def note(self, sheet: str, row: int, column: int, notes: Iterable[Note]) -> None:
        """Remember that a cell was changed."""
        for note in notes:
            self._counts[note] += 1
            if len(self._noted) < MAX_NOTED:
                self._noted.append(NotedCell(sheet, f"{column_letters(column)}{row}", note))

    def close(self) -> Written:
        """Finish the file. Raises OSError when there is no room for it."""
        for sheet in self._sheets:
            sheet.finish()
        if self._counts:
            self._write_notes()
        if self._lists:
            self._write_lists()
        names = tuple(worksheet.name for worksheet in self._xlsx.worksheets())
        self._xlsx.close()
        self._folder.cleanup()
        self.written = Written({sheet.name: sheet.rows for sheet in self._sheets}, names, dict(self._counts))
        return self.written

    def abort(self) -> None:
        """Give up: close and remove everything."""
        for worksheet in self._xlsx.worksheets():
            worksheet.fh.close()
        self._folder.cleanup()
        self._path.unlink(missing_ok=True)

    def _write_notes(self) -> None:
        worksheet = self._xlsx.add_worksheet(self._names.take(self.locale.word(_("Notes"))))
        for index, width in enumerate(_NOTES_WIDTHS):
            worksheet.set_column(index, index, width)
        for row, texts in enumerate(note_rows(self._counts, self._noted, self.locale.word)):
            for column, text in enumerate(texts):
                write_text(worksheet, row, column, text, None if row else self._header)

    def _write_lists(self) -> None:
        worksheet = self._xlsx.add_worksheet(self._list_sheet)
        worksheet.hide()
        for row, labels in enumerate(zip_longest(*self._lists)):
            for column, label in enumerate(labels):
                if label is not None:
                    write_text(worksheet, row, column, clean(label).text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.abort()
        elif self.written is None:
            try:
                self.close()
            except BaseException:
                self.abort()
                raise


class Sheet:
    """A sheet being written, continued on further ones when it is full."""

    def __init__(self, book: Book, name: str, columns: Sequence[Column], frozen: int = 0) -> None:
        """Begin with the header."""
        self._frozen = frozen
        self.name = name
        self.rows = 0
        self._book, self._columns = book, tuple(columns)
        self._changed: list[tuple[int, int, tuple[Note, ...]]] = []
        self._begin_part()

    def _begin_part(self) -> None:
        self._worksheet = self._book.add_part(self.name, self._columns, self._frozen)
        self._filled = 1
        self._meter = WidthMeter(self._columns, [header_text(column) for column in self._columns])
        kind = QuickEngine if self._book.quick else PlainEngine
        self._engine: Engine = kind(self._worksheet, self._columns, self._book.locale, self)

    def format(self, number_format: str, column: Column) -> Format:
        """Return the format of a cell."""
        return self._book.format(number_format, column)

    def shared(self, text: str) -> int:
        """Return the index of a text in the shared strings."""
        return self._book.shared(text)

    def note(self, row: int, column: int, notes: tuple[Note, ...]) -> None:
        """Remember that a cell was changed."""
        self._changed.append((row, column, notes))

    def write(self, rows: Iterable[Sequence[object]]) -> None:
        """Add rows; each has one value per column, as `Column` says."""
        source = iter(rows)
        while chunk := list(islice(source, CHUNK_ROWS)):
            self._write_chunk(chunk)

    def offer_choices(self) -> None:
        """Let Excel offer the labels of choices in the empty rows below; others may be typed all the same."""
        words = self._book.locale.booleans
        for index, column in enumerate(self._columns):
            labels = words[::-1] if column.kind == "boolean" else column.choices
            if labels:
                cells = (1, index, OFFERED_ROWS, index)
                source = self._book.list_source(labels)
                rule = {"validate": "list", "source": source, "error_type": "warning"}
                self._worksheet.data_validation(*cells, rule)

    def _write_chunk(self, rows: Sequence[Sequence[object]]) -> None:
        while rows:
            if self._filled >= self._book.rows_per_sheet:
                self.finish()
                self._begin_part()
            room = self._book.rows_per_sheet - self._filled
            part, rows = rows[:room], rows[room:]
            self._meter.look(part)
            self._engine.write(part, self._filled + 1)
            self._report()
            self._filled += len(part)
            self.rows += len(part)

    def _report(self) -> None:
        """Tell the workbook what changed in the last rows, in reading order."""
        for row, column, notes in sorted(self._changed):
            self._book.note(self._worksheet.name, row, column, notes)
        self._changed.clear()

    def finish(self) -> None:
        """Set what is known only at the end: widths, filter, and no warnings about numbers in texts."""
        last = len(self._columns) - 1
        for index, width in enumerate(self._meter.widths()):
            self._worksheet.set_column(index, index, width)
        self._worksheet.autofilter(0, 0, self._filled - 1, last)
        cells = f"A1:{column_letters(last)}{self._filled}"
        self._worksheet.ignore_errors({"number_stored_as_text": cells})
