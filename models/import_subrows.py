"""Rows of table fields that stand on sheets of their own, to be fetched by the record they belong to."""

import pickle
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Self

from models.fields.reading import cell_text
from models.import_drafts import cell_of
from models.import_plan import RowsSheet
from models.spreadsheets.table import CellValue, Row, Table

_SCHEMA = "CREATE TABLE rows (field TEXT, key TEXT, number INTEGER, cells BLOB, used INTEGER DEFAULT 0)"
_INDEX = "CREATE INDEX by_key ON rows (field, key, number)"


def key_text(cell: CellValue) -> str:
    """Return what two sheets must have in common for a row to belong to a record."""
    text = cell_text(cell)
    return "" if text is None else " ".join(str(text).split())


class SubRows:
    """The rows of every such sheet, by table field and record, in a temporary file: any order, any number."""

    def __init__(self, table: Table, plans: Mapping[str, RowsSheet], tick: Callable[[], None]) -> None:
        """Read the sheets. Raises UnreadableFileError."""
        self._plans = plans
        self._store = sqlite3.connect("")
        self._store.execute(_SCHEMA)
        for field, plan in plans.items():
            self._store.executemany(
                "INSERT INTO rows (field, key, number, cells) VALUES (?, ?, ?, ?)",
                self._read(table, field, plan, tick),
            )
        self._store.execute(_INDEX)

    @staticmethod
    def _read(
        table: Table, field: str, plan: RowsSheet, tick: Callable[[], None]
    ) -> Iterator[tuple[str, str, int, bytes]]:
        for row in table.body(plan.sheet):
            tick()
            yield field, key_text(cell_of(row, plan.key)), row.number, pickle.dumps(row.cells)

    def take(self, row: Row) -> dict[str, list[Row]]:
        """Return by table field the rows that belong to a row of the main sheet, and mark them as used."""
        found = {}
        for field, plan in self._plans.items():
            key = key_text(cell_of(row, plan.link))
            found[field] = self._fetch("field = ? AND key = ? AND key <> ''", (field, key))
            self._store.execute("UPDATE rows SET used = 1 WHERE field = ? AND key = ?", (field, key))
        return found

    def left(self, field: str) -> list[Row]:
        """Return the rows that no row of the main sheet asked for."""
        return self._fetch("field = ? AND (NOT used OR key = '')", (field,))

    def _fetch(self, condition: str, values: tuple[str, ...]) -> list[Row]:
        found = self._store.execute(
            f"SELECT number, cells FROM rows WHERE {condition} ORDER BY number",  # noqa: S608  (no value in it)
            values,
        )
        return [Row(number, pickle.loads(cells)) for number, cells in found]  # noqa: S301  (written above)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store.close()
