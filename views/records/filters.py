"""List filters: for every filterable field a Flask-Admin filter per operator, each a leaf of a rule tree."""

from typing import Any

from flask_admin.model.filters import BaseFilter
from werkzeug.datastructures import MultiDict

from models import rules
from models.definition import STATE, Definition, Field, RuleTree
from models.errors import DomainError
from models.export_columns import SYSTEM_LABELS
from models.fields import type_of
from models.form_checks import SYSTEM_COLUMNS
from models.messages import _
from models.rules import OPERATORS, PERIODS
from models.validation import parse_context
from views.context import current_actor, say

MAX_FILTERS = 20
SEPARATOR = "|"
PERIOD = "period"
_SYSTEM: dict[str, Field] = {
    "created_at": Field(key="created_at", type="datetime"),
    "updated_at": Field(key="updated_at", type="datetime"),
    "number": Field(key="number", type="text"),
    "owner": Field(key="owner", type="person"),
    "department": Field(key="department", type="department"),
}
_DAY = Field(key="day", type="date")


class FieldFilter(BaseFilter):  # type: ignore[misc]
    """One operator on one field; in the address it is `<field>.<operator>`: no label, so no collision."""

    def __init__(self, field: Field, operator: str) -> None:
        super().__init__(field.key)
        self.field = field
        self.operator = operator

    @property
    def argument(self) -> str:
        """Its name in the address."""
        return f"{self.field.key}.{self.operator}"

    def clean(self, value: str) -> RuleTree:
        """Turn the text of the address into a leaf. Raises ValueError with a message for the person."""
        system = self.field.key in _SYSTEM or self.field.key == STATE
        leaf: RuleTree = {"field": f"@{self.field.key}" if system else self.field.key}
        if self.operator == PERIOD:
            if value not in PERIODS:
                raise ValueError(say(_("This filter cannot be read.")))
            return {**leaf, "op": "eq", "value": {"period": value}}
        return {**leaf, "op": self.operator, **self._operand(value)}

    def _operand(self, value: str) -> RuleTree:
        arity = OPERATORS[self.operator].arity
        if arity == "none":
            return {}
        texts = value.split(SEPARATOR) if arity in {"two", "many"} else [value]
        operands = [self._one(text) for text in texts if arity == "two" or text.strip()]
        if not operands or (arity == "two" and len(operands) != 2):  # noqa: PLR2004  (from, to)
            raise ValueError(say(_("This filter needs a value.")))
        return {"value": operands if arity in {"two", "many"} else operands[0]}

    def _one(self, text: str) -> Any:  # noqa: ANN401  (whatever a rule compares with)
        if self.field.type in {"person", "department"} and text in {"me", "my_department"}:
            return {text: True}
        whole_day = _day(self.field, text)
        if whole_day:
            return whole_day
        try:
            stored: Any = type_of(self.field).filter_value(self.field, text, parse_context(current_actor()))
        except DomainError as error:
            raise ValueError(say(error.message)) from None
        if stored is None:
            raise ValueError(say(_("This filter needs a value.")))
        return stored

    def apply(self, query: list[RuleTree], value: str) -> list[RuleTree]:
        """Add the leaf to the conditions."""
        return [*query, self.clean(value)]

    def operation(self) -> str:
        """Return the operator's words in the reader's language."""
        return operator_label(self.field, self.operator)


def _day(field: Field, text: str) -> str | None:
    """Read a date without time on a date-time field: it means the whole day."""
    if field.type != "datetime":
        return None
    try:
        return type_of(_DAY).parse(_DAY, text, parse_context(current_actor()))
    except DomainError:
        return None


def operator_label(field: Field, operator: str) -> str:
    """Return an operator's words in the reader's language."""
    if operator == PERIOD:
        return say(_("is in"))
    return say(OPERATORS[operator].label_for(rules.kind_of(field)))


def operators_of(field: Field) -> tuple[str, ...]:
    """Return the operators offered for a field; dates begin with the usual periods."""
    offered = type_of(field).operators_for(field)
    return (PERIOD, *offered) if field.type in {"date", "datetime"} else offered


def filterable_fields(definition: Definition) -> list[Field]:
    """Return the fields a list can be filtered by, system columns last."""
    own = [field for field in definition.value_fields if field.filterable and type_of(field).filterable]
    state = [definition.state_field] if definition.state_field else []
    return [*state, *own, *(_SYSTEM[key] for key in SYSTEM_COLUMNS if key in _SYSTEM)]


def filters_of(definition: Definition) -> list[FieldFilter]:
    """Return every filter of a form."""
    return [
        FieldFilter(field, operator)
        for field in filterable_fields(definition)
        for operator in operators_of(field)
    ]


def label_of(definition: Definition, key: str, language: str) -> str:
    """Return the caption of a column: a field's, or a system column's."""
    field = definition.by_key.get(key)
    if field is not None:
        return field.label.text(language) or key
    return say(SYSTEM_LABELS[key]) if key in SYSTEM_LABELS else key


def address_arguments(form: MultiDict[str, str]) -> list[tuple[str, str]]:
    """Turn the panel's inputs (`f-<field>-op`, `f-<field>-value`, `f-<field>-to`) into arguments."""
    found: list[tuple[str, str]] = []
    for name in form:
        if not (name.startswith("f-") and name.endswith("-op")):
            continue
        key = name[2:-3]
        operator = form[name]
        value = _panel_value(form, key, operator)
        if value is not None:
            found.append((f"flt{len(found)}_{key}.{operator}", value))
    return found[:MAX_FILTERS]


def _panel_value(form: MultiDict[str, str], key: str, operator: str) -> str | None:
    if operator == PERIOD:
        return form.get(f"f-{key}-period") or None
    arity = OPERATORS[operator].arity if operator in OPERATORS else "one"
    if arity == "none":
        return "1"
    values = [value.strip() for value in form.getlist(f"f-{key}-value") if value.strip()]
    if arity == "two":
        until = form.get(f"f-{key}-to", "").strip()
        return SEPARATOR.join((values[0], until)) if values and until else None
    return SEPARATOR.join(values) if values else None


NOT_INLINE = _("This column cannot be edited in the list.")
