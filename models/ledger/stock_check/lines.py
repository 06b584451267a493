"""The lines of stock checks: one for each spot at which pieces of an item are, and what was counted there.

A line of kind `kept` or `damaged` is to be counted; one of kind `lent` or `repair` is listed and may be
confirmed. Its status is one of `STATUSES`. The numbers of a check are kept with its record in the
transaction of each line, so that nobody has to count 200,000 lines to know how far it is.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from bson import Decimal128, ObjectId
from pymongo import ASCENDING
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from models.database import Document, db
from models.fields.numbers import decimal_of
from models.forms import LiveForm
from models.ledger.stock import Position, Spot
from models.ledger_parts import TALLIED, StockCheck
from models.messages import Message, _
from models.search import tokens
from models.times import now

COUNTED_KINDS: Final = ("kept", "damaged")
LISTED_KINDS: Final = ("lent", "repair")
OPEN, AGAIN, COUNTED, LISTED, GONE = "open", "again", "counted", "listed", "gone"
STATUSES: Mapping[str, Message] = MappingProxyType(
    {
        OPEN: _("To be counted"),
        AGAIN: _("To be counted again"),
        COUNTED: _("Counted"),
        LISTED: _("Not here, only listed"),
        GONE: _("No longer in the ledger"),
    }
)
DECISIONS: Mapping[str, Message] = MappingProxyType(
    {
        "book": _("Book as counted"),
        "move": _("It came from another place"),
        "leave": _("Leave the books as they are"),
    }
)
OUTCOMES: Mapping[str, Message] = MappingProxyType(
    {
        "booked": _("Booked"),
        "left": _("Left as it was"),
        "moved": _("Not booked: pieces of it were moved after it was counted"),
        "gone": _("Not booked: it is no longer in the ledger"),
        "single": _("Not booked: there is only one piece of it, and the books have it elsewhere"),
        "elsewhere": _("Not booked: the books have no piece of it at another place"),
        "full": _("Not booked: it is in too many hands at once"),
        "unknown": _("Not booked: it is in no ledger"),
    }
)
SETTLED: Final = frozenset({"booked", "left"})
_DIGITS = re.compile(r"\d+")


def collection() -> Collection[Document]:
    """Return the collection of lines."""
    return db().property_check_lines


def ensure_indexes() -> None:
    """Create what lists, searches, scans and jobs read, and what keeps each spot on a list once."""
    lines = collection()
    lines.create_index([("check", ASCENDING), ("key", ASCENDING)], unique=True)
    lines.create_index([("check", ASCENDING), ("order", ASCENDING), ("_id", ASCENDING)])
    lines.create_index(
        [("check", ASCENDING), ("status", ASCENDING), ("order", ASCENDING), ("_id", ASCENDING)]
    )
    lines.create_index(
        [("check", ASCENDING), ("off", ASCENDING), ("order", ASCENDING), ("_id", ASCENDING)],
        partialFilterExpression={"off": True},
    )
    lines.create_index(
        [("check", ASCENDING), ("off", ASCENDING), ("outcome", ASCENDING), ("item", ASCENDING)],
        partialFilterExpression={"off": True},
    )
    for few in ("found", "away"):
        lines.create_index(
            [("check", ASCENDING), (few, ASCENDING), ("order", ASCENDING), ("_id", ASCENDING)],
            partialFilterExpression={few: True},
        )
    lines.create_index(
        [("check", ASCENDING), ("spot.person", ASCENDING)], partialFilterExpression={"away": True}
    )
    lines.create_index([("item", ASCENDING), ("check", ASCENDING)])
    lines.create_index([("search", ASCENDING), ("check", ASCENDING)])


def key_of(item: ObjectId, spot: Spot) -> str:
    """Return what makes a line the only one of its check: an item at a spot."""
    parts = (item, spot.kind, spot.department or "", spot.person or "", spot.slip or "", spot.place)
    return ":".join(map(str, parts))


def order_of(place: str, number: str) -> str:
    """Return by what lines are sorted: the place, then the number, with 2 before 10."""
    return _DIGITS.sub(lambda found: found[0].zfill(10), f"{place}\t{number}".casefold())


def new(
    form: LiveForm,
    check: Document,
    ledger: LiveForm,
    item: Document | None,
    spot: Spot,
    *,
    name: str = "",
    expected: Position | None = None,
) -> Document:
    """Return a line that nobody counted yet: of the list (`expected` there), or of what somebody found.

    `form` and `check` are the check's form and record; `name` says what a thing is that no ledger knows.
    """
    part, line_id = ledger.definition.ledger, ObjectId()
    number, title = (str((item or {}).get(key) or "") for key in ("number", "title"))
    serial = str(item["data"].get(part.serial) or "") if item and part and part.serial else ""
    quantity = expected.quantity if expected else Decimal(0)
    return {
        "_id": line_id,
        "check": check["_id"],
        "form": form.key,
        "ledger": ledger.key,
        "item": item["_id"] if item else None,
        "key": key_of(item["_id"], spot) if item else f"new:{line_id}",
        "number": number,
        "title": title or name,
        "kind": spot.kind,
        "spot": spot.dump(),
        "due": expected.due if expected else "",
        "expected": Decimal128(quantity),
        "moved": int((item or {}).get("stock", {}).get("moved", 0)),
        "taken_at": now() if expected else check["check"]["taken_at"],
        "order": order_of(spot.place, number or title or name),
        "search": tokens([number, title, name, serial, spot.place]),
        "status": LISTED if spot.kind in LISTED_KINDS else OPEN,
        "found": expected is None,
        "away": spot.kind in LISTED_KINDS,
        "off": False,
        "decision": "",
    }


def is_counted_kind(line: Mapping[str, Any]) -> bool:
    """Tell whether a line is of pieces that are to be counted, and not only listed."""
    return line["kind"] in COUNTED_KINDS


def is_off(line: Mapping[str, Any]) -> bool:
    """Tell whether what was counted is not what the books said."""
    return bool(line.get("off"))


def tally(line: Mapping[str, Any] | None) -> dict[str, int]:
    """Return what a line adds to the numbers of its check; what is counted again is undecided, too."""
    if line is None or not is_counted_kind(line):
        return dict.fromkeys(TALLIED, 0)
    off = is_off(line)
    return {
        "lines": 1,
        "counted": int(line["status"] == COUNTED),
        "open": int(line["status"] in {OPEN, AGAIN}),
        "differences": int(off),
        "undecided": int((off and not line.get("decision")) or line["status"] == AGAIN),
    }


def difference_of(line: Mapping[str, Any]) -> Decimal128 | None:
    """Return by how much more was counted than the books said; None for a line that was not counted."""
    if line.get("counted") is None:
        return None
    return Decimal128(decimal_of(line["counted"]) - decimal_of(line["book"]))


# -- the numbers of a check --------------------------------------------------------------------------------


def add_up(check: ObjectId) -> dict[str, int]:
    """Count the lines of a check anew; return its numbers."""
    countable: Document = {"check": check, "kind": {"$in": list(COUNTED_KINDS)}}
    off: Document = {"$eq": ["$off", True]}
    sums: Document = {
        "lines": {"$sum": 1},
        "counted": _sum({"$eq": ["$status", COUNTED]}),
        "open": _sum({"$in": ["$status", [OPEN, AGAIN]]}),
        "differences": _sum(off),
        "undecided": _sum(
            {"$or": [{"$and": [off, {"$eq": ["$decision", ""]}]}, {"$eq": ["$status", AGAIN]}]}
        ),
    }
    found = next(iter(collection().aggregate([{"$match": countable}, {"$group": {"_id": None, **sums}}])), {})
    return {name: int(found.get(name, 0)) for name in TALLIED}


def _sum(condition: Document) -> Document:
    return {"$sum": {"$cond": [condition, 1, 0]}}


def written(part: StockCheck, numbers: Mapping[str, int]) -> Document:
    """Return the paths of a check's record at which its numbers stand."""
    own = {f"check.numbers.{name}": number for name, number in numbers.items()}
    fields = {f"data.{key}": numbers[name] for name, key in part.numbers.items() if name in numbers}
    return {**own, **fields}


def store(form: LiveForm, part: StockCheck, check: ObjectId, before_and_after: Iterable[tuple[Any, Any]],
          session: ClientSession) -> None:  # fmt: skip
    """Store changed lines of a check, and its numbers with them; None before is a new line.

    The record is written every time, so that a count and a step of the check never pass each other by.
    """
    total = dict.fromkeys(TALLIED, 0)
    for before, after in before_and_after:
        if before is None:
            collection().insert_one(after, session=session)
        else:
            collection().replace_one({"_id": after["_id"]}, after, session=session)
        was, now_is = tally(before), tally(after)
        total = {name: total[name] + now_is[name] - was[name] for name in TALLIED}
    more = {path: number for path, number in written(part, total).items() if number}
    form.records().update_one({"_id": check}, {"$inc": {"check.version": 1, **more}}, session=session)
