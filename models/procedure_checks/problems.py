"""What keeps the workflow of a form from being published."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Protocol

from models import rules
from models.definition import Definition
from models.messages import Message, _
from models.problems import Problem
from models.procedure import Approval, RoutingTable, SetField, State, Transition, Workflow
from models.procedure_checks import graph
from models.procedure_checks.clocks import clock_problems
from models.procedure_checks.effects import (
    effect_problems,
    field_problems,
    rule_problems,
    text_problems,
    who_problems,
)


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


def problems(definition: Definition) -> Iterator[Problem]:
    """Yield everything that keeps the workflow of a definition from being published."""
    workflow = definition.workflow
    if workflow:
        yield from _whole(workflow)
        for state in workflow.states:
            yield from _state(state, definition, workflow)
        for transition in workflow.transitions:
            yield from _transition(transition, definition, workflow)
        for table in workflow.routing:
            yield from _table(table, definition, workflow)
        yield from effect_problems(workflow.on_create, definition, "workflow.on_create")
        yield from _circles(workflow)
    for clock in definition.clocks:
        for rung in clock.ladder:
            path = f"clocks.{clock.key}.ladder.{rung.key}"
            yield from effect_problems(rung.effects, definition, f"{path}.effects", of_clock=True)
            yield from text_problems(rung.text, definition, f"{path}.text")
    yield from clock_problems(definition)


def _whole(workflow: Workflow) -> Iterator[Problem]:
    if not workflow.states:
        yield Problem("workflow.states", _("A workflow needs at least one state."))
    elif workflow.initial not in workflow.by_state:
        yield Problem("workflow.initial", _no_state(workflow.initial))
    yield from _doubles(workflow.states, "workflow.states", _("Two states have this key."))
    yield from _doubles(workflow.transitions, "workflow.transitions", _("Two steps have this key."))
    yield from _doubles(workflow.routing, "workflow.routing", _("Two routing tables have this key."))


def _doubles(parts: Iterable[_Keyed], path: str, message: Message) -> Iterator[Problem]:
    for key, count in Counter(part.key for part in parts).items():
        if count > 1:
            yield Problem(f"{path}.{key}.key", message)


def _no_state(key: str) -> Message:
    return _("There is no state “%(key)s”.", key=key)


def _state(state: State, definition: Definition, workflow: Workflow) -> Iterator[Problem]:
    path = f"workflow.states.{state.key}"
    if not state.label:
        yield Problem(f"{path}.label", _("Give the state a name."))
    for name in ("readonly_fields", "editable_fields"):
        for key in getattr(state, name):
            if key not in definition.by_key:
                yield Problem(f"{path}.{name}", _("There is no field “%(key)s”.", key=key))
    yield from who_problems(state.who, definition, f"{path}.who")
    if state.approval:
        yield from _approval(state, state.approval, definition, workflow)
    if not state.is_end and not graph.ways(workflow)[state.key]:
        yield Problem(path, _("No step leads out of this state, and it is not an end."))


def _approval(
    state: State, approval: Approval, definition: Definition, workflow: Workflow
) -> Iterator[Problem]:
    path = f"workflow.states.{state.key}.approval"
    if not approval.steps:
        yield Problem(f"{path}.steps", _("An approval needs at least one step."))
    yield from _doubles(approval.steps, f"{path}.steps", _("Two steps have this key."))
    for step in approval.steps:
        where = f"{path}.steps.{step.key}"
        if not step.who:
            yield Problem(f"{where}.who", _("Say who."))
        yield from who_problems(step.who, definition, f"{where}.who")
        yield from rule_problems(step.condition, definition, f"{where}.condition")
    for name in ("approved", "rejected", "withdrawn"):
        key = getattr(approval, name)
        transition = workflow.by_transition.get(key)
        if key and (
            transition is None or transition.by != "approval" or not workflow.leaves(transition, state.key)
        ):
            yield Problem(
                f"{path}.{name}", _("“%(key)s” is not a step of this state that an approval takes.", key=key)
            )


def _transition(transition: Transition, definition: Definition, workflow: Workflow) -> Iterator[Problem]:
    path = f"workflow.transitions.{transition.key}"
    if not transition.label:
        yield Problem(f"{path}.label", _("Give the step a name."))
    for key in transition.sources:
        if key != "*" and key not in workflow.by_state:
            yield Problem(f"{path}.sources", _no_state(key))
    if transition.to not in workflow.by_state:
        yield Problem(f"{path}.to", _no_state(transition.to))
    for name in ("fields", "required"):
        yield from field_problems(getattr(transition, name), definition, f"{path}.{name}")
    yield from who_problems(transition.who, definition, f"{path}.who")
    yield from rule_problems(transition.condition, definition, f"{path}.condition")
    yield from effect_problems(transition.effects, definition, f"{path}.effects")
    if transition.by != "person" and (transition.signature != "no" or transition.reason == "required"):
        yield Problem(path, _("Only a person can give a reason or sign."))
    if transition.by != "person" and transition.waits_for:
        yield Problem(f"{path}.waits_for", _("Only a step that a person takes can wait for other records."))


def _table(table: RoutingTable, definition: Definition, workflow: Workflow) -> Iterator[Problem]:
    path = f"workflow.routing.{table.key}"
    for name, kind in (("department_field", "department"), ("person_field", "person")):
        key = getattr(table, name)
        field = definition.by_key.get(key)
        if key and (field is None or field.type != kind):
            yield Problem(f"{path}.{name}", _("“%(key)s” is not a field for this.", key=key))
    for at, row in enumerate(table.routes):
        where = f"{path}.routes.{at}"
        yield from rule_problems(row.when, definition, f"{where}.when")
        yield from who_problems(row.copy_to, definition, f"{where}.copy_to")
        field = definition.by_key.get(row.department)
        if field and field.type != "department":  # what is no field is a department's code
            yield Problem(f"{where}.department", _("“%(key)s” is not a field for this.", key=field.key))
        if not (row.department or row.person or row.role):
            yield Problem(where, _("Say where records go: to a department, a person or a role."))
        field = definition.by_key.get(row.department)
        if field and field.type != "department":
            yield Problem(f"{where}.department", _("“%(key)s” is not a field for this.", key=row.department))
    if table.back_to and table.back_to not in workflow.by_state:
        yield Problem(f"{path}.back_to", _no_state(table.back_to))
    for key in table.clocks:
        if key not in definition.by_clock:
            yield Problem(f"{path}.clocks", _("There is no clock “%(key)s”.", key=key))


def _circles(workflow: Workflow) -> Iterator[Problem]:
    for circle in graph.circles(workflow):
        if is_endless(circle):
            names = " → ".join(str(workflow.by_state[one.to].label) or one.to for one in circle)
            yield Problem(
                f"workflow.transitions.{circle[0].key}",
                _("The workflow goes round in circles and never rests: %(states)s.", states=names),
            )


def is_endless(circle: tuple[Transition, ...]) -> bool:
    """Tell whether a circle is surely never left: it has one condition at most, and nothing changes it."""
    asked = [one.condition for one in circle if one.condition is not None]
    if any(tree != asked[0] for tree in asked):
        return False
    used = rules.fields_used(asked[0]) if asked else set()
    written = {effect.field for one in circle for effect in one.effects if isinstance(effect, SetField)}
    return "@state" not in used and not used & written
