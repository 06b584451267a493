"""Whether a definition makes sense, and whether it may follow the version before it.

Paths in problems read `label`, `fields.<key>.<property>`, `fields.<table>.<column>.<property>`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bson import encode
from bson.errors import BSONError
from pydantic import ValidationError

from models import (
    form_indexes,
    formulas,
    ledger_checks,
    numbering_patterns,
    procedure_checks,
    rules,
    stock_check_checks,
)
from models.definition import Definition, Field
from models.errors import DomainError, InvalidError
from models.fields import type_of
from models.letters import checks as letter_checks
from models.messages import Message, _
from models.problems import Problem, by_path

__all__ = [
    "COLUMN_TYPES",
    "MAX_INDEXED",
    "RESERVED",
    "SYSTEM_COLUMNS",
    "Problem",
    "by_path",
    "load",
    "problems",
    "shape_problems",
    "suggest_key",
]

MAX_INDEXED = form_indexes.MAX_INDEXED
MAX_BYTES = 8 * 1024 * 1024
MAX_NESTING = 30
NAMED_BY = ("key", "measure", "analysis")
RESERVED = frozenset({"csrf_token", "id", "number", "title", "state", "revision", "search", "links", "data"})
COLUMN_TYPES = frozenset(
    {
        "text", "long_text", "integer", "decimal", "money", "percent", "date", "datetime", "duration",
        "choice", "multi_choice", "boolean", "rating", "phone", "email", "link", "person", "department",
        "reference",
    }
)  # fmt: skip
SYSTEM_COLUMNS = (
    "number",
    "state",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "owner",
    "department",
)
_RULES = ("visible_if", "required_if", "readonly_if")


def load(document: Mapping[str, Any]) -> Definition:
    """Read a document as a definition. Raises InvalidError with paths instead of pydantic's error."""
    try:
        definition = Definition.load(dict(document))
        _refuse_unstorable(definition)
    except ValidationError as error:
        raise InvalidError(by_path(shape_problems(error, document))) from None
    except RecursionError:
        raise InvalidError({"fields": [_("This is nested too deeply.")]}) from None
    return definition


def _refuse_unstorable(definition: Definition) -> None:
    """Refuse what MongoDB could not keep: free parts of a definition (rules, defaults) hold any JSON."""
    for field in definition.fields:
        if not all(map(_is_storable, (field, *field.fields))):
            raise InvalidError({f"fields.{field.key}": [_("This value does not fit here.")]})
    for name in ("workflow", "clocks"):
        if not _is_storable_tree(definition.model_dump(mode="json", include={name}, exclude_defaults=True)):
            raise InvalidError({name: [_("This value does not fit here.")]})
    if len(encode(definition.dump())) > MAX_BYTES:
        raise InvalidError({"fields": [_("This form is too large to be stored.")]})


def _is_storable(field: Field) -> bool:
    return _is_storable_tree({name: getattr(field, name) for name in ("default", "min", "max", *_RULES)})


def _is_storable_tree(free: Mapping[str, Any]) -> bool:
    try:
        encode(free)
    except (BSONError, OverflowError, UnicodeError):
        return False
    return _is_plain(free, MAX_NESTING)


def _is_plain(value: Any, levels: int) -> bool:  # noqa: ANN401  (JSON)
    if not levels:
        return False
    if isinstance(value, Mapping):
        return all(
            isinstance(key, str) and not key.startswith("$") and _is_plain(inner, levels - 1)
            for key, inner in value.items()
        )
    return not isinstance(value, list | tuple) or all(_is_plain(inner, levels - 1) for inner in value)


def shape_problems(error: ValidationError, document: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what keeps a document from being read, by paths that bear keys instead of positions."""
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        yield Problem(_path_of(detail["loc"], document), _shape_message(detail["type"]))


def _path_of(location: tuple[int | str, ...], document: Any) -> str:  # noqa: ANN401  (JSON)
    """Turn positions into keys, so that a path survives re-ordering: fields.3.min → fields.qty.min."""
    parts: list[str] = []
    at = document
    for step in location:
        at = _step(at, step)
        parts.append(_name_of(at) or str(step) if isinstance(step, int) else step)
    return ".".join(part for index, part in enumerate(parts) if index == 0 or part != "fields")


def _name_of(part: Any) -> str:  # noqa: ANN401  (JSON)
    """Return what a part of a list is called: by its key, or by what there is only one of it for."""
    names = (part.get(name) for name in NAMED_BY) if isinstance(part, Mapping) else ()
    return next((name for name in names if isinstance(name, str)), "")


def _step(at: Any, step: int | str) -> Any:  # noqa: ANN401  (JSON)
    try:
        return at[step]
    except (KeyError, IndexError, TypeError):
        return None


def _shape_message(kind: str) -> Message:
    if kind == "missing":
        return _("This is needed.")
    if kind == "string_pattern_mismatch":
        return _("Use small letters, digits and underscores, beginning with a letter.")
    if kind == "extra_forbidden":
        return _("There is no such property.")
    if kind in {"too_long", "string_too_long"}:
        return _("This is too long.")
    return _("This value does not fit here.")


def problems(definition: Definition) -> Iterator[Problem]:
    """Yield everything that keeps a definition from being published."""
    if not definition.label:
        yield Problem("label", _("Give the form a name."))
    if not definition.value_fields:
        yield Problem("fields", _("A form needs at least one field."))
    yield from _numbering_problems(definition)
    yield from _unique_keys(definition.fields, "fields")
    for field in definition.fields:
        yield from _field_problems(definition, field)
    yield from _listing_problems(definition)
    yield from _formula_cycle(definition)
    yield from _visibility_cycle(definition)
    yield from procedure_checks.problems(definition)
    yield from ledger_checks.problems(definition)
    yield from stock_check_checks.problems(definition)
    yield from letter_checks.problems(definition)


def _numbering_problems(definition: Definition) -> Iterator[Problem]:
    if definition.numbering:
        for message in numbering_patterns.check(definition.numbering):
            yield Problem("numbering", message)


def _unique_keys(fields: Iterable[Field], path: str) -> Iterator[Problem]:
    for key, count in Counter(field.key for field in fields).items():
        if count > 1:
            yield Problem(f"{path}.{key}.key", _("Two fields have this key."))
        if key in RESERVED:
            yield Problem(f"{path}.{key}.key", _("The product uses this key itself."))


def _field_problems(definition: Definition, field: Field) -> Iterator[Problem]:
    path = f"fields.{field.key}"
    if not field.label and field.type != "help":
        yield Problem(f"{path}.label", _("Give the field a name."))
    for property_name, message in type_of(field).check(field):
        yield Problem(f"{path}.{property_name}", message)
    for name in ("unique", "indexed"):
        if getattr(field, name) and name not in type_of(field).properties:
            yield Problem(f"{path}.{name}", _("A field of this type cannot have this."))
    yield from _rule_problems(definition, field)
    if field.type == "computed" and field.formula.strip():  # its type has said so where there is none
        yield from _formula_problems(definition, field)
    if field.type == "serial" and field.serial_pattern:
        for message in numbering_patterns.check(field.serial_pattern):
            yield Problem(f"{path}.serial_pattern", message)
    if field.type == "table":
        yield from _table_problems(field, path)


def _rule_problems(definition: Definition, field: Field) -> Iterator[Problem]:
    for name in _RULES:
        tree = getattr(field, name)
        if tree is None:
            continue
        for problem in rules.check(tree, definition):
            yield Problem(f"fields.{field.key}.{name}", problem.message)
        if name == "visible_if" and field.key in rules.fields_used(tree):
            yield Problem(f"fields.{field.key}.{name}", _("A field cannot decide whether it is seen itself."))


def _formula_problems(definition: Definition, field: Field) -> Iterator[Problem]:
    try:
        formulas.compile_formula(field.formula, definition, field)
    except DomainError as error:
        yield Problem(f"fields.{field.key}.formula", error.message)


def _formula_cycle(definition: Definition) -> Iterator[Problem]:
    try:
        formulas.order(definition)
    except InvalidError as error:
        for path, messages in error.errors.items():
            full = path if path.startswith("fields") else f"fields.{path}.formula"
            yield from (Problem(full, message) for message in messages)
    except DomainError:
        return  # a formula that does not even compile is reported beside its field


def _visibility_cycle(definition: Definition) -> Iterator[Problem]:
    """Yield fields that are seen or not depending, through other fields, on themselves."""
    needs = {field.key: _needed_to_see(field, definition) for field in definition.fields}
    for key, needed in needs.items():
        others = needed - {key}  # a field that asks for itself is told so beside its rule
        reached: set[str] = set()
        while others - reached:
            reached |= others
            others = set().union(*(needs.get(other, set()) for other in others))
        if key in reached:
            yield Problem(f"fields.{key}.visible_if", _("A field cannot decide whether it is seen itself."))


def _needed_to_see(field: Field, definition: Definition) -> set[str]:
    """Return the keys of the fields on which it depends whether a field is seen and holds a value."""
    used = rules.fields_used(field.visible_if) if field.visible_if else ()
    needed = {name.partition(".")[0] for name in used}
    if field.key in definition.section_of:
        needed.add(definition.section_of[field.key].key)
    if field.type == "computed":
        try:
            needed |= formulas.compile_formula(field.formula, definition, field).names
        except DomainError:
            return needed  # reported beside the formula
    return needed


def _table_problems(field: Field, path: str) -> Iterator[Problem]:
    yield from _unique_keys(field.fields, path)
    for column in field.fields:
        if not column.label:
            yield Problem(f"{path}.{column.key}.label", _("Give the field a name."))
        if column.type not in COLUMN_TYPES:
            yield Problem(f"{path}.{column.key}.type", _("A table cannot have a column of this type."))
            continue
        for property_name, message in type_of(column).check(column):
            yield Problem(f"{path}.{column.key}.{property_name}", message)


def _listing_problems(definition: Definition) -> Iterator[Problem]:
    known = set(definition.by_key) | set(SYSTEM_COLUMNS)
    named = (
        ("title_fields", definition.title_fields),
        ("list_columns", definition.list_columns),
        ("inline_columns", definition.inline_columns),
        ("sort", (definition.sort.field,) if definition.sort else ()),
        ("business_key", (definition.business_key,) if definition.business_key else ()),
    )
    for path, keys in named:
        for key in keys:
            if key not in known:
                yield Problem(path, _("There is no field “%(key)s”.", key=key))
    for key in definition.written & set(definition.inline_columns):
        label = definition.by_key[key].label if key in definition.by_key else key
        yield Problem("inline_columns", _("Nobody writes “%(field)s” by hand.", field=label))
    if form_indexes.count(definition) > MAX_INDEXED:
        yield Problem("fields", _("At most %(max)s fields can be indexed or unique.", max=MAX_INDEXED))


def suggest_key(text: str) -> str:
    """Make a key out of a label; empty where it holds no Latin letters."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:60].lstrip("0123456789_")
