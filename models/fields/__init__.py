"""What each type of field accepts, stores, shows, compares, exports and imports."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from models.definition import Field
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


__all__ = ["TYPES", "FieldType", "Lookup", "ParseContext", "References", "RowProblems", "sums", "type_of"]
