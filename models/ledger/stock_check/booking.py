"""What is booked for an item whose count was decided about; plain values, no database.

What is missing at one spot and too much at another was moved. What is too much comes, as was decided, from
another place that the check did not count, or else out of what was lost before, or from outside. What is
still missing is lost.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bson import ObjectId

from models.database import Document
from models.ledger.movements import Details, Movement
from models.ledger.stock import Spot, Stock


@dataclass(frozen=True)
class Decided:
    """A line about which somebody decided: so many pieces more (or fewer) at a spot than the books said."""

    line: ObjectId
    spot: Spot
    difference: Decimal
    decision: str
    details: Details

    @classmethod
    def of(cls, line: Document, check: Document, form: str) -> "Decided":
        """Read it from a line of a check's record."""
        note = str(line.get("reason") or "")
        details = Details(
            form=form, record=check["_id"], note=note, source="check", key=f"check:{line['_id']}"
        )
        return cls(
            line["_id"], Spot.load(line["spot"]), line["difference"].to_decimal(), line["decision"], details
        )


class ElsewhereError(Exception):
    """There is no other place from which the pieces can have come."""


class SingleError(Exception):
    """There would be two of what there is only one."""


def book(
    stock: Stock, decided: Sequence[Decided], counted: Iterable[Spot], *, single: bool
) -> tuple[Stock, list[Movement]]:
    """Return an item's stock after what was decided, and the movements that lead there.

    Args:
        stock: as it is.
        decided: the lines of the item with a difference that are to be booked.
        counted: every spot of the item that the check counted; pieces at others may have been moved here.
        single: whether the item is one piece with a number of its own.

    Raises:
        ElsewhereError: there is no other place from which pieces can have come.
        SingleError: there would be two of what is single.
        ShortageError: the books have fewer pieces at a spot than are missing there.
    """
    entry = _Entry(stock, [])
    short = {one: -one.difference for one in decided if one.difference < 0}
    over = {one: one.difference for one in decided if one.difference > 0}
    _pair(entry, short, over)
    elsewhere = set(counted)
    for one, quantity in over.items():
        if quantity and one.decision == "move":
            _bring(entry, one, quantity, elsewhere)
        elif quantity:
            _add(entry, one, quantity, single=single)
    for one, quantity in short.items():
        if quantity:
            entry.move("shortage", quantity, one.spot, Spot("lost"), one.details)
    return entry.stock, entry.made


@dataclass
class _Entry:
    """What was booked so far."""

    stock: Stock
    made: list[Movement]

    def move(self, kind: str, quantity: Decimal, source: Spot | None, target: Spot, details: Details) -> None:
        keyed = replace(details, key=f"{details.key}:{len(self.made)}")
        self.stock = self.stock.move(quantity, source, target)
        self.made.append(Movement(kind, quantity, source, target, keyed))


Open = dict[Decided, Decimal]


def _pair(entry: _Entry, short: Open, over: Open) -> None:
    """Book as moved what is missing at one spot and too much at another of the same kind."""
    for lacking in short:
        for having in over:
            quantity = min(short[lacking], over[having])
            if quantity and lacking.spot.kind == having.spot.kind:
                kind = _kind(lacking.spot, having.spot)
                entry.move(kind, quantity, lacking.spot, having.spot, having.details)
                short[lacking] -= quantity
                over[having] -= quantity


def _kind(source: Spot, target: Spot) -> str:
    return "relocate" if source.department == target.department else "transfer"


def _bring(entry: _Entry, one: Decided, quantity: Decimal, counted: set[Spot]) -> None:
    """Book pieces as moved from where the books have them and nobody counted."""
    others = [place for place in entry.stock.spots(one.spot.kind) if place.spot not in counted]
    for place in others:
        taken = min(quantity, place.quantity)
        if taken:
            entry.move(_kind(place.spot, one.spot), taken, place.spot, one.spot, one.details)
            quantity -= taken
    if quantity:
        raise ElsewhereError


def _add(entry: _Entry, one: Decided, quantity: Decimal, *, single: bool) -> None:
    """Book pieces as found again as far as they were lost, the others as surplus."""
    lost = min(quantity, entry.stock.total(["lost"]))
    for position in entry.stock.spots("lost"):
        taken = min(lost, position.quantity)
        if taken:
            entry.move("find", taken, position.spot, one.spot, one.details)
            lost -= taken
            quantity -= taken
    if quantity and single and entry.stock.inside:
        raise SingleError
    if quantity:
        entry.move("surplus", quantity, None, one.spot, one.details)
