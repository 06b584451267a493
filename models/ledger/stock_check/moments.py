"""What the books said of a spot at a moment: the stock as it is, and every movement since taken back."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bson import ObjectId
from pymongo import DESCENDING
from pymongo.client_session import ClientSession

from models.database import Document, db
from models.ledger.stock import Spot, Stock


@dataclass(frozen=True)
class Books:
    """How many pieces were at a spot by the books, and how often the item had been moved until then."""

    quantity: Decimal
    moved: int


def books_at(
    ledger: str, item: Document, spot: Spot, at: datetime, session: ClientSession | None = None
) -> Books:
    """Return what the books said at a moment; `item` as it is stored now."""
    stock = Stock.load(item.get("stock"))
    later = {"ledger": ledger, "item": item["_id"], "at": {"$gt": at}}
    movements = list(db().property_movements.find(later, session=session))
    gone = sum((_change(one, spot) for one in movements), Decimal(0))
    return Books(stock.at(spot) - gone, stock.moved - len(movements))


def _change(movement: Document, spot: Spot) -> Decimal:
    """Return how many pieces more a movement brought to a spot."""
    quantity: Decimal = movement["quantity"].to_decimal()
    return quantity * (_is(movement["to"], spot) - _is(movement["from"], spot))


def _is(found: Document | None, spot: Spot) -> bool:
    return found is not None and Spot.load(found) == spot


def touched_since(
    ledger: str, item: ObjectId, stock: Stock, moved: int, spots: set[Spot], session: ClientSession
) -> bool:
    """Tell whether pieces came to or left one of some spots since an item had been moved so often."""
    more = stock.moved - moved
    if more <= 0:
        return False
    newest = (
        db()
        .property_movements.find({"ledger": ledger, "item": item}, session=session)
        .sort("_id", DESCENDING)
        .limit(more)
    )
    moved_on = [one for one in newest if not one.get("redated_at")]  # another day moves nothing
    return any(_is(one[side], spot) for one in moved_on for side in ("from", "to") for spot in spots)
