"""What to look at in the workflow of a form before it is published; nothing of it stops that."""

from collections.abc import Iterator

from models.database import db
from models.definition import Definition
from models.messages import Message, _
from models.problems import Problem
from models.procedure import (
    CreateRecord,
    Effect,
    FileWith,
    Move,
    MoveLinked,
    RoutingTable,
    State,
    Who,
    Workflow,
)
from models.procedure_checks import graph
from models.procedure_checks.effects import fit_problems, step_problems
from models.procedure_checks.problems import is_endless


def warnings(definition: Definition) -> Iterator[Problem]:
    """Yield what somebody should look at; asks the database which roles, people and forms there are."""
    workflow = definition.workflow
    if workflow and workflow.initial in workflow.by_state:
        yield from _unreachable(workflow)
        yield from _unowned(definition, workflow)
        yield from _untaken(definition, workflow)
        yield from _undecided(workflow)
        for table in workflow.routing:
            yield from _rows(table)
    yield from _missing(definition)


def _unreachable(workflow: Workflow) -> Iterator[Problem]:
    begins = {workflow.initial, *(table.back_to for table in workflow.routing)}
    found = graph.reached(workflow, begins)
    for state in workflow.states:
        path = f"workflow.states.{state.key}"
        if state.key not in found:
            yield Problem(path, _("No record can get into this state."))
        elif not any(workflow.by_state[key].is_end for key in graph.reached(workflow, [state.key])):
            yield Problem(path, _("From here no record can get to an end."))


def _unowned(definition: Definition, workflow: Workflow) -> Iterator[Problem]:
    """Yield open states in which nobody has to do anything."""
    for state in workflow.states:
        if state.category == "open" and not _is_owned(state, definition, workflow):
            yield Problem(f"workflow.states.{state.key}.who", _("Nobody has to do anything in this state."))


def _is_owned(state: State, definition: Definition, workflow: Workflow) -> bool:
    by_itself = any(one.by in {"clock", "rule"} for one in workflow.leaving(state.key))
    watched = any(clock.who and state.key in clock.start.states for clock in definition.clocks)
    return bool(state.who or state.task or state.approval or by_itself or watched)


def _untaken(definition: Definition, workflow: Workflow) -> Iterator[Problem]:
    outcomes = {
        name
        for state in workflow.states
        if state.approval
        for name in (state.approval.approved, state.approval.rejected, state.approval.withdrawn)
    }
    moves = {
        effect.transition
        for clock in definition.clocks
        for rung in clock.ladder
        for effect in rung.effects
        if isinstance(effect, Move)
    }
    moves |= _taken_by_the_program(definition)
    for transition in workflow.transitions:
        path = f"workflow.transitions.{transition.key}.by"
        if transition.by == "approval" and transition.key not in outcomes:
            yield Problem(path, _("No approval takes this step."))
        if transition.by == "clock" and transition.key not in moves:
            yield Problem(path, _("No clock takes this step."))


def _taken_by_the_program(definition: Definition) -> set[str]:
    """Return the steps that are taken when what a record waits for has happened."""
    slip, check = definition.slip, definition.stock_check
    of_slip = {slip.offer} if slip else set()
    return of_slip | ({check.prepared, check.adjusted, check.partly} if check else set())


def _undecided(workflow: Workflow) -> Iterator[Problem]:
    for circle in graph.circles(workflow):
        if not is_endless(circle):  # the others are problems
            yield Problem(
                f"workflow.transitions.{circle[0].key}.condition",
                _("Rules lead from here back to here: their conditions must never all hold."),
            )


def _rows(table: RoutingTable) -> Iterator[Problem]:
    path = f"workflow.routing.{table.key}.routes"
    always = [at for at, row in enumerate(table.routes) if row.when is None]
    if not always:
        yield Problem(path, _("Records for which no row holds stay where they are."))
    elif always[0] < len(table.routes) - 1:
        yield Problem(f"{path}.{always[0]}", _("The rows below are never reached."))


# -- what other collections do not have ---------------------------------------------------------------


def _missing(definition: Definition) -> Iterator[Problem]:
    """Yield roles, people, departments and forms that do not exist (yet)."""
    named = list(_named(definition))
    for collection, key, message in _KINDS:
        wanted = {name for path, kind, name in named if kind == collection}
        known = (
            {one[key] for one in db()[collection].find({key: {"$in": list(wanted)}}, {key: 1})}
            if wanted
            else set()
        )
        for path, kind, name in named:
            if kind == collection and name not in known:
                yield Problem(path, Message(message.msgid, {"key": name}))
    yield from _misfits(definition)


_KINDS = (
    ("roles", "name", _("There is no role “%(key)s”.")),
    ("users", "username", _("There is no user “%(key)s”.")),
    ("departments", "code", _("There is no department “%(key)s”.")),
    ("forms", "_id", _("There is no form “%(key)s”.")),
)


def _named(definition: Definition) -> Iterator[tuple[str, str, str]]:
    """Yield (path, collection, name) for everything the procedure names that lives elsewhere."""
    for path, who in _people(definition):
        yield from ((f"{path}.roles", "roles", role) for role in who.roles)
        yield from ((f"{path}.people", "users", person) for person in who.people)
        for name in ("heads", "members"):
            yield from ((f"{path}.{name}", "departments", code) for code in getattr(who, name))
        if who.within and who.within != "@department" and who.within not in definition.by_key:
            yield f"{path}.within", "departments", who.within
    for path, effect in effects_of(definition):
        if isinstance(effect, CreateRecord | MoveLinked) and effect.form != definition.key:
            yield f"{path}.form", "forms", effect.form
        if isinstance(effect, FileWith):
            yield f"{path}.department", "departments", effect.department
    for transition in definition.workflow.transitions if definition.workflow else ():
        path = f"workflow.transitions.{transition.key}.waits_for"
        yield from ((path, "forms", key) for key in transition.waits_for if key != definition.key)
    for table in definition.workflow.routing if definition.workflow else ():
        for at, row in enumerate(table.routes):
            path = f"workflow.routing.{table.key}.routes.{at}"
            named = (("department", "departments"), ("person", "users"), ("role", "roles"))
            yield from (
                (f"{path}.{name}", kind, getattr(row, name))
                for name, kind in named
                if getattr(row, name) and getattr(row, name) not in definition.by_key
            )


def _people(definition: Definition) -> Iterator[tuple[str, Who]]:
    workflow = definition.workflow
    for state in workflow.states if workflow else ():
        yield f"workflow.states.{state.key}.who", state.who
        for step in state.approval.steps if state.approval else ():
            yield f"workflow.states.{state.key}.approval.steps.{step.key}.who", step.who
    for transition in workflow.transitions if workflow else ():
        yield f"workflow.transitions.{transition.key}.who", transition.who
    for table in workflow.routing if workflow else ():
        for at, row in enumerate(table.routes):
            yield f"workflow.routing.{table.key}.routes.{at}.copy_to", row.copy_to
    for path, effect in effects_of(definition):
        if isinstance(getattr(effect, "who", None), Who):
            yield f"{path}.who", effect.who  # type: ignore[union-attr]
    for clock in definition.clocks:
        yield f"clocks.{clock.key}.who", clock.who
        yield f"clocks.{clock.key}.exempt", clock.exempt
        for rung in clock.ladder:
            yield f"clocks.{clock.key}.ladder.{rung.key}.who", rung.who


def effects_of(definition: Definition) -> Iterator[tuple[str, Effect]]:
    """Yield every effect of a procedure with its path."""
    workflow = definition.workflow
    if workflow:
        for at, effect in enumerate(workflow.on_create):
            yield f"workflow.on_create.{at}", effect
        for transition in workflow.transitions:
            for at, effect in enumerate(transition.effects):
                yield f"workflow.transitions.{transition.key}.effects.{at}", effect
    for clock in definition.clocks:
        for rung in clock.ladder:
            for at, effect in enumerate(rung.effects):
                yield f"clocks.{clock.key}.ladder.{rung.key}.effects.{at}", effect


def _misfits(definition: Definition) -> Iterator[Problem]:
    """Yield fields and steps that effects name and another form does not have."""
    for path, effect in effects_of(definition):
        if isinstance(effect, CreateRecord | MoveLinked) and effect.form != definition.key:
            form = db().forms.find_one({"_id": effect.form}, {"version": 1})
            version = form and db().form_versions.find_one(
                {"form": effect.form, "version": form.get("version")}, {"definition": 1}
            )
            if version:
                yield from _misfit(effect, Definition.load(version["definition"]), path)


def _misfit(effect: CreateRecord | MoveLinked, target: Definition, path: str) -> Iterator[Problem]:
    if isinstance(effect, CreateRecord):
        yield from fit_problems(effect, target, path)
    else:
        yield from step_problems(effect, target, path)
