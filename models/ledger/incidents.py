"""Which forms say what happened to things of a ledger: damage, loss."""

from dataclasses import dataclass

from models.definition import Definition
from models.forms import LiveForm
from models.ledger_parts import MovePieces

HARM = frozenset({"damage", "lose"})


@dataclass(frozen=True)
class Incident:
    """A form that reports harm to a thing, and its fields that name the thing and the slip."""

    form: LiveForm
    item: str
    slip: str


def incident(form: LiveForm, ledger: str) -> Incident | None:
    """Return how a form reports harm to things of a ledger; None where it does not."""
    for effect in _effects(form.definition):
        field = form.definition.by_key.get(effect.item)
        if effect.action in HARM and field is not None and field.form == ledger:
            return Incident(form, effect.item, effect.slip)
    return None


def _effects(definition: Definition) -> list[MovePieces]:
    workflow = definition.workflow
    if workflow is None:
        return []
    steps = (effect for step in workflow.transitions for effect in step.effects)
    return [one for one in (*workflow.on_create, *steps) if isinstance(one, MovePieces)]
