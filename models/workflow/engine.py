"""What a form's procedure makes of a change, before it is stored."""

from collections.abc import Sequence

from models import changes as storage
from models import clocks, duties, who
from models.approvals import opening
from models.changes import Change
from models.errors import DomainError
from models.ledger import concluding, guarding
from models.messages import _
from models.procedure import Transition, Workflow
from models.workflow import effects, positions, routing
from models.workflow.run import Run

MAX_MOVES = 30


def react(changes: Sequence[Change]) -> list[Change]:
    """Let the procedures of the forms act on changes; return further changes that belong to them.

    Sets the state of new records, takes the transitions whose rule holds, carries out effects, and adds to
    each change what is written with it.

    Raises:
        DomainError: a workflow does not come to rest.
        InvalidError: an effect is refused.
    """
    acting = [change for change in changes if _acts(change)]
    if not acting:
        return []
    run = Run()
    try:
        with who.batch():
            for change in acting:
                run.begin()
                _react(run, change)
                _react_to_what_follows(run)
        duties.gather([*acting, *run.more])
    except DomainError:
        storage.void(run.more, "refused")
        raise
    return run.more


def _react_to_what_follows(run: Run) -> None:
    while run.waiting or run.again:
        if run.waiting:
            _react(run, run.waiting.popleft())
        else:
            change = run.again.popleft()
            if change.form.definition.workflow:
                _follow_rules(run, change, change.form.definition.workflow)


def rehearse(change: Change) -> None:
    """Let a procedure act on a change that is never stored; nothing is written. Raises as `react` does."""
    workflow = change.form.definition.workflow
    if workflow:
        with who.batch():
            _go(Run(dry=True), change, workflow)


def _acts(change: Change) -> bool:
    definition = change.form.definition
    return bool(definition.workflow or definition.clocks or definition.ledger or definition.slip)


def _react(run: Run, change: Change) -> None:
    run.changed[change.record["_id"]] = change
    guarding.guard(run, change)
    workflow = change.form.definition.workflow
    if workflow and change.action != "deleted":
        _go(run, change, workflow)
    concluding.conclude(run, change)
    opening.react(change)
    duties.react(change)
    clocks.react(change)


def _go(run: Run, change: Change, workflow: Workflow) -> None:
    record = change.record
    if record.get("state") not in workflow.by_state:
        record["state"] = workflow.initial
    if change.before is None:
        effects.carry_out(run, change, workflow.on_create)
    for key in tuple(change.transitions):
        effects.carry_out(run, change, workflow.by_transition[key].effects)
    effects.carry_out(run, change, change.todo)
    routing.follow(run, change, workflow)
    _follow_rules(run, change, workflow)


def _follow_rules(run: Run, change: Change, workflow: Workflow) -> None:
    passed = [change.record["state"]]
    while transition := _next(change, workflow):
        if len(passed) > MAX_MOVES:
            names = dict.fromkeys(str(workflow.by_state[key].label) or key for key in passed)
            raise DomainError(
                _("The workflow goes round in circles and never rests: %(states)s.", states=" → ".join(names))
            )
        positions.enter(change, transition)
        effects.carry_out(run, change, transition.effects)
        routing.follow(run, change, workflow)
        passed.append(change.record["state"])


def _next(change: Change, workflow: Workflow) -> Transition | None:
    """Return the first transition that a rule takes from where the record is now."""
    if not workflow.has_rules:
        return None
    for transition in workflow.leaving(change.record["state"]):
        if transition.by == "rule" and positions.is_ready(change, transition):
            return transition
    return None
