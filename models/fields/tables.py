"""Tables of sub-rows inside a record. Row keys and paths: `{"_row": "8 hex", column: value}`, `2.qty`."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, localcontext
from typing import Any

from bson import Decimal128
from bson.decimal128 import create_decimal128_context
from typing_extensions import override

from models.definition import Field
from models.errors import TooLargeError, ValueProblem
from models.fields.base import ALWAYS, Cell, FieldType, Json, ParseContext, RowProblems
from models.fields.needs import FormData, Lookup
from models.fields.reading import is_blank
from models.fields.rows import INDEX, MAX_ROWS, ROW, SIMPLE_TYPES, Row, RowReader, column_type
from models.messages import Message, _, translate


class RowForm:
    """The inputs of one row, under the names of its columns."""

    def __init__(self) -> None:
        self._values: dict[str, list[str]] = {}

    def put(self, name: str, values: list[str]) -> None:
        """Keep what was posted for one input."""
        self._values[name] = values

    def getlist(self, key: str, /) -> list[str]:
        """Return every value posted under a name."""
        return self._values.get(key, [])

    def __iter__(self) -> Iterator[str]:
        """Run through the names."""
        return iter(self._values)


class Table(FieldType[list[Row]]):
    """Rows with columns of simple types, kept in their order; a row has a stable `_row`."""

    key = "table"
    name = _("Table")
    description = _("Rows with columns of their own, such as the parts of a delivery.")
    icon = "table"
    widget = "table"
    importable = False
    properties = (
        *ALWAYS,
        "required",
        "readonly",
        "required_if",
        "readonly_if",
        "in_list",
        "searchable",
        "fields",
    )

    @override
    def read(
        self, field: Field, raw: object, context: ParseContext, before: list[Row] | None = None
    ) -> list[Row] | None:
        return RowReader(field, context, before or []).read(raw) or None

    @override
    def filter_value(self, field: Field, raw: object, context: ParseContext) -> object:
        raise ValueProblem(_("A table cannot be compared."))

    @override
    def from_form(self, field: Field, form: FormData, name: str) -> object:
        """Collect `items-0-qty`, `items-0-_row`, … in one pass over the posted names.

        Raises TooLargeError for more rows than anybody types: showing them all again would take minutes.
        """
        prefix = f"{name}-"
        rows: defaultdict[int, RowForm] = defaultdict(RowForm)
        for posted in form:
            if posted.startswith(prefix):
                index, _dash, column = posted[len(prefix) :].partition("-")
                if INDEX.match(index):
                    rows[int(index)].put(column, form.getlist(posted))
                    if len(rows) > 2 * MAX_ROWS:
                        raise TooLargeError(_("At most %(max)s rows.", max=MAX_ROWS))
        return [_raw_row(field, row) for row in rows.values()]  # in the order of the screen

    @override
    def to_json(self, field: Field, value: list[Row]) -> Json:
        return [
            _map_row(field, row, lambda column, one: column_type(column).to_json(column, one))
            for row in value
        ]

    @override
    def to_input(self, field: Field, value: list[Row], lookup: Lookup) -> Json:
        return [
            _map_row(field, row, lambda column, one: column_type(column).to_input(column, one, lookup))
            for row in value
        ]

    @override
    def display(self, field: Field, value: list[Row], lookup: Lookup, language: str) -> str:
        rows = (
            "; ".join(
                f"{column.label.text(language) or column.key}: "
                + column_type(column).display(column, row[column.key], lookup, language)
                for column in field.fields
                if row.get(column.key) is not None
            )
            for row in value
        )
        return "\n".join(rows)

    @override
    def search_text(self, field: Field, value: list[Row], lookup: Lookup) -> str:
        return " ".join(
            column_type(column).search_text(column, row[column.key], lookup)
            for column in field.fields
            if column.searchable or field.searchable
            for row in value
            if row.get(column.key) is not None
        )

    @override
    def cell(self, field: Field, value: list[Row], lookup: Lookup, language: str) -> Cell:
        """Say how many rows there are; the rows themselves go to a sheet of their own."""
        return translate(_("Rows: %(count)s", count=len(value)), language)

    @override
    def from_cell(self, field: Field, cell: object, context: ParseContext) -> object:
        """Take a list of rows whose values are cells, as gathered from a sheet of sub-rows."""
        if is_blank(cell):
            return None
        if not isinstance(cell, list):
            raise ValueProblem(_("The rows of a table are imported from a sheet of their own."))
        return _rows_from_cells(field, cell, context)

    @override
    def check(self, field: Field) -> Iterator[tuple[str, Message]]:
        if not field.fields:
            yield "fields", _("Give the table at least one column.")
        for column in field.fields:
            if column.visible_if or column.required_if or column.readonly_if:
                yield f"{column.key}.visible_if", _("A column of a table cannot have conditions.")
            if column.sum and not getattr(SIMPLE_TYPES.get(column.type), "summable", False):
                yield f"{column.key}.sum", _("Only numbers can be added up.")


def sums(field: Field, value: Iterable[Row]) -> dict[str, list[Any]]:
    """Return the totals of the columns that ask for one, as stored values that `display` shows.

    Each is a list: empty where nothing is filled in, several amounts where there are several currencies.
    """
    rows = list(value)
    totals = {}
    for column in field.fields:
        if column.sum and column.type in SIMPLE_TYPES and column_type(column).summable:
            totals[column.key] = _total(
                column, [row[column.key] for row in rows if row.get(column.key) is not None]
            )
    return totals


def _total(column: Field, values: list[Any]) -> list[Any]:
    if not values:
        return []
    if column.type == "money":
        currencies = dict.fromkeys(one["currency"] for one in values)
        return [
            {
                "amount": _add([one["amount"] for one in values if one["currency"] == currency]),
                "currency": currency,
            }
            for currency in currencies
        ]
    return [sum(values) if isinstance(values[0], int) else _add(values)]


def _add(numbers: Iterable[Decimal128]) -> Decimal128:
    with localcontext(create_decimal128_context()):
        return Decimal128(sum((number.to_decimal() for number in numbers), Decimal(0)))


def _map_row(field: Field, row: Row, convert: Any) -> dict[str, Json]:  # noqa: ANN401  (a function of column and value)
    mapped = {
        column.key: convert(column, row[column.key])
        for column in field.fields
        if row.get(column.key) is not None
    }
    return {ROW: row.get(ROW, ""), **mapped}


def _raw_row(field: Field, form: RowForm) -> Row:
    row = {column.key: column_type(column).from_form(column, form, column.key) for column in field.fields}
    return {ROW: (form.getlist(ROW) or [""])[0], **row}


def _rows_from_cells(field: Field, rows: list[object], context: ParseContext) -> list[object]:
    """Turn the cells of every row into raw values. Raises RowProblems."""
    problems: dict[str, Message] = {}
    found: list[object] = []
    for index, row in enumerate(rows):
        raw = dict(row) if isinstance(row, Mapping) else row
        for column in field.fields:
            if not isinstance(raw, dict) or column.key not in raw:
                continue
            try:
                raw[column.key] = column_type(column).from_cell(column, raw[column.key], context)
            except ValueProblem as problem:
                problems[f"{index}.{column.key}"] = problem.message
        found.append(raw)
    if problems:
        raise RowProblems(problems)
    return found
