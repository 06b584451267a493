"""An item whose pieces are booked elsewhere, by a slip, a report or by hand, goes on in its own procedure."""

from typing import Final

from bson import ObjectId

from models import forms, outbox, who
from models.database import Document
from models.errors import ConflictError, NotFoundError
from models.forms import LiveForm
from models.ledger.awaited import FOLLOW, steps
from models.people import Actor
from models.workflow import positions
from models.workflow.moving import plan_move
from models.workflow.storing import commit

MAX_TRIES: Final = 5
"""Of a step of an item that somebody else changes at the same moment."""


@outbox.handler(FOLLOW)
def _follow(effect: Document) -> None:
    try:
        form = forms.current(effect["payload"]["ledger"])
    except NotFoundError:
        return  # it was deleted in the meantime
    follow(form, effect["payload"]["item"])


def follow(form: LiveForm, item: ObjectId) -> bool:
    """Take the first step that a rule of an item asks for by what the ledger wrote; tell whether one did.

    It only looks at how things stand, so that it may run twice. Raises ConflictError when others were faster
    again and again.
    """
    for _turn in range(MAX_TRIES):
        try:
            with who.batch():
                return _take(form, item)
        except ConflictError:
            continue
    raise ConflictError


def _take(form: LiveForm, item: ObjectId) -> bool:
    record, workflow = form.records().find_one({"_id": item, "deleted_at": None}), form.definition.workflow
    if record is None or workflow is None:
        return False
    for step in steps(form.definition, workflow.state_of(record).key):
        change = plan_move(Actor.system(), form, record, step.key, source="system")
        if positions.is_ready(change, step):
            commit([change])
            return True
    return False
