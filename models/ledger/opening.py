"""The first stock of an item: what its own fields say of where its pieces are."""

from bson import ObjectId

from models.database import Document
from models.definition import Definition
from models.fields.numbers import decimal_of
from models.ledger.movements import Details, Movement
from models.ledger.quantities import quantity_problem
from models.ledger.stock import Spot
from models.ledger_parts import Ledger


def home(part: Ledger, item: Document) -> ObjectId | None:
    """Return the department to which pieces of an item belong: their keeper, or who has them for now."""
    data = item["data"]
    found: ObjectId | None = data.get(part.keeper) or data.get(part.kept_by) or item.get("department")
    return found


def keeper(part: Ledger, item: Document) -> ObjectId | None:
    """Return the department that hands an item over: who has most of it, or to whom it belongs."""
    found: ObjectId | None = item["data"].get(part.kept_by)
    return found or home(part, item)


def arrival(ledger: Definition, item: Document) -> Movement | None:
    """Return how a thing arrives that was there before its form was a ledger; None if it has no quantity."""
    part, data = ledger.ledger, item["data"]
    stored = data.get(part.quantity) if part else None
    if part is None or stored is None or quantity_problem(ledger, data, decimal_of(stored)):
        return None
    spot = Spot("kept", home(part, item), str(data.get(part.place) or ""))
    return Movement("arrival", decimal_of(stored), None, spot, Details(source="system"))
