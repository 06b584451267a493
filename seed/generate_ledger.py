"""A large ledger of customers' property for measuring: things, their movements, and the slips that lent them.

Everything is stored as the product stores it: records under the default pack's own forms, with the stock and
the fields that `models.ledger` works out of their movements, a sealed first entry of history, and a slip for
every loan. It is only written faster, many at once, and slips come without history. The company grows with
its ledger: there are always so many things to a customer and to a borrower.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, Final
from zlib import crc32

from bson import ObjectId
from pymongo import WriteConcern
from pymongo.collection import Collection

from models import form_indexes, forms, history
from models.database import Document, db
from models.fields.rows import ROW
from models.forms import LiveForm
from models.ledger.mirroring import mirrored
from models.ledger.movements import Details, Movement
from models.ledger.quantities import as_stored
from models.ledger.stock import Spot, Stock
from models.lookups import Lookup
from models.people import Actor, Department, User
from models.planning import blank_record
from models.times import now
from models.titles import derived
from seed.generate_company import borrowers, customers

LEDGER: Final = "customer_property"
SLIP: Final = "borrow_slip"
LOANS: Final = 4
MOVEMENTS: Final = 2 + 2 * LOANS
"""Of a thing on average: it arrives, goes to its keeper, and is lent and returned four times."""
LONG_LIFE: Final = 2_000
"""Movements that the first thing has besides, from one shelf to another and back."""
THINGS_PER_CUSTOMER: Final = 100
THINGS_PER_BORROWER: Final = 500
THINGS_PER_SLIP: Final = 10
EVERY: Final = 20
"""Of so many things one is lent at the moment, every other of those too long; and one was given back."""
BATCH: Final = 2_000
_LENT, _GIVEN_BACK = 3, 7
_DAYS_PER_LOAN: Final = 60
_DAYS_LENT: Final = 14
_NAMES: Final = ("缸盖样件", "曲轴图纸", "油封检具", "叶轮模具", "轴承样品", "线束样件", "控制板", "周转箱")
_KEEPERS: Final = ("PRODUCTION", "TECH", "QUALITY", "SALES")
_DAY: Final = timedelta(days=1)
_ONE: Final = Decimal(1)


@dataclass(frozen=True)
class Filled:
    """What was made: the forms, the thing with the long life, another one, its customer, and a borrower."""

    ledger: LiveForm
    slip: LiveForm
    long_lived: ObjectId
    ordinary: ObjectId
    customer: ObjectId
    borrower: ObjectId


def generate(things: int) -> Filled:
    """Fill an empty ledger of the default pack with so many things, ten times the movements, and slips."""
    maker = _Maker(things)
    for form in (maker.ledger, maker.slip):
        form.records().drop()  # and with it the indexes, which are built once, at the end
    for turn in range(MOVEMENTS + 1):
        _insert(db().property_movements, (maker.movement_document(one, turn) for one in range(things)))
    _insert(db().property_movements, maker.long_life())
    for start in range(0, things, BATCH):
        made = [maker.thing(one) for one in range(start, min(start + BATCH, things))]
        _insert(maker.ledger.records(), (record for record, _entry in made))
        _insert(db().history, (entry for _record, entry in made))
    _insert(maker.slip.records(), maker.slips())
    for form in (maker.ledger, maker.slip):
        form_indexes.ensure(form.records(), form.definition)
    borrower = maker.borrower(LOANS - 1, 0).id
    first, second = maker.ids[0], maker.ids[1]
    return Filled(maker.ledger, maker.slip, first, second, maker.customer(1), borrower)


def _insert(collection: Collection[Document], made: Iterable[Document | None]) -> None:
    """Write what is made, many at once; a benchmark needs no journal."""
    quick = collection.with_options(write_concern=WriteConcern(1))
    rest = (one for one in made if one)
    while batch := list(islice(rest, BATCH)):
        quick.insert_many(batch, ordered=False)


class _Maker:
    """Knows what became of each thing, by its number."""

    def __init__(self, things: int) -> None:
        self.ledger, self.slip = forms.current(LEDGER), forms.current(SLIP)
        self._now, self._lookup = now(), Lookup()
        self._departments = [Department.objects.get(code=code).id for code in _KEEPERS]
        self._people = list(borrowers(max(1, things // THINGS_PER_BORROWER)))
        self._customers = list(customers(max(1, things // THINGS_PER_CUSTOMER)))
        self._clerk = replace(Actor.of(self._people[0]), department=self._departments[-1])
        self.ids = [ObjectId() for _one in range(things)]
        groups = range(-(-things // THINGS_PER_SLIP))
        self._slips = [[ObjectId() for _group in groups] for _loan in range(LOANS)]

    # -- who, where, when --------------------------------------------------------------------------------

    def customer(self, number: int) -> ObjectId:
        """Return whose a thing is."""
        return self._customers[number % len(self._customers)]

    def borrower(self, loan: int, group: int) -> User:
        """Return who borrows some things for the first, second, … time."""
        return self._people[(group // 2 + 7 * loan) % len(self._people)]

    def _keeper(self, number: int) -> ObjectId:
        return self._departments[number % 3]

    def _place(self, number: int) -> str:
        return f"{'ABC'[number % 3]}库 {number % 40}排"

    def _kept(self, number: int) -> Spot:
        return Spot("kept", self._keeper(number), self._place(number))

    def _came(self, number: int) -> datetime:
        oldest = self._now - (LOANS + 1) * _DAYS_PER_LOAN * _DAY
        return oldest - _picked("came", number, 700) * _DAY

    def _lent_at(self, loan: int) -> datetime:
        return self._now - (20 + (LOANS - 1 - loan) * _DAYS_PER_LOAN) * _DAY

    def _ends(self, loan: int, group: int) -> str:
        late = loan < LOANS - 1 or group // 2 % 2
        days = (_DAYS_LENT if late else 40) + group % 5
        return (self._lent_at(loan) + days * _DAY).date().isoformat()

    def _is_out(self, number: int, loan: int) -> bool:
        return loan == LOANS - 1 and number % EVERY == _LENT

    def _hands(self, number: int, loan: int) -> Spot:
        """Return the hands in which a thing is by a loan."""
        group = number // THINGS_PER_SLIP
        person = self.borrower(loan, group)
        return Spot("lent", self._departments[0], "", person.id, self._slips[loan][group])

    # -- movements ---------------------------------------------------------------------------------------

    def movement(self, number: int, turn: int) -> Movement | None:
        """Return what became of a thing in its first, second, … turn; None for nothing."""
        kept, given_back = self._kept(number), number % EVERY == _GIVEN_BACK
        if turn == 0:
            came = Spot("kept", self._clerk.department, self._place(number))
            return Movement("arrival", _ONE, None, came, self._details(number))
        if turn == 1:
            came = Spot("kept", self._clerk.department, self._place(number))
            return Movement("hand_over", _ONE, came, kept, self._details(number))
        if turn == MOVEMENTS:
            gone = Movement("give_back", _ONE, kept, Spot("returned"), Details(note="已退还"))
            return gone if given_back else None
        loan, returns = divmod(turn - 2, 2)
        hands = self._hands(number, loan)
        details = Details(slip=hands.slip, form=SLIP, record=hands.slip)
        if not returns:
            return Movement("borrow", _ONE, kept, hands, details)
        return None if self._is_out(number, loan) else Movement("return", _ONE, hands, kept, details)

    def _details(self, number: int) -> Details:
        return Details(form=LEDGER, record=self.ids[number], source="import")

    def _at(self, number: int, turn: int) -> datetime:
        loan, returns = divmod(turn - 2, 2)
        if turn < 2:  # noqa: PLR2004  (arrival and hand-over)
            return self._came(number)
        return self._now - 2 * _DAY if turn == MOVEMENTS else self._lent_at(loan) + returns * 9 * _DAY

    def movement_document(self, number: int, turn: int) -> Document | None:
        """Return it as it is stored."""
        made, at = self.movement(number, turn), self._at(number, turn)
        return made.document(LEDGER, self.ids[number], self._clerk, at) if made else None

    def _shelves(self) -> list[Movement]:
        here, there = self._kept(0), replace(self._kept(0), place="D库 1排")
        ways = [(here, there), (there, here)] * (LONG_LIFE // 2)
        return [Movement("relocate", _ONE, source, target, Details(note="整理")) for source, target in ways]

    def long_life(self) -> Iterator[Document]:
        """Yield what became of the first thing besides."""
        for minute, one in enumerate(self._shelves()):
            at = self._now - _DAY + timedelta(seconds=minute)
            yield one.document(LEDGER, self.ids[0], self._clerk, at)

    # -- things ------------------------------------------------------------------------------------------

    def thing(self, number: int) -> tuple[Document, Document]:
        """Return the record of a thing, and the entry of its history."""
        at, definition, stock = self._came(number), self.ledger.definition, self._stock(number)
        record = blank_record(self._clerk, self._data(number, at), at)
        record |= {
            "_id": self.ids[number],
            "number": f"CC-{number + 1:06}",
            "form_version": self.ledger.version,
            "state": "returned" if number % EVERY == _GIVEN_BACK else "kept",
        }
        entry = self._entry(record, at)
        written = {key: value for key, value in mirrored(definition, stock).items() if value is not None}
        record |= {"seal": entry["seal"], "stock": stock.dump(), "data": {**record["data"], **written}}
        return {**record, **derived(definition, record, self._lookup)}, entry

    def _entry(self, record: Document, at: datetime) -> Document:
        changes = history.changes_between({}, record["data"])
        return history.entry(
            self._clerk, LEDGER, record, "created", changes, reason="", source="import", at=at
        )

    def _stock(self, number: int) -> Stock:
        made = [self.movement(number, turn) for turn in range(MOVEMENTS + 1)]
        stock = Stock()
        for turn, one in enumerate(made):
            if one and one.kind == "borrow":
                since, due = self._at(number, turn), self._ends((turn - 2) // 2, number // THINGS_PER_SLIP)
                stock = stock.move(one.quantity, one.source, one.target, since=since, due=due)
            elif one:
                stock = stock.move(one.quantity, one.source, one.target)
        for one in () if number else self._shelves():
            stock = stock.move(one.quantity, one.source, one.target)
        return replace(stock, version=stock.moved)

    def _data(self, number: int, at: datetime) -> Document:
        kinds = self.ledger.definition.by_key["kind"].options
        return {
            "name": f"{_NAMES[number % len(_NAMES)]} {number}",
            "customer": self.customer(number),
            "kind": kinds[_picked("kind", number, len(kinds))].key,
            "model": f"M-{number // 10:05}",
            "batch": f"B{_picked('batch', number, 5_000):04}",
            "quantity": as_stored(self.ledger.definition.by_key["quantity"], _ONE),
            "unit": "piece",
            "arrived_on": at.date().isoformat(),
            "arrival_condition": "good",
            "keeper": self._keeper(number),
            "place": self._place(number),
            "confidentiality": "internal",
            "borrow_consent": "sales",
            "in_charge": self._clerk.id,
            "inspection_result": "suitable",
        }

    # -- slips -------------------------------------------------------------------------------------------

    def slips(self) -> Iterator[Document]:
        """Yield the slips of all loans, the first loans first."""
        for loan, ids in enumerate(self._slips):
            for group in range(len(ids)):
                yield self._slip(loan, group)

    def _slip(self, loan: int, group: int) -> Document:
        at, borrower = self._lent_at(loan), self.borrower(loan, group)
        start = group * THINGS_PER_SLIP
        numbers = range(start, min(start + THINGS_PER_SLIP, len(self.ids)))
        out = sum(self._is_out(one, loan) for one in numbers)
        record = blank_record(replace(Actor.of(borrower), department=self._departments[0]), {}, at)
        record |= {
            "_id": self._slips[loan][group],
            "number": f"JY-{loan}-{group + 1:06}",
            "form_version": self.slip.version,
            "state": "lent" if out else "closed",
            "data": {
                "borrower": borrower.id,
                "department": self._departments[0],
                "purpose": f"第 {loan + 1} 次试验",
                "begins": at.date().isoformat(),
                "ends": self._ends(loan, group),
                "items": [self._row(one, loan) for one in numbers],
                "consent_by": "sales",
                "outstanding": as_stored(self.slip.definition.by_key["outstanding"], Decimal(out)),
            },
        }
        return {**record, **derived(self.slip.definition, record, self._lookup)}

    def _row(self, number: int, loan: int) -> dict[str, Any]:
        column = self.slip.definition.by_key["items"].columns.get("lent")
        row = {ROW: f"{number:012x}", "item": self.ids[number], "keeper": self._keeper(number)}
        counts = {"quantity": 1, "lent": 1, "returned": 0 if self._is_out(number, loan) else 1}
        return {**row, **{key: as_stored(column, Decimal(count)) for key, count in counts.items()}}


def _picked(what: str, number: int, among: int) -> int:
    """Return one of so many, the same every time, and by no rule that other values follow."""
    return crc32(f"{what}{number}".encode()) % among
