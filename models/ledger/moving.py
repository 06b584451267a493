"""Movements of the pieces of one item: out of which spots they are taken, and where they go."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from bson import ObjectId

from models import directory
from models.database import Document
from models.definition import Definition
from models.errors import DomainError
from models.ledger.book import Booked
from models.ledger.kinds import KINDS
from models.ledger.movements import Details, Movement
from models.ledger.opening import home
from models.ledger.stock import ShortageError, Spot, Stock
from models.messages import _

__all__ = ["goal_of", "home", "moved", "picks"]


def moved(
    stock: Stock,
    kind: str,
    quantity: Decimal | None,
    target: Spot,
    details: Details,
    *,
    slip: ObjectId | None = None,
    source: Spot | None = None,
    since: datetime | None = None,
) -> Booked:
    """Return the stock after one kind of movement, and the movements it took, one for each spot drawn on.

    Args:
        stock: as it is.
        kind: a key of `KINDS`.
        quantity: how many; None for all.
        target: where to; a relocation keeps the department of each spot, a new borrower the day of return.
        details: what the movements remember.
        slip: out of whose hands; without it nothing is taken that is lent.
        source: the one spot they are taken from.
        since: from when a new borrower has them.

    Raises ShortageError.
    """
    sources = ("lent",) if slip else KINDS[kind].sources_at_hand
    if source is not None and source.kind not in sources:
        raise ShortageError(quantity or Decimal(0), Decimal(0))
    there = sum((one.quantity for one in stock.spots(*sources, slip=slip)), Decimal(0))
    wanted = there if quantity is None else quantity
    spots = [(source, wanted)] if source else picks(stock, sources, wanted, slip)
    due = next((one.due for one in stock.spots("lent", slip=slip)), "") if target.kind == "lent" else ""
    made, left = [], stock
    for spot, pieces in spots:
        goal = replace(target, department=spot.department) if kind == "relocate" else target
        if goal == spot:
            continue
        left = left.move(pieces, spot, goal, since=since, due=due)
        made.append(Movement(kind, pieces, spot, goal, details))
    return left, made


def picks(
    stock: Stock, kinds: tuple[str, ...], quantity: Decimal, slip: ObjectId | None = None
) -> list[tuple[Spot, Decimal]]:
    """Return the spots from which so many pieces are taken, in the order of `kinds`. Raises ShortageError."""
    found, missing = [], quantity
    for kind in kinds:
        for position in stock.spots(kind, slip=slip):
            taken = min(missing, position.quantity)
            if taken:
                found.append((position.spot, taken))
                missing -= taken
    if missing or not quantity:
        raise ShortageError(quantity, quantity - missing)
    return found


def goal_of(
    kind: str, ledger: Definition, item: Document, *, department: ObjectId | None = None, place: str = ""
) -> Spot:
    """Return where pieces of an item go by a kind of movement."""
    part, data = ledger.ledger, item["data"]
    spot = KINDS[kind].target
    if part is None or spot is None:
        raise DomainError(_("This form keeps no things: it is not a ledger."))
    if spot in {"kept", "damaged"}:
        keeper = department or home(part, item)
        standing = directory.current().standing(keeper) if keeper else None
        return Spot(spot, standing, place or str(data.get(part.place) or ""))
    return Spot(spot, place=place) if spot == "repair" else Spot(spot)
