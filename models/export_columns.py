"""Which columns an export has, and how a batch of records fills them."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from models.database import Document
from models.definition import STATE, Definition, Field
from models.disclosure import MASKED
from models.fields import type_of
from models.lookups import Lookup
from models.messages import Message, _, translate
from models.procedure import Workflow
from models.queries import SYSTEM_FIELDS
from models.spreadsheets.columns import Column, Kind

Source = Callable[[Sequence[Document], Lookup], list[Any]]

SYSTEM_LABELS: dict[str, Message] = {
    "number": _("Number"),
    "title": _("Title"),
    "state": _("State"),
    "created_at": _("Created"),
    "created_by": _("Created by"),
    "updated_at": _("Changed"),
    "updated_by": _("Changed by"),
    "owner": _("Owner"),
    "department": _("Department"),
    "assignees": _("Assigned to"),
}
AS_STORED = frozenset(
    {"text", "long_text", "integer", "decimal", "money", "percent", "date", "datetime", "duration", "boolean",
     "rating", "link", "serial"}
)  # fmt: skip
"""Types whose stored value is what their cell wants; asking each of a million cells again takes seconds."""

_NAMED = frozenset({"person", "department", "reference", "signature", "table"})
_MOMENTS = frozenset({"created_at", "updated_at"})
_PEOPLE = frozenset({"created_by", "updated_by", "owner"})


class Sources:
    """The columns of one sheet, each with what fills it."""

    def __init__(self, columns: Sequence[tuple[Column, Source]]) -> None:
        self.columns = [column for column, _source in columns]
        self._sources = [source for _column, source in columns]

    def rows(self, records: Sequence[Document], lookup: Lookup) -> Iterator[tuple[Any, ...]]:
        """Yield a row of cells for each record."""
        return zip(*(source(records, lookup) for source in self._sources), strict=True)


def record_columns(
    definition: Definition, keys: Sequence[str], language: str, masked: Collection[str] = ()
) -> Sources:
    """Return the columns of the main sheet for fields and system columns; unknown keys are left out.

    Those of `masked` fields hold texts, because the mask is one.
    """
    found = [
        _masked_column(definition.by_key[key], language)
        if key in masked and key in definition.by_key
        else _column(definition, key, language)
        for key in dict.fromkeys(keys)
    ]
    return Sources([one for one in found if one] or [_system("number", language)])


def named_keys(definition: Definition, keys: Sequence[str]) -> list[str]:
    """Return those of the keys whose cells need names from elsewhere."""
    return [key for key in keys if key in definition.by_key and definition.by_key[key].type in _NAMED]


def tables_of(definition: Definition) -> list[Field]:
    """Return the fields whose rows get sheets of their own."""
    return [field for field in definition.value_fields if field.type == "table" and field.fields]


def row_columns(table: Field, language: str) -> Sources:
    """Return the columns of a table's sheet; its rows come from `rows_of`."""
    own = [(type_of(column).column(column, language), _field_source(column)) for column in table.fields]
    return Sources([_system("number", language), *own])


def rows_of(table: Field, records: Sequence[Document]) -> list[Document]:
    """Return every row of a table as if it were a record with its parent's number."""
    return [
        {"number": key_of(record), "data": row}
        for record in records
        if (rows := record["data"].get(table.key)) is not MASKED
        for row in rows or ()
    ]


def key_of(record: Document) -> str:
    """Return what tells a record from all others on paper: its number, or its id where it has none."""
    return str(record.get("number") or record["_id"])


def _column(definition: Definition, key: str, language: str) -> tuple[Column, Source] | None:
    if key == STATE and definition.workflow:
        return _system(key, language)[0], _state_source(definition.workflow)
    if key in SYSTEM_FIELDS:
        return _system(key, language)
    field = definition.by_key.get(key)
    if field is None or not field.holds_value:
        return None
    return type_of(field).column(field, language), _field_source(field)


def _masked_column(field: Field, language: str) -> tuple[Column, Source]:
    """Return a column of texts: the mask where a value is masked, else what a list shows."""
    key, display = field.key, type_of(field).display

    def cells(records: Sequence[Document], lookup: Lookup) -> list[Any]:
        values = [record["data"].get(key) for record in records]
        return [
            value if value is None or value is MASKED else display(field, value, lookup, lookup.language)
            for value in values
        ]

    return Column(key, field.label.text(language) or key, "text"), cells


def _system(key: str, language: str) -> tuple[Column, Source]:
    kind: Kind = "datetime" if key in _MOMENTS else "text"
    return Column(key, translate(SYSTEM_LABELS[key], language), kind), _system_source(key)


def _system_source(key: str) -> Source:
    path = SYSTEM_FIELDS[key]
    if key == "number":
        return lambda records, _lookup: [key_of(record) for record in records]
    if key in _PEOPLE:
        return lambda records, lookup: [lookup.person(record.get(path)) or None for record in records]
    if key == "department":
        return lambda records, lookup: [lookup.department(record.get(path)) or None for record in records]
    return lambda records, _lookup: [record.get(path) for record in records]


def _state_source(workflow: Workflow) -> Source:
    def cells(records: Sequence[Document], lookup: Lookup) -> list[Any]:
        names = {state.key: state.label.text(lookup.language) or state.key for state in workflow.states}
        first = names.get(workflow.initial)
        return [names.get(state, state) if (state := record.get(STATE)) else first for record in records]

    return cells


def _field_source(field: Field) -> Source:
    key, cell = field.key, type_of(field).cell
    if field.type in AS_STORED:
        return lambda records, _lookup: [record["data"].get(key) for record in records]
    if field.type == "choice":
        return _remembering(field)

    def cells(records: Sequence[Document], lookup: Lookup) -> list[Any]:
        language = lookup.language
        return [
            None if (value := record["data"].get(key)) is None else cell(field, value, lookup, language)
            for record in records
        ]

    return cells


def _remembering(field: Field) -> Source:
    """Return the source of a choice: its few options are worded once."""
    key, cell, known = field.key, type_of(field).cell, dict[Any, Any]({None: None})

    def cells(records: Sequence[Document], lookup: Lookup) -> list[Any]:
        values = [record["data"].get(key) for record in records]
        for value in set(values) - known.keys():
            known[value] = cell(field, value, lookup, lookup.language)
        return [known[value] for value in values]

    return cells
