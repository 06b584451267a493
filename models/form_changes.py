"""What is different between two versions of a form: for the version list and the impact check."""

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from models.definition import Definition, Field
from models.procedure_changes import PartChange, compare_parts, compare_procedures

# these are compared part by part
_KEYS = frozenset({"key", "fields", "workflow", "clocks", "ledger", "slip", "stock_check", "letters"})


@dataclass(frozen=True)
class Change:
    """One property that differs; `before` and `after` are plain values as in a dump, None where absent."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class FieldChange:
    """A field or column (`items.qty`) whose properties differ."""

    path: str
    field: Field
    changes: tuple[Change, ...]

    @property
    def names(self) -> frozenset[str]:
        """The names of the properties that differ."""
        return frozenset(change.name for change in self.changes)


@dataclass(frozen=True)
class Difference:
    """Everything that differs. Fields and columns are named by path, in the order of their form."""

    added: dict[str, Field] = attribute(default_factory=dict)
    removed: dict[str, Field] = attribute(default_factory=dict)
    changed: tuple[FieldChange, ...] = ()
    form: tuple[Change, ...] = ()
    moved: bool = False
    procedure: tuple[PartChange, ...] = ()
    parts: tuple[PartChange, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether anything differs."""
        fields = self.added or self.removed or self.changed or self.moved
        return bool(fields or self.form or self.procedure or self.parts)


def compare(before: Definition | None, after: Definition) -> Difference:
    """Return what changes from one version to another; without a first one, everything is added."""
    old, new = _by_path(before), _by_path(after)
    changed = [
        FieldChange(path, new[path], changes)
        for path in new
        if path in old
        and (changes := _changes(old[path].model_dump(mode="json"), new[path].model_dump(mode="json")))
    ]
    kept = [path for path in new if path in old]
    return Difference(
        added={path: field for path, field in new.items() if path not in old},
        removed={path: field for path, field in old.items() if path not in new},
        changed=tuple(changed),
        form=_changes(before.model_dump(mode="json"), after.model_dump(mode="json")) if before else (),
        moved=kept != [path for path in old if path in new],
        procedure=tuple(compare_procedures(before, after)),
        parts=tuple(compare_parts(before, after)),
    )


def _by_path(definition: Definition | None) -> dict[str, Field]:
    return dict(_paths(definition.fields if definition else ()))


def _paths(fields: Iterable[Field], table: str = "") -> Iterable[tuple[str, Field]]:
    for field in fields:
        path = f"{table}{field.key}"
        yield path, field
        yield from _paths(field.fields, f"{path}.")


def _changes(before: dict[str, Any], after: dict[str, Any]) -> tuple[Change, ...]:
    return tuple(
        Change(name, before[name], after[name])
        for name in after
        if name not in _KEYS and before[name] != after[name]
    )
