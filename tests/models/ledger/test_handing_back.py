"""One thing comes back by a slip of its own or of somebody else: found, counted, never more than was lent."""

from decimal import Decimal
from io import BytesIO

import pytest

from models import files, records
from models.database import Document, db
from models.errors import DomainError, ForbiddenError, InvalidError
from models.forms import LiveForm
from models.ledger import handing_back
from models.ledger.checking import check_ledgers
from models.people import Actor, User
from tests import factories, phone_stage
from tests.models.ledger.desk_work import day, slip, take
from tests.pictures import picture

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def things(db: object) -> LiveForm:
    return phone_stage.ledger()


@pytest.fixture
def slips(things: LiveForm) -> LiveForm:
    return phone_stage.slip(purpose=False)


def lent(slips: LiveForm, item: Document, quantity: int = 2, person: User | None = None) -> Document:
    return take(slips, take(slips, slip(slips, item, quantity, person), "ask"), "lend")


def open_now(person: User, things: LiveForm, slips: LiveForm, item: Document) -> list[handing_back.OpenSlip]:
    found = things.records().find_one({"_id": item["_id"]})
    assert found
    return handing_back.open_slips(person, found, [slips], day(0))


def test_pieces_come_back_in_parts_with_a_photo(things: LiveForm, slips: LiveForm, admin: User) -> None:
    item = phone_stage.thing(things)
    record = lent(slips, item)
    for shot in ("red", "green"):
        photo = files.receive(BytesIO(picture(colour=shot)), "a.png", admin, max_bytes=10_000, to_show=True)
        stored = handing_back.take_back(
            Actor.of(admin), admin, slips, record["_id"], item,
            quantity=Decimal(1), outcome="return", condition="good", photos=[photo],
        )  # fmt: skip
    assert (stored["state"], len(stored["data"]["returns"]), len(stored["data"]["photos"])) == (
        "closed",
        2,
        2,
    )
    assert [len(one.get("photos", [])) for one in db().property_movements.find({"kind": "return"})] == [1, 1]
    assert list(check_ledgers()) == []


def test_more_than_is_out_is_refused_beside_the_quantity(
    things: LiveForm, slips: LiveForm, admin: User
) -> None:
    item = phone_stage.thing(things)
    record = lent(slips, item)
    for quantity in (Decimal(3), Decimal("0.5"), Decimal(0), None):
        with pytest.raises(InvalidError) as refused:
            handing_back.take_back(Actor.of(admin), admin, slips, record["_id"], item, quantity=quantity)
        assert set(refused.value.errors) == {"quantity"}, quantity


def test_what_the_slip_did_not_lend_does_not_come_back_by_it(
    things: LiveForm, slips: LiveForm, admin: User
) -> None:
    record, other = lent(slips, phone_stage.thing(things)), phone_stage.thing(things)
    with pytest.raises(InvalidError):
        handing_back.take_back(Actor.of(admin), admin, slips, record["_id"], other, quantity=Decimal(1))


def test_nothing_comes_back_by_a_slip_that_lent_nothing_yet(
    things: LiveForm, slips: LiveForm, admin: User
) -> None:
    item = phone_stage.thing(things)
    record = take(slips, slip(slips, item, 1), "ask")
    with pytest.raises(DomainError, match="Nothing can be returned"):
        handing_back.take_back(Actor.of(admin), admin, slips, record["_id"], item, quantity=Decimal(1))


def test_slips_on_an_item_are_told_with_what_can_be_done(
    things: LiveForm, slips: LiveForm, admin: User
) -> None:
    item, wang = phone_stage.thing(things), phone_stage.borrower()
    first = lent(slips, item, 2)
    second = take(slips, slip(slips, item, 1, wang), "ask")
    told = {one.record["_id"]: one for one in open_now(admin, things, slips, item)}
    assert set(told) == {first["_id"], second["_id"]}
    assert (told[first["_id"]].out, told[first["_id"]].back is not None) == (Decimal(2), True)
    assert told[second["_id"]].back is None
    assert [one.transition.key for one in told[second["_id"]].steps] == ["lend", "cancel"]
    assert open_now(wang, things, slips, item)[0].record["_id"] == second["_id"], "one's own comes first"


def test_keepers_only_take_back_where_the_workflow_says_so(
    things: LiveForm, slips: LiveForm, admin: User
) -> None:
    flow = slips.definition.dump()["workflow"]
    for step in flow["transitions"]:
        if step["key"] == "take_back":
            step["who"] = {"people": ["admin"]}
    slips = factories.republish(slips, workflow=flow)
    item, wang = phone_stage.thing(things), phone_stage.borrower()
    record = lent(slips, item, 1, wang)
    assert [one.back for one in open_now(wang, things, slips, item)] == [None]
    with pytest.raises(ForbiddenError):
        handing_back.take_back(Actor.of(wang), wang, slips, record["_id"], item, quantity=Decimal(1))
    handing_back.take_back(Actor.of(admin), admin, slips, record["_id"], item, quantity=Decimal(1))


def test_an_item_that_nobody_asked_for_has_no_slips(things: LiveForm, slips: LiveForm, admin: User) -> None:
    item = phone_stage.thing(things)
    records.create(Actor.of(admin), slips, {"purpose": "a draft"})
    assert open_now(admin, things, slips, item) == []
