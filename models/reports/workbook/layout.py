"""How wide the columns of a sheet are, and how high its rows: a paper form fits its page, readably."""

from collections.abc import Sequence
from math import ceil
from typing import Final

from models.reports.results import Column, Result, Row
from models.spreadsheets.widths import text_width

LINE: Final = 15
"""The height of a line, in points."""
PAPER: Final = 190
"""So many characters stand side by side on A4 landscape in print that can still be read."""
_WIDE, _NARROW = 26, 13
_OWN: Final = {"unit": 10, "formula": 60, "fields": 60, "period": 12, "broken": 14}
_SAMPLE: Final = 200
_FORM: Final = {"date": 11, "datetime": 16, "money": 12}
_LEAST, _MOST = 7, 40


def widths(result: Result) -> list[int]:
    """Return the width of each column, in characters."""
    return _fitted(result) if result.as_form else [_width(column) for column in result.columns]


def _width(column: Column) -> int:
    return _OWN.get(column.key, _WIDE if column.kind == "text" else _NARROW)


def _fitted(result: Result) -> list[int]:
    """Return widths by what stands in the columns; texts are broken where they would not fit the paper."""
    sample = result.rows[:_SAMPLE]
    wanted = [_wanted(column, sample) for column in result.columns]
    is_text = [column.kind == "text" for column in result.columns]
    for most in range(_MOST, _LEAST, -1):
        found = [min(one, most) if text else one for one, text in zip(wanted, is_text, strict=True)]
        if sum(found) <= PAPER:
            return found
    return [_LEAST if text else one for one, text in zip(wanted, is_text, strict=True)]


def _wanted(column: Column, sample: Sequence[Row]) -> int:
    if column.kind != "text":
        return _FORM.get(column.kind, _LEAST + 2)
    texts = (row.values.get(column.key) for row in sample)
    return max((text_width(one) + 1 for one in texts if isinstance(one, str)), default=_LEAST)


def lines(result: Result, across: Sequence[int], row: Row) -> int:
    """Return how many lines the highest cell of a row takes."""
    cells = zip(result.columns, across, strict=True)
    texts = ((row.values.get(column.key), width) for column, width in cells if column.kind == "text")
    return max((broken(one, width) for one, width in texts if isinstance(one, str)), default=1)


def head_lines(labels: Sequence[str], across: Sequence[int]) -> int:
    """Return how many lines the header takes."""
    return max(map(broken, labels, across), default=1)


def broken(text: str, width: int) -> int:
    """Return how many lines a text takes in a column of so many characters."""
    return max(1, ceil(text_width(text) / (width - 1)))
