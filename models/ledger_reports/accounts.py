"""The account of a year for one item: what there was, came, went and is left, derived from movements.

The balance counts the pieces that we answer for, wherever they are: kept, lent, damaged or under repair.
Opening + arrived + found + corrected - returned - used - lost - disposed = closing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Literal
from zoneinfo import ZoneInfo

from models.database import Document
from models.ledger.kinds import INSIDE
from models.ledger.stock import Spot
from models.ledger_reports.moves import midnight

Flow = Literal["arrived", "found", "corrected", "returned", "used", "lost", "disposed"]
GAINS: Final[tuple[Flow, ...]] = ("arrived", "found", "corrected")
LOSSES: Final[tuple[Flow, ...]] = ("returned", "used", "lost", "disposed")

_FLOW_OF: Final[Mapping[str, Flow]] = MappingProxyType(
    {
        "arrival": "arrived",
        "find": "found",
        "surplus": "found",
        "give_back": "returned",
        "use_up": "used",
        "lose": "lost",
        "shortage": "lost",
        "dispose": "disposed",
    }
)
"""In which column the pieces of a kind of movement stand that came or went; all others are corrections."""


@dataclass(frozen=True)
class Year:
    """A year in somebody's time zone, up to the present where it has not ended."""

    year: int
    zone: ZoneInfo
    now: datetime

    @property
    def begins(self) -> datetime:
        """The moment with which it begins."""
        return midnight(date(self.year, 1, 1), self.zone)

    @property
    def ends(self) -> datetime:
        """The moment before which everything belongs to it."""
        return midnight(date(self.year + 1, 1, 1), self.zone)

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more can happen in it."""
        return self.now >= self.ends

    @property
    def last_day(self) -> date:
        """The last day of which the account tells."""
        return date(self.year, 12, 31) if self.is_over else self.now.astimezone(self.zone).date()


@dataclass
class Account:
    """What became of the pieces of an item in a year.

    What was `damaged` is still part of the balance, and corrections may be negative.
    """

    opening: Decimal = Decimal(0)
    closing: Decimal = Decimal(0)
    flows: defaultdict[Flow, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    damaged: Decimal = Decimal(0)
    places: Mapping[Spot, Decimal] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Tell whether there is anything to tell."""
        return bool(self.opening or self.closing or self.damaged or any(self.flows.values()))

    @property
    def adds_up(self) -> bool:
        """Tell whether the balance at the end is the one at the beginning with what came and went."""
        gained = sum((self.flows[one] for one in GAINS), self.opening)
        return gained - sum((self.flows[one] for one in LOSSES), Decimal(0)) == self.closing

    def add(self, other: "Account") -> None:
        """Add the account of another thing that is counted alike."""
        self.opening += other.opening
        self.closing += other.closing
        self.damaged += other.damaged
        for flow, pieces in other.flows.items():
            self.flows[flow] += pieces


def account(movements: Iterable[Document], year: Year) -> Account:
    """Return the account of an item; movements after the year are left aside."""
    found, here = Account(), defaultdict[Spot, Decimal](Decimal)
    begins, ends = year.begins, year.ends
    for movement in movements:
        if movement["at"] >= ends:
            continue
        quantity, change = movement["quantity"].to_decimal(), Decimal(0)
        for end, sign in (("from", -1), ("to", 1)):
            spot = Spot.load(movement[end]) if movement[end] else None
            if spot and spot.kind in INSIDE:
                here[spot] += sign * quantity
                change += sign * quantity
        if movement["at"] < begins:
            found.opening += change
        else:
            _enter(found, _kind(movement), quantity, change)
    found.places = {spot: pieces for spot, pieces in here.items() if pieces}
    found.closing = sum(found.places.values(), Decimal(0))
    return found


def _kind(movement: Document) -> str:
    """Return the kind of a movement; what takes back one of a wrong day is an arrival, too."""
    return "arrival" if movement.get("redated_at") else str(movement["kind"])


def _enter(found: Account, kind: str, quantity: Decimal, change: Decimal) -> None:
    flow = _FLOW_OF.get(kind, "corrected")
    if change:
        found.flows[flow] += -change if flow in LOSSES else change
    if kind == "damage":
        found.damaged += quantity
