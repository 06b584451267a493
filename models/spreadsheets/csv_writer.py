"""CSV files that Excel opens rightly: UTF-8 with a mark, CRLF, and no text that could run as a formula."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from bson.decimal128 import Decimal128

from models.spreadsheets.cells import Locale
from models.spreadsheets.columns import Column
from models.spreadsheets.text import without_illegal
from models.spreadsheets.workbook import header_text

_GUARDED = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_TEXT_KINDS = frozenset({"text", "long_text", "choice", "link"})
_HOUR, _MINUTE = 3600, 60


def guard(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe goes before = + - @ tab CR LF.

    A text that begins with apostrophes and one of these gets one more, so that `unguard` gives back the same.
    """
    return "'" + text if _GUARDED.match(text) else text


def unguard(text: str) -> str:
    """Return what `guard` was given."""
    return text[1:] if text.startswith("'") and _GUARDED.match(text) else text


class CsvFile:
    """A CSV file being written; a context manager that leaves nothing behind when it fails."""

    def __init__(
        self, path: Path, columns: Sequence[Column], locale: Locale, *, delimiter: str = ","
    ) -> None:
        """Begin with the header."""
        self.rows = self.replaced = 0
        self._path, self._columns, self._locale = path, tuple(columns), locale
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file, delimiter=delimiter)
        self._writer.writerow([self._clean(header_text(column)) for column in self._columns])

    def write(self, rows: Iterable[Sequence[object]]) -> None:
        """Add rows; each has one value per column, as `Column` says."""
        for row in rows:
            self._writer.writerow(
                [self._cell(column, value) for column, value in zip(self._columns, row, strict=True)]
            )
            self.rows += 1

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def _cell(self, column: Column, value: object) -> str:
        if value is None:
            return ""
        if column.kind in _TEXT_KINDS or isinstance(value, str):
            return self._clean(str(value))
        return self._plain(column, value)

    def _clean(self, text: str) -> str:
        legal = without_illegal(text)
        self.replaced += legal != text
        return guard(legal)

    def _plain(self, column: Column, value: object) -> str:
        """Return a number, moment or word: never a formula, and read back by the import."""
        if isinstance(value, bool):
            return self._locale.booleans[value]
        if isinstance(value, datetime):
            local = value.astimezone(self._locale.timezone) if value.tzinfo else value
            return f"{local:%Y-%m-%d %H:%M:%S}"
        if isinstance(value, Mapping):
            return _amount(column, value)
        if column.kind == "duration" and isinstance(value, int):
            return f"{value // _HOUR}:{value % _HOUR // _MINUTE:02}:{value % _MINUTE:02}"
        return f"{_number(value)}%" if column.kind == "percent" else _number(value)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if error is not None:
            self._path.unlink(missing_ok=True)


def _number(value: object) -> str:
    number = value.to_decimal() if isinstance(value, Decimal128) else value
    return f"{number}"


def _amount(column: Column, value: Mapping[str, object]) -> str:
    amount, currency = _number(value.get("amount", "")), value.get("currency")
    return amount if currency in {None, column.currency} else f"{currency} {amount}"
