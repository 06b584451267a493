"""What the ledger writes into an item's own fields, so that lists, filters, rules and exports know it."""

from typing import Any

from models.database import Document
from models.definition import Definition
from models.ledger.quantities import as_stored
from models.ledger.stock import Position, Stock

_GONE = ("lost", "returned", "disposed", "used")


def mirrored(definition: Definition, stock: Stock) -> Document:
    """Return the values of the fields that only the ledger writes; None for those that are empty."""
    ledger = definition.ledger
    if ledger is None:
        return {}
    lent = stock.spots("lent")
    kept = max(stock.spots("kept"), key=lambda one: one.quantity, default=None)
    values: dict[str, Any] = {
        ledger.available: as_stored(definition.by_key.get(ledger.available), stock.total(["kept"])),
        ledger.lent: as_stored(definition.by_key.get(ledger.lent), stock.total(["lent"])),
        ledger.holders: _holders(lent),
        ledger.due_on: min((one.due for one in lent if one.due), default=None),
        ledger.status: status(stock),
        ledger.kept_by: kept.spot.department if kept else None,
        ledger.kept_at: (kept.spot.place or None) if kept else None,
    }
    return {key: value for key, value in values.items() if key}


def is_stale(definition: Definition, item: Document) -> bool:
    """Tell whether an item's fields do not say what its stock is, as after another form has come in force."""
    written = mirrored(definition, Stock.load(item.get("stock")))
    return any(item["data"].get(key) != value for key, value in written.items())


def _holders(lent: list[Position]) -> Any:  # noqa: ANN401  (what a field of several people keeps)
    return list(dict.fromkeys(one.spot.person for one in lent if one.spot.person)) or None


def status(stock: Stock) -> str:
    """Return in one word how an item stands: a key of `kinds.STATUSES`."""
    lent = stock.total(["lent"])
    if lent:
        return "lent" if lent == stock.inside else "partly_lent"
    if stock.total(["kept"]):
        return "in_stock"
    return next((kind for kind in ("damaged", "repair", *_GONE) if stock.total([kind])), "returned")
