"""Whether values may be stored under a form's rules: the same answer for screens, imports and the API.

The order is fixed: read what was given, drop what may not be written, settle what is seen and computed,
then ask what is missing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from models import formulas, rules
from models.definition import Definition, Field, RuleTree
from models.errors import ValueProblem
from models.field_limits import FieldLimits
from models.fields import type_of
from models.fields.base import ParseContext, RowProblems
from models.forms import LiveForm
from models.lookups import References
from models.messages import Message, _
from models.people import Actor, Limit
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
        references=references or References(actor.person),
    )


def limits_of(actor: Actor, definition: Definition) -> FieldLimits:
    """Return how far fields are closed to an actor; to be shared between many calls of `validate`."""
    return FieldLimits(actor.person, LiveForm(definition, 0))


def validate(
    actor: Actor,
    definition: Definition,
    raw: Mapping[str, Any],
    *,
    before: Values | None = None,
    record: Mapping[str, Any] | None = None,
    partial: bool = False,
    strict: bool = False,
    opened: Collection[str] = (),
    references: References | None = None,
    limits: FieldLimits | None = None,
) -> Checked:
    """Check values against a form without writing anything.

    Args:
        actor: whose input it is.
        definition: the version to check against.
        raw: field key → raw value; a key that is absent leaves the field as it is.
        before: the stored data of an existing record; None for a new one.
        record: the stored record itself: its state may close fields, and rules may ask for `@owner`.
        partial: report only problems of the given and the opened fields (inline edit of one cell, a step).
        strict: say so where a change of a field is refused because the state or a role closes it.
        opened: fields that may be written in this step although they are closed; what is masked or hidden
            stays so.
        references: share one between many calls to look each name up once.
        limits: the same, for how far fields are closed to the actor.
    """
    context = parse_context(actor, references)
    known = limits or limits_of(actor, definition)
    closed = known.of_new() if before is None else known.of({**(record or {}), "data": before})
    asked = _Asked(actor, definition, record, opened, limits=closed, is_new=before is None)
    checked = Checked(data=_start(definition, before, context))
    start = dict(checked.data) if before is None else before
    raw = _refuse_unknown(asked, raw, checked)
    _read(definition, raw, checked, context, before or {})
    _keep_locked(asked, checked, start, strict=strict)
    _settle(asked, checked, before or {})
    _ask_for_missing(asked, checked)
    if partial:
        asked_for = {*raw, *opened}
        checked.errors = {
            path: found for path, found in checked.errors.items() if path.split(".")[0] in asked_for
        }
    return checked


def defaults(actor: Actor, definition: Definition) -> Values:
    """Return the data that a new record starts with."""
    started = Checked(_start(definition, None, parse_context(actor)))
    return _settle(_Asked(actor, definition, limits={}, is_new=True), started, {}).data


class _Asked:
    """What rules are asked about besides the data: who acts, and where the record stands."""

    def __init__(
        self,
        actor: Actor,
        definition: Definition,
        record: Mapping[str, Any] | None = None,
        opened: Collection[str] = (),
        *,
        limits: Mapping[str, Limit],
        is_new: bool,
    ) -> None:
        self.definition, self.opened, self.is_new = definition, frozenset(opened), is_new
        self.limits = limits
        self._context = RuleContext.of(actor)
        known_as = newborn(actor) if record is None and is_new else record or {}
        self.system = rules.system_values(known_as, definition)
        workflow = definition.workflow
        known = workflow is not None and (is_new or record is not None)
        self.state = workflow.by_state.get(self.system["@state"]) if workflow and known else None

    def is_unknown(self, key: str) -> bool:
        """Tell whether there is no such field as far as the one who asks is concerned."""
        known = self.definition.by_key.get(key)
        return known is None or not known.holds_value or self.limits.get(key) == Limit.HIDDEN

    def role_closes(self, key: str) -> bool:
        """Tell whether no role opens a field for writing; a step opens what is read-only, and no more."""
        limit = self.limits.get(key)
        return limit is not None and not (limit == Limit.READ_ONLY and key in self.opened)

    def holds(self, tree: RuleTree, data: Values) -> bool:
        """Tell whether a rule holds for data of this record."""
        return rules.evaluate(tree, {**data, **self.system}, self.definition, self._context)

    def state_closes(self, key: str) -> bool:
        """Tell whether the state closes a field; to a new record only what it names is closed."""
        if self.state is None or key in self.opened:
            return False
        return self.state.closes_to_new(key) if self.is_new else self.state.closes(key)


def newborn(actor: Actor) -> Values:
    """Return what a record that is only being made will be called by."""
    made = {"owner": actor.id, "created_by": actor.id, "department": actor.department}
    return {**made, "created_at": now(), "updated_at": now(), "assignees": []}


def closed_fields(definition: Definition, record: Mapping[str, Any] | None) -> frozenset[str]:
    """Return the keys of the fields that the state of a record closes; None asks for a new one."""
    workflow = definition.workflow
    if workflow is None:
        return frozenset()
    state = workflow.state_of(record or {})
    closes = state.closes if record is not None else state.closes_to_new
    return frozenset(field.key for field in definition.value_fields if closes(field.key))


def _start(definition: Definition, before: Values | None, context: ParseContext) -> Values:
    if before is not None:
        return dict(before)
    values = {field.key: type_of(field).default(field, context) for field in definition.value_fields}
    return {key: value for key, value in values.items() if value is not None}


def _refuse_unknown(asked: _Asked, raw: Mapping[str, Any], checked: Checked) -> dict[str, Any]:
    """Say which fields there are not; return the others."""
    unknown = [key for key in raw if asked.is_unknown(key)]
    checked.errors.update({_nameable(key): [_("This form has no such field.")] for key in unknown})
    return {key: value for key, value in raw.items() if key not in unknown}


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


def _keep_locked(asked: _Asked, checked: Checked, stored: Values, *, strict: bool) -> None:
    """Undo what was written to read-only fields; the rule is asked of what was stored before."""
    data = checked.data if asked.is_new else stored
    locked = {field.key for field in asked.definition.value_fields if _is_locked(asked, field, data)}
    for key in locked:
        changed = checked.data.get(key) != stored.get(key)
        _put(checked.data, key, stored.get(key))
        if asked.is_unknown(key):
            continue
        checked.errors.pop(key, None)
        if strict and changed and (refusal := _refusal(asked, key)):
            checked.errors[key] = [refusal]
    checked.locked = frozenset(locked)


def _refusal(asked: _Asked, key: str) -> Message | None:
    """Say what closes a field to whoever tried to change it; a rule of the form says nothing."""
    if asked.state and asked.state_closes(key):
        return _("In the state “%(state)s” this cannot be changed.", state=asked.state.label)
    if key in asked.definition.written:
        return _("Only the program writes this field.")
    return _("You may not change this field.") if asked.role_closes(key) else None


def _is_locked(asked: _Asked, field: Field, data: Values) -> bool:
    if asked.role_closes(field.key) or field.key in asked.definition.written:
        return True
    if field.key in asked.opened:
        return False
    return (
        field.readonly
        or asked.state_closes(field.key)
        or (field.readonly_if is not None and asked.holds(field.readonly_if, data))
    )


def _settle(asked: _Asked, checked: Checked, stored: Values) -> Checked:
    """Hide and compute until nothing changes; a hidden field holds no value, unless the state hides it."""
    given = dict(checked.data)
    computed = formulas.order(asked.definition)
    for _round in range(MAX_SETTLING_ROUNDS):
        before = dict(checked.data)
        hidden = _hidden(asked, checked.data)
        checked.data = {key: value for key, value in given.items() if key not in hidden}
        for key in hidden & stored.keys():
            if _hangs_on_system(asked.definition, key):  # it comes back when the record moves on
                checked.data[key] = stored[key]
        for field in computed:
            if field.key not in hidden:
                formula = formulas.compile_formula(field.formula, asked.definition, field)
                _put(checked.data, field.key, formula.evaluate(checked.data))
        checked.hidden = frozenset(hidden)
        if checked.data == before:
            break
    checked.errors = {
        path: found for path, found in checked.errors.items() if path.split(".")[0] not in checked.hidden
    }
    return checked


def _hidden(asked: _Asked, values: Values) -> set[str]:
    """Return the fields that are not seen, by their own rule or because their section is not."""
    definition = asked.definition
    own = {
        field.key
        for field in definition.fields
        if field.visible_if and not asked.holds(field.visible_if, values)
    }
    hidden = own | {key for key, section in definition.section_of.items() if section.key in own}
    return hidden - {key for key in hidden & asked.opened if _hangs_on_system(definition, key)}


def _hangs_on_system(definition: Definition, key: str) -> bool:
    """Tell whether it depends on the state, the owner and the like whether a field is seen."""
    fields = (definition.by_key.get(key), definition.section_of.get(key))
    used = (rules.fields_used(field.visible_if) for field in fields if field and field.visible_if)
    return any(name.startswith("@") for names in used for name in names)


def _ask_for_missing(asked: _Asked, checked: Checked) -> None:
    for field in asked.definition.value_fields:
        if field.type in _NEVER_WRITTEN or field.key in checked.hidden | checked.locked | set(checked.errors):
            continue  # nobody can fill what they do not see or may not write
        needed = field.required or (
            field.required_if is not None and asked.holds(field.required_if, checked.data)
        )
        if needed and checked.data.get(field.key) is None:
            checked.errors[field.key] = [_("This is needed.")]
