"""The codes on labels: one for each item, found by whoever may see the item, guessed by nobody."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from bson import ObjectId

from models.database import db
from models.errors import NotFoundError
from models.forms import LiveForm
from models.ledger import labels
from models.people import User
from tests import factories, phone_stage

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def things(db: object) -> LiveForm:
    return phone_stage.ledger()


def test_an_item_keeps_its_code_for_good(things: LiveForm) -> None:
    items = [phone_stage.thing(things)["_id"] for _item in range(3)]
    first = labels.codes("thing", items[:2])
    again = labels.codes("thing", items)
    assert {one: again[one] for one in items[:2]} == first
    assert len(set(again.values())) == 3
    assert all(labels.read_code(code) == code for code in again.values())


def test_labels_printed_at_the_same_time_carry_the_same_codes(things: LiveForm) -> None:
    items = [ObjectId() for _item in range(40)]
    with ThreadPoolExecutor(6) as pool:
        printed = list(pool.map(lambda _page: labels.codes("thing", items), range(6)))
    assert all(one == printed[0] for one in printed)
    assert len(printed[0]) == db().property_labels.count_documents({}) == 40


def test_a_code_leads_to_its_item_for_whoever_may_see_it(things: LiveForm, admin: User) -> None:
    item = phone_stage.thing(things)
    code = labels.codes("thing", [item["_id"]])[item["_id"]]
    form, record = labels.find(admin, code)
    assert (form.key, record["_id"]) == ("thing", item["_id"])
    for person, asked in ((factories.stranger(), code), (admin, "0" * 10), (admin, "")):
        with pytest.raises(NotFoundError):
            labels.find(person, asked)


def test_two_ledgers_do_not_get_into_each_others_way(things: LiveForm, admin: User) -> None:
    item = ObjectId()
    codes = {labels.codes(ledger, [item])[item] for ledger in ("thing", "other")}
    assert len(codes) == 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("https://office.example.com/p/7K3M9QX2TB", "7K3M9QX2TB"),
        ("HTTP://10.0.0.7:8000/p/7k3m9qx2tb/", "7K3M9QX2TB"),
        ("7k3m9-qx2tb", "7K3M9QX2TB"),
        (" 7K3M9 QX2TB ", "7K3M9QX2TB"),
        ("７Ｋ３Ｍ９ＱＸ２ＴＢ", "7K3M9QX2TB"),
        ("OIL3M9QX2T", "0113M9QX2T"),
        ("https://photos.example.com/p/CxYz12abCdE/", ""),
        ("7K3M9QX2T", ""),
        ("https://office.example.com/p/7K3M9QX2TB?x=1", ""),
        ("WIFI:S:guests;;", ""),
        ("", ""),
    ],
)
def test_what_is_read_or_typed_becomes_a_code(text: str, code: str) -> None:
    assert labels.read_code(text) == code


def test_a_code_is_shown_so_that_it_can_be_typed() -> None:
    assert labels.shown("7K3M9QX2TB") == "7K3M9-QX2TB"
    assert labels.read_code(labels.shown("7K3M9QX2TB")) == "7K3M9QX2TB"
