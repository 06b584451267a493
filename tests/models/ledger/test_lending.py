"""Lending by a slip: asked for, handed over, returned; and what is refused on the way."""

from decimal import Decimal
from typing import Any

import pytest
from bson import ObjectId

from models import records, workflow
from models.database import Document, db
from models.errors import InvalidError
from models.forms import LiveForm
from models.ledger.checking import check_ledgers
from models.ledger.stock import Stock
from models.messages import translate
from models.people import Actor, User
from tests import factories
from tests.models.ledger.desk_work import day

pytestmark = pytest.mark.usefixtures("db")


def thing(things: LiveForm, admin: User, **raw: Any) -> Document:
    return factories.record(things, admin, **{"name": "Gauge", "quantity": "5", **raw})


def slip(slips: LiveForm, admin: User, item: Document, quantity: int | str, **raw: Any) -> Document:
    values = {
        "items": [{"item": str(item["_id"]), "quantity": str(quantity)}],
        "borrower": str(admin.id),
        "begins": day(0),
        "ends": day(7),
        **raw,
    }
    return factories.record(slips, admin, **values)


def take(slips: LiveForm, admin: User, record: Document, step: str, **raw: Any) -> Document:
    return workflow.take(Actor.of(admin), admin, slips, record["_id"], step, raw, revision=record["revision"])


def stock(things: LiveForm, item: ObjectId) -> Stock:
    found = things.records().find_one({"_id": item})
    assert found
    return Stock.load(found["stock"])


def test_a_slip_lends_pieces_and_takes_them_back_in_parts(
    things: LiveForm, slips: LiveForm, admin: User
) -> None:
    item = thing(things, admin)
    asked = take(slips, admin, slip(slips, admin, item, 3), "ask")
    assert stock(things, item["_id"]).total(["kept"]) == 5
    lent = take(slips, admin, asked, "lend")
    assert lent["data"]["items"][0]["lent"].to_decimal() == 3
    assert stock(things, item["_id"]).total(["lent"]) == 3
    row = {"item": str(item["_id"]), "quantity": "1", "outcome": "return"}
    partly = take(slips, admin, lent, "take_back", returns=[row])
    assert (partly["state"], partly["data"]["outstanding"].to_decimal()) == ("lent", 2)
    stored = [
        {**one, "item": str(one["item"]), "quantity": str(one["quantity"])}
        for one in partly["data"]["returns"]
    ]
    rest = {"item": str(item["_id"]), "quantity": "2", "outcome": "damage"}
    closed = take(slips, admin, partly, "take_back", returns=[*stored, rest])
    assert closed["state"] == "closed"
    found = stock(things, item["_id"])
    assert [found.total([kind]) for kind in ("kept", "damaged", "lent")] == [
        Decimal(3),
        Decimal(2),
        Decimal(0),
    ]
    shown = things.records().find_one({"_id": item["_id"]})
    assert shown
    assert shown["data"]["available"].to_decimal() == 3
    assert [one["kind"] for one in db().property_movements.find()] == [
        "arrival",
        "borrow",
        "return",
        "damage",
    ]
    assert list(check_ledgers()) == []


def test_whoever_comes_second_is_told_who_has_it_until_when(
    things: LiveForm, slips: LiveForm, admin: User
) -> None:
    item = thing(things, admin, quantity="1")
    take(slips, admin, take(slips, admin, slip(slips, admin, item, 1), "ask"), "lend")
    with pytest.raises(InvalidError) as refused:
        take(slips, admin, slip(slips, admin, item, 1), "ask")
    [message] = refused.value.errors["items.0.quantity"]
    assert translate(message, "en") == f"Only 0 of “Gauge” are free then. {admin.name} has 1 until {day(7)}."
    queued = take(slips, admin, slip(slips, admin, item, 1), "queue")
    assert [one.slip for one in stock(things, item["_id"]).queue] == [queued["_id"]]


def test_more_than_was_lent_never_comes_back(things: LiveForm, slips: LiveForm, admin: User) -> None:
    item = thing(things, admin)
    lent = take(slips, admin, take(slips, admin, slip(slips, admin, item, 2), "ask"), "lend")
    row = {"item": str(item["_id"]), "quantity": "3", "outcome": "return"}
    with pytest.raises(InvalidError) as refused:
        take(slips, admin, lent, "take_back", returns=[row])
    assert set(refused.value.errors) == {"returns.0.quantity"}
    assert stock(things, item["_id"]).total(["lent"]) == 2


def test_editing_an_item_leaves_its_stock_alone(things: LiveForm, slips: LiveForm, admin: User) -> None:
    item = thing(things, admin)
    take(slips, admin, take(slips, admin, slip(slips, admin, item, 2), "ask"), "lend")
    records.update(
        Actor.of(admin), things, item["_id"], {"name": "Gauge B"}, revision=item["revision"], partial=True
    )
    found = things.records().find_one({"_id": item["_id"]})
    assert found
    assert (found["title"], found["data"]["lent"].to_decimal()) == ("Gauge B", 2)
    assert list(check_ledgers()) == []
