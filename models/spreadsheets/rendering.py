"""A sheet's rows as XML, a column at a time.

XlsxWriter's cost is per cell: a method call, a tuple and six small writes for each. Here a whole chunk of
rows is rendered with one list comprehension per column, checked in bulk, and joined once. Whatever is
unusual about a value goes through `cells.converter`, which is also what the plain writer uses for all.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from models.spreadsheets.cells import (
    MAX_DURATION,
    PERCENT_SHIFT,
    Cell,
    Locale,
    Note,
    converter,
    duration_number,
    moment_number,
)
from models.spreadsheets.columns import Column
from models.spreadsheets.formats import money_format, number_format
from models.spreadsheets.numbers import MAX_EXACT, quick_number
from models.spreadsheets.text import escape, escape_all

MAX_REMEMBERED = 10_000
_SHARED_LENGTH = 255

Fragments = list[str]
Render = Callable[[Sequence[object], Sequence[str]], Fragments]

_RENDERERS = {
    "text": "_texts",
    "long_text": "_texts",
    "link": "_texts",
    "integer": "_integers",
    "rating": "_integers",
    "decimal": "_decimals",
    "percent": "_decimals",
    "money": "_amounts",
    "date": "_repeated",
    "choice": "_repeated",
    "datetime": "_moments",
    "duration": "_durations",
    "boolean": "_booleans",
    "record": "_unusual",
}


class Target(Protocol):
    """What a renderer needs from the workbook it renders for."""

    def style(self, number_format: str, column: Column) -> int:
        """Return the index of a cell style."""
        ...

    def shared(self, text: str) -> int:
        """Return the index of a text in the workbook's shared strings."""
        ...

    def note(self, row: int, column: int, notes: tuple[Note, ...]) -> None:
        """Remember that a cell (row counted from 1) was changed."""
        ...


def column_letters(index: int) -> str:
    """Return the letters of a column counted from 0."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


class ColumnRenderer:
    """Renders one column's cells of a chunk of rows."""

    def __init__(self, index: int, column: Column, locale: Locale, target: Target) -> None:
        """Fix everything about the column that does not change from row to row."""
        self._index, self._column, self._target = index, column, target
        self._convert = converter(column, locale)
        self._timezone = locale.timezone
        self._open = f'<c r="{column_letters(index)}'
        self._styles: dict[str, int] = {}
        self._tails: dict[str, str] = {}
        self._currencies: dict[str, str] = {}
        self._shift = PERCENT_SHIFT if column.kind == "percent" else 0
        self._number = self._before_number(number_format(column))
        self._text = f'{self._before(number_format(column))} t="inlineStr"><is><t>'
        self._false, self._true = (self._shared_tail(word) for word in locale.booleans)
        self.render: Render = getattr(self, _RENDERERS[column.kind])

    def _texts(self, values: Sequence[object], rows: Sequence[str]) -> Fragments:
        texts = escape_all(["" if value is None else value for value in values])  # type: ignore[misc]
        if texts is None:
            return self._unusual(values, rows)
        before, middle = self._open, self._text
        return [
            f"{before}{row}{middle}{text}</t></is></c>" if text else ""
            for text, row in zip(texts, rows, strict=True)
        ]

    def _integers(self, values: Sequence[object], rows: Sequence[str]) -> Fragments:
        before, middle, slow = self._open, self._number, self._slow
        return [
            f"{before}{row}{middle}{value}</v></c>"
            if type(value) is int and -MAX_EXACT < value < MAX_EXACT
            else slow(value, row)
            for value, row in zip(values, rows, strict=True)
        ]

    def _decimals(self, values: Sequence[object], rows: Sequence[str]) -> Fragments:
        before, middle, slow, shift = self._open, self._number, self._slow, self._shift
        return [
            f"{before}{row}{middle}{digits}</v></c>"
            if (digits := quick_number(value, shift))
            else slow(value, row)
            for value, row in zip(values, rows, strict=True)
        ]

    def _amounts(self, values: Sequence[object], rows: Sequence[str]) -> Fragments:
        amount = self._amount
        return [amount(value, row) for value, row in zip(values, rows, strict=True)]

    def _amount(self, value: object, row: str) -> str:
        if isinstance(value, dict):
            digits = quick_number(value.get("amount"))
            middle = self._before_amount(value.get("currency"))
        else:
            digits, middle = quick_number(value), self._number
        return f"{self._open}{row}{middle}{digits}</v></c>" if digits else self._slow(value, row)

    def _before_amount(self, currency: object) -> str:
        if not isinstance(currency, str):
            return self._number
        if currency not in self._currencies:
            self._currencies[currency] = self._before_number(money_format(currency, self._column.decimals))
        return self._currencies[currency]

    def _repeated(self, values: Sequence[object], rows: Sequence[str]) -> Fragments:
        before, known, learn = self._open, self._tails, self._learn
        return [
            ""
            if value is None
            else f"{before}{row}{known[value]}"
            if type(value) is str and value in known
            else learn(value, row)
            for value, row in zip(values, rows, strict=True)
        ]

    def _moments(self, values: Sequence[object], rows: Sequence[str]) -> Fragments:
        before, middle, slow, timezone = self._open, self._number, self._slow, self._timezone
        return [
            f"{before}{row}{middle}{digits}</v></c>"
            if isinstance(value, datetime) and (digits := moment_number(value, timezone))
            else slow(value, row)
            for value, row in zip(values, rows, strict=True)
        ]

    def _durations(self, values: Sequence[object], rows: Sequence[str]) -> Fragments:
        before, middle, slow = self._open, self._number, self._slow
        return [
            f"{before}{row}{middle}{duration_number(value)}</v></c>"
            if type(value) is int and 0 <= value < MAX_DURATION
            else slow(value, row)
            for value, row in zip(values, rows, strict=True)
        ]

    def _booleans(self, values: Sequence[object], rows: Sequence[str]) -> Fragments:
        before, no, yes, slow = self._open, self._false, self._true, self._slow
        return [
            f"{before}{row}{yes}"
            if value is True
            else f"{before}{row}{no}"
            if value is False
            else slow(value, row)
            for value, row in zip(values, rows, strict=True)
        ]

    def _unusual(self, values: Sequence[object], rows: Sequence[str]) -> Fragments:
        return [self._slow(value, row) for value, row in zip(values, rows, strict=True)]

    def _learn(self, value: object, row: str) -> str:
        """Render a value for the first time, and remember it when it is an ordinary one."""
        cell = self._convert(value)
        if cell is None or cell.notes or not isinstance(value, str) or len(self._tails) >= MAX_REMEMBERED:
            return self._slow(value, row)
        self._tails[value] = self._tail(cell) if cell.text is None else self._shared_tail(cell.text)
        return f"{self._open}{row}{self._tails[value]}"

    def _slow(self, value: object, row: str) -> str:
        """Render any value whatever, and report what had to be changed."""
        if value is None:
            return ""
        cell = self._convert(value)
        if cell is None:
            return ""
        if cell.notes:
            self._target.note(int(row), self._index, cell.notes)
        return f"{self._open}{row}{self._tail(cell)}"

    def _tail(self, cell: Cell) -> str:
        """Return everything that follows the row number in a cell's reference."""
        if cell.text is None:
            return f"{self._before_number(cell.format)}{cell.number}</v></c>"
        if cell.formula:
            formula = f' t="str"><f>{escape(cell.formula)}</f><v>{escape(cell.text)}</v></c>'
            return self._before(cell.format) + formula
        space = "" if cell.text == cell.text.strip() else ' xml:space="preserve"'
        inline = f' t="inlineStr"><is><t{space}>{escape(cell.text)}</t></is></c>'
        return self._before(cell.format) + inline

    def _shared_tail(self, text: str) -> str:
        """Refer to a shared string; texts that XlsxWriter would not write faithfully stay in the cell."""
        shown = number_format(self._column)
        if len(text) > _SHARED_LENGTH or text.startswith("<r>") or "_x" in text:
            return self._tail(Cell(text=text, format=shown))
        return f'{self._before(shown)} t="s"><v>{self._target.shared(text)}</v></c>'

    def _before(self, shown: str) -> str:
        if shown not in self._styles:
            self._styles[shown] = self._target.style(shown, self._column)
        return f'" s="{self._styles[shown]}"'

    def _before_number(self, shown: str) -> str:
        return self._before(shown) + "><v>"


def render_rows(renderers: Sequence[ColumnRenderer], rows: Sequence[Sequence[object]], first: int) -> str:
    """Return the XML of some rows; `first` is the number of the first one, counted from 1."""
    numbers = [str(number) for number in range(first, first + len(rows))]
    columns = [
        renderer.render(values, numbers)
        for renderer, values in zip(renderers, zip(*rows, strict=True), strict=True)
    ]
    joined = map("".join, zip(*columns, strict=True))
    return "".join(f'<row r="{number}">{cells}</row>' for number, cells in zip(numbers, joined, strict=True))
