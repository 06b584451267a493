"""What somebody is shown of a check: the lines of items that they may see, without what is closed to them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from bson import ObjectId

from models import access, search
from models.database import Document
from models.disclosure import Disclosure
from models.fields.numbers import decimal_of
from models.ledger.held import MIRRORS, Facet, closed, keys_of
from models.ledger.stock import Spot, Stock
from models.ledger.stock_check import lines
from models.ledger.stock_check.check import Check
from models.ledger.stock_check.lines import AGAIN, COUNTED, GONE, OPEN, SETTLED
from models.ledger_parts import TALLIED
from models.people import User

MOST_LOOKED_AT: Final = 20_000
"""Lines that are looked through at most for somebody who does not see every item."""
ASKED_AT_ONCE: Final = 2000
AT_ONCE, MOST_AT_ONCE = 100, 2000
"""Lines read in one go: more where the reader may see few of them."""
_ITEM: Final = {"number": 1, "title": 1, "stock": 1, "data": 1, "state": 1, "department": 1, "deleted_at": 1}
_NOTHING: Final = frozenset[str]()
_OF_BOOKS: Final = frozenset({"expected", "book", "difference", "off", "counts"})
"""What of a line tells what the books say; a blind count withholds it from everybody."""
_AMOUNTS: Final = frozenset({*_OF_BOOKS, "counted"})
_PARTS: Final[Mapping[Facet, str]] = {
    "people": "person",
    "departments": "department",
    "places": "place",
    "days": "due",
}

FILTERS: Mapping[str, Document] = MappingProxyType(
    {
        "all": {},
        "open": {"status": {"$in": [OPEN, AGAIN]}},
        "again": {"status": AGAIN},
        "counted": {"status": COUNTED},
        "off": {"off": True},
        "undecided": {"off": True, "decision": ""},
        "found": {"found": True},
        "listed": {"away": True},
        "gone": {"status": GONE},
        "skipped": {"off": True, "outcome": {"$nin": [None, *SETTLED]}},
    }
)


@dataclass(frozen=True)
class Shown:
    """A line as somebody is shown it; `now` is what the books say at this moment, None where that is closed.

    `line` and `item` lack what is closed to them; `item` is None for what is in no ledger, or no longer.
    """

    line: Document
    item: Document | None
    now: Decimal | None
    fractional: bool
    single: bool

    @property
    def id(self) -> ObjectId:
        """The line's id."""
        found: ObjectId = self.line["_id"]
        return found

    def number(self, key: str) -> Decimal | None:
        """Return a quantity of the line: `expected`, `counted`, `book` or `difference`."""
        value = self.line.get(key)
        return None if value is None else decimal_of(value)


class Page(NamedTuple):
    """Lines, and the id beyond which there may be more; empty where there are none."""

    lines: list[Shown]
    more: str


class Reader:
    """One person in front of one check."""

    def __init__(self, person: User, check: Check) -> None:
        """Begin; what is closed to the person is found out once."""
        self.person, self.check = person, check
        self.told = Disclosure(person, check.ledger)
        self.sees_all = access.sees_every_record(person, check.ledger.key)

    # -- what is closed ------------------------------------------------------------------------------------

    @cached_property
    def _unasked(self) -> frozenset[Facet]:
        """What of a stock is closed to the person on some item."""
        return frozenset(facet for facet in MIRRORS if self.told.unasked & set(keys_of(self.told, facet)))

    def closed_on(self, item: Document | None) -> frozenset[Facet]:
        """Return what of an item's stock is closed; of what is in no ledger, what is closed anywhere."""
        return closed(self.told, item) if item else self._unasked

    def shown(self, line: Document, item: Document | None) -> Shown:
        """Return a line as the person is shown it."""
        spot = Spot.load(line["spot"])
        closed_facets = self.closed_on(item)
        hidden = {_PARTS.get(facet, "") for facet in closed_facets}
        withheld = _OF_BOOKS if self.check.is_blind else _NOTHING
        withheld = withheld | _AMOUNTS if "amounts" in closed_facets else withheld
        kept = {key: value for key, value in line.items() if key not in withheld}
        kept["spot"] = {key: value for key, value in line["spot"].items() if key not in hidden}
        kept["due"] = "" if "due" in hidden else line["due"]
        if item is not None:
            kept["title"] = self.told.titled(item)["title"]
        elif line["item"] is not None and not self.told.knows_titles:
            kept["title"] = ""
        part = self.check.ledger.definition.ledger
        data = item["data"] if item else {}
        fractional = bool(part and part.unit and data.get(part.unit) in part.fractional_units)
        single = bool(part and part.serial and data.get(part.serial))
        now = Stock.load(item.get("stock")).at(spot) if item and not withheld else None
        return Shown(kept, self.told.plain(item) if item else None, now, fractional, single)

    # -- lines ---------------------------------------------------------------------------------------------

    def seen(self, found: Sequence[Document]) -> list[Shown]:
        """Return those of some lines that the person may see, in their order."""
        visible = self._visible(found)
        ids = {line["item"] for line in visible if line["item"]}
        alive: Document = {"_id": {"$in": list(ids)}, "deleted_at": None}
        items = {one["_id"]: one for one in self.check.ledger.records().find(alive, _ITEM)}
        return [self.shown(line, items.get(line["item"])) for line in visible]

    def _visible(self, found: Sequence[Document]) -> list[Document]:
        if self.sees_all:
            return list(found)
        items = {line["item"] for line in found if line["item"]}
        seen = {None, *access.visible(self.person, self.check.ledger.key, items)}
        return [line for line in found if line["item"] in seen]

    def line(self, line_id: str | ObjectId) -> Shown | None:
        """Return a line of the check, None where there is none for this person."""
        wanted = {"_id": access.object_id(line_id), "check": self.check.id}
        return next(iter(self.seen(list(lines.collection().find(wanted)))), None)

    def page(self, which: str = "all", *, words: str = "", after: str = "", limit: int = 50) -> Page:
        """Return lines in their order: those of a filter, in which some words are found, beyond a line.

        Who may see few of very many is given what is found among the next 20,000.
        """
        found: list[Document] = []
        last, looked, size = self._position(after), 0, max(AT_ONCE, limit + 1)
        while len(found) <= limit and looked < MOST_LOOKED_AT:
            batch = self._read(which, words, last, size)
            found += self._visible(batch)
            if len(batch) < size:
                last = None
                break
            last, looked, size = batch[-1], looked + size, min(2 * size, MOST_AT_ONCE)
        beyond = found[limit - 1] if len(found) > limit else last
        return Page(self.seen(found[:limit]), str(beyond["_id"]) if beyond else "")

    def _position(self, line_id: str) -> Document | None:
        """Return where a line stands, seen or not; None for none."""
        if not ObjectId.is_valid(line_id):
            return None
        wanted = {"_id": ObjectId(line_id), "check": self.check.id}
        return lines.collection().find_one(wanted, {"order": 1})

    def every(self, which: str = "all") -> Iterator[list[Shown]]:
        """Yield all lines of a filter in batches, in their order."""
        after: Document | None = None
        while batch := self._read(which, "", after, MOST_AT_ONCE):
            yield self.seen(batch)
            after = batch[-1]

    def _read(self, which: str, words: str, after: Document | None, size: int) -> list[Document]:
        if self.check.is_blind and "off" in FILTERS[which]:
            return []
        parts: list[Document] = [{"check": self.check.id}, FILTERS[which]]
        if words.strip():
            parts += self._searched(words)
        if after is not None:
            same = {"order": after["order"], "_id": {"$gt": after["_id"]}}
            parts.append({"$or": [{"order": {"$gt": after["order"]}}, same]})
        query = {"$and": [part for part in parts if part]}
        return list(lines.collection().find(query).sort([("order", 1), ("_id", 1)]).limit(size))

    def _searched(self, words: str) -> list[Document]:
        """Return the filter of lines by words, which never finds by what is closed to the person."""
        found = [search.query_filter(words, lines.collection())]
        part = self.check.ledger.definition.ledger
        serial = bool(part and part.serial in self.told.unasked)
        if not self.told.knows_titles or serial or "places" in self._unasked:
            paths = ["number", *(["title"] if self.told.knows_titles else [])]
            paths += [] if "places" in self._unasked else ["spot.place"]
            found.append(search.narrowed_to(words, paths))
        return found

    def of_items(self, ids: Sequence[ObjectId]) -> list[Shown]:
        """Return the lines of some items."""
        wanted = {"check": self.check.id, "item": {"$in": list(ids)}}
        return self.seen(list(lines.collection().find(wanted).sort([("order", 1), ("_id", 1)])))

    # -- numbers -------------------------------------------------------------------------------------------

    def numbers(self) -> dict[str, int] | None:
        """Return the numbers of the check as far as the person may see it; None where that takes too long."""
        if self.sees_all:
            return self.check.numbers
        wanted = {"item": 1, "kind": 1, "status": 1, "off": 1, "decision": 1}
        found = list(lines.collection().find({"check": self.check.id}, wanted).limit(MOST_LOOKED_AT + 1))
        if len(found) > MOST_LOOKED_AT:
            return None
        items = list({line["item"] for line in found if line["item"]})
        seen: set[Any] = {None}
        for start in range(0, len(items), ASKED_AT_ONCE):
            asked = items[start : start + ASKED_AT_ONCE]
            seen |= access.visible(self.person, self.check.ledger.key, asked)
        total = dict.fromkeys(TALLIED, 0)
        for line in found:
            if line["item"] in seen:
                total = {name: total[name] + more for name, more in lines.tally(line).items()}
        return total
