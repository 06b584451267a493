"""What a form names of other forms: whether they are there, and are what they should be."""

from collections.abc import Iterator
from typing import get_args

from models import forms
from models.definition import Definition
from models.errors import NotFoundError
from models.ledger_parts import MovePieces, SlipAction
from models.letters.names import named_elsewhere
from models.messages import _
from models.problems import Problem
from models.procedure import Effect


def missing_elsewhere(definition: Definition) -> Iterator[Problem]:
    """Yield ledgers that are none, and fields that what a letter refers to does not have."""
    for name in ("slip", "stock_check"):
        part = getattr(definition, name)
        if part and not _is_ledger(part.ledger, definition):
            yield Problem(f"{name}.ledger", _("The form “%(form)s” is no ledger.", form=part.ledger))
    for path, effect in _effects(definition):
        field = definition.by_key.get(effect.item) if isinstance(effect, MovePieces) else None
        of_item = isinstance(effect, MovePieces) and effect.action not in get_args(SlipAction)
        if of_item and field and field.form and not _is_ledger(field.form, definition):
            yield Problem(f"{path}.item", _("The form “%(form)s” is no ledger.", form=field.form))
    yield from _letters(definition)


def _letters(definition: Definition) -> Iterator[Problem]:
    for letter in definition.letters:
        for form, key in named_elsewhere(letter, definition):
            other = _definition_of(form, definition)
            if other and key not in other.by_key:
                text = _("“%(form)s” has no field “%(key)s”.", form=other.label, key=key)
                yield Problem(f"letters.{letter.key}.body", text)


def _effects(definition: Definition) -> Iterator[tuple[str, Effect]]:
    flow = definition.workflow
    listed = [("workflow.on_create", flow.on_create)] if flow else []
    listed += [
        (f"workflow.transitions.{one.key}.effects", one.effects) for one in (flow.transitions if flow else ())
    ]
    for path, effects in listed:
        yield from ((f"{path}.{at}", effect) for at, effect in enumerate(effects))


def _is_ledger(key: str, own: Definition) -> bool:
    found = _definition_of(key, own)
    return found is not None and found.ledger is not None


def _definition_of(key: str, own: Definition) -> Definition | None:
    """Return a form as it is in force, and the one that is asked about as it will be."""
    try:
        return own if key == own.key else forms.current(key).definition
    except NotFoundError:
        return None
