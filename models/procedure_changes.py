"""What is different between the procedures, ledgers and letters of two versions of a form: part by part."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from models.definition import Definition
from models.definition_parts import Label, Part
from models.procedure import Workflow

Kind = Literal[
    "workflow", "state", "transition", "table", "clock", "ledger", "slip", "stock_check", "letter"
]  # fmt: skip
How = Literal["added", "removed", "changed", "moved"]
_OWN = frozenset({"initial", "on_create"})


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def label(self) -> Label: ...


@dataclass(frozen=True)
class Changed:
    """One property that differs; `before` and `after` are plain values as in a dump."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class PartChange:
    """A state, step, clock, letter and the like that came, went or differs; `moved`: only their order."""

    kind: Kind
    key: str
    label: Label
    how: How
    changes: tuple[Changed, ...] = ()


def compare_procedures(before: Definition | None, after: Definition) -> Iterator[PartChange]:
    """Yield what changes in the procedure from one version to another."""
    old, new = before.workflow if before else None, after.workflow
    yield from _workflow(old, new)
    yield from _parts("state", old.states if old else (), new.states if new else ())
    yield from _parts("transition", old.transitions if old else (), new.transitions if new else ())
    yield from _parts("table", old.routing if old else (), new.routing if new else ())
    yield from _parts("clock", before.clocks if before else (), after.clocks)


def compare_parts(before: Definition | None, after: Definition) -> Iterator[PartChange]:
    """Yield what changes in what makes a form a ledger, a slip or a stock check, and in its letters."""
    yield from _whole("ledger", before.ledger if before else None, after.ledger)
    yield from _whole("slip", before.slip if before else None, after.slip)
    yield from _whole("stock_check", before.stock_check if before else None, after.stock_check)
    yield from _parts("letter", before.letters if before else (), after.letters)


def _whole(kind: Kind, before: Part | None, after: Part | None) -> Iterator[PartChange]:
    if before and after:
        if changes := _changes(before, after):
            yield PartChange(kind, "", Label(), "changed", changes)
    elif before or after:
        yield PartChange(kind, "", Label(), "added" if after else "removed")


def _workflow(before: Workflow | None, after: Workflow | None) -> Iterator[PartChange]:
    if before and after:
        changes = _changes(before, after, only=_OWN)
        if changes:
            yield PartChange("workflow", "", Label(), "changed", changes)
    elif before or after:
        yield PartChange("workflow", "", Label(), "added" if after else "removed")


def _parts(kind: Kind, before: Sequence[_Keyed], after: Sequence[_Keyed]) -> Iterator[PartChange]:
    old, new = {part.key: part for part in before}, {part.key: part for part in after}
    for key, part in new.items():
        if key not in old:
            yield PartChange(kind, key, part.label, "added")
        elif changes := _changes(old[key], part):
            yield PartChange(kind, key, part.label, "changed", changes)
    for key, part in old.items():
        if key not in new:
            yield PartChange(kind, key, part.label, "removed")
    if [key for key in old if key in new] != [key for key in new if key in old]:
        yield PartChange(kind, "", Label(), "moved")


def _changes(before: object, after: object, only: frozenset[str] = frozenset()) -> tuple[Changed, ...]:
    if not isinstance(before, Part) or not isinstance(after, Part):
        return ()
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    names = [name for name in new if (name in only if only else name != "key")]
    return tuple(Changed(name, old[name], new[name]) for name in names if old[name] != new[name])
