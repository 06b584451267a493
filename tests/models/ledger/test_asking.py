"""Borrowing with few words: what a slip is filled in with, what it still needs, and both or nothing."""

from decimal import Decimal
from typing import Any

import pytest
from bson import ObjectId

from models import history
from models.database import Document, db
from models.errors import ForbiddenError, InvalidError
from models.forms import LiveForm
from models.ledger import asking
from models.ledger.asking import Wish
from models.ledger.checking import check_ledgers
from models.ledger.stock import Stock
from models.messages import translate
from models.people import Actor, User
from models.times import now, today
from tests import factories, phone_stage

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def things(db: object) -> LiveForm:
    return phone_stage.ledger()


@pytest.fixture
def slips(things: LiveForm) -> LiveForm:
    return phone_stage.slip()


@pytest.fixture
def wang(slips: LiveForm) -> User:
    return phone_stage.borrower()


def ends(slips: LiveForm, person: User) -> str:
    return asking.usual_end(slips, today(Actor.of(person).timezone)).isoformat()


def ask(person: User, slips: LiveForm, *wishes: Wish, waiting: bool = False, **more: Any) -> Document:
    raw = asking.filled_in(person, slips, wishes, ends(slips, person), {"purpose": "trial", **more})
    return asking.ask(Actor.of(person), person, slips, raw, waiting=waiting)


def stock(things: LiveForm, item: Document) -> Stock:
    found = things.records().find_one({"_id": item["_id"]})
    assert found
    return Stock.load(found["stock"])


def test_one_piece_is_asked_for_from_today_for_the_usual_time(
    things: LiveForm, slips: LiveForm, wang: User
) -> None:
    item = phone_stage.thing(things)
    stored = ask(wang, slips, Wish(item["_id"]))
    data = stored["data"]
    assert (stored["state"], stored["number"], data["borrower"]) == ("asked", "SL-0001", wang.id)
    assert (data["begins"], data["ends"]) == (
        now().astimezone(Actor.of(wang).timezone).date().isoformat(),
        ends(slips, wang),
    )
    assert data["department"] == wang.department.id
    [promise] = stock(things, item).promises
    assert (promise.slip, promise.quantity, promise.person) == (stored["_id"], Decimal(1), wang.id)
    assert list(check_ledgers()) == []


def test_history_tells_that_it_was_made_and_asked_for(things: LiveForm, slips: LiveForm, wang: User) -> None:
    stored = ask(wang, slips, Wish(phone_stage.thing(things)["_id"]))
    [entry] = history.of_record("slip", stored["_id"])
    assert (entry["action"], entry["transition"], entry["to"]) == ("created", "ask", "asked")


def test_a_shortage_stores_nothing_and_says_who_has_it(things: LiveForm, slips: LiveForm, wang: User) -> None:
    item = phone_stage.thing(things, quantity="1")
    ask(wang, slips, Wish(item["_id"]))
    other = phone_stage.borrower("li", "李四")
    with pytest.raises(InvalidError) as refused:
        ask(other, slips, Wish(item["_id"]))
    [message] = refused.value.errors["items.0.quantity"]
    assert "王小明" in translate(message, "en")
    assert slips.records().count_documents({}) == 1
    assert [one["reason"] for one in db().number_voids.find()] != []


def test_who_comes_second_can_get_in_line(things: LiveForm, slips: LiveForm, wang: User) -> None:
    item = phone_stage.thing(things, quantity="1")
    ask(wang, slips, Wish(item["_id"]))
    waiting = ask(phone_stage.borrower("li", "李四"), slips, Wish(item["_id"]), waiting=True)
    assert waiting["state"] == "queued"
    assert [one.slip for one in stock(things, item).queue] == [waiting["_id"]]


def test_several_things_go_on_one_slip_or_none_of_them(things: LiveForm, slips: LiveForm, wang: User) -> None:
    here, gone = phone_stage.thing(things), phone_stage.thing(things, quantity="1")
    with pytest.raises(InvalidError) as refused:
        ask(wang, slips, Wish(here["_id"], "2"), Wish(gone["_id"], "2"))
    assert set(refused.value.errors) == {"items.1.quantity"}
    assert not stock(things, here).promises
    stored = ask(wang, slips, Wish(here["_id"], "2"), Wish(gone["_id"]))
    assert len(stored["data"]["items"]) == 2


def test_what_a_slip_needs_besides_is_found_out(things: LiveForm, slips: LiveForm, wang: User) -> None:
    raw = asking.filled_in(wang, slips, [Wish(ObjectId())], ends(slips, wang), {})
    assert [one.key for one in asking.missing(wang, slips, raw, asking.first_step(wang, slips))] == [
        "purpose"
    ]
    assert "purpose" in asking.typed_fields(slips.definition)


def test_nothing_is_stored_without_what_is_needed(things: LiveForm, slips: LiveForm, wang: User) -> None:
    item = phone_stage.thing(things)
    with pytest.raises(InvalidError) as refused:
        ask(wang, slips, Wish(item["_id"]), purpose="")
    assert set(refused.value.errors) == {"purpose"}
    assert slips.records().count_documents({}) == 0


def test_what_is_lent_at_once_needs_no_second_step(things: LiveForm, slips: LiveForm, wang: User) -> None:
    """The workflow decides: here a reservation needs a keeper, and lending is open to the borrower."""
    flow = slips.definition.dump()["workflow"]
    for step in flow["transitions"]:
        if step["key"] == "ask":
            step["who"] = {"people": ["admin"]}
        if step["key"] == "lend":
            step["sources"] = ["draft"]
    slips = factories.republish(slips, workflow=flow)
    item = phone_stage.thing(things)
    assert ask(wang, slips, Wish(item["_id"]))["state"] == "lent"
    assert stock(things, item).total(["lent"]) == 1


def test_who_may_not_create_slips_asks_for_nothing(things: LiveForm, slips: LiveForm) -> None:
    reader = factories.user("only", factories.role("looking", form="slip", actions=["see", "transition"]))
    assert not asking.may_ask(reader, slips)
    with pytest.raises(ForbiddenError):
        ask(reader, slips, Wish(phone_stage.thing(things)["_id"]))


def test_a_step_that_is_signed_is_left_to_its_own_page(slips: LiveForm, wang: User) -> None:
    flow = slips.definition.dump()["workflow"]
    for step in flow["transitions"]:
        step["signature"] = "typed" if step["key"] == "ask" else "no"
    assert not asking.may_ask(wang, factories.republish(slips, workflow=flow))
