"""When a form becomes a ledger, or names other fields as one, what it holds already is brought in line."""

from collections.abc import Iterator

from bson import ObjectId

from models import forms, outbox
from models.batches import in_batches
from models.database import Document
from models.errors import NotFoundError
from models.forms import LEDGER_CHANGED, LiveForm
from models.ledger.book import Book, Booked
from models.ledger.mirroring import is_stale
from models.ledger.stock import Stock
from models.people import Actor

BATCH = 100


@outbox.handler(LEDGER_CHANGED)
def _bring_in_line(effect: Document) -> None:
    try:
        form = forms.current(effect["payload"]["form"])
    except NotFoundError:
        return  # it was deleted in the meantime
    if form.definition.ledger:
        bring_in_line(form)


def bring_in_line(form: LiveForm) -> int:
    """Let things without a stock arrive, and let fields say what the stock is; return how many it took.

    It may run twice, or twice at once: whoever comes second finds everything as it should be.
    """
    stale, done = _stale(form), 0
    for batch in in_batches(stale, BATCH):
        book = Book(form, Actor.system())
        for item in batch:
            book.plan(item, _as_it_is)
        book.store()
        done += len(batch)
    return done


def _stale(form: LiveForm) -> Iterator[ObjectId]:
    for item in form.records().find({"deleted_at": None}, {"stock": 1, "data": 1}).sort("_id", 1):
        if is_stale(form.definition, item):
            yield item["_id"]


def _as_it_is(stock: Stock) -> Booked:
    return stock, ()
