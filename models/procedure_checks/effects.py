"""What effects and descriptions of people name, and whether it is there."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from models import ledger_checks, rules, stock_check_checks
from models.definition import Definition, Field
from models.definition_parts import Label
from models.errors import ValueProblem
from models.fields import type_of
from models.fields.base import ParseContext
from models.ledger_parts import CheckStock, MovePieces
from models.messages import Message, _
from models.problems import Problem
from models.procedure import (
    Assign,
    ClockAction,
    CreateRecord,
    Effect,
    FileWith,
    Move,
    MoveLinked,
    Notify,
    RouteBy,
    SetField,
    Who,
)
from models.procedure_checks.placeholders import is_known, placeholders

PERSON_SOURCES = frozenset({"@owner", "@created_by", "@updated_by", "@assignees", "@me"})
_NOT_WRITTEN = frozenset({"computed", "serial", "section", "help"})
_NOT_COPIED = frozenset({"attachment", "image", "signature"})
_POINTS = frozenset({"person", "department", "reference"})
_TEXTS = frozenset({"text", "long_text"})
_NUMBERS = frozenset({"integer", "decimal", "percent", "rating"})
_TYPES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "@now": frozenset({"datetime"}),
        "@today": frozenset({"date"}),
        "@created_at": frozenset({"datetime"}),
        "@updated_at": frozenset({"datetime"}),
        "@me": frozenset({"person"}),
        "@owner": frozenset({"person"}),
        "@created_by": frozenset({"person"}),
        "@my_department": frozenset({"department"}),
        "@department": frozenset({"department"}),
        "@number": _TEXTS,
        "@title": _TEXTS,
        "@state": _TEXTS,
        "@id": frozenset({"reference"}),
    }
)


def unknown(key: str) -> Message:
    """Say that there is no such field."""
    return _("There is no field “%(key)s”.", key=key)


def who_problems(who: Who, definition: Definition, path: str) -> Iterator[Problem]:
    """Yield what a description of people names and the form does not have."""
    for source in who.fields:
        if source not in PERSON_SOURCES and _type_at(source, definition) not in {"person", "signature"}:
            yield Problem(f"{path}.fields", _("“%(key)s” is not a field with a person.", key=source))
    for name in ("heads_of", "members_of"):
        for source in getattr(who, name):
            if source != "@department" and _type_at(source, definition) != "department":
                yield Problem(f"{path}.{name}", _not_department(source))
    field = definition.by_key.get(who.within)
    if field and field.type != "department":  # what is no field is a department's code
        yield Problem(f"{path}.within", _not_department(who.within))
    if who.within and not who.roles:
        yield Problem(f"{path}.within", _("Name roles, of which those within the department are meant."))


def _not_department(source: str) -> Message:
    return _("“%(key)s” is not a field with a department.", key=source)


def _type_at(source: str, definition: Definition) -> str:
    first, _dot, column = source.partition(".")
    field = definition.by_key.get(first)
    if field and column:
        field = field.columns.get(column)
    return field.type if field else ""


def rule_problems(tree: Any, definition: Definition, path: str) -> Iterator[Problem]:  # noqa: ANN401  (JSON)
    """Yield what is wrong with a condition."""
    if tree is not None:
        yield from (Problem(path, problem.message) for problem in rules.check(tree, definition))


def field_problems(keys: Iterable[str], definition: Definition, path: str) -> Iterator[Problem]:
    """Yield those of some keys that are no fields people fill in."""
    for key in keys:
        field = definition.by_key.get(key)
        if field is None:
            yield Problem(path, unknown(key))
        elif field.type in _NOT_WRITTEN or key in definition.written:
            yield Problem(path, _("Nobody writes “%(field)s” by hand.", field=field.label))


def effect_problems(
    effects: Iterable[Effect], definition: Definition, path: str, *, of_clock: bool = False
) -> Iterator[Problem]:
    """Yield what is wrong with effects; only those of a clock may take a transition."""
    for at, effect in enumerate(effects):
        where = f"{path}.{at}"
        if isinstance(effect, Move) and not of_clock:
            yield Problem(where, _("Only a clock takes a transition as one of its effects."))
        else:
            yield from _effect(effect, definition, where)


def _effect(effect: Effect, definition: Definition, path: str) -> Iterator[Problem]:
    if isinstance(effect, SetField):
        yield from _set(effect, definition, path)
    elif isinstance(effect, CreateRecord):
        yield from _create(effect, definition, path)
    elif isinstance(effect, Notify | Assign):
        yield from _people(effect, definition, path)
    elif isinstance(effect, MovePieces):
        yield from ledger_checks.effect_problems(effect, definition, path)
    elif isinstance(effect, CheckStock):
        yield from stock_check_checks.effect_problems(effect, definition, path)
    if isinstance(effect, Notify | FileWith):
        yield from text_problems(effect.text, definition, f"{path}.text")
    yield from _named(effect, definition, path)


def _people(effect: Notify | Assign, definition: Definition, path: str) -> Iterator[Problem]:
    yield from who_problems(effect.who, definition, f"{path}.who")
    if not effect.who:
        yield Problem(f"{path}.who", _("Say who."))
    if isinstance(effect, Notify) and not effect.text:
        yield Problem(f"{path}.text", _("This is needed."))


def _named(effect: Effect, definition: Definition, path: str) -> Iterator[Problem]:
    workflow = definition.workflow
    if isinstance(effect, RouteBy) and (workflow is None or effect.table not in workflow.by_table):
        yield Problem(f"{path}.table", _("There is no routing table “%(key)s”.", key=effect.table))
    if isinstance(effect, ClockAction) and effect.clock not in definition.by_clock:
        yield Problem(f"{path}.clock", _("There is no clock “%(key)s”.", key=effect.clock))
    if isinstance(effect, Move) or (isinstance(effect, MoveLinked) and effect.form == definition.key):
        yield from step_problems(effect, definition, path)


def step_problems(effect: Move | MoveLinked, target: Definition, path: str) -> Iterator[Problem]:
    """Yield that an effect takes a step that a form does not have."""
    workflow = target.workflow
    if workflow is None or effect.transition not in workflow.by_transition:
        yield Problem(f"{path}.transition", _("There is no step “%(key)s”.", key=effect.transition))


def text_problems(text: Label, definition: Definition, path: str) -> Iterator[Problem]:
    """Yield placeholders of a text that mean nothing."""
    for name in sorted(placeholders(text)):
        if not is_known(name, definition):
            yield Problem(path, unknown(name))


def _set(effect: SetField, definition: Definition, path: str) -> Iterator[Problem]:
    field = definition.by_key.get(effect.field)
    if field is None:
        yield Problem(f"{path}.field", unknown(effect.field))
    elif field.type in _NOT_WRITTEN or field.key in definition.written:
        yield Problem(f"{path}.field", _("Nobody writes “%(field)s” by hand.", field=field.label))
    elif effect.source:
        yield from _source(effect.source, field, definition, f"{path}.source")
    elif effect.value is not None:
        yield from _value(effect.value, field, f"{path}.value")


def _value(value: Any, field: Field, path: str) -> Iterator[Problem]:  # noqa: ANN401  (JSON)
    if field.type in _POINTS:
        return  # whether it is there is known only when it is written
    try:
        type_of(field).parse(field, value, ParseContext())
    except ValueProblem as problem:
        yield Problem(path, problem.message)


def _source(source: str, target: Field, definition: Definition, path: str) -> Iterator[Problem]:
    field = definition.by_key.get(source)
    if field is None and source not in _TYPES:
        yield Problem(path, unknown(source))
    elif field is not None and field.type in _NOT_COPIED:
        yield Problem(path, _("Files and signatures cannot be copied."))
    elif not (target.type in _TYPES[source] if field is None else _fits(field, target)):
        yield Problem(path, _("The value of “%(source)s” does not fit here.", source=_called(source, field)))


def _called(source: str, field: Field | None) -> object:
    return field.label if field else source


def _fits(source: Field, target: Field) -> bool:
    """Tell whether what one field holds can be written to another."""
    if target.type in _TEXTS:
        return source.type not in {"table", "money", "multi_choice", *_POINTS}
    if target.type in _NUMBERS:
        return source.type in _NUMBERS or (
            source.type == "computed" and source.result in {"decimal", "integer"}
        )
    if source.type == "computed":
        return source.result == target.type
    same_form = source.type != "reference" or source.form == target.form
    return source.type == target.type and same_form


def _create(effect: CreateRecord, definition: Definition, path: str) -> Iterator[Problem]:
    for key, source in effect.mapped.items():
        first, _dot, column = source.partition(".")
        field = definition.by_key.get(first)
        if field and column and field.type == "reference":
            continue  # of another form, which `mentions` asks for its field
        if field and column:
            field = field.columns.get(column) if effect.each == first else None
        if field is None and source not in _TYPES:
            yield Problem(f"{path}.mapped.{key}", unknown(source))
        elif field is not None and field.type in _NOT_COPIED:
            yield Problem(f"{path}.mapped.{key}", _("Files and signatures cannot be copied."))
    if effect.each and _type_at(effect.each, definition) != "table":
        yield Problem(f"{path}.each", _("“%(key)s” is not a table.", key=effect.each))
    back = definition.by_key.get(effect.back)
    if effect.back and (back is None or back.type != "reference" or back.form != effect.form):
        yield Problem(f"{path}.back", _("“%(key)s” does not refer to that form.", key=effect.back))
    if effect.form == definition.key:
        yield from fit_problems(effect, definition, path)


def fit_problems(effect: CreateRecord, target: Definition, path: str) -> Iterator[Problem]:
    """Yield what an effect gives to fields that the other form does not have or does not accept."""
    for name in ("values", "mapped"):
        for key in getattr(effect, name):
            field = target.by_key.get(key)
            if field is None or field.type in _NOT_WRITTEN:
                yield Problem(f"{path}.{name}.{key}", unknown(key))
            elif name == "values":
                yield from _value(effect.values[key], field, f"{path}.{name}.{key}")
