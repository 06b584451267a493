"""What can be asked of which field: the operators, and the kinds of value they compare."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from models.definition import Field, FieldTypeKey
from models.messages import Message, _


class Kind(StrEnum):
    """How a value compares, whatever its field type looks like on the screen."""

    TEXT = "text"
    KEY = "key"
    ID = "id"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    OPAQUE = "opaque"


DATED = frozenset({Kind.DATE, Kind.DATETIME})

_KIND_OF_TYPE: Mapping[str, Kind] = MappingProxyType(
    {
        "text": Kind.TEXT,
        "long_text": Kind.TEXT,
        "phone": Kind.TEXT,
        "email": Kind.TEXT,
        "link": Kind.TEXT,
        "serial": Kind.TEXT,
        "integer": Kind.NUMBER,
        "decimal": Kind.NUMBER,
        "money": Kind.NUMBER,
        "percent": Kind.NUMBER,
        "duration": Kind.NUMBER,
        "rating": Kind.NUMBER,
        "date": Kind.DATE,
        "datetime": Kind.DATETIME,
        "boolean": Kind.BOOLEAN,
        "choice": Kind.KEY,
        "multi_choice": Kind.KEY,
        "person": Kind.ID,
        "department": Kind.ID,
        "reference": Kind.ID,
    }
)

_KIND_OF_RESULT: Mapping[str, Kind] = MappingProxyType(
    {
        "decimal": Kind.NUMBER,
        "integer": Kind.NUMBER,
        "text": Kind.TEXT,
        "boolean": Kind.BOOLEAN,
        "date": Kind.DATE,
    }
)

Arity = Literal["none", "one", "two", "many"]


@dataclass(frozen=True)
class Operator:
    """One operator: its words on the screen and how many values stand behind it."""

    key: str
    label: Message
    arity: Arity
    dated_label: Message | None = None

    def label_for(self, kind: Kind) -> Message:
        """Return the words that suit a kind: dates are after one another, not greater."""
        return self.dated_label if self.dated_label and kind in DATED else self.label


OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        operator.key: operator
        for operator in (
            Operator("eq", _("is"), "one"),
            Operator("ne", _("is not"), "one"),
            Operator("gt", _("is greater than"), "one", _("is after")),
            Operator("gte", _("is at least"), "one", _("is on or after")),
            Operator("lt", _("is less than"), "one", _("is before")),
            Operator("lte", _("is at most"), "one", _("is on or before")),
            Operator("between", _("is between"), "two"),
            Operator("in", _("is one of"), "many"),
            Operator("not_in", _("is none of"), "many"),
            Operator("contains", _("contains"), "one"),
            Operator("starts_with", _("starts with"), "one"),
            Operator("empty", _("is empty"), "none"),
            Operator("not_empty", _("is not empty"), "none"),
        )
    }
)

_SAME = ("eq", "ne")
_SET = ("in", "not_in")
_PRESENCE = ("empty", "not_empty")
_ORDERED = (*_SAME, "gt", "gte", "lt", "lte", "between", *_SET, *_PRESENCE)

_OF_KIND: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        Kind.TEXT: ("contains", "starts_with", *_SAME, *_SET, *_PRESENCE),
        Kind.KEY: (*_SAME, *_SET, *_PRESENCE),
        Kind.ID: (*_SAME, *_SET, *_PRESENCE),
        Kind.NUMBER: _ORDERED,
        Kind.DATE: _ORDERED,
        Kind.DATETIME: _ORDERED,
        Kind.BOOLEAN: (*_SAME, *_PRESENCE),
        Kind.OPAQUE: _PRESENCE,
    }
)


def kind_of(field: Field) -> Kind:
    """Return how a field's values compare; files, signatures and tables are only there or not."""
    if field.type == "computed":
        return _KIND_OF_RESULT[field.result]
    return _KIND_OF_TYPE.get(field.type, Kind.OPAQUE)


def operators_of_kind(kind: Kind, *, many: bool = False) -> tuple[str, ...]:
    """Return the operators of a kind, the most usual first; `many` when a value is a list of keys or ids."""
    operators = _OF_KIND[kind]
    return ("contains", *operators) if many and kind in {Kind.KEY, Kind.ID} else operators


def holds_many(field: Field) -> bool:
    """Tell whether a field's value is a list of keys or ids."""
    return field.type == "multi_choice" or (field.type in {"person", "reference"} and field.many)


def operators_for(field: Field) -> tuple[str, ...]:
    """Return the operators that a rule or filter may use on a field."""
    return operators_of_kind(kind_of(field), many=holds_many(field)) if field.holds_value else ()


def operators_of_type(type_key: FieldTypeKey) -> tuple[str, ...]:
    """Return the operators of a field type whose properties are all at their defaults."""
    return operators_for(Field.model_validate({"key": "any", "type": type_key}))
