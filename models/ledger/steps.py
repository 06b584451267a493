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


def states_while(definition: Definition, begins: SlipAction, *ends: SlipAction) -> list[str]:
    """Return the states in which a slip rests between a step that does one thing and those that do others.

    What a slip has reserved stays so from `reserve` on, whatever is decided meanwhile, until it is lent.
    """
    workflow = definition.workflow
    if workflow is None:
        return []
    found = dict.fromkeys(one.to for one in steps_that(definition, begins))
    newest = list(found)
    while newest:
        onwards = (one.to for state in newest for one in workflow.leaving(state) if not does(one, *ends))
        newest = [one for one in dict.fromkeys(onwards) if one not in found]
        found.update(dict.fromkeys(newest))
    return [key for key in found if not workflow.by_state[key].is_end]
