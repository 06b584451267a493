"""Whether values may be stored under a form's rules: the same answer for screens, imports and the API.

The order is fixed: read what was given, drop what may not be written, settle what is seen and computed,
then ask what is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from bson import ObjectId

from models import formulas, rules
from models.definition import Definition
from models.errors import ValueProblem
from models.fields import type_of
from models.fields.base import ParseContext, RowProblems
from models.lookups import References
from models.messages import Message, _
from models.people import Actor
from models.rules import RuleContext
from models.times import now

MAX_SETTLING_ROUNDS = 10
_NEVER_WRITTEN = frozenset({"computed", "serial"})

Values = dict[str, Any]
Errors = dict[str, list[Message]]


@dataclass
class Checked:
    """What came of a validation: the data as it would be stored, and what is wrong with it."""

    data: Values
    errors: Errors = attribute(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    locked: frozenset[str] = frozenset()


def parse_context(actor: Actor, references: References | None = None) -> ParseContext:
    """Return the context in which an actor's input is read."""
    return ParseContext(
        language=actor.language,
        timezone=actor.timezone,
        person=actor.id,
        department=actor.department,
        references=references or References(),
    )


def rule_context(actor: Actor) -> RuleContext:
    """Return the context in which rules are evaluated for an actor."""
    return RuleContext(now=now(), timezone=actor.timezone, person=actor.id, department=actor.department)


def validate(
    actor: Actor,
    definition: Definition,
    raw: Mapping[str, Any],
    *,
    before: Values | None = None,
    partial: bool = False,
    references: References | None = None,
) -> Checked:
    """Check values against a form without writing anything.

    Args:
        actor: whose input it is.
        definition: the version to check against.
        raw: field key → raw value; a key that is absent leaves the field as it is.
        before: the stored data of an existing record; None for a new one.
        partial: report only problems of the given fields (inline edit of one cell).
        references: share one between many calls to look each name up once.
    """
    context = parse_context(actor, references)
    rule_values = rule_context(actor)
    checked = Checked(data=_start(definition, before, context))
    start = dict(checked.data)
    _refuse_unknown(definition, raw, checked)
    _read(definition, raw, checked, context, before or {})
    _keep_locked(definition, checked, start if before is None else before, rule_values, is_new=before is None)
    _settle(definition, checked, rule_values)
    _ask_for_missing(definition, checked, rule_values)
    if partial:
        checked.errors = {path: found for path, found in checked.errors.items() if path.split(".")[0] in raw}
    return checked


def defaults(actor: Actor, definition: Definition) -> Values:
    """Return the data that a new record starts with."""
    started = Checked(_start(definition, None, parse_context(actor)))
    return _settle(definition, started, rule_context(actor)).data


def _start(definition: Definition, before: Values | None, context: ParseContext) -> Values:
    if before is not None:
        return dict(before)
    values = {field.key: type_of(field).default(field, context) for field in definition.value_fields}
    return {key: value for key, value in values.items() if value is not None}


def _refuse_unknown(definition: Definition, raw: Mapping[str, Any], checked: Checked) -> None:
    for key in raw:
        known = definition.by_key.get(key)
        if known is None or not known.holds_value:
            checked.errors[_nameable(key)] = [_("This form has no such field.")]


def _nameable(key: object) -> str:
    """Return an unknown key so that it can be shown, whatever it holds."""
    return "".join(filter(str.isprintable, str(key)[:60])) or "?"


def _read(
    definition: Definition, raw: Mapping[str, Any], checked: Checked, context: ParseContext, before: Values
) -> None:
    for field in definition.value_fields:
        if field.key not in raw or field.type in _NEVER_WRITTEN:
            continue
        try:
            value = type_of(field).parse(field, raw[field.key], context, before.get(field.key))
        except RowProblems as problem:
            checked.errors.update(
                {f"{field.key}.{path}": [found] for path, found in problem.problems.items()}
            )
            continue
        except ValueProblem as problem:
            checked.errors[field.key] = [problem.message]
            continue
        _put(checked.data, field.key, value)


def _put(data: Values, key: str, value: Any) -> None:  # noqa: ANN401  (any stored value)
    if value is None:
        data.pop(key, None)
    else:
        data[key] = value


def _keep_locked(
    definition: Definition, checked: Checked, stored: Values, context: RuleContext, *, is_new: bool
) -> None:
    """Undo what was written to read-only fields; the rule is asked of what was stored before."""
    asked = checked.data if is_new else stored
    locked = {
        field.key
        for field in definition.value_fields
        if field.readonly
        or (field.readonly_if and rules.evaluate(field.readonly_if, asked, definition, context))
    }
    for key in locked:
        _put(checked.data, key, stored.get(key))
        checked.errors.pop(key, None)
    checked.locked = frozenset(locked)


def _settle(definition: Definition, checked: Checked, context: RuleContext) -> Checked:
    """Hide and compute until nothing changes; a hidden field holds no value."""
    given = dict(checked.data)
    computed = formulas.order(definition)
    for _round in range(MAX_SETTLING_ROUNDS):
        before = dict(checked.data)
        hidden = _hidden(definition, checked.data, context)
        checked.data = {key: value for key, value in given.items() if key not in hidden}
        for field in computed:
            if field.key not in hidden:
                formula = formulas.compile_formula(field.formula, definition, field)
                _put(checked.data, field.key, formula.evaluate(checked.data))
        checked.hidden = frozenset(hidden)
        if checked.data == before:
            break
    checked.errors = {
        path: found for path, found in checked.errors.items() if path.split(".")[0] not in checked.hidden
    }
    return checked


def _hidden(definition: Definition, values: Values, context: RuleContext) -> set[str]:
    """Return the fields that are not seen, by their own rule or because their section is not."""
    own = {
        field.key
        for field in definition.fields
        if field.visible_if and not rules.evaluate(field.visible_if, values, definition, context)
    }
    return own | {key for key, section in definition.section_of.items() if section.key in own}


def _ask_for_missing(definition: Definition, checked: Checked, context: RuleContext) -> None:
    for field in definition.value_fields:
        if field.type in _NEVER_WRITTEN or field.key in checked.hidden | checked.locked | set(checked.errors):
            continue  # nobody can fill what they do not see or may not write
        needed = field.required or (
            field.required_if is not None
            and rules.evaluate(field.required_if, checked.data, definition, context)
        )
        if needed and checked.data.get(field.key) is None:
            checked.errors[field.key] = [_("This is needed.")]


def referenced_files(data: Values, definition: Definition) -> set[ObjectId]:
    """Return the ids of every file that a data set holds."""
    found: set[ObjectId] = set()
    for field in definition.value_fields:
        value = data.get(field.key)
        if not value:
            continue
        if field.type in {"attachment", "image"}:
            found.update(one["file"] for one in value)
        elif field.type == "signature":
            found.add(value["file"])
    return found
