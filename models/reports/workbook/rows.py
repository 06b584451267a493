"""The rows of a sheet: what is the same for all of them is found out once, a list may have 200,000."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from models.reports.results import Column, Row
from models.reports.workbook.styles import Styles, number_format
from models.spreadsheets.engine import write_text
from models.spreadsheets.text import clean

REMEMBERED: Final = 20_000
"""So many texts are cleaned once only: names come again and again."""


@lru_cache(REMEMBERED)
def cleaned(text: str) -> str:
    """Return a text as a cell can hold it."""
    return clean(text).text


class Rows:
    """Writes the rows of one table."""

    def __init__(self, sheet: Worksheet, styles: Styles, columns: Sequence[Column]) -> None:
        """Begin."""
        self._sheet, self._styles, self._columns = sheet, styles, columns
        self._keys = [column.key for column in columns]
        self._formats: dict[str, list[Format]] = {}

    def write(self, at: int, row: Row, look: str) -> None:
        """Write a row, `at` counted from 0, in a look."""
        values, sheet = row.values, self._sheet
        for place, (key, style) in enumerate(zip(self._keys, self._of(row, look), strict=True)):
            value = values.get(key)
            if isinstance(value, str) and value:
                write_text(sheet, at, place, cleaned(value), style)
            elif isinstance(value, int | float):
                sheet.write_number(at, place, value, style)
            elif value is None or value == "":
                sheet.write_blank(at, place, None, style)
            else:
                self._other(at, place, value, style)

    def _other(self, at: int, place: int, value: Any, style: Format) -> None:  # noqa: ANN401  (a value of a table)
        if isinstance(value, Decimal):
            self._sheet.write_number(at, place, float(value), style)
        elif isinstance(value, date):
            self._sheet.write_datetime(at, place, value, style)
        else:
            write_text(self._sheet, at, place, cleaned(str(value)), style)

    def _of(self, row: Row, look: str) -> list[Format]:
        """Return the formats of a row's cells."""
        if row.decimals is not None:
            return [self._styles.get(look, number_format(row.as_shown(column))) for column in self._columns]
        if look not in self._formats:
            found = [self._styles.get(look, number_format(column)) for column in self._columns]
            self._formats[look] = found
        return self._formats[look]
