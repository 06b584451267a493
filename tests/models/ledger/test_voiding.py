"""Pieces that leave for good come before what was promised of them; whoever asked for them is told."""

from decimal import Decimal
from typing import Any

import pytest
from bson import ObjectId

from models import outbox, records
from models.database import Document, db
from models.forms import LiveForm
from models.ledger import desk, queueing
from models.ledger.checking import check_ledgers
from models.messages import LANGUAGES
from models.people import Actor, User
from tests import factories
from tests.models.ledger.desk_work import back, day, slip, stock, take, taken, thing

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def wang(db: object) -> User:
    return factories.user("wang", name="王芳", department=factories.department())


@pytest.fixture
def lin(db: object) -> User:
    return factories.user("lin", name="林工", department=factories.department())


def move(things: LiveForm, admin: User, item: Document, kind: str, quantity: int, **said: Any) -> None:
    wanted = Decimal(quantity)
    said = {"note": "because", **said}
    desk.move(Actor.of(admin), admin, things, item["_id"], kind, quantity=wanted, **said)


def told(person: User) -> list[str]:
    """Return what somebody was told in English, once what is to be told has been."""
    outbox.carry_out_due()
    return [one["text"]["en"] for one in db().notifications.find({"person": person.id})]


def asks(
    slips: LiveForm, item: Document, quantity: int, person: User, step: str = "ask", **raw: Any
) -> ObjectId:
    found: ObjectId = taken(slips, slip(slips, item, quantity, borrower=str(person.id), **raw), step)["_id"]
    return found


def asking(things: LiveForm, item: Document) -> set[ObjectId]:
    return {one.slip for one in stock(things, item).promises}


def test_a_return_to_the_customer_voids_what_was_asked_for_last_and_says_so(
    things: LiveForm, slips: LiveForm, admin: User, wang: User, lin: User
) -> None:
    item = thing(things)
    first, last = asks(slips, item, 2, wang), asks(slips, item, 3, lin)
    move(things, admin, item, "give_back", 2)
    assert asking(things, item) == {first}
    assert told(wang) == []
    assert told(lin) == [
        f"You cannot have 3 of “Gauge” ({day(0)} to {day(7)}) after all: Returned to the customer."
    ]
    [notice] = db().notifications.find({"person": lin.id})
    assert (notice["form"], notice["record"]) == ("slip", last)
    assert set(notice["text"]) == set(LANGUAGES)
    assert list(check_ledgers()) == []


def test_what_comes_at_other_times_is_kept(
    things: LiveForm, slips: LiveForm, admin: User, wang: User, lin: User
) -> None:
    item = thing(things)
    asks(slips, item, 3, wang)
    asks(slips, item, 3, lin, begins=day(10), ends=day(12))
    move(things, admin, item, "give_back", 2)
    assert len(asking(things, item)) == 2
    move(things, admin, item, "use_up", 1)
    assert asking(things, item) == set()
    assert [len(told(one)) for one in (wang, lin)] == [1, 1]


def test_what_is_lost_or_damaged_may_come_back_and_breaks_no_promise(
    things: LiveForm, slips: LiveForm, admin: User, wang: User
) -> None:
    item = thing(things)
    asks(slips, item, 5, wang)
    move(things, admin, item, "lose", 1)
    move(things, admin, item, "damage", 1)
    assert len(asking(things, item)) == 1
    move(things, admin, item, "dispose", 1)  # the damaged one, which nobody could have been lent
    assert (len(asking(things, item)), told(wang)) == (1, [])


def test_nobody_waits_for_what_has_left_altogether(
    things: LiveForm, slips: LiveForm, admin: User, wang: User, lin: User
) -> None:
    item = thing(things)
    lent = taken(slips, slip(slips, item, 5), "ask", "lend")
    asks(slips, item, 1, wang, "queue")
    take(slips, lent, "take_back", returns=[back(item, 4, "use_up"), back(item, 1)])
    assert (queueing.serve_everybody(), len(asking(things, item)), told(wang)) == (1, 1, [])
    asks(slips, item, 1, lin, "queue")
    move(things, admin, item, "give_back", 1)
    assert asking(things, item) == set()
    assert [len(told(one)) for one in (wang, lin)] == [1, 1]


def test_fewer_pieces_than_were_said_to_have_come_break_promises_too(
    things: LiveForm, slips: LiveForm, admin: User, wang: User
) -> None:
    item = thing(things)
    asks(slips, item, 4, wang)
    found = things.records().find_one({"_id": item["_id"]})
    assert found
    records.update(
        Actor.of(admin), things, item["_id"], {"quantity": "3"}, revision=found["revision"], partial=True
    )
    assert asking(things, item) == set()
    assert told(wang)[0].endswith("after all: It is no longer there.")
