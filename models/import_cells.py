"""From cells to raw values that a form's validation reads; mistakes are put beside their cells."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from models.definition import Definition, Field
from models.errors import ValueProblem
from models.fields import type_of
from models.fields.base import ParseContext
from models.fields.numbers import BLANK_CELLS
from models.fields.reading import plain_number
from models.fields.rows import ROW
from models.import_drafts import Draft, Group, Place, cell_of, is_blank_cell
from models.import_plan import NUMBER, Plan
from models.ledger_import.columns import TABLES as LEDGER_TABLES
from models.messages import _
from models.spreadsheets.table import CellError, CellValue, Formatted, Row

Raw = dict[str, Any]


class CellReader:
    """Reads the cells of groups under one form and plan."""

    def __init__(self, definition: Definition, plan: Plan) -> None:
        self.definition, self.plan = definition, plan
        self.own = {path: index for index, path in plan.mapping.items() if "." not in path}
        self.tables: dict[str, dict[str, int]] = {
            key: {column: index for index, column in rows.mapping.items()}
            for key, rows in plan.tables.items()
        }
        for index, path in plan.mapping.items():
            key, _dot, column = path.partition(".")
            if column:
                self.tables.setdefault(key, {})[column] = index

    def raw(self, draft: Draft, context: ParseContext) -> Raw:
        """Return the raw values of a group; a table without any row is left out, so it stays as it is."""
        first = draft.group.first
        raw = {
            path: self._value(
                draft, first, Place(first.number, index), self.definition.by_key.get(path), context
            )
            for path, index in self.own.items()
        }
        self._compare_repeated(draft)
        for key in self.tables:
            if rows := self._table(draft, self.definition.by_key[key], context):
                raw[key] = rows
        return raw

    def rows_of(self, group: Group, key: str) -> list[Row]:
        """Return the rows of a group that have cells for a table field."""
        rows = group.others.get(key, []) if key in self.plan.tables else group.rows
        indexes = self.tables[key].values()
        return [row for row in rows if not all(self._is_blank(key, cell_of(row, index)) for index in indexes)]

    @staticmethod
    def _is_blank(table: str, cell: CellValue) -> bool:
        """Tell whether nothing is said; in the columns of loans a dash says so, too."""
        dash = table in LEDGER_TABLES and isinstance(cell, str) and cell.strip() in BLANK_CELLS
        return dash or is_blank_cell(cell)

    def _table(self, draft: Draft, table: Field, context: ParseContext) -> list[Raw]:
        sheet = table.key if table.key in self.plan.tables else ""
        return [
            {
                key: None
                if self._is_blank(table.key, cell_of(row, index))
                else self._value(draft, row, Place(row.number, index, sheet), table.columns[key], context)
                for key, index in self.tables[table.key].items()
            }
            for row in self.rows_of(draft.group, table.key)
        ]

    def _value(self, draft: Draft, row: Row, place: Place, field: Field | None, context: ParseContext) -> Any:  # noqa: ANN401  (raw value)
        cell = cell_of(row, place.column)
        if isinstance(cell, CellError):
            draft.refuse(place, _("This cell shows an error instead of a value."))
            return None
        if field is None:  # the record's number
            return None if is_blank_cell(cell) else str(cell).strip()
        try:
            return type_of(field).from_cell(field, readable(field, cell), context)
        except ValueProblem as problem:
            draft.refuse(place, problem.message)
            return None

    def _compare_repeated(self, draft: Draft) -> None:
        """Refuse a row that continues a record but says something else about it."""
        first = draft.group.first
        for row in draft.group.rows[1:]:
            for index in self.own.values():
                cell = cell_of(row, index)
                if not is_blank_cell(cell) and cell != cell_of(first, index):
                    draft.refuse(
                        Place(row.number, index),
                        _("This differs from row %(row)s, which is about the same record.", row=first.number),
                    )


def keep_rows(table: Field, raw: list[Raw], stored: list[Mapping[str, Any]]) -> None:
    """Let rows of a file take the place of the stored rows in their order: what is not mapped stays."""
    for row, before in zip(raw, stored, strict=False):
        for column in table.fields:
            value = before.get(column.key)
            if column.key not in row and value is not None:
                row[column.key] = type_of(column).to_json(column, value)
        row[ROW] = before.get(ROW, "")


def readable(field: Field, cell: CellValue) -> object:
    """Return a cell as a field reads it: what Excel shows as 50 % or USD 5 is more than its number."""
    if not isinstance(cell, Formatted):
        return cell
    if cell.percent and field.type == "percent":
        return f"{(Decimal(repr(float(cell))) * 100).normalize():f}%"
    if cell.currency and field.type == "money":
        return {"amount": plain_number(float(cell)), "currency": cell.currency}
    return float(cell)


__all__ = ["NUMBER", "CellReader", "Raw", "keep_rows", "readable"]
