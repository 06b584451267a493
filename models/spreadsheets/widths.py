"""Sensible column widths, measured from the header and the first rows."""

import unicodedata
from collections.abc import Sequence

from models.spreadsheets.columns import Column

SAMPLE_ROWS = 200
_PADDING = 2.5
_FILTER_ARROW = 2
_NARROWEST = 8.0
_WIDEST = 60.0
_BY_KIND = {
    "date": 11.0,
    "datetime": 17.0,
    "duration": 10.0,
    "integer": 8.0,
    "decimal": 10.0,
    "money": 14.0,
    "percent": 9.0,
}


def text_width(text: str) -> int:
    """Return the width of a text's longest line in half-width characters; CJK counts double."""
    return max((sum(map(_character, line)) for line in text.split("\n")), default=0)


def _character(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class WidthMeter:
    """Looks at the first rows of a sheet and says how wide each column should be."""

    def __init__(self, columns: Sequence[Column], labels: Sequence[str]) -> None:
        """Begin with the header; its filter arrow needs room too."""
        self._columns = columns
        self._rows_left = SAMPLE_ROWS
        self._widths = [
            max(text_width(label) + _FILTER_ARROW, _BY_KIND.get(column.kind, 0))
            for column, label in zip(columns, labels, strict=True)
        ]

    def look(self, rows: Sequence[Sequence[object]]) -> None:
        """Measure the texts of some rows, as long as the sample is not full."""
        sample = rows[: self._rows_left]
        self._rows_left -= len(sample)
        for row in sample:
            for index, cell in enumerate(row):
                value = cell[0] if isinstance(cell, tuple) else cell
                if isinstance(value, str) and self._columns[index].kind not in _BY_KIND:
                    self._widths[index] = max(self._widths[index], text_width(value[:200]))

    def widths(self) -> list[float]:
        """Return each column's width in characters."""
        return [
            column.width or min(max(width + _PADDING, _NARROWEST), _WIDEST)
            for column, width in zip(self._columns, self._widths, strict=True)
        ]
