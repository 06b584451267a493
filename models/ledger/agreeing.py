"""Whether what stands on slips and what stocks say of them is the same, looked at from both sides."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from bson import ObjectId
from pymongo.client_session import ClientSession

from models.database import Document
from models.fields.numbers import decimal_of
from models.forms import LiveForm
from models.ledger.stock import Stock
from models.ledger_parts import Slip
from models.messages import Message, _

Said = Mapping[ObjectId, tuple[Slip, Document]]
"""Slips by their id, each with what its form says of its fields."""
_READ = {"data": 1, "deleted_at": 1}


def said_of(slips: Iterable[LiveForm], stocks: Iterable[Stock], session: ClientSession) -> Said:
    """Read the slips that stocks name."""
    named: set[ObjectId] = set()
    for stock in stocks:
        named |= {one.slip for one in stock.promises}
        named |= {one.spot.slip for one in stock.spots("lent") if one.spot.slip}
    found: dict[ObjectId, tuple[Slip, Document]] = {}
    for form in slips if named else ():
        if part := form.definition.slip:
            records = form.records().find({"_id": {"$in": list(named)}}, _READ, session=session)
            found |= {record["_id"]: (part, record) for record in records}
    return found


def of_item(item: Document, said: Said) -> Iterator[Message]:
    """Yield what an item's stock says of slips that they do not say themselves."""
    stock = Stock.load(item.get("stock"))
    for position in stock.spots("lent"):
        part, slip = said.get(position.spot.slip or item["_id"], (None, {}))
        if part is None or item["_id"] not in _lines(part, slip):
            yield _("pieces of it are lent by no slip")
        elif slip["data"].get(part.borrower) != position.spot.person:
            yield _("pieces of it are in other hands than their slip says")
    for promise in stock.promises:
        part, slip = said.get(promise.slip, (None, {}))
        if part is None or slip["deleted_at"] or item["_id"] not in _lines(part, slip):
            yield _("pieces of it are kept for no slip")


def stocks(
    ledger: LiveForm, form: LiveForm, slips: Iterable[Document], session: ClientSession
) -> dict[ObjectId, Stock]:
    """Read the stocks of all items on some slips."""
    part = form.definition.slip
    items = {item for slip in slips for item in (_lines(part, slip) if part else ())}
    query: Document = {"_id": {"$in": list(items)}}
    found = ledger.records().find(query, {"stock": 1}, session=session)
    return {one["_id"]: Stock.load(one.get("stock")) for one in found}


def of_slip(form: LiveForm, slip: Document, stocks: Mapping[ObjectId, Stock]) -> Iterator[Message]:
    """Yield what a slip says of its items that their stocks do not say."""
    part = form.definition.slip
    if part is None:
        return
    lines = _lines(part, slip)
    for item, out in lines.items():
        held = stocks.get(item, Stock()).spots("lent", slip=slip["_id"])
        if sum((one.quantity for one in held), Decimal(0)) != out:
            yield _("what it says is out is not what the ledger says")
    told = slip["data"].get(part.outstanding) if part.outstanding else None
    if told is not None and decimal_of(told) != sum(lines.values(), Decimal(0)):
        yield _("it does not say how many of its pieces are out")


def _lines(part: Slip, slip: Document) -> dict[ObjectId, Decimal]:
    """Return how many pieces of each item are out by a slip."""
    found: defaultdict[ObjectId, Decimal] = defaultdict(Decimal)
    for row in slip["data"].get(part.items) or ():
        if item := row.get(part.item):
            found[item] += decimal_of(row.get(part.lent, 0)) - decimal_of(row.get(part.returned, 0))
    return found
