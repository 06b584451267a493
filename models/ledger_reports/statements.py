"""Yearly statements of what belongs to customers, item by item, as both sides sign them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from decimal import Decimal
from itertools import groupby, islice
from typing import Final

from bson import ObjectId
from pymongo.client_session import ClientSession

from models.access import Action
from models.batches import in_batches
from models.database import Document, db
from models.errors import ForbiddenError
from models.ledger.held import Facet, closed
from models.ledger.kinds import SPOTS
from models.ledger.stock import Spot
from models.ledger.wording import plain
from models.ledger_reports.accounts import Account, Year, account
from models.ledger_reports.base import BATCH, UNREAD, Linked, Reading, each, linked
from models.messages import _

MAX_SHOWN: Final = 1000
"""Items of a statement on the screen; a workbook takes any number."""

_READ: Final = {"_id": 0, "item": 1, "kind": 1, "quantity": 1, "from": 1, "to": 1, "at": 1, "redated_at": 1}


@dataclass(frozen=True)
class Line:
    """One item of a statement: its number and address, its name, and what became of its pieces."""

    item: ObjectId
    number: Linked
    name: str
    unit: str
    account: Account
    places: tuple[str, ...]


@dataclass
class Statement:
    """What became of a customer's things in a year; it adds up the lines that pass through it.

    Pieces and kilograms do not add up, so there are `totals` by unit. Of the lines that are `withheld` the
    reader may not see quantities; `more` tells that there are too many for a page.
    """

    customer: ObjectId | None
    name: str
    year: Year
    lines: Sequence[Line] = ()
    more: bool = False
    withheld: int = 0
    totals: dict[str, Account] = attribute(default_factory=dict)

    def counted(self, lines: Iterable[Line | None]) -> Iterator[Line]:
        """Yield lines, adding them up."""
        for line in lines:
            if line is None:
                self.withheld += 1
            else:
                self.totals.setdefault(line.unit, Account()).add(line.account)
                yield line


def years(reading: Reading) -> list[int]:
    """Return the years of which there are statements, the present one first: from the first movement on."""
    first = db().property_movements.find_one({"ledger": reading.ledger.key}, {"at": 1}, sort=[("at", 1)])
    if first is None:
        return []
    return list(range(reading.today.year, first["at"].astimezone(reading.zone).year - 1, -1))


def require_customers(reading: Reading) -> None:
    """Raise ForbiddenError where the reader may not ask whose things they are, or how many."""
    asked = {reading.part.customer, reading.part.quantity}
    if "" in asked or asked & reading.told.unasked or asked & reading.told.absent:
        raise ForbiddenError(_("You may not see whose things these are and how many."))


def customers(reading: Reading, limit: int) -> list[ObjectId]:
    """Return customers whose things the reader may see, at most so many."""
    path = f"data.{reading.part.customer}"
    found = reading.ledger.records().aggregate(
        [
            {"$match": {"$and": [reading.query(Action.SEE), {path: {"$ne": None}}]}},
            {"$group": {"_id": f"${path}"}},
            {"$sort": {"_id": 1}},
            {"$limit": limit},
        ]
    )
    return [one["_id"] for one in found]


def begun(reading: Reading, customer: ObjectId | None) -> Statement:
    """Return the statement of a customer for the year that is asked for, without its lines."""
    year = Year(reading.asked.year, reading.zone, reading.started)
    return Statement(customer, called(reading, customer), year)


def statement(reading: Reading, action: Action = Action.SEE) -> Statement:
    """Return the statement of the customer and year that are asked for, of the items the reader may see."""
    made = begun(reading, reading.asked.customer)
    found = each(reading.ledger.records().find(reading.query(action), UNREAD), "number")
    items = list(islice(found, MAX_SHOWN + 1))
    made.more = len(items) > MAX_SHOWN
    made.lines = list(made.counted(lines(reading, made.year, items[:MAX_SHOWN])))
    return made


def every(
    reading: Reading, session: ClientSession
) -> Iterator[tuple[ObjectId | None, Iterator[list[Document]]]]:
    """Yield every customer with their items, in batches; what belongs to nobody comes first.

    The items of one must have been read before the next is asked for.
    """
    path = reading.part.customer
    found = reading.ledger.records().find(reading.query(), {**UNREAD, "stock": 0}, session=session)
    for customer, items in groupby(each(found, f"data.{path}", "number"), lambda one: one["data"].get(path)):
        yield customer, in_batches(items, BATCH)


def lines(
    reading: Reading, year: Year, items: Sequence[Document], session: ClientSession | None = None
) -> Iterator[Line | None]:
    """Yield a line for each item of which there is something to tell; None for one that is withheld."""
    moved = _movements(reading, year, items, session)
    for item in items:
        hidden = closed(reading.told, item)
        if "amounts" in hidden:
            yield None
            continue
        found = account(moved[item["_id"]], year)
        if found:
            shown = reading.told.shown(item)
            places = tuple(_places(reading, found, hidden))
            number = linked(reading.ledger.key, item)
            yield Line(
                item["_id"], number, str(shown.get("title") or ""), reading.unit_of(item), found, places
            )


def _movements(
    reading: Reading, year: Year, items: Sequence[Document], session: ClientSession | None
) -> defaultdict[ObjectId, list[Document]]:
    query = {
        "ledger": reading.ledger.key,
        "item": {"$in": [one["_id"] for one in items]},
        "at": {"$lt": year.ends},
    }
    found = defaultdict[ObjectId, list[Document]](list)
    for movement in db().property_movements.find(query, _READ, session=session):
        found[movement["item"]].append(movement)
    return found


def _places(reading: Reading, found: Account, hidden: Collection[Facet]) -> Iterator[str]:
    """Say where the pieces are, as far as the reader may know."""
    counted = defaultdict[str, Decimal](Decimal)
    for spot, pieces in found.places.items():
        counted[_place(reading, _seen(spot, hidden))] += pieces
    for place, pieces in sorted(counted.items()):
        yield f"{place}: {plain(pieces)}"


def _seen(spot: Spot, hidden: Collection[Facet]) -> Spot:
    return Spot(
        spot.kind,
        None if "departments" in hidden else spot.department,
        "" if "places" in hidden else spot.place,
        None if "people" in hidden else spot.person,
    )


def _place(reading: Reading, spot: Spot) -> str:
    words = [reading.department(spot.department), spot.place, reading.who(spot.person)]
    kind = "" if spot.kind == "kept" and any(words) else reading.say(SPOTS[spot.kind])
    return " · ".join(word for word in (kind, *words) if word)


def called(reading: Reading, customer: ObjectId | None) -> str:
    """Return a customer's name."""
    field = reading.ledger.definition.by_key.get(reading.part.customer)
    return reading.lookup.record(field.form, customer) if field and customer else ""
