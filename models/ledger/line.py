"""Who waits for the pieces of an item, and the effect by which they get them as soon as there are any."""

from datetime import date
from typing import Final

from bson import ObjectId

from models import outbox
from models.database import Document
from models.ledger.stock import Stock

OFFER: Final = "ledger.offer"


def effect(ledger: str, item: ObjectId, stock: Stock, today: date) -> Document | None:
    """Return what is to follow a booking after which somebody in line can be served; None if nobody can."""
    if not any(stock.fits(one, today) for one in stock.line(today)):
        return None
    key = f"{OFFER}:{ledger}:{item}:{stock.version}"
    return outbox.effect(OFFER, key, {"ledger": ledger, "item": item})


def place(stock: Stock, slip: ObjectId, today: date) -> int:
    """Return which in line a slip is for an item, the first being 1; 0 when it does not wait, or in vain."""
    slips = [one.slip for one in stock.line(today)]
    return slips.index(slip) + 1 if slip in slips else 0
