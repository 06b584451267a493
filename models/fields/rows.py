"""Reading the rows of a table, cell by cell, and saying which cells are wrong."""

import re
import secrets
from collections.abc import Mapping
from typing import Any, TypeAlias

from models.definition import Field
from models.errors import ValueProblem
from models.fields.base import FieldType, ParseContext, RowProblems
from models.fields.choices import Choice, MultiChoice
from models.fields.contacts import Email, Link, Phone
from models.fields.dates import Date, DateTime
from models.fields.durations import Duration
from models.fields.links import Department, Person, Reference
from models.fields.money import Money
from models.fields.numbers import DecimalNumber, Integer, Percent, Rating
from models.fields.reading import is_blank
from models.fields.text import LongText, Text
from models.fields.yes_no import Boolean
from models.messages import Message, _

MAX_ROWS = 2_000
MAX_PROBLEMS = 200
ROW = "_row"
Row: TypeAlias = dict[str, Any]
SIMPLE_TYPES: dict[str, FieldType[Any]] = {
    one.key: one
    for one in (
        Text(), LongText(), Integer(), DecimalNumber(), Money(), Percent(), Date(), DateTime(), Duration(),
        Choice(), MultiChoice(), Boolean(), Rating(), Phone(), Email(), Link(),
        Person(), Department(), Reference(),
    )
}  # fmt: skip
_ROW_ID = re.compile(r"[0-9a-f]{8}\Z")
INDEX = re.compile(r"\d{1,9}\Z", re.ASCII)


def new_row_id() -> str:
    """Return what tells a new row from all others of its table."""
    return secrets.token_hex(4)


def column_type(column: Field) -> FieldType[Any]:
    """Return the type of a table's column."""
    return SIMPLE_TYPES[column.type]


class RowReader:
    """One reading of a table: collects the rows, and what is wrong with each cell."""

    def __init__(self, field: Field, context: ParseContext, before: list[Row]) -> None:
        self.field = field
        self.context = context
        self.before = {row.get(ROW): row for row in before}
        self.problems: dict[str, Message] = {}
        self.used: set[str] = set()

    def read(self, raw: object) -> list[Row]:
        """Return the rows that are not empty. Raises ValueProblem, or RowProblems for cells."""
        filled = [(index, row) for index, row in enumerate(_as_rows(raw)) if not self._is_empty(row)]
        if len(filled) > MAX_ROWS:
            raise ValueProblem(_("At most %(max)s rows.", max=MAX_ROWS))
        rows = []
        for index, row in filled:
            rows.append((index, self._row(index, row)))
            if len(self.problems) >= MAX_PROBLEMS:
                break
        self._check_unique(rows)
        if self.problems:
            raise RowProblems(self.problems)
        return [row for _index, row in rows]

    def _is_empty(self, row: object) -> bool:
        if not isinstance(row, Mapping):
            return is_blank(row)
        return all(_blank_cell(value) for key, value in row.items() if key != ROW)

    def _row(self, index: int, raw: object) -> Row:
        if not isinstance(raw, Mapping):
            self.problems[str(index)] = _("This is not a row.")
            return {}
        for key in raw:
            if key != ROW and key not in self.field.columns:
                self.problems[str(index)] = _("There is no column “%(key)s”.", key=str(key)[:60])
        row: Row = {ROW: self._row_id(raw.get(ROW))}
        before = self.before.get(row[ROW], {})
        for column in self.field.fields:
            value = self._cell(f"{index}.{column.key}", column, raw.get(column.key), before.get(column.key))
            if value is not None:
                row[column.key] = value
        return row

    def _cell(self, path: str, column: Field, raw: object, before: object) -> object:
        try:
            value: object = column_type(column).parse(column, raw, self.context, before)
        except ValueProblem as problem:
            self.problems[path] = problem.message
            return None
        if value is None and column.required:
            self.problems[path] = _("This is needed.")
        return value

    def _row_id(self, given: object) -> str:
        known = isinstance(given, str) and _ROW_ID.match(given) and given not in self.used
        row_id = str(given) if known else new_row_id()
        while row_id in self.used:
            row_id = new_row_id()
        self.used.add(row_id)
        return row_id

    def _check_unique(self, rows: list[tuple[int, Row]]) -> None:
        for column in self.field.fields:
            seen: set[str] = set()
            for index, row in rows if column.unique else ():
                value = row.get(column.key)
                mark = repr(value)
                if value is not None and mark in seen:
                    self.problems.setdefault(f"{index}.{column.key}", _("This is already in another row."))
                seen.add(mark)


def _as_rows(raw: object) -> list[object]:
    """Return the rows of a list, or of a mapping from position to row."""
    if isinstance(raw, Mapping):
        if not all(isinstance(key, int) or (isinstance(key, str) and INDEX.match(key)) for key in raw):
            raise ValueProblem(_("A list of rows is needed here."))
        return [raw[key] for key in sorted(raw, key=int)]
    if not isinstance(raw, list | tuple):
        raise ValueProblem(_("A list of rows is needed here."))
    return list(raw)


def _blank_cell(value: object) -> bool:
    """Tell whether an input was left as it is: an amount without a number counts as blank."""
    if isinstance(value, Mapping) and set(value) <= {"amount", "currency"}:
        return is_blank(value.get("amount"))
    return is_blank(value)
