"""`db check` sees whatever does not agree in a ledger, and nothing where all agrees."""

from collections.abc import Callable
from typing import Any

import pytest
from bson import Decimal128, ObjectId

from models.database import Document, db
from models.forms import LiveForm
from models.ledger.checking import check_ledgers
from models.messages import translate
from tests.models.ledger.desk_work import slip, taken, thing

pytestmark = pytest.mark.usefixtures("db")

Scene = tuple[LiveForm, LiveForm, Document, Document]


@pytest.fixture
def scene(things: LiveForm, slips: LiveForm) -> Scene:
    """An item of which two pieces are lent and one is reserved."""
    item = thing(things)
    lent = taken(slips, slip(slips, item, 2), "ask", "lend")
    taken(slips, slip(slips, item), "ask")
    assert list(check_ledgers()) == []
    return things, slips, item, lent


def set_item(**changes: Any) -> Callable[[Scene], object]:
    said = {key.replace("__", "."): value for key, value in changes.items()}
    return lambda scene: scene[0].records().update_one({"_id": scene[2]["_id"]}, {"$set": said})


def set_slip(**changes: Any) -> Callable[[Scene], object]:
    said = {key.replace("__", "."): value for key, value in changes.items()}
    return lambda scene: scene[1].records().update_one({"_id": scene[3]["_id"]}, {"$set": said})


def move(**changes: Any) -> Callable[[Scene], object]:
    return lambda _scene: db().property_movements.update_one({"kind": "borrow"}, {"$set": changes})


WRONG: list[tuple[Callable[[Scene], object], set[str]]] = [
    (
        lambda _scene: db().property_movements.delete_one({"kind": "borrow"}),
        {"its stock counts 2 movements, the ledger has 1", "its stock is not what its movements add up to"},
    ),
    (
        move(quantity=Decimal128("6")),
        {"its stock is not what its movements add up to", "more pieces left a place than were there"},
    ),
    (
        set_item(stock__arrived=Decimal128("6")),
        {"its stock is not what its movements add up to", "its pieces are not as many as arrived"},
    ),
    (set_item(data__available=Decimal128("9")), {"its fields do not say what its stock is"}),
    (set_item(stock__promises__0__slip=ObjectId()), {"pieces of it are kept for no slip"}),
    (set_slip(data__borrower=ObjectId()), {"pieces of it are in other hands than their slip says"}),
    (
        set_slip(data__items__0__lent=Decimal128("1")),
        {"what it says is out is not what the ledger says", "it does not say how many of its pieces are out"},
    ),
    (set_slip(data__outstanding=Decimal128("0")), {"it does not say how many of its pieces are out"}),
    (
        set_slip(data__items__0__item=ObjectId()),
        {"pieces of it are lent by no slip", "what it says is out is not what the ledger says"},
    ),
    (
        lambda scene: scene[1].records().delete_one({"_id": scene[3]["_id"]}),
        {"pieces of it are lent by no slip"},
    ),
]


@pytest.mark.parametrize("case", range(len(WRONG)))
def test_whatever_does_not_agree_is_told(scene: Scene, case: int) -> None:
    spoil, told = WRONG[case]
    spoil(scene)
    assert {translate(one, "en").partition(": ")[2] for one in check_ledgers()} == told
