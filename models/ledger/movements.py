"""The ledger proper: every movement of pieces, written once and never changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime
from decimal import Decimal

from bson import Decimal128, ObjectId
from pymongo import ASCENDING, DESCENDING

from models.database import Document, db
from models.errors import NotFoundError
from models.ledger.stock import Spot
from models.people import Actor


@dataclass(frozen=True)
class Details:
    """What a movement remembers besides pieces and spots: the slip, the record that asked for it, and words.

    `form` and `record` name the record whose step brought it about; `photos` are ids of its files. `at` is
    when it happened, where that is not when it was booked. There is never a second movement with a `key`.
    `redated_at` is when the day of an arrival was corrected: of what takes it back and what books it anew.
    """

    slip: ObjectId | None = None
    form: str = ""
    record: ObjectId | None = None
    note: str = ""
    condition: str = ""
    photos: tuple[ObjectId, ...] = ()
    reverses: ObjectId | None = None
    source: str = "screen"
    at: datetime | None = None
    key: str = ""
    redated_at: datetime | None = None


@dataclass(frozen=True)
class Movement:
    """Pieces of an item that went from one spot to another; without a source they came from outside."""

    kind: str
    quantity: Decimal
    source: Spot | None
    target: Spot | None
    details: Details = attribute(default_factory=Details)

    def document(self, ledger: str, item: ObjectId, actor: Actor, at: datetime) -> Document:
        """Return it as it is kept in `property_movements`."""
        said = {key: value for key, value in vars(self.details).items() if value}
        return {
            "_id": ObjectId(),
            "ledger": ledger,
            "item": item,
            "kind": self.kind,
            "quantity": Decimal128(self.quantity),
            "from": self.source.dump() if self.source else None,
            "to": self.target.dump() if self.target else None,
            "at": at,
            "by": actor.id,
            "by_name": actor.name,
            **said,
            **({"photos": list(self.details.photos)} if self.details.photos else {}),
        }


@dataclass(frozen=True)
class Past:
    """What a thing or a loan has behind it that comes from another ledger.

    `at` is when it came or went out, None for the present; `movements` are those of its pieces since.
    """

    at: datetime | None = None
    movements: tuple[Movement, ...] = ()


def of_item(ledger: str, item: ObjectId, *, limit: int = 0, before: ObjectId | None = None) -> list[Document]:
    """Return the movements of an item, newest first; `before` continues below one."""
    query: Document = {"ledger": ledger, "item": item}
    if before is not None:
        query["_id"] = {"$lt": before}
    return list(db().property_movements.find(query).sort("_id", DESCENDING).limit(limit))


def get(ledger: str, item: ObjectId, movement: ObjectId) -> Document:
    """Return one movement of an item. Raises NotFoundError."""
    found = db().property_movements.find_one({"_id": movement, "ledger": ledger, "item": item})
    if found is None:
        raise NotFoundError
    return found


def of_slip(slip: ObjectId) -> list[Document]:
    """Return the movements that a slip brought about, oldest first."""
    return list(db().property_movements.find({"slip": slip}).sort("_id", ASCENDING))


def undone(ids: Iterable[ObjectId]) -> set[ObjectId]:
    """Return those of some movements that a correction has taken back."""
    found = db().property_movements.find({"reverses": {"$in": list(ids)}}, {"reverses": 1})
    return {one["reverses"] for one in found}


def count(ledger: str, items: Iterable[ObjectId]) -> dict[ObjectId, int]:
    """Return how many movements some items have."""
    pipeline: list[Document] = [
        {"$match": {"ledger": ledger, "item": {"$in": list(items)}}},
        {"$group": {"_id": "$item", "count": {"$sum": 1}}},
    ]
    return {one["_id"]: one["count"] for one in db().property_movements.aggregate(pipeline)}


def ensure_indexes() -> None:
    """Create the indexes by which movements are read: of an item, a slip, a time, a person; ends of loans."""
    collection = db().property_movements
    collection.create_index([("ledger", ASCENDING), ("item", ASCENDING), ("_id", DESCENDING)])
    collection.create_index([("ledger", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)])
    collection.create_index(
        [("ledger", ASCENDING), ("at", ASCENDING)], partialFilterExpression={"from.kind": "lent"}
    )
    collection.create_index([("slip", ASCENDING), ("_id", ASCENDING)], sparse=True)
    collection.create_index([("reverses", ASCENDING)], unique=True, sparse=True)
    collection.create_index([("key", ASCENDING)], unique=True, sparse=True)
    collection.create_index([("to.person", ASCENDING), ("_id", DESCENDING)], sparse=True)
