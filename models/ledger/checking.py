"""Looks whether the ledgers agree: every stock follows from its movements, and slips say the same."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import partial
from itertools import chain

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import forms
from models.database import Document, db, in_transaction
from models.forms import LiveForm
from models.ledger import agreeing
from models.ledger.mirroring import is_stale
from models.ledger.stock import Spot, Stock
from models.messages import Message, _

BATCH = 500
_ITEM = {"stock": 1, "number": 1, "data": 1}
_Look = Callable[[list[Document], ClientSession], Iterable[Message]]


def check_ledgers() -> Iterator[Message]:
    """Yield what does not agree in any ledger or slip; nothing when all is sound, also while people work."""
    live = forms.live_forms()
    for form in live:
        if form.definition.ledger:
            slips = [one for one in live if one.definition.lends(form.key)]
            yield from _check(form, slips)


def _check(form: LiveForm, slips: list[LiveForm]) -> Iterator[Message]:
    yield from _in_batches(form, _ITEM, partial(_items, form, slips))
    for slip in slips:
        yield from _in_batches(slip, {"number": 1, "data": 1}, partial(_slips, form, slip))


def _in_batches(form: LiveForm, fields: Document, look: _Look) -> Iterator[Message]:
    """Look at records by id; a batch and all that it is compared with are read as of one moment."""
    last: ObjectId | None = None
    while True:
        query: Document = {"_id": {"$gt": last}} if last else {}

        def read(session: ClientSession, query: Document = query) -> tuple[ObjectId | None, list[Message]]:
            found = form.records().find(query, fields, session=session).sort("_id", 1).limit(BATCH)
            batch = list(found)
            return (batch[-1]["_id"] if batch else None), list(look(batch, session))

        last, problems = in_transaction(read)
        if last is None:
            return
        yield from problems


def _items(
    form: LiveForm, slips: list[LiveForm], batch: list[Document], session: ClientSession
) -> Iterator[Message]:
    counted = _replayed(form.key, [one["_id"] for one in batch], session)
    said = agreeing.said_of(slips, [Stock.load(one.get("stock")) for one in batch], session)
    for item in batch:
        problems = _problems(form, item, counted.get(item["_id"], _Counted()))
        yield from _told(form, item, chain(problems, agreeing.of_item(item, said)))


def _slips(
    ledger: LiveForm, form: LiveForm, batch: list[Document], session: ClientSession
) -> Iterator[Message]:
    stocks = agreeing.stocks(ledger, form, batch, session)
    for slip in batch:
        yield from _told(form, slip, agreeing.of_slip(form, slip, stocks))


def _told(form: LiveForm, record: Document, problems: Iterable[Message]) -> Iterator[Message]:
    shown = record.get("number") or record["_id"]
    for problem in problems:
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


def _replayed(ledger: str, items: list[ObjectId], session: ClientSession) -> dict[ObjectId, _Counted]:
    found: defaultdict[ObjectId, _Counted] = defaultdict(_Counted)
    query: Document = {"ledger": ledger, "item": {"$in": items}}
    for movement in db().property_movements.find(query, session=session):
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
