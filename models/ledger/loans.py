"""Loans that are over: who had which pieces from when until when, told by the movements."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo import ASCENDING

from models.database import Document, db
from models.disclosure import Disclosure
from models.ledger.held import Held, closed

MOST: Final = 2000
"""Of the loans of a window, those are told that ended first."""
LONGEST: Final = timedelta(days=366)
"""So long after a window a loan may have ended that began before it was over."""
_LENT: Final = "lent"

_Hand = tuple[ObjectId, ObjectId, ObjectId | None]
"""The slip, the item, and who has it."""


@dataclass(frozen=True)
class Loan:
    """Pieces of an item that somebody had by a slip, and when they came and went."""

    item: ObjectId
    slip: ObjectId
    person: ObjectId | None
    department: ObjectId | None
    quantity: Decimal
    began: datetime
    ended: datetime

    def held(self, told: Disclosure, record: Document, zone: ZoneInfo) -> Held | None:
        """Return it as a reader is shown it; None where how many or when is closed to them."""
        hidden = closed(told, record)
        if hidden & {"amounts", "days"}:
            return None
        return Held(
            "back",
            self.quantity,
            None if "people" in hidden else self.person,
            None if "departments" in hidden else self.department,
            slip=self.slip,
            begins=_day(self.began, zone),
            ends=_day(self.ended, zone),
            since=self.began,
        )


def _day(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).date().isoformat()


def ended(
    ledger: str, begins: datetime, ends: datetime, items: Collection[ObjectId] | None = None
) -> list[Loan]:
    """Return the loans of a ledger that fell into a time and are over, of some items where they are named.

    What came back in parts is a loan for each day on which something came.
    """
    over: Document = {"ledger": ledger, "from.kind": _LENT, "at": {"$gte": begins, "$lt": ends + LONGEST}}
    if items is not None:
        over["item"] = {"$in": list(items)}
    found = list(db().property_movements.find(over).sort("at", ASCENDING).limit(MOST))
    slips = {one["from"]["slip"] for one in found if one["from"].get("slip")}
    out = db().property_movements.find({"slip": {"$in": list(slips)}, "to.kind": _LENT})
    began: dict[_Hand, datetime] = {}
    for one in sorted(out, key=lambda one: one["at"]):
        began.setdefault(_hand(one, "to"), one["at"])
    known = (one for one in found if _hand(one, "from") in began)
    return list(_merged(known, began, ends))


def _hand(movement: Document, end: str) -> _Hand:
    spot = movement[end]
    return spot.get("slip"), movement["item"], spot.get("person")


def _merged(over: Iterable[Document], began: dict[_Hand, datetime], ends: datetime) -> Iterable[Loan]:
    """Return what somebody gave back on one day as one loan."""
    days: defaultdict[tuple[_Hand, datetime], list[Document]] = defaultdict(list)
    for one in over:
        days[_hand(one, "from"), one["at"].replace(hour=0, minute=0, second=0, microsecond=0)].append(one)
    for (hand, _at), parts in days.items():
        if began[hand] < ends:
            slip, item, person = hand
            quantity = sum((one["quantity"].to_decimal() for one in parts), Decimal(0))
            department = parts[0]["from"].get("department")
            yield Loan(item, slip, person, department, quantity, began[hand], parts[-1]["at"])
