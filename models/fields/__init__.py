"""What each type of field accepts, stores, shows, compares, exports and imports."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from models.definition import Definition, Field
from models.fields.base import FieldType, ParseContext, RowProblems
from models.fields.derived import Computed, Heading, Help, Serial
from models.fields.files import Attachment, Image, Signature
from models.fields.needs import Lookup, References
from models.fields.rows import SIMPLE_TYPES
from models.fields.tables import Table, sums

TYPES: Mapping[str, FieldType[Any]] = MappingProxyType(
    {
        **SIMPLE_TYPES,
        **{one.key: one for one in (Table(), Attachment(), Image(), Signature(), Computed(), Serial())},
        **{one.key: one for one in (Heading(), Help())},
    }
)


def type_of(field: Field) -> FieldType[Any]:
    """Return the behaviour of a field."""
    return TYPES[field.type]


def filled_in(definition: Definition) -> list[Field]:
    """Return the fields that people fill in: what is computed or written by the program is not among them."""
    return [
        field
        for field in definition.value_fields
        if not type_of(field).derived and field.key not in definition.written
    ]


def columns_filled_in(definition: Definition, table: Field) -> list[Field]:
    """Return the columns of a table that people fill in."""
    written = definition.written_columns.get(table.key, frozenset())
    return [column for column in table.fields if column.key not in written]


__all__ = [
    "TYPES",
    "FieldType",
    "Lookup",
    "ParseContext",
    "References",
    "RowProblems",
    "columns_filled_in",
    "filled_in",
    "sums",
    "type_of",
]
