"""Results as a page shows them: cells in words, charts as data for the browser."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cached_property
from typing import Any, Final, NamedTuple

from models.reports import drill
from models.reports.look import Look
from models.reports.results import Chart, Column, Result, Row
from views.context import current_timezone

BLANK: Final = "—"
MOST_ROWS: Final = 200
WIDE: Final = 6
LONG: Final = 40
SHORT_TEXT, WORDY_TEXT = 8, 24
FISHBONE: Final = "fishbone"
_NUMBERS: Final = frozenset({"integer", "decimal", "percent", "money"})
_PLACES: Final = {"integer": 0, "money": 2}
_HUNDRED: Final = Decimal(100)
_EXACT: Final = Context(prec=60)


def number(value: Any, column: Column) -> str:  # noqa: ANN401  (any number)
    """Return a number as people read it: 1,234.50, 12.3 %."""
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    if column.kind == "percent":
        return f"{_rounded(exact * _HUNDRED, places(column)):,f} %"
    return f"{_rounded(exact, places(column)):,f}"


def places(column: Column) -> int:
    """Return how many decimals the numbers of a column are shown with."""
    return _PLACES.get(column.kind, column.decimals)


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _EXACT)  # as Excel shows the same cell


def cell(value: Any, column: Column) -> str:  # noqa: ANN401  (any value of a table)
    """Return a value in words; what cannot be computed is a dash."""
    if value is None or value == "":
        return BLANK
    if column.kind in _NUMBERS and not isinstance(value, str):
        return number(value, column)
    if isinstance(value, datetime):
        local = value.astimezone(current_timezone()) if value.tzinfo else value  # lists are local already
        return f"{local:%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else str(value)


class ShownCell(NamedTuple):
    """A cell: its text, and how it looks."""

    text: str
    look: str


@dataclass(frozen=True)
class ShownRow:
    """A row: its cells, where its records are, and whether it stands out."""

    cells: list[ShownCell]
    url: str
    tone: str


class Shown:
    """One analysis on a page."""

    def __init__(self, look: Look, result: Result) -> None:
        """Begin; at most so many rows are shown, the workbook has all."""
        self.look, self.result = look, result
        self.key = result.key
        self.title = look.say(result.title)
        self.formula = look.say(result.formula)
        self.notes = [look.say(one) for one in result.notes]
        self.columns = result.columns

    @cached_property
    def rows(self) -> list[ShownRow]:
        """The table."""
        return [self._row(one) for one in self.result.rows[:MOST_ROWS]]

    def _row(self, row: Row) -> ShownRow:
        cells = [self._cell(row, column) for column in self.columns]
        return ShownRow(cells, drill.address(self.look, self.result, row), row.tone)

    def _cell(self, row: Row, column: Column) -> ShownCell:
        text = cell(row.values.get(column.key), row.as_shown(column))
        return ShownCell(text, f"{self.look_of(column)} {_breadth(text)}".rstrip())

    @cached_property
    def total(self) -> ShownRow | None:
        """The row below the table."""
        return None if self.result.total is None else self._row(self.result.total)

    @property
    def is_wide(self) -> bool:
        """Tell whether its table does not fit beside a chart."""
        return len(self.columns) > WIDE

    @property
    def more(self) -> int:
        """How many rows are not shown."""
        return max(0, len(self.result.rows) - MOST_ROWS)

    def label(self, column: Column) -> str:
        """Return what a column is called."""
        return self.look.say(column.label)

    def meaning(self, column: Column) -> str:
        """Return how a column's values come about."""
        return self.look.say(column.meaning)

    def look_of(self, column: Column) -> str:
        """Return how the cells of a column look: numbers to the right, days on one line, texts as wide."""
        if column.kind in _NUMBERS:
            return "num"
        return "cell-text" if column.kind == "text" else "cell-day"

    @property
    def is_long(self) -> bool:
        """Tell whether its table scrolls in a frame of its own."""
        return len(self.rows) > LONG

    @cached_property
    def charts(self) -> list[dict[str, Any]]:
        """What the browser draws; an empty table draws nothing."""
        drawn = [one for one in self.result.charts if one.kind != FISHBONE]
        return [self._chart(one) for one in drawn] if self.result.rows else []

    def _chart(self, chart: Chart) -> dict[str, Any]:
        rows = self.result.rows[: chart.rows or len(self.result.rows)]
        by_key = {column.key: column for column in self.columns}
        return {
            "kind": chart.kind,
            "title": self.look.say(chart.title),
            "categories": [cell(row.values.get(chart.categories), by_key[chart.categories]) for row in rows],
            "tones": [row.tone if chart.mark and chart.mark in row.flags else "" for row in rows],
            "urls": [drill.address(self.look, self.result, row) for row in rows],
            "series": [
                {
                    "name": self.label(by_key[one.column]),
                    "draw": one.draw,
                    "second": one.second,
                    "percent": by_key[one.column].kind == "percent",
                    "decimals": places(by_key[one.column]),
                    "data": [_plain(row.values.get(one.column)) for row in rows],
                }
                for one in chart.series
            ],
        }

    @cached_property
    def bones(self) -> list[tuple[str, list[tuple[str, str, str]]]]:
        """The branches of a cause-and-effect diagram: their name, and each cause with number and address."""
        if not any(one.kind == FISHBONE for one in self.result.charts):
            return []
        found: dict[str, list[tuple[str, str, str]]] = {}
        for row, shown in zip(self.result.rows, self.rows, strict=False):
            _bone, twig, count, *_more = (one.text for one in shown.cells)
            found.setdefault(str(row.values["bone"]), []).append((twig, count, shown.url))
        return list(found.items())


def _breadth(text: str) -> str:
    """Return the look of a text that wants no line break, or a wide column."""
    if len(text) <= SHORT_TEXT:
        return "is-short"
    return "is-wordy" if len(text) > WORDY_TEXT else ""


def _plain(value: Any) -> float | None:  # noqa: ANN401  (any number)
    return None if value is None or value == "" else float(value)


def shown(look: Look, results: Iterable[Result]) -> list[Shown]:
    """Return every analysis of a report for its page."""
    return [Shown(look, one) for one in results]
