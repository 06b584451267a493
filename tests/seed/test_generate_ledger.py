"""The ledger for measuring: it is what the product itself would have stored."""

from decimal import Decimal

import pytest

from models.database import Document, db
from models.disclosure import Disclosure
from models.fields.numbers import decimal_of
from models.ledger import movements, timeline
from models.ledger.checking import check_ledgers
from models.ledger.moving import goal_of
from models.ledger.stock import Stock
from models.people import Actor, User
from seed import generate_ledger, packs
from seed.generate_ledger import LONG_LIFE, MOVEMENTS, Filled
from tests import factories

THINGS = 200


@pytest.fixture
def filled(db: object) -> Filled:
    packs.install(packs.DEFAULT_PACK, Actor.system())
    return generate_ledger.generate(THINGS)


def test_the_generated_ledger_is_sound(filled: Filled) -> None:
    assert [str(problem) for problem in check_ledgers()] == []
    assert db().property_movements.count_documents({}) == THINGS * MOVEMENTS + LONG_LIFE
    admin: User = factories.administrator()
    told = Disclosure(admin, filled.ledger)
    for item in filled.ledger.records().find():
        _seen_by_the_product(filled, item)
    first = timeline.page(told, _item(filled, filled.long_lived))
    assert len(first.events) == timeline.PAGE
    assert first.older
    moments = [one.at for one in first.events]
    assert moments == sorted(moments, reverse=True)


def _item(filled: Filled, item: object) -> Document:
    found = filled.ledger.records().find_one({"_id": item})
    assert found
    return found


def _seen_by_the_product(filled: Filled, item: Document) -> None:
    """What came back is where the product would have put it, and a thing that is out has a holder."""
    stock = Stock.load(item["stock"])
    newest, *_earlier = movements.of_item(filled.ledger.key, item["_id"], limit=1)
    if newest["kind"] == "return":
        assert stock.positions[0].spot == goal_of("return", filled.ledger.definition, item)
        assert item["data"]["status"] == "in_stock"
    if lent := stock.spots("lent"):
        assert item["data"]["holders"] == [lent[0].spot.person]
        assert item["data"]["due_on"] == lent[0].due
    assert decimal_of(item["data"]["quantity"]) == Decimal(1)
