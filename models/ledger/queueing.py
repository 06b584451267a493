"""When pieces come free, whoever is first in line gets them, by a step of the slip that waits.

A booking after which somebody in line can be served puts an effect into the outbox, in its own transaction;
what time alone brings about (days that pass) the sweep finds. Both only look at how things stand: they may
run twice, two at once, or be killed in the middle.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import structlog
from bson import ObjectId

from models import directory, forms, outbox, who
from models.database import Document, db
from models.errors import ConflictError, DomainError, NotFoundError
from models.forms import LiveForm
from models.ledger.book import Book
from models.ledger.lending import forgetting
from models.ledger.line import OFFER
from models.ledger.stock import Promise, Stock
from models.people import Actor
from models.times import now, today
from models.workflow import positions
from models.workflow.moving import plan_move
from models.workflow.storing import commit

log = structlog.get_logger()

MAX_TRIES: Final = 5
"""Of an offer to a slip that somebody else changes at the same moment."""
EVERY: Final = timedelta(minutes=10)
WAITING: Final[Document] = {"stock.promises.queued": True}
_TURN = "ledger:line"


@outbox.handler(OFFER)
def _offer(effect: Document) -> None:
    try:
        form = forms.current(effect["payload"]["ledger"])
    except NotFoundError:
        return
    serve(form, effect["payload"]["item"])


def sweep() -> int:
    """Serve everybody whom time has brought to the front; return how many. At most once in ten minutes."""
    return serve_everybody() if _is_my_turn() else 0


def serve_everybody() -> int:
    """Serve whoever is in line anywhere and can be served; return how many slips were."""
    return sum(
        serve(form, item["_id"])
        for form in forms.live_forms()
        if form.definition.ledger
        for item in form.records().find({"deleted_at": None, **WAITING}, {"_id": 1})
    )


def serve(form: LiveForm, item: ObjectId) -> int:
    """Let those who wait for an item have it, in order, as far as there is enough; return how many slips.

    One whose other items are not there, or whose step is not possible, goes on waiting; those behind it go
    ahead only where its days are not touched. One that nobody will ever take again leaves the line.
    """
    asked: set[ObjectId] = set()
    served = 0
    with who.batch():
        _dismiss(form, item)
        while promise := _next(form, item, asked):
            asked.add(promise.slip)
            served += _serve(form, item, promise)
    return served


def _next(form: LiveForm, item: ObjectId, asked: set[ObjectId]) -> Promise | None:
    """Return the first in line who can be served and was not asked yet, as things stand now."""
    stock, day = _stock(form, item), today(Actor.system().timezone)
    return next((one for one in stock.line(day) if one.slip not in asked and stock.fits(one, day)), None)


def _stock(form: LiveForm, item: ObjectId) -> Stock:
    found = form.records().find_one({"_id": item, "deleted_at": None}, {"stock": 1}) or {}
    return Stock.load(found.get("stock"))


def _dismiss(form: LiveForm, item: ObjectId) -> None:
    """Take out of the line whose slip ended without saying so, and whose borrower has left."""
    gone = [
        one.slip
        for one in _stock(form, item).queue
        if not directory.current().is_active(one.person) or _slip(form, one.slip) is None
    ]
    if gone:
        book = Book(form, Actor.system())
        for slip in gone:
            book.plan(item, forgetting(slip))
        book.store()


def _serve(form: LiveForm, item: ObjectId, promise: Promise) -> bool:
    for _turn in range(MAX_TRIES):
        slip = _slip(form, promise.slip)
        if slip is None:
            return False
        try:
            return _take_step(*slip)
        except ConflictError:  # somebody changed it meanwhile: look again whether it still waits
            waiting = _stock(form, item).promise_of(promise.slip)
            if waiting is None or not waiting.queued:
                return False
    raise ConflictError


def _slip(ledger: LiveForm, slip: ObjectId) -> tuple[LiveForm, Document] | None:
    """Return a slip that may still be handed something over, with its form."""
    for form in _slip_forms(ledger.key):
        record = form.records().find_one({"_id": slip, "deleted_at": None})
        if record and form.definition.workflow:
            return None if form.definition.workflow.state_of(record).is_end else (form, record)
    return None


def _slip_forms(ledger: str) -> Iterator[LiveForm]:
    for form in forms.live_forms():
        if form.definition.lends(ledger):
            yield form


def _take_step(form: LiveForm, record: Document) -> bool:
    """Take the step that the form names for this; tell whether that was possible. Raises ConflictError."""
    slip, workflow = form.definition.slip, form.definition.workflow
    step = workflow.by_transition.get(slip.offer) if slip and workflow else None
    if step is None or workflow is None or not workflow.leaves(step, workflow.state_of(record).key):
        return False
    change = plan_move(Actor.system(), form, record, step.key, source="system")
    if not positions.is_ready(change, step):
        return False
    try:
        commit([change])
    except ConflictError:
        raise
    except DomainError as refused:
        log.info("offer.refused", form=form.key, slip=str(record["_id"]), why=str(refused))
        return False
    return True


def _is_my_turn() -> bool:
    db().locks.update_one({"_id": _TURN}, {"$setOnInsert": {"next": now()}}, upsert=True)
    mine = {"_id": _TURN, "next": {"$lte": now()}}
    return bool(db().locks.update_one(mine, {"$set": {"next": now() + EVERY}}).modified_count)
