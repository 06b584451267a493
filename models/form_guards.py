"""What a new version of a form may not do to what is stored under the versions before it."""

from collections.abc import Iterable, Iterator, Mapping

from models.definition import Definition, Field, Option
from models.form_indexes import Records
from models.messages import _
from models.people import EVERY_FORM, Role
from models.problems import Problem

COUNT_CAP = 100_000


def field_types(definition: Definition) -> dict[str, str]:
    """Return what may never change about each field: `{"items/qty": "integer"}`."""
    types: dict[str, str] = {}
    for field in definition.fields:
        types[field.key] = _identity(field)
        types.update({f"{field.key}/{column.key}": _identity(column) for column in field.fields})
    return types


def _identity(field: Field) -> str:
    several = "*" if field.many else ""
    details = {"computed": field.result, "reference": f"{field.form}{several}", "person": several}
    detail = details.get(field.type, "")
    return f"{field.type}:{detail}" if detail else field.type


def options(definition: Definition) -> dict[str, list[str]]:
    """Return the keys of the options of every choice: `{"items/kind": ["a", "b"]}`."""
    found: dict[str, list[str]] = {}
    for path, field in _choices(definition):
        found[path] = [option.key for option in field.options]
    return found


def _choices(definition: Definition) -> Iterator[tuple[str, Field]]:
    for field in definition.fields:
        if field.options:
            yield field.key, field
        yield from ((f"{field.key}/{column.key}", column) for column in field.fields if column.options)


def guard(
    definition: Definition,
    before: Definition | None,
    ever: Mapping[str, str],
    options_ever: Mapping[str, Iterable[str]] | None = None,
) -> Iterator[Problem]:
    """Yield what a new version may not do to what is stored (design: definitions are versioned).

    Args:
        definition: the new version.
        before: the version in force, if there is one.
        ever: the type of every field ever published, as `field_types` gives it.
        options_ever: the options ever published, as `options` gives them.
    """
    types = field_types(definition)
    for path, identity in types.items():
        if path in ever and ever[path] != identity:
            yield Problem(
                f"fields.{path.replace('/', '.')}.type",
                _("The type of a published field never changes. Add a new field instead."),
            )
    kept = options(definition)
    published = options(before) if before else {}
    for path, keys in (options_ever or {}).items():
        published[path] = list(dict.fromkeys([*published.get(path, ()), *keys]))
    for path in published.keys() & types.keys():
        for key in [key for key in published[path] if key not in kept.get(path, ())]:
            yield Problem(
                f"fields.{path.replace('/', '.')}.options",
                _("The option “%(key)s” was published. Retire it instead of deleting it.", key=key),
            )


def keep_titles_open(definition: Definition) -> Iterator[Problem]:
    """Yield fields of the title that a role masks or hides: everybody who sees a record reads its title."""
    for role in Role.objects(field_rules__form__in=[definition.key, EVERY_FORM]):
        for rule in role.field_rules:
            if (
                rule.concerns(definition.key)
                and rule.withholds
                and any(map(rule.closes, definition.title_fields))
            ):
                name = str(role)
                yield Problem(
                    "title_fields",
                    _("The role “%(role)s” hides this field, so it cannot be part of the title.", role=name),
                )


def keep_states(definition: Definition, before: Definition | None, records: Records) -> Iterator[Problem]:
    """Yield states that a new version no longer has although records rest in them.

    Args:
        definition: the new version.
        before: the version in force, if there is one.
        records: the collection of the form's records.
    """
    was = before.workflow if before else None
    kept = definition.workflow.by_state if definition.workflow else {}
    for state in was.states if was else ():
        if state.key in kept:
            continue
        resting = records.count_documents({"state": state.key}, limit=COUNT_CAP)
        if resting:
            yield Problem(
                "workflow.states",
                _(
                    "%(count)s records are in the state “%(state)s” (%(key)s). Keep it, or move them first.",
                    count=resting,
                    state=state.label,
                    key=state.key,
                ),
            )


def keep_options(definition: Definition, later: Iterable[Definition]) -> Definition:
    """Return an earlier version with the options that later ones, newest first, added, as retired ones."""
    added: dict[str, dict[str, Option]] = {}
    for version in later:
        for path, field in _choices(version):
            for option in field.options:
                added.setdefault(path, {}).setdefault(option.key, option.model_copy(update={"retired": True}))
    fields = [_with_options(field, field.key, added) for field in definition.fields]
    return definition.model_copy(update={"fields": tuple(fields)})


def _with_options(field: Field, path: str, added: Mapping[str, Mapping[str, Option]]) -> Field:
    columns = tuple(_with_options(column, f"{path}/{column.key}", added) for column in field.fields)
    missing = [option for key, option in added.get(path, {}).items() if key not in field.options_by_key]
    return field.model_copy(update={"fields": columns, "options": (*field.options, *missing)})
