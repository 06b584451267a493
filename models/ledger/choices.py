"""What somebody can book by hand on an item as it stands: each movement with the spots it can take from."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from models.ledger.kinds import BY_HAND, KINDS, Kind
from models.ledger.stock import Position, Spot, Stock


@dataclass(frozen=True)
class Choice:
    """A kind of movement that is possible, and where its pieces can come from."""

    key: str
    kind: Kind
    positions: tuple[Position, ...]

    @property
    def most(self) -> Decimal:
        """How many pieces it can take at once."""
        return sum((one.quantity for one in self.positions), Decimal(0))


def choices(stock: Stock) -> list[Choice]:
    """Return what can be booked by hand; pieces that are lent come back by their slip."""
    return list(_choices(stock))


def _choices(stock: Stock) -> Iterator[Choice]:
    for key in BY_HAND:
        positions = stock.spots(*KINDS[key].sources_at_hand)
        if positions:
            yield Choice(key, KINDS[key], tuple(positions))


def spot_key(spot: Spot) -> str:
    """Return a spot as the value of an input."""
    return f"{spot.kind}.{spot.department or ''}.{spot.place}"


def spot_of(stock: Stock, key: str) -> Spot | None:
    """Return the spot of an item that an input names; None where there is none (any more)."""
    return next((one.spot for one in stock.positions if spot_key(one.spot) == key), None)
