"""One worksheet as a stream of rows. Keeps one row in memory, whatever the file claims about itself."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from models.spreadsheets.number_kinds import PLAIN, NumberKind
from models.spreadsheets.table import (
    MAX_CELL,
    MAX_COLUMNS,
    MAX_ROWS,
    CellError,
    CellValue,
    Row,
    damaged,
    too_long,
    too_many_columns,
    too_many_rows,
)
from models.spreadsheets.text import unescape
from models.spreadsheets.xml_events import Attributes, Events, natural

_LETTERS = {chr(ord("A") + index): index + 1 for index in range(26)}
EXCEL_ROWS = 1_048_576
EXCEL_COLUMNS = 16_384
_NO_RESULT = CellError("=")


class Texts(Protocol):
    """The shared strings."""

    def __getitem__(self, index: int) -> str:
        """Return a text."""
        ...


def column_index(reference: str) -> int:
    """Return the column of a reference such as `AB12`, counted from 0. Raises UnreadableFileError."""
    index = 0
    for letter in reference.rstrip("0123456789"):
        if letter not in _LETTERS or index > EXCEL_COLUMNS:
            raise damaged()
        index = index * 26 + _LETTERS[letter]
    return index - 1


class SheetParser:
    """Turns the events of a sheet's XML into rows."""

    def __init__(self, texts: Texts, kinds: Sequence[NumberKind], *, from_1904: bool) -> None:
        """Know the workbook's texts, styles and calendar."""
        self._texts, self._kinds, self._from_1904 = texts, kinds, from_1904
        self._ready: list[Row] = []
        self._done = False
        self._columns: dict[str, int] = {}
        self._row = 0
        self._cells: list[CellValue] = []
        self._column, self._count = -1, 0
        self._type = self._style = ""
        self._formula = self._inside = False
        self._hints = self._length = 0
        self._text: list[str] = []
        self._inline: list[str] = []

    def rows(self, content: Iterable[bytes]) -> Iterator[Row]:
        """Yield the rows that have cells with something in them. Raises UnreadableFileError."""
        events = Events(
            {
                "row": self._begin_row, "c": self._begin_cell, "v": self._begin_text, "t": self._begin_text,
                "f": self._begin_formula, "rPh": self._begin_hint,
            },
            {
                "row": self._end_row, "c": self._end_cell, "v": self._end_text, "t": self._end_run,
                "rPh": self._end_hint, "sheetData": self._end_data,
            },
            self._characters,
        )  # fmt: skip
        for block in content:
            events.feed(block)
            yield from self._ready
            self._ready.clear()
            if self._done:
                return
        events.feed(b"", last=True)

    def _begin_row(self, attributes: Attributes) -> None:
        number = self._row + 1
        if "r" in attributes:
            number = natural(attributes["r"])
        if not self._row < number <= EXCEL_ROWS:
            raise damaged()
        self._row, self._cells, self._column, self._count = number, [], -1, 0

    def _begin_cell(self, attributes: Attributes) -> None:
        reference = attributes.get("r")
        self._column = self._column + 1 if reference is None else self._index(reference)
        self._count += 1
        if max(self._count, self._column + 1) > EXCEL_COLUMNS:
            raise damaged()
        self._type, self._style = attributes.get("t", "n"), attributes.get("s", "")
        self._formula = False
        self._length = 0
        self._text = []
        self._inline = []

    def _index(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        index = self._columns.get(letters)
        if index is None:
            index = column_index(reference)
            if len(self._columns) < MAX_COLUMNS:
                self._columns[letters] = index
        return index

    def _begin_text(self, _: Attributes) -> None:
        self._inside = not self._hints
        self._text = []

    def _begin_formula(self, _: Attributes) -> None:
        self._formula = True

    def _begin_hint(self, _: Attributes) -> None:
        self._hints += 1

    def _end_hint(self) -> None:
        self._hints -= 1

    def _characters(self, text: str) -> None:
        if self._inside:
            self._length += len(text)
            if self._length > MAX_CELL:
                raise too_long(self._row)
            self._text.append(text)

    def _end_text(self) -> None:
        self._inside = False

    def _end_run(self) -> None:
        if self._inside:
            self._inline.append(unescape("".join(self._text)))
            self._text = []
        self._inside = False

    def _end_cell(self) -> None:
        value = self._value()
        if value is None or value == "":
            return
        if self._column >= MAX_COLUMNS:
            raise too_many_columns()
        missing = self._column + 1 - len(self._cells)
        if missing > 0:
            self._cells.extend([None] * missing)
        self._cells[self._column] = value

    def _end_row(self) -> None:
        if not self._cells:
            return
        if self._row > MAX_ROWS:
            raise too_many_rows()
        self._ready.append(Row(self._row, tuple(self._cells)))

    def _end_data(self) -> None:
        self._done = True

    def _value(self) -> CellValue:
        if self._type == "inlineStr":
            return "".join(self._inline)
        text = "".join(self._text)
        if not text:
            return _NO_RESULT if self._formula and self._type != "str" else None
        return self._typed(text)

    def _typed(self, text: str) -> CellValue:
        match self._type:
            case "n":
                return self._kind().read(text.strip(), from_1904=self._from_1904)
            case "s":
                return self._texts[natural(text)]
            case "str":
                return unescape(text)
            case "b":
                return text.strip() in {"1", "true"}
            case "e":
                return CellError(text)
            case "d":
                return _iso_moment(text)
        raise damaged()

    def _kind(self) -> NumberKind:
        if not self._style:
            return self._kinds[0] if self._kinds else PLAIN
        index = natural(self._style)
        return self._kinds[index] if index < len(self._kinds) else PLAIN


def _iso_moment(text: str) -> CellValue:
    try:
        return datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return text
