"""What people ask a ledger every day is found through indexes, however many things and movements it has."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import outbox
from models.database import Document
from models.database import db as db_
from models.disclosure import Disclosure
from models.forms import LiveForm
from models.ledger import calendar, desk, holdings, movements, queueing, timeline
from models.ledger.calendar import Window
from models.people import User
from models.queries import ListQuery
from models.times import today
from tests import factories
from tests.models.ledger.desk_work import back, now_stored, slip, take, taken, thing
from tests.models.test_no_scans import watched

Store = Database[Document]
ZONE = ZoneInfo("Asia/Shanghai")
IDLE, FEW = 400, 40
pytestmark = pytest.mark.usefixtures("db")


@contextmanager
def few_looked_at(db: Store) -> Iterator[list[str]]:
    """Collect what looked at more than a few documents or keys, however it found them."""
    found: list[str] = []
    with watched(db) as scans:
        yield found
    found += scans
    most: Document = {"$or": [{"docsExamined": {"$gt": FEW}}, {"keysExamined": {"$gt": FEW}}]}
    for entry in db["system.profile"].find({"ns": {"$regex": "record_|property_"}, **most}):
        found.append(f"{entry['ns']}: {entry.get('planSummary')} {entry['command']}")


def idle_things(things: LiveForm) -> None:
    """Have many things in the ledger with which nothing ever happens, and others' movements."""
    idle = now_stored(things, thing(things, name="Idle"))
    moved = db_().property_movements.find_one({"item": idle["_id"]})
    copies = [ObjectId() for _one in range(IDLE)]
    things.records().insert_many([{**idle, "_id": one} for one in copies])
    db_().property_movements.insert_many(
        [{**(moved or {}), "_id": ObjectId(), "item": one} for one in copies]
    )


def test_a_loan_from_asking_to_its_return_and_who_waits_for_it(
    db: Store, things: LiveForm, slips: LiveForm, admin: User
) -> None:

    idle_things(things)
    with few_looked_at(db) as scans:
        item = thing(things, quantity="1")
        lent = taken(slips, slip(slips, item), "ask", "lend")
        waiting = taken(slips, slip(slips, item), "queue")
        take(slips, lent, "take_back", returns=[back(item)])
        assert outbox.carry_out_due() == 1
        taken(slips, now_stored(slips, waiting), "cancel")
        assert queueing.serve_everybody() == 0
        actor = factories.actor()
        desk.move(actor, admin, things, item["_id"], "damage", quantity=Decimal(1))
        [damage, *_earlier] = movements.of_item(things.key, item["_id"], limit=1)
        desk.undo(actor, admin, things, damage, reason="another one")
    assert scans == []


def test_who_holds_what_when_and_since_when(
    db: Store, things: LiveForm, slips: LiveForm, admin: User
) -> None:
    item = thing(things)
    lent = taken(slips, slip(slips, item, 2), "ask", "lend")
    day = today(ZONE)
    window = Window(day, day + timedelta(days=6), day, ZONE)
    borrowing = factories.department("HR")
    things.records().update_one(
        {"_id": item["_id"]}, {"$set": {"stock.positions.1.department": borrowing.id}}
    )
    idle_things(things)
    with few_looked_at(db) as scans:
        assert holdings.of_person(admin, things, admin.id, ZONE).rows
        assert holdings.of_department(admin, things, borrowing.id, ZONE).rows
        assert holdings.count_of_person(things, admin.id) == 1
        assert calendar.by_item(admin, things, window, ListQuery()).rows
        assert not calendar.by_item(admin, things, window, ListQuery(), scope="late").rows
        assert calendar.people(admin, things, window, ListQuery()) == [admin.id]
        assert calendar.by_person(admin, things, window, ListQuery(), [admin.id])
        assert timeline.page(Disclosure(admin, things), now_stored(things, item)).events
        assert len(movements.of_slip(lent["_id"])) == 1
        assert movements.count(things.key, [item["_id"]]) == {item["_id"]: 2}
        assert movements.undone([item["_id"]]) == set()
    assert scans == []
