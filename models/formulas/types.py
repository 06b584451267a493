"""What a formula reckons with: five plain types, and the tables that aggregates run over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from bson import Decimal128

from models.definition import Field
from models.messages import Message, _
from models.rules.operators import Kind, holds_many, kind_of


class Type(StrEnum):
    """The type of a part of a formula. `EMPTY` is what `None` is; it goes with everything."""

    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    LIST = "list"
    TABLE = "table"
    EMPTY = "empty"


TYPE_NAMES: Mapping[Type, Message] = {
    Type.NUMBER: _("a number"),
    Type.TEXT: _("a text"),
    Type.BOOLEAN: _("yes or no"),
    Type.DATE: _("a date"),
    Type.DATETIME: _("a date and time"),
    Type.LIST: _("a list"),
    Type.TABLE: _("a table"),
    Type.EMPTY: _("nothing"),
}

_TYPES: Mapping[Kind, Type] = {
    Kind.TEXT: Type.TEXT,
    Kind.KEY: Type.TEXT,
    Kind.NUMBER: Type.NUMBER,
    Kind.DATE: Type.DATE,
    Kind.DATETIME: Type.DATETIME,
    Kind.BOOLEAN: Type.BOOLEAN,
}


@dataclass(frozen=True)
class Table:
    """The rows of a table field, from which aggregates take one column."""

    field: Field
    rows: tuple[Mapping[str, Any], ...]

    def column(self, key: str) -> list[Any]:
        """Return the values of a column that are there."""
        column = self.field.columns[key]
        values = (to_value(column, row.get(key)) for row in self.rows)
        return [value for value in values if value is not None]


Value = Decimal | str | bool | date | datetime | tuple[str, ...] | Table | None


def type_of_field(field: Field) -> Type | None:
    """Return the type of a field in formulas, or None where it has no use (people, files)."""
    if field.type == "table":
        return Type.TABLE
    found = _TYPES.get(kind_of(field))
    return Type.LIST if found and holds_many(field) else found


def to_value(field: Field, stored: Any) -> Value:  # noqa: ANN401  (whatever a record holds)
    """Return a stored value as formulas reckon with it; None for what is empty or of another type.

    Money is its amount, a percent the number before the sign, a duration its seconds.
    """
    kind = type_of_field(field)
    if kind == Type.TABLE:
        rows = stored if isinstance(stored, list) else []
        return Table(field, tuple(row for row in rows if isinstance(row, Mapping)))
    if kind == Type.NUMBER:
        return _number(stored.get("amount") if isinstance(stored, Mapping) else stored)
    if kind == Type.LIST:
        return tuple(stored) if isinstance(stored, list) and stored else None
    if kind == Type.DATE:
        return _date(stored)
    if kind == Type.DATETIME:
        return _moment(stored)
    wanted = bool if kind == Type.BOOLEAN else str
    return stored if isinstance(stored, wanted) and stored != "" else None


def _number(stored: Any) -> Decimal | None:  # noqa: ANN401
    if isinstance(stored, Decimal128):
        stored = stored.to_decimal()
    if isinstance(stored, bool) or not isinstance(stored, Decimal | int):
        return None
    number = Decimal(stored)
    return number if number.is_finite() else None


def _date(stored: Any) -> date | None:  # noqa: ANN401
    try:
        return date.fromisoformat(stored) if isinstance(stored, str) else None
    except ValueError:
        return None


def _moment(stored: Any) -> datetime | None:  # noqa: ANN401
    if not isinstance(stored, datetime):
        return None
    return stored if stored.tzinfo else stored.replace(tzinfo=UTC)
