"""By which steps of their forms things and slips come to rest where they are when they are taken over."""

from collections.abc import Iterator

from models import access, forms
from models.access import Action
from models.definition import Definition
from models.forms import LiveForm
from models.ledger_import.columns import extended
from models.ledger_parts import ItemAction, MovePieces, SlipAction
from models.people import User
from models.procedure import Transition


def step_that(definition: Definition, action: SlipAction | ItemAction) -> Transition | None:
    """Return the first step of a form that does something with pieces."""
    steps = definition.workflow.transitions if definition.workflow else ()
    return next((step for step in steps if any(effects_of(step, action))), None)


def effects_of(step: Transition, action: SlipAction | ItemAction) -> Iterator[MovePieces]:
    """Yield the effects by which a step does something with pieces."""
    return (one for one in step.effects if isinstance(one, MovePieces) and one.action == action)


def lending(person: User | None, ledger: str) -> LiveForm | None:
    """Return the form of the slips by which what is out is taken over, if somebody may import them."""
    for form in forms.live_forms():
        if not form.definition.lends(ledger) or step_that(form.definition, "lend") is None:
            continue
        wanted = (Action.IMPORT, Action.CREATE)
        if person is None or all(access.permitted(person, form.key, action) for action in wanted):
            return form
    return None


def offered(person: User | None, definition: Definition) -> Definition:
    """Return a form with everything that a column of a file can fill for somebody."""
    if definition.ledger is None:
        return definition
    return extended(definition, loans=lending(person, definition.key) is not None)
