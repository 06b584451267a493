"""Where a record stands in its workflow, and the steps from there."""

from models import rules
from models.changes import Change
from models.procedure import Transition
from models.rules import RuleContext


def enter(change: Change, transition: Transition) -> None:
    """Bring a record along a transition; what it brings about is carried out by the engine."""
    note(change, transition.key, transition.to)
    change.transitions.append(transition.key)


def note(change: Change, transition: str, to: str) -> None:
    """Set the state, and let history say how the record came there."""
    came_from = change.record.get("state")
    change.record["state"] = to
    if not change.facts.get("moves"):
        change.facts.update(transition=transition, moves=[])
        change.facts["from"] = came_from
    change.facts["moves"].append({"transition": transition, "from": came_from, "to": to})
    change.facts["to"] = to


def is_ready(change: Change, transition: Transition) -> bool:
    """Tell whether a transition's condition holds and nothing it needs is missing."""
    data = change.record["data"]
    if any(data.get(key) is None for key in transition.required):
        return False
    return transition.condition is None or holds(change, transition.condition)


def holds(change: Change, tree: object) -> bool:
    """Tell whether a rule holds for the record as it is by now."""
    actor, definition = change.actor, change.form.definition
    context = RuleContext(change.at, actor.timezone, actor.id, actor.department)
    return rules.evaluate(tree, rules.record_values(change.record, definition), definition, context)


def act_on_clock(change: Change, clock: str, action: str) -> None:
    """Start, pause, resume, stop or restart a clock: history says so, and `models.clocks` does it."""
    change.facts.setdefault("clocks", []).append({"clock": clock, "action": action})
