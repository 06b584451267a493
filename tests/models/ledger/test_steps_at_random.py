"""Steps of slips, movements by hand and edits in any order: only what was acknowledged is so."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from bson import ObjectId
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from models import outbox, records
from models.database import Document, db
from models.errors import DomainError
from models.forms import LiveForm
from models.ledger import desk, queueing
from models.ledger.checking import check_ledgers
from models.ledger.kinds import INSIDE
from models.ledger.movements import of_item
from models.people import User
from tests import factories
from tests.models.ledger.desk_work import back, day, now_stored, rows_as_sent, slip, stock, take, thing

pytestmark = pytest.mark.usefixtures("db")

numbers = st.integers(0, 11)
steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["write", "ask", "queue", "lend", "lend", "take_back", "take_back", "extend", "pass_on", "cancel",
             "edit", "delete", "restore", "by_hand", "undo", "correct", "serve"]
        ),
        numbers, numbers, numbers,
    ),
    min_size=10,
    max_size=22,
)  # fmt: skip
BY_HAND = ("lose", "find", "damage", "repaired", "repair", "dispose", "use_up", "transfer")


class Office:
    """A ledger of two things, its slips, and what was acknowledged of them."""

    def __init__(self, things: LiveForm, slips: LiveForm, admin: User, other: User) -> None:
        self.things, self.slips, self.people = things, slips, (admin, other)
        self.items = [thing(things, quantity="4"), thing(things, name="Mould", quantity="2")]
        self.written: list[ObjectId] = []
        self.out: Counter[ObjectId] = Counter()
        """How many pieces are out by each slip."""
        for number in range(4):
            self.write(number, number, number)
        for step in (self.ask, self.lend, self.ask, self.lend):
            step(1, 0, 0)

    def act(self, what: str, first: int, second: int, third: int) -> None:
        """Do something, which may be refused."""
        before = self.count()
        try:
            getattr(self, what)(first, second, third)
        except DomainError:
            assert self.count() == before

    def count(self) -> list[int]:
        return [db()[name].count_documents({}) for name in ("property_movements", "history", "record_slip")]

    def slip(self, number: int, *states: str) -> Document:
        """Return one of the slips, if possible one in such a state."""
        known = list(self.slips.records().find({"_id": {"$in": self.written}}).sort("_id", 1))
        fitting = [one for one in known if one["state"] in states and not one["deleted_at"]]
        chosen = fitting if fitting and number % 6 else known
        return chosen[number % len(chosen)]

    def write(self, first: int, second: int, third: int) -> None:
        item, person = self.items[first % 2], self.people[second % 2]
        days = {"begins": day(third // 8), "ends": day(first + 3)}
        made = slip(self.slips, item, 1 + third % 3, borrower=str(person.id), **days)  # type: ignore[arg-type]
        self.written.append(made["_id"])

    def step(self, number: int, state: str, key: str, **raw: Any) -> Document:
        return take(self.slips, self.slip(number, state), key, **raw)

    def ask(self, first: int, _second: int, _third: int) -> None:
        self.step(first, "draft", "ask")

    def queue(self, first: int, _second: int, _third: int) -> None:
        self.step(first, "draft", "queue")

    def cancel(self, first: int, _second: int, _third: int) -> None:
        self.step(first, "asked", "cancel")

    def lend(self, first: int, _second: int, _third: int) -> None:
        lent = self.step(first, "asked", "lend")
        [row] = lent["data"]["items"]
        self.out[lent["_id"]] += int(row["quantity"].to_decimal())

    def take_back(self, first: int, second: int, third: int) -> None:
        record = self.slip(first, "lent")
        [row] = record["data"]["items"]
        outcome = ("return", "damage", "lose", "use_up")[second % 4]
        rows = [*rows_as_sent(record, "returns"), back({"_id": row["item"]}, 1 + third % 2, outcome)]
        take(self.slips, record, "take_back", returns=rows)
        self.out[record["_id"]] -= 1 + third % 2

    def extend(self, first: int, _second: int, third: int) -> None:
        self.step(first, "lent", "extend", extend_to=day(third + 1))

    def pass_on(self, first: int, second: int, _third: int) -> None:
        self.step(first, "lent", "pass_on", receiver=str(self.people[second % 2].id))

    def edit(self, first: int, second: int, third: int) -> None:
        record = self.slip(first, "asked", "queued")
        [row] = rows_as_sent(record, "items")
        changes = ({"ends": day(third + 2)}, {"items": [{**row, "quantity": str(1 + third % 4)}]})
        records.update(
            factories.actor(), self.slips, record["_id"], changes[second % 2],
            revision=record["revision"], partial=True,
        )  # fmt: skip

    def delete(self, first: int, _second: int, _third: int) -> None:
        record = self.slip(first, "asked", "queued")
        records.delete(
            factories.actor(), self.slips, record["_id"], revision=record["revision"], reason="not needed"
        )

    def restore(self, first: int, _second: int, _third: int) -> None:
        binned = [*self.slips.records().find({"deleted_at": {"$ne": None}}), self.slip(first)]
        records.restore(factories.actor(), self.slips, binned[0]["_id"])

    def by_hand(self, first: int, second: int, third: int) -> None:
        kind = BY_HAND[second % len(BY_HAND)]
        desk.move(
            factories.actor(), self.people[0], self.things, self.items[first % 2]["_id"], kind,
            quantity=Decimal(1 + third % 2), department=factories.department("HR").id, note="by hand",
        )  # fmt: skip

    def undo(self, first: int, second: int, _third: int) -> None:
        movements = of_item("thing", self.items[first % 2]["_id"])
        by_hand = [one for one in movements if one["kind"] in BY_HAND and not one.get("slip")] or movements
        desk.undo(
            factories.actor(), self.people[0], self.things, by_hand[second % len(by_hand)], reason="wrong"
        )

    def correct(self, first: int, second: int, third: int) -> None:
        item = now_stored(self.things, self.items[first % 2])
        more = second % 5 - third % 3
        quantity = str(max(1, int(item["data"]["quantity"].to_decimal()) + more))
        records.update(
            factories.actor(), self.things, item["_id"], {"quantity": quantity},
            revision=item["revision"], partial=True,
        )  # fmt: skip

    def serve(self, first: int, _second: int, _third: int) -> None:
        outbox.carry_out_due()
        assert queueing.serve(self.things, self.items[first % 2]["_id"]) == 0  # the outbox has done it

    def is_sound(self) -> None:
        assert [str(one) for one in check_ledgers()] == []
        for item in self.items:
            found = stock(self.things, item)
            assert Decimal(0) <= found.total(["lent"]) <= found.total(INSIDE) <= found.arrived
        held: Counter[ObjectId] = Counter()
        for item in self.items:
            for one in stock(self.things, item).spots("lent"):
                held[one.spot.slip or item["_id"]] += int(one.quantity)
        assert held == +self.out


@pytest.fixture
def opened(things: LiveForm, slips: LiveForm, admin: User) -> Callable[[], Office]:
    """Return what opens an office in which nothing has happened."""
    other = factories.reader()
    factories.department("HR")

    def opening() -> Office:
        for form in (things, slips):
            form.records().delete_many({})
        for name in ("property_movements", "history", "outbox"):
            db()[name].delete_many({})
        return Office(things, slips, admin, other)

    return opening


@settings(
    max_examples=10, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(acts=steps)
def test_whatever_is_done_in_whatever_order(
    opened: Callable[[], Office], acts: list[tuple[str, int, int, int]]
) -> None:
    office = opened()
    for act in acts:
        office.act(*act)
        office.is_sound()
