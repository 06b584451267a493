"""Booking: movements and promises that belong together, stored all or none with the items' new stock.

A book is filled while a change is planned, and written in its transaction. What it was planned on may be
stale by then: each item's stock is replaced only where its version is still the one that was read; otherwise
the transaction is tried again with the stock as it is now. So a shortage is only ever told from fresh stock.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from datetime import date, datetime
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from models import outbox
from models.changes import Write
from models.database import Document, OvertakenError, db, in_transaction
from models.errors import InvalidError
from models.forms import LiveForm
from models.ledger import awaited, line, voiding
from models.ledger.mirroring import is_stale, mirrored
from models.ledger.movements import Movement
from models.ledger.opening import arrival
from models.ledger.stock import MAX_ENTRIES, ShortageError, Stock
from models.ledger.wording import shortage
from models.messages import Message, _
from models.people import Actor
from models.times import now

Booked = tuple[Stock, Sequence[Movement]]
Operation = Callable[[Stock], Booked]
"""Works out the next stock and the movements that led there. Raises ShortageError or RefusedError."""

_READ = {"number": 1, "title": 1, "state": 1, "department": 1, "stock": 1, "data": 1}


class RefusedError(Exception):
    """A movement that cannot be, as the stock is; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True)
class _Planned:
    """An operation, and the field beside which its refusal is told."""

    item: ObjectId
    operation: Operation
    path: str

    def carry_out(self, stocks: Mapping[ObjectId, Stock]) -> Booked:
        if self.item not in stocks:
            raise RefusedError(_("This item is no longer in the ledger."))
        return self.operation(stocks[self.item])


@dataclass
class Book:
    """What is to be booked in one ledger by one change, or by the changes of one commit."""

    form: LiveForm
    actor: Actor
    at: datetime = attribute(default_factory=now)
    _planned: list[_Planned] = attribute(default_factory=list)
    _new: list[Document] = attribute(default_factory=list)
    _items: dict[ObjectId, Document] = attribute(default_factory=dict)

    def know(self, items: Iterable[Document]) -> None:
        """Use records of items that were read a moment ago, so that they need not be read again."""
        self._items |= {one["_id"]: one for one in items}

    def items(self, ids: Iterable[ObjectId]) -> dict[ObjectId, Document]:
        """Return the items by id, those in the bin left out."""
        wanted = set(ids)
        if missing := wanted - self._items.keys():
            self.know(_read(self.form, missing))
        return {one: self._items[one] for one in wanted if one in self._items}

    def plan(self, item: ObjectId, operation: Operation, *, path: str = "") -> None:
        """Add what is to be done with an item; a refusal is told beside `path`."""
        self._planned.append(_Planned(item, operation, path))

    def arrive(self, record: Document, *movements: Movement) -> None:
        """Give a record that is being created the stock it arrives with, and what became of it since.

        Raises InvalidError where that cannot be.
        """
        stock = Stock()
        try:
            for one in movements:
                stock = stock.move(one.quantity, one.source, one.target)
        except ShortageError as refused:
            raise InvalidError({"": [self._refusal(refused, record)]}) from refused
        record["stock"] = replace(stock, version=1).dump()
        written = mirrored(self.form.definition, stock)
        record["data"] |= {key: value for key, value in written.items() if value is not None}
        self._new += [self._document(record["_id"], one) for one in movements]
        self.know([record])

    def write(self, _changes: object, session: ClientSession) -> None:
        """Store everything in a transaction.

        Raises:
            InvalidError: there are not so many pieces, said of the stock as it is now.
            OvertakenError: somebody else's booking came first; the next attempt reads what it left.
        """
        ids = list(dict.fromkeys(one.item for one in self._planned))
        known, self._items = {one: self._items[one] for one in ids if one in self._items}, {}
        fresh = len(known) < len(ids)
        if fresh:
            known = {one["_id"]: one for one in _read(self.form, ids, session)}
        booked, movements = self._work_out(known, fresh=fresh)
        booked, void = self._voided(booked, known)
        if booked:
            writes = [self._replacement(item, stock) for item, stock in booked.items()]
            stored = self.form.records().bulk_write(writes, ordered=False, session=session)
            if stored.matched_count < len(writes):
                raise OvertakenError
            told = voiding.notices(self.form, known, booked, void, self.actor, session)
            outbox.put([*self._offers(booked), *self._followed(booked, known), *told], session)
        if movements or self._new:
            db().property_movements.insert_many([*self._new, *movements], session=session)

    @property
    def _today(self) -> date:
        return self.at.astimezone(self.actor.timezone).date()

    def _voided(
        self, booked: Mapping[ObjectId, Stock], known: Mapping[ObjectId, Document]
    ) -> tuple[dict[ObjectId, Stock], voiding.Void]:
        """Return the stocks without what was promised of pieces that left for good, and that."""
        found: voiding.Void = {}
        for item, stock in booked.items():
            before = Stock.load(known[item].get("stock"))
            if gone := voiding.void(before, stock, self._today):
                found[item] = gone
        return {item: stock.without(found.get(item, ())) for item, stock in booked.items()}, found

    def _offers(self, booked: Mapping[ObjectId, Stock]) -> list[Document]:
        """Return the effects by which those get pieces who waited for them."""
        found = (line.effect(self.form.key, item, stock, self._today) for item, stock in booked.items())
        return [one for one in found if one]

    def _followed(
        self, booked: Mapping[ObjectId, Stock], known: Mapping[ObjectId, Document]
    ) -> list[Document]:
        """Return the effects by which items go on in their own procedure."""
        found = (
            awaited.effect(self.form, known[item], mirrored(self.form.definition, stock), stock)
            for item, stock in booked.items()
        )
        return [one for one in found if one]

    def _work_out(
        self, known: Mapping[ObjectId, Document], *, fresh: bool
    ) -> tuple[dict[ObjectId, Stock], list[Document]]:
        """Return the next stock of the items where it changes or is to be told anew, and the movements."""
        before = {item: Stock.load(record.get("stock")) for item, record in known.items()}
        after, movements = self._opened(known, before)
        errors: dict[str, list[Message]] = {}
        for one in self._planned:
            try:
                after[one.item], made = one.carry_out(after)
            except (ShortageError, RefusedError, OverflowError) as refused:
                if not fresh:
                    raise OvertakenError from refused
                errors.setdefault(one.path, []).append(self._refusal(refused, known.get(one.item)))
            else:
                movements += [self._document(one.item, movement) for movement in made]
        if errors:
            raise InvalidError(errors)
        definition = self.form.definition
        changed = [one for one in after if after[one] != before[one] or is_stale(definition, known[one])]
        versions = {one: before[one].version for one in changed}
        return {one: replace(after[one], version=at + 1) for one, at in versions.items()}, movements

    def _opened(
        self, known: Mapping[ObjectId, Document], before: Mapping[ObjectId, Stock]
    ) -> tuple[dict[ObjectId, Stock], list[Document]]:
        """Let things that were there before their form was a ledger arrive now."""
        after, movements = dict(before), []
        for item, record in known.items():
            if not record.get("stock") and (movement := arrival(self.form.definition, record)):
                after[item] = Stock().move(movement.quantity, None, movement.target)
                movements.append(self._document(item, movement))
        return after, movements

    def _refusal(self, refused: Exception, item: Document | None) -> Message:
        if isinstance(refused, ShortageError):
            return shortage(refused, item or {}, self.actor, self.at)
        if isinstance(refused, RefusedError):
            return refused.message
        return _("An item can be in at most %(max)s hands and promises at once.", max=MAX_ENTRIES)

    def _replacement(self, item: ObjectId, stock: Stock) -> UpdateOne:
        new = mirrored(self.form.definition, stock)
        same_version: Any = stock.version - 1 or None
        return UpdateOne(
            {"_id": item, "deleted_at": None, "stock.version": same_version},
            {
                "$set": {"stock": stock.dump()}
                | {f"data.{key}": value for key, value in new.items() if value is not None},
                **_unset(f"data.{key}" for key, value in new.items() if value is None),
            },
        )

    def _document(self, item: ObjectId, movement: Movement) -> Document:
        return movement.document(self.form.key, item, self.actor, self.at)

    def store(self, also: Write | None = None) -> None:
        """Write the book in a transaction of its own, with further writes. Raises InvalidError."""

        def write(session: ClientSession) -> None:
            self.write((), session)
            if also:
                also(session)

        in_transaction(write)


def _unset(paths: Iterable[str]) -> Document:
    gone = dict.fromkeys(paths, "")
    return {"$unset": gone} if gone else {}


def _read(
    form: LiveForm, ids: Iterable[ObjectId], session: ClientSession | None = None
) -> Iterable[Document]:
    return form.records().find({"_id": {"$in": list(ids)}, "deleted_at": None}, _READ, session=session)
