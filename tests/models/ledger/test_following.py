"""An item goes on in its own procedure when its pieces are booked elsewhere."""

from decimal import Decimal
from typing import Any

import pytest

from models import outbox
from models.database import Document, db
from models.forms import LiveForm
from models.ledger import desk, following
from models.people import Actor, User
from tests.ledger_forms import ledger_form, slip_form
from tests.models.ledger.desk_work import back, now_stored, slip, take, taken, thing

pytestmark = pytest.mark.usefixtures("db")


def _state(key: str, category: str = "open") -> dict[str, Any]:
    return {"key": key, "label": {"zh": key, "en": key}, "category": category}


def _rule(key: str, source: str, to: str, **condition: Any) -> dict[str, Any]:
    said = {"key": key, "label": {"zh": key, "en": key}, "sources": [source], "to": to, "by": "rule"}
    return {**said, "condition": {"field": "status", **condition}}


@pytest.fixture
def things(db: object) -> LiveForm:
    """A ledger whose items end when nothing of them is left, and begin again when it is found."""
    gone = _rule("gone", "kept", "gone", op="in", value=["lost", "returned"])
    found = _rule("found", "gone", "kept", op="eq", value="in_stock")
    return ledger_form(
        workflow={
            "initial": "kept",
            "states": [_state("kept"), _state("gone", "done")],
            "transitions": [gone, found],
        }
    )


def move(things: LiveForm, admin: User, item: Document, kind: str, quantity: int) -> None:
    wanted = Decimal(quantity)
    desk.move(Actor.of(admin), admin, things, item["_id"], kind, quantity=wanted, note="seen")


def settle() -> int:
    return outbox.carry_out_due()


def test_the_last_piece_that_is_booked_by_hand_ends_an_item(things: LiveForm, admin: User) -> None:
    item = thing(things, quantity="2")
    move(things, admin, item, "lose", 1)
    assert settle() == 0
    move(things, admin, item, "lose", 1)
    assert now_stored(things, item)["state"] == "kept"
    assert settle() == 1
    assert now_stored(things, item)["state"] == "gone"
    move(things, admin, item, "find", 1)
    settle()
    assert now_stored(things, item)["state"] == "kept"


def test_pieces_lost_by_a_borrower_end_an_item(things: LiveForm, admin: User) -> None:
    slips = slip_form()
    item = thing(things, quantity="1")
    lent = taken(slips, slip(slips, item), "ask", "lend")
    take(slips, lent, "take_back", returns=[back(item, outcome="lose")])
    settle()
    assert now_stored(things, item)["state"] == "gone"
    entry = db().history.find_one({"record": item["_id"], "revision": 2})
    assert entry
    assert (entry["transition"], entry["source"], entry["by"]) == ("gone", "system", None)


def test_it_may_be_told_twice_and_too_late(things: LiveForm, admin: User) -> None:
    item = thing(things, quantity="1")
    move(things, admin, item, "give_back", 1)
    assert following.follow(things, item["_id"]) is True
    assert following.follow(things, item["_id"]) is False
    assert settle() == 1  # nothing is left to do
    assert now_stored(things, item)["revision"] == 2
