"""Where the pieces of one item are and who asked for them, as a reader is shown it.

What is closed to the reader of the fields that mirror a stock is closed here, too.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Literal
from zoneinfo import ZoneInfo

from bson import ObjectId

from models.database import Document
from models.disclosure import Disclosure
from models.ledger.kinds import LENDABLE, SpotKind
from models.ledger.stock import FAR, Occupation, Position, Promise, Spot, Stock
from models.ledger_parts import Ledger
from models.times import today

_ORDER: Final = (
    "kept", "lent", "damaged", "repair", "lost", "used", "disposed", "returned", "reserved", "queued", "back",
)  # fmt: skip

Facet = Literal["people", "days", "departments", "places", "amounts"]
MIRRORS: Mapping[Facet, Callable[[Ledger], tuple[str, ...]]] = MappingProxyType(
    {
        "people": lambda part: (part.holders,),
        "days": lambda part: (part.due_on,),
        "departments": lambda part: (part.keeper, part.kept_by),
        "places": lambda part: (part.place, part.kept_at),
        "amounts": lambda part: (part.quantity, part.available, part.lent, part.status),
    }
)
"""By which fields of a ledger each side of its stock is told."""


@dataclass(frozen=True)
class Held:
    """Pieces of an item somewhere, asked for (`reserved`, `queued`), or lent once (`back`).

    `begins` is the first day (ISO date), `ends` the last, on which they should be back; empty where there
    is none. `late` ones should have been back.
    """

    kind: SpotKind | Literal["reserved", "queued", "back"]
    quantity: Decimal
    person: ObjectId | None = None
    department: ObjectId | None = None
    place: str = ""
    slip: ObjectId | None = None
    begins: str = ""
    ends: str = ""
    since: datetime | None = None
    late: bool = False

    @property
    def asked(self) -> bool:
        """Tell whether they are only asked for."""
        return self.kind in {"reserved", "queued"}

    @property
    def order(self) -> tuple[int, str, str]:
        """By what rows of one item are sorted: what is here first, then by day."""
        return _ORDER.index(self.kind), self.ends or FAR, self.begins


@dataclass(frozen=True)
class Freedom:
    """How many pieces are free today, of how many that can be lent, and the day on which more are."""

    now: Decimal
    of: Decimal
    again: str = ""
    then: Decimal = Decimal(0)


Wanted = Callable[[ObjectId | None, ObjectId | None], bool]
"""Tells by person and department whether pieces are asked about."""


def keys_of(told: Disclosure, facet: Facet) -> list[str]:
    """Return the fields of a ledger that tell one side of its stock."""
    part = told.form.definition.ledger
    return [key for key in MIRRORS[facet](part) if key] if part else []


def closed(told: Disclosure, record: Document) -> frozenset[Facet]:
    """Return what of an item's stock is withheld from a reader."""
    return frozenset(
        facet for facet in MIRRORS if any(told.is_withheld(record, key) for key in keys_of(told, facet))
    )


def known(spot: Spot, hidden: Collection[Facet]) -> Spot:
    """Return a spot without what is withheld of it."""
    return replace(
        spot,
        person=None if "people" in hidden else spot.person,
        department=None if "departments" in hidden else spot.department,
        place="" if "places" in hidden else spot.place,
    )


def held_of(
    told: Disclosure, record: Document, zone: ZoneInfo, wanted: Wanted = lambda _person, _department: True
) -> list[Held]:
    """Return where the pieces of an item are, and who asked for them; nothing where amounts are closed."""
    hidden = closed(told, record)
    if "amounts" in hidden:
        return []
    stock, day = Stock.load(record.get("stock")), today(zone).isoformat()
    places = [
        _position(one, hidden, day, zone)
        for one in stock.positions
        if wanted(one.spot.person, one.spot.department)
    ]
    asked = [one for one in stock.promises if wanted(one.person, one.department)]
    return [*sorted(places, key=lambda one: one.order), *_promises(asked, hidden, day)]


def _position(one: Position, hidden: frozenset[Facet], day: str, zone: ZoneInfo) -> Held:
    due = "" if "days" in hidden else one.due
    return Held(
        one.spot.kind,
        one.quantity,
        None if "people" in hidden else one.spot.person,
        None if "departments" in hidden else one.spot.department,
        "" if "places" in hidden else one.spot.place,
        one.spot.slip,
        one.since.astimezone(zone).date().isoformat() if one.since else "",
        due,
        one.since,
        late=one.spot.kind == "lent" and bool(due) and due < day,
    )


def _promises(asked: list[Promise], hidden: frozenset[Facet], day: str) -> list[Held]:
    """Return what was asked for and is still to come: reservations by day, then who waits, in order."""
    reserved = [one for one in asked if not one.queued and one.ends >= day]
    waiting = [one for one in asked if one.queued]
    ordered = (
        *sorted(reserved, key=lambda one: (one.begins, one.ends)),
        *sorted(waiting, key=lambda one: one.asked),
    )
    return [_promise(one, hidden) for one in ordered]


def _promise(one: Promise, hidden: frozenset[Facet]) -> Held:
    return Held(
        "queued" if one.queued else "reserved",
        one.quantity,
        None if "people" in hidden else one.person,
        None if "departments" in hidden else one.department,
        slip=one.slip,
        begins="" if "days" in hidden else one.begins,
        ends="" if "days" in hidden else one.ends,
        since=one.asked_at,
    )


def taken_of(stock: Stock, day: date) -> list[Occupation]:
    """Return what whoever comes now finds taken: what others have, were promised, or wait for."""
    return [*stock.occupations(day), *(one.occupation() for one in stock.line(day))]


def freedom(record: Document, day: date) -> Freedom:
    """Return how many pieces of an item are free on a day, and on which day more will be.

    What is late is expected back on no day at all.
    """
    stock, iso = Stock.load(record.get("stock")), day.isoformat()
    free, whole = stock.free(iso, iso, day), stock.total(LENDABLE)
    ends = {one.ends for one in taken_of(stock, day) if not one.late and one.ends != FAR}
    for last in sorted(ends) if free < whole else ():
        after = (date.fromisoformat(last) + timedelta(days=1)).isoformat()
        then = stock.free(after, after, day)
        if then > free:
            return Freedom(free, whole, after, then)
    return Freedom(free, whole)
