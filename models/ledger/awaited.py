"""The effect by which an item's own procedure follows what was booked: what its rules wait for has come."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bson import ObjectId

from models import outbox, rules
from models.database import Document
from models.definition import Definition
from models.forms import LiveForm
from models.ledger.stock import Stock
from models.people import Actor
from models.procedure import Transition
from models.rules import RuleContext

FOLLOW: Final = "ledger.follow"


def steps(ledger: Definition, state: str) -> Iterator[Transition]:
    """Yield the steps out of a state that a rule takes which asks for what only the ledger writes."""
    for one in ledger.workflow.leaving(state) if ledger.workflow else ():
        if one.by == "rule" and ledger.written & rules.fields_used(one.condition):
            yield one


def effect(form: LiveForm, item: Document, written: Mapping[str, Any], stock: Stock) -> Document | None:
    """Return what is to follow when a rule of an item comes true by what was just booked; else None.

    Args:
        form: the ledger.
        item: as it was before.
        written: what the ledger writes into its fields now.
        stock: of the item now.
    """
    definition = form.definition
    if definition.workflow is None:
        return None
    values = rules.record_values({**item, "data": {**item["data"], **written}}, definition)
    context = RuleContext.of(Actor.system())
    state = definition.workflow.state_of(item).key
    if not any(
        rules.evaluate(one.condition, values, definition, context) for one in steps(definition, state)
    ):
        return None
    item_id: ObjectId = item["_id"]
    return outbox.effect(
        FOLLOW, f"{FOLLOW}:{form.key}:{item_id}:{stock.version}", {"ledger": form.key, "item": item_id}
    )
