"""What the left side of a condition may name: a field, a column of a table, or a system column."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from models.definition import Definition, Field, Label
from models.messages import Message, _, translate
from models.rules.operators import Kind, holds_many, kind_of, operators_of_kind

Target = Literal["", "person", "department", "record"]

_TARGETS: Mapping[str, Target] = MappingProxyType(
    {"person": "person", "department": "department", "reference": "record"}
)

SYSTEM: Mapping[str, tuple[Message, Kind, Target]] = MappingProxyType(
    {
        "@number": (_("Number"), Kind.TEXT, ""),
        "@state": (_("State"), Kind.KEY, ""),
        "@owner": (_("Owner"), Kind.ID, "person"),
        "@department": (_("Department"), Kind.ID, "department"),
        "@created_at": (_("Created at"), Kind.DATETIME, ""),
        "@created_by": (_("Created by"), Kind.ID, "person"),
        "@updated_at": (_("Updated at"), Kind.DATETIME, ""),
        "@assignees": (_("Assigned to"), Kind.ID, "person"),
        "@invited": (_("Shared with"), Kind.ID, "person"),
    }
)


_MANY = frozenset({"@assignees", "@invited"})


@dataclass(frozen=True)
class Source:
    """Where a condition reads its value. `field` is None for system columns; `table` is set for a column.

    `states` are those of the form's workflow, for `@state`.
    """

    name: str
    kind: Kind
    target: Target = ""
    field: Field | None = None
    table: Field | None = None
    states: Mapping[str, Label] | None = attribute(default=None, compare=False)

    @property
    def operators(self) -> tuple[str, ...]:
        """The operators that make sense here."""
        many = self.name in _MANY if self.field is None else holds_many(self.field)
        return operators_of_kind(self.kind, many=many)

    @property
    def options(self) -> Mapping[str, Label] | None:
        """The keys it may hold, with what people call them; None where anything goes."""
        if self.field is None or self.kind != Kind.KEY:
            return self.states
        return {key: option.label for key, option in self.field.options_by_key.items()}

    @property
    def path(self) -> str:
        """The path in a record document; for a column, the path in its row."""
        if self.field is None:
            return self.name[1:]
        path = f"{self.field.key}.amount" if self.field.type == "money" else self.field.key
        return path if self.table else f"data.{path}"

    def label(self, language: str) -> str:
        """Return what people call it."""
        if self.field is None:
            return translate(SYSTEM[self.name][0], language)
        label = self.field.label.text(language) or self.field.key
        return f"{self.table.label.text(language) or self.table.key}.{label}" if self.table else label

    def values(self, values: Mapping[str, Any]) -> Iterator[Any]:
        """Yield every value that is there: list entries one by one, a column's from every row."""
        if self.table is None:
            found = [values.get(self.name)]
        else:
            rows = values.get(self.table.key)
            key = self.field.key if self.field else ""
            found = (
                [row.get(key) for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
            )
        for value in found:
            yield from self._present(value)

    def _present(self, value: Any) -> Iterator[Any]:  # noqa: ANN401  (whatever a record holds)
        for part in value if isinstance(value, list) else [value]:
            plain = part
            if self.field is not None and self.field.type == "money":
                plain = part.get("amount") if isinstance(part, Mapping) else None
            if plain is not None and plain != "":
                yield plain


def row_values(table: Field, data: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a column's rule or formula sees: its row before the form, an empty column included."""
    return {**data, **{key: row.get(key) for key in table.columns}}


def find_source(name: str, definition: Definition, table: str = "") -> Source | None:
    """Return what a name means, or None.

    Within the rules of a table's column (`table` names it) a plain key means the column of the same row
    before it means a field of the form.
    """
    if name in SYSTEM:
        _label, kind, target = SYSTEM[name]
        return Source(name, kind, target, states=_states(definition) if name == "@state" else None)
    first, dot, second = name.partition(".")
    if dot:
        owner = definition.by_key.get(first)
        column = owner.columns.get(second) if owner and owner.type == "table" else None
        return _source(name, column, owner)
    row = definition.by_key.get(table)
    return _source(name, (row.columns.get(name) if row else None) or definition.by_key.get(name))


def _source(name: str, field: Field | None, table: Field | None = None) -> Source | None:
    if field is None or not field.holds_value:
        return None
    return Source(name, kind_of(field), _TARGETS.get(field.type, ""), field, table)


def _states(definition: Definition) -> dict[str, Label] | None:
    return {state.key: state.label for state in definition.workflow.states} if definition.workflow else None


def system_values(record: Mapping[str, Any], definition: Definition) -> dict[str, Any]:
    """Return what a record holds under the system's names; without a state it is where its form begins."""
    values = {name: record.get(name[1:]) for name in SYSTEM}
    if not values["@state"] and definition.workflow:
        values["@state"] = definition.workflow.initial
    return values


def browser_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return system values as the browser's rules read them: ids and moments as text."""
    return {name: _plain(value) for name, value in values.items() if value is not None}


def _plain(value: Any) -> Any:  # noqa: ANN401  (a system value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else str(value)


def record_values(record: Mapping[str, Any], definition: Definition) -> dict[str, Any]:
    """Return what rules are asked about: a record's data, and the system columns under their "@" names."""
    return {**record["data"], **system_values(record, definition)}
