"""CSV, TSV and their relatives as tables."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from models.messages import _
from models.spreadsheets.csv_dialect import Dialect, detect
from models.spreadsheets.csv_writer import unguard
from models.spreadsheets.table import (
    MAX_CELL,
    MAX_COLUMNS,
    Row,
    UnreadableFileError,
    damaged,
    too_long,
    too_many_columns,
)
from models.spreadsheets.xml_events import no_tick

MAX_LINE = 4 * MAX_CELL
_LINES_PER_TICK = 1_000

csv.field_size_limit(MAX_CELL)


class CsvSource:
    """A text file with one table."""

    def __init__(self, path: Path, extension: str, name: str, tick: Callable[[], None] = no_tick) -> None:
        """Open a file; its one sheet is called `name`. Raises UnreadableFileError."""
        self._path, self._tick = path, tick
        self._dialect = detect(path, extension)
        self.sheets: tuple[str, ...] = (name,)

    def rows(self, sheet: str) -> Iterator[Row]:
        """Yield the records; their numbers count blank lines too. Raises UnreadableFileError."""
        if sheet not in self.sheets:
            raise damaged()
        with self._path.open(encoding=self._dialect.encoding, newline="") as file:
            yield from _Records(file, self._dialect, self._tick).rows()

    def close(self) -> None:
        """Do nothing: the file is open only while it is read."""


class _Records:
    """One reading of a file."""

    def __init__(self, file: TextIO, dialect: Dialect, tick: Callable[[], None]) -> None:
        self._file, self._dialect, self._tick = file, dialect, tick
        self._number = 0
        self._record: list[str] = []

    def rows(self) -> Iterator[Row]:
        reader = self._reader(self._lines(), strict=False)
        try:
            for self._number, cells in enumerate(reader, 1):
                self._check_quotes()
                if self._number > 1 or not self._dialect.has_hint:
                    yield self._row(cells)
        except csv.Error as error:
            raise too_long(self._number + 1) from error
        except UnicodeError as error:
            raise damaged() from error

    def _reader(self, lines: Iterator[str], *, strict: bool) -> Iterator[list[str]]:
        return csv.reader(
            lines,
            delimiter=self._dialect.delimiter,
            quoting=csv.QUOTE_MINIMAL if self._dialect.quoted else csv.QUOTE_NONE,
            strict=strict,
        )

    def _lines(self) -> Iterator[str]:
        count = 0
        while line := self._file.readline(MAX_LINE + 1):
            if len(line) > MAX_LINE:
                raise too_long(self._number + 1)
            if count % _LINES_PER_TICK == 0:
                self._tick()
            count += 1
            self._record.append(line)
            yield line

    def _check_quotes(self) -> None:
        """Refuse a record of several lines whose quotes do not match: it may have swallowed others."""
        lines = self._record
        self._record = []
        if len(lines) > 1:
            try:
                list(self._reader(iter(lines), strict=True))
            except csv.Error as error:
                raise UnreadableFileError(
                    _("Row %(row)s: the quotation marks do not match.", row=self._number)
                ) from error

    def _row(self, cells: list[str]) -> Row:
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > MAX_COLUMNS:
            raise too_many_columns()
        return Row(self._number, tuple(unguard(cell) or None for cell in cells))
