"""What a file with a table gives, whatever its format: sheets, a header, and rows one by one."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from models.errors import DomainError
from models.messages import Message, _
from models.spreadsheets.rendering import column_letters

MAX_COLUMNS = 500
MAX_ROWS = 1_000_000
MAX_CELL = 1_000_000
"""Characters in one cell."""

HEADER_SAMPLE = 100
"""Rows looked at for columns that have no name in the header."""

CellValue = str | int | float | bool | datetime | date | time | timedelta | None


class UnreadableFileError(DomainError):
    """A file that cannot be read as a table, and why."""

    status = 422


class CellError(str):
    """What stands in a cell that Excel itself could not compute: `#N/A`, or a formula without its result."""

    __slots__ = ()


class Formatted(float):
    """A number whose format says more than its value: percent, or a currency."""

    __slots__ = ("currency", "percent")

    def __new__(cls, value: float, *, currency: str = "", percent: bool = False) -> Self:
        """Make a float that remembers its format."""
        number = super().__new__(cls, value)
        number.currency, number.percent = currency, percent
        return number

    currency: str
    percent: bool


class Row(NamedTuple):
    """One row: its number as the file's own program shows it, and its cells without empty ones at the end."""

    number: int
    cells: tuple[CellValue, ...]

    @property
    def is_blank(self) -> bool:
        """Tell whether there is nothing in it."""
        return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Header:
    """The row that names the columns, by its number; every column has a name of its own."""

    row: int
    names: tuple[str, ...]


class Source(Protocol):
    """A format's part of the work."""

    sheets: tuple[str, ...]

    def rows(self, sheet: str) -> Iterator[Row]:
        """Yield the rows of a sheet, blank ones may be left out. Raises UnreadableFileError."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


class Table:
    """An open file; a context manager. Every reading starts at the top and keeps one row in memory."""

    def __init__(self, source: Source) -> None:
        """Read from a source."""
        self._source = source
        self._heads: dict[str, int] = {}

    def begin_at(self, heads: Mapping[str, int]) -> None:
        """Take other rows for headers than the first that is not blank: sheet → number of the row.

        What a header leaves blank is named by the row right above it, whose captions stand over several rows.
        """
        self._heads |= heads

    @property
    def sheets(self) -> tuple[str, ...]:
        """The names of the sheets, in their order; never empty."""
        return self._source.sheets

    def rows(self, sheet: str = "") -> Generator[Row]:
        """Yield every row that is not blank of a sheet (the first one by default).

        Raises UnreadableFileError, also in the middle, for what is broken or beyond the limits.
        """
        count = 0
        for row in self._source.rows(sheet or self.sheets[0]):
            if row.is_blank:
                continue
            count += 1
            if row.number > MAX_ROWS or count > MAX_ROWS:
                raise too_many_rows()
            yield row

    def header(self, sheet: str = "") -> Header:
        """Return the header of a sheet. Raises UnreadableFileError when the sheet is empty."""
        wanted = self._head(sheet)
        with closing(self.rows(sheet)) as rows:
            above, sample = None, list[Row]()
            for row in rows:
                if row.number < wanted:
                    above = row
                elif len(sample) < HEADER_SAMPLE:
                    sample.append(row)
                else:
                    break
        if not sample:
            raise UnreadableFileError(
                _("There is nothing in the sheet “%(sheet)s”.", sheet=sheet or self.sheets[0])
            )
        width = max(len(row.cells) for row in sample)
        head = sample[0]
        cells = captions(head, above) if above and above.number == head.number - 1 else head.cells
        return Header(head.number, _names(cells, width))

    def body(self, sheet: str = "") -> Iterator[Row]:
        """Yield the rows below the header that are not blank."""
        wanted = self._head(sheet)
        return islice((row for row in self.rows(sheet) if row.number >= wanted), 1, None)

    def _head(self, sheet: str) -> int:
        return self._heads.get(sheet or self.sheets[0], 0)

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def too_many_rows() -> UnreadableFileError:
    """Refuse what lies below the last row that is read."""
    return UnreadableFileError(_("The table goes beyond %(max)s rows.", max=f"{MAX_ROWS:,}"))


def too_many_columns() -> UnreadableFileError:
    """Refuse what lies right of the last column that is read."""
    return UnreadableFileError(_("The table goes beyond %(max)s columns.", max=MAX_COLUMNS))


def too_long(row: int | None = None) -> UnreadableFileError:
    """Refuse a cell that holds a whole book."""
    limit = f"{MAX_CELL:,}"
    if row is None:
        return UnreadableFileError(_("A cell holds more than %(max)s characters.", max=limit))
    return UnreadableFileError(
        _("A cell in row %(row)s holds more than %(max)s characters.", row=row, max=limit)
    )


def damaged(reason: Message | None = None) -> UnreadableFileError:
    """Refuse a file whose inside is not as it must be."""
    return UnreadableFileError(reason or _("The file is damaged and cannot be read."))


def captions(head: Row, above: Row) -> tuple[CellValue, ...]:
    """Return the captions of a row; where it has none, those of the row above it."""
    width = max(len(head.cells), len(above.cells))
    return tuple(
        next(
            (row.cells[at] for row in (head, above) if at < len(row.cells) and _is_said(row.cells[at])), None
        )
        for at in range(width)
    )


def _is_said(cell: CellValue) -> bool:
    return cell is not None and bool(str(cell).strip())


def _names(cells: tuple[CellValue, ...], width: int) -> tuple[str, ...]:
    """Name every column: blank ones by their letter, later ones of the same name by a number."""
    names: list[str] = []
    taken: set[str] = set()
    for index in range(width):
        cell = cells[index] if index < len(cells) else None
        stem = " ".join(str(cell).split()) if cell is not None else ""
        name = stem = stem or f"({column_letters(index)})"
        count = 1
        while name in taken:
            count += 1
            name = f"{stem} ({count})"
        taken.add(name)
        names.append(name)
    return tuple(names)
