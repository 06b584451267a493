"""What a ledger has to say when records are removed for good."""

from collections.abc import Iterable

from bson import ObjectId
from pymongo.client_session import ClientSession

from models.database import Document, db
from models.fields.numbers import decimal_of
from models.forms import LiveForm
from models.ledger.stock import Stock


def is_needed(form: LiveForm, record: Document) -> bool:
    """Tell whether there are still pieces of an item for which we answer, or some out by a slip."""
    definition = form.definition
    if definition.ledger:
        stock = Stock.load(record.get("stock"))
        return bool(stock.inside or stock.promises)
    part = definition.slip
    rows = record["data"].get(part.items) or () if part else ()
    return any(
        decimal_of(row.get(part.lent, 0)) > decimal_of(row.get(part.returned, 0)) for row in rows if part
    )


def forget_movements(form: LiveForm, items: Iterable[ObjectId], session: ClientSession) -> None:
    """Remove the movements of items that are removed for good."""
    if form.definition.ledger:
        gone: Document = {"ledger": form.key, "item": {"$in": list(items)}}
        db().property_movements.delete_many(gone, session=session)
