"""Looks whether the ledgers agree with themselves: every stock follows from its movements."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice

from bson import ObjectId

from models import forms
from models.database import Document, db
from models.forms import LiveForm
from models.ledger.mirroring import is_stale
from models.ledger.stock import Spot, Stock
from models.messages import Message, _

BATCH = 500


def check_ledgers() -> Iterator[Message]:
    """Yield what does not agree in any ledger; nothing when all is sound."""
    for form in forms.live_forms():
        if form.definition.ledger:
            yield from _check(form)


def _check(form: LiveForm) -> Iterator[Message]:
    items = form.records().find({}, {"stock": 1, "number": 1, "data": 1}).sort("_id", 1)
    while batch := list(islice(items, BATCH)):
        counted = _replayed(form.key, [one["_id"] for one in batch])
        for item in batch:
            for problem in _problems(form, item, counted.get(item["_id"], _Counted())):
                shown = item.get("number") or item["_id"]
                yield _("%(form)s %(record)s: %(problem)s", form=form.key, record=shown, problem=problem)


class _Counted:
    """What the movements of an item add up to."""

    def __init__(self) -> None:
        self.at: defaultdict[Spot, Decimal] = defaultdict(Decimal)
        self.arrived = Decimal(0)
        self.moves = 0

    def add(self, movement: Document) -> None:
        quantity = movement["quantity"].to_decimal()
        source, target = movement["from"], movement["to"]
        if source:
            self.at[Spot.load(source)] -= quantity
        if target:
            self.at[Spot.load(target)] += quantity
        self.arrived += quantity * ((source is None) - (target is None))
        self.moves += 1


def _replayed(ledger: str, items: list[ObjectId]) -> dict[ObjectId, _Counted]:
    found: defaultdict[ObjectId, _Counted] = defaultdict(_Counted)
    for movement in db().property_movements.find({"ledger": ledger, "item": {"$in": items}}):
        found[movement["item"]].add(movement)
    return found


def _problems(form: LiveForm, item: Document, counted: _Counted) -> Iterator[Message]:
    stock = Stock.load(item.get("stock"))
    there = {one.spot: one.quantity for one in stock.positions}
    replayed = {spot: quantity for spot, quantity in counted.at.items() if quantity}
    if stock.moved != counted.moves:
        yield _(
            "its stock counts %(stock)s movements, the ledger has %(ledger)s",
            stock=stock.moved,
            ledger=counted.moves,
        )
    if there != replayed or stock.arrived != counted.arrived:
        yield _("its stock is not what its movements add up to")
    if any(quantity < 0 for quantity in (*there.values(), *replayed.values())):
        yield _("more pieces left a place than were there")
    if sum(there.values(), Decimal(0)) != stock.arrived:
        yield _("its pieces are not as many as arrived")
    if is_stale(form.definition, item):
        yield _("its fields do not say what its stock is")
