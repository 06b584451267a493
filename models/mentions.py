"""What forms and reports name outside themselves: roles, departments, people, calendars, forms, fields."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from models.definition import Definition
from models.definition_parts import Label, Part
from models.letters.names import named_elsewhere
from models.procedure import ClockRule, CreateRecord, FileWith, MoveLinked, Route, Transition, Who
from models.reports.parts import ReportDefinition

Kind = Literal["role", "department", "person", "calendar", "form", "field"]


@dataclass(frozen=True)
class Mention:
    """One name, and where in the definition it stands; `form` is set for a field of another form.

    `within` are the names of the parts around it, from the outside in, as people know them.
    """

    path: str
    kind: Kind
    name: str
    form: str = ""
    within: tuple[Label, ...] = field(default=(), compare=False)

    def place(self, language: str) -> str:
        """Return where it stands, in words as far as there are any."""
        return " · ".join(one.text(language) for one in self.within) or self.path


def of(definition: Definition) -> Iterator[Mention]:
    """Yield everything that a form's workflow, clocks, slips, stock checks and letters name."""
    if definition.workflow:
        yield from _inside(definition.workflow, f"{definition.key}.workflow", definition)
    for clock in definition.clocks:
        yield from _inside(clock, f"{definition.key}.clocks.{clock.key}", definition)
    for name in ("slip", "stock_check"):
        if part := getattr(definition, name):
            yield Mention(f"{definition.key}.{name}.ledger", "form", part.ledger)
    for letter in definition.letters:
        path = f"{definition.key}.letters.{letter.key}"
        for form, key in named_elsewhere(letter, definition):
            yield Mention(path, "field", key, form, within=(letter.label,))


def of_report(report: ReportDefinition) -> Iterator[Mention]:
    """Yield whom a report names: its readers, and those it is sent to."""
    yield from (Mention(f"{report.key}.readers", "role", name) for name in report.readers)
    for index, schedule in enumerate(report.schedules):
        path, who = f"{report.key}.schedules.{index}", schedule.recipients
        yield from (Mention(path, "role", name) for name in who.roles)
        yield from (Mention(path, "person", name) for name in who.people)
        yield from (Mention(path, "department", code) for code in (*who.heads, *who.members))


def _inside(
    part: Part, path: str, definition: Definition, around: tuple[Label, ...] = ()
) -> Iterator[Mention]:
    called = getattr(part, "label", None)
    within = (*around, called) if isinstance(called, Label) and called != Label() else around
    yield from (replace(one, within=within) for one in _own(part, path, definition))
    for name in type(part).model_fields:
        value = getattr(part, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Part):
                key = getattr(one, "key", "")
                yield from _inside(one, f"{path}.{name}{'.' if key else ''}{key}", definition, within)


def _own(part: Part, path: str, definition: Definition) -> Iterator[Mention]:
    if isinstance(part, Who):
        yield from _of_who(part, path, definition)
    elif isinstance(part, Route):
        named: tuple[tuple[Kind, str], ...] = (
            ("role", part.role),
            ("department", "" if part.department in definition.by_key else part.department),
            ("person", part.person),
        )
        yield from (Mention(path, kind, name) for kind, name in named if name)
    elif isinstance(part, CreateRecord):
        yield Mention(path, "form", part.form)
        yield from (Mention(path, "field", key, part.form) for key in {**part.values, **part.mapped})
        yield from _read_elsewhere(part, path, definition)
    elif isinstance(part, MoveLinked):
        yield Mention(path, "form", part.form)
    elif isinstance(part, FileWith):
        yield Mention(path, "department", part.department)
    elif isinstance(part, Transition):
        yield from (Mention(f"{path}.waits_for", "form", key) for key in part.waits_for)
    elif isinstance(part, ClockRule) and part.calendar:
        yield Mention(path, "calendar", part.calendar)


def _read_elsewhere(part: CreateRecord, path: str, definition: Definition) -> Iterator[Mention]:
    """Yield the fields of other forms' records that a reference of this one leads to."""
    for source in part.mapped.values():
        first, _dot, key = source.partition(".")
        outer = definition.by_key.get(first)
        if key and outer and outer.type == "reference":
            yield Mention(path, "field", key, outer.form)


def _of_who(who: Who, path: str, definition: Definition) -> Iterator[Mention]:
    yield from (Mention(path, "role", name) for name in who.roles)
    yield from (Mention(path, "person", name) for name in who.people)
    yield from (Mention(path, "department", code) for code in (*who.heads, *who.members))
    if who.within and not who.within.startswith("@") and who.within not in definition.by_key:
        yield Mention(path, "department", who.within)
