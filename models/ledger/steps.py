"""Which steps of a slip's workflow do what in the ledger, as screens need to know it."""

from models.definition import Definition
from models.ledger_parts import MovePieces, SlipAction
from models.procedure import Transition


def steps_that(definition: Definition, *actions: SlipAction) -> list[Transition]:
    """Return the steps of a form that do one of some things with pieces, in order."""
    workflow = definition.workflow
    return [one for one in workflow.transitions if does(one, *actions)] if workflow else []


def does(step: Transition, *actions: SlipAction) -> bool:
    """Tell whether a step does one of some things with pieces."""
    return any(isinstance(one, MovePieces) and one.action in actions for one in step.effects)


def states_after(definition: Definition, *actions: SlipAction) -> list[str]:
    """Return the states into which such steps lead and in which something is still to be done."""
    workflow = definition.workflow
    led = dict.fromkeys(one.to for one in steps_that(definition, *actions))
    return [key for key in led if workflow and not workflow.by_state[key].is_end]
