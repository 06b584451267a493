"""What a label leads to, and what is sent from there: rights and rules hold, and each thing is done once."""

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from bson import ObjectId
from flask.testing import FlaskClient
from pymongo.database import Database
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from models.database import Document, db
from models.forms import LiveForm
from models.ledger import labels
from models.ledger.checking import check_ledgers
from models.ledger.stock import Stock
from models.people import FieldRule, Limit, User
from tests import factories, phone_stage, stock_check_forms
from tests.models.ledger.desk_work import day, slip, take
from tests.pictures import SCRIPT, picture
from tests.web import csrf_token, sign_in


@pytest.fixture
def things(db: Database[Document]) -> LiveForm:
    return phone_stage.ledger()


@pytest.fixture
def slips(things: LiveForm) -> LiveForm:
    return phone_stage.slip()


@pytest.fixture
def wang(slips: LiveForm, client: FlaskClient) -> Iterator[User]:
    yield sign_in(client, phone_stage.borrower())
    assert list(check_ledgers()) == []


def address(item: Document) -> str:
    return f"/p/{labels.codes('thing', [item['_id']])[item['_id']]}"


def page(client: FlaskClient, item: Document) -> str:
    answer = client.get(address(item))
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def buttons(text: str) -> list[str]:
    """Return the large buttons of an item's page."""
    acts = re.sub(r'(?s)class="phone-(?:slips|code).*', "", text[text.index('class="phone-acts"') :])
    return [one.strip() for one in re.findall(r"<span>([^<]+)</span></(?:a|button)>", acts)]


def send(client: FlaskClient, path: str, data: dict[str, Any], key: str = "") -> TestResponse:
    """Post as the outbox does."""
    headers = {
        "X-CSRFToken": csrf_token(client),
        "X-Requested-With": "XMLHttpRequest",
        "Idempotency-Key": key or str(ObjectId()),
    }
    return client.post(path, data=data, headers=headers)


def borrow(client: FlaskClient, *items: Document, key: str = "", **typed: Any) -> TestResponse:
    data = {
        "slip": "slip",
        "item": [str(one["_id"]) for one in items],
        **{f"quantity-{one['_id']}": "1" for one in items},
        "ends": day(7),
        "more-purpose": "trial",
        **typed,
    }
    return send(client, "/property/thing/borrow", data, key)


def stock(item: Document) -> Stock:
    found = db()["record_thing"].find_one({"_id": item["_id"]})
    assert found
    return Stock.load(found["stock"])


# -- the page ------------------------------------------------------------------------------------------------


def test_a_label_asks_who_is_there_and_goes_on_to_the_item(things: LiveForm, client: FlaskClient) -> None:
    path = address(phone_stage.thing(things))
    assert client.get(path).location == f"/login?next={path}"


def test_a_borrower_sees_the_item_and_may_borrow_it(
    things: LiveForm, wang: User, client: FlaskClient
) -> None:
    item = phone_stage.thing(things, name=phone_stage.LONG_NAME)
    text = page(client, item)
    assert phone_stage.LONG_NAME in text
    assert "5 of 5 piece free" in text
    assert buttons(text) == ["Borrow", "Scan the next label", "Everything about it"]


def test_a_keeper_may_do_more(things: LiveForm, slips: LiveForm, client: FlaskClient) -> None:
    phone_stage.incident()
    item = phone_stage.thing(things)
    sign_in(client, factories.administrator())
    lent = take(slips, take(slips, slip(slips, item, 2, purpose="trial"), "ask"), "lend")
    text = page(client, item)
    assert buttons(text) == [
        "Borrow", "Give back", "Move", "Report damage or loss", "Scan the next label", "Everything about it",
    ]  # fmt: skip
    assert f"/records/incident/new?thing={item['_id']}&amp;slip={lent['_id']}" in text


def test_without_a_form_for_incidents_harm_is_booked_by_hand(things: LiveForm, client: FlaskClient) -> None:
    item = phone_stage.thing(things)
    sign_in(client, factories.administrator())
    assert "Damaged or lost" in buttons(page(client, item))
    data = {"kind": "lose", "quantity": "2", "note": "gone from the shelf"}
    assert send(client, f"/property/thing/{item['_id']}/put", data).status_code == 200
    assert stock(item).total(["lost"]) == 2


def test_the_line_says_who_has_it_until_when(things: LiveForm, slips: LiveForm, client: FlaskClient) -> None:
    item, other = phone_stage.thing(things, quantity="1"), phone_stage.borrower()
    take(slips, take(slips, slip(slips, item, 1, other, purpose="trial"), "ask"), "lend")
    sign_in(client, factories.administrator())
    text = page(client, item)
    assert f"0 of 1 piece free · 王小明 has 1 until {day(7)}" in text
    assert "SL-0001 trial" in text


def test_what_is_closed_to_the_reader_is_not_in_the_line(
    things: LiveForm, slips: LiveForm, client: FlaskClient
) -> None:
    item, other = phone_stage.thing(things, quantity="1"), phone_stage.borrower()
    take(slips, take(slips, slip(slips, item, 1, other, purpose="trial"), "ask"), "lend")
    role = factories.role("careful", form="thing", actions=["see"])
    role.field_rules = [FieldRule(form="thing", fields=["holders"], limit=Limit.HIDDEN.value)]
    role.save()
    sign_in(client, factories.user("careful", role))
    text = page(client, item)
    assert "0 of 1 piece free" in text
    assert "王小明" not in text


def test_a_thing_that_is_being_counted_leads_to_its_line(things: LiveForm, client: FlaskClient) -> None:
    keeper = factories.administrator()
    checks = stock_check_forms.check_form()
    item = phone_stage.thing(things)
    sign_in(client, keeper)
    assert "Count it" not in buttons(page(client, item))
    check = stock_check_forms.begun(checks, keeper, name="All")
    text = page(client, item)
    assert "Count it" in buttons(text)
    assert f"/property/checks/{check['_id']}/count?scan={address(item).removeprefix('/p/')}" in text
    sign_in(client, factories.reader())
    assert "Count it" not in buttons(page(client, item))


@pytest.mark.parametrize("code", ["0000000000", "short", "7K3M9-QX2TB", "..%2f..", "%E2%80%AE"])
def test_a_label_of_others_leads_nowhere_and_says_so(wang: User, client: FlaskClient, code: str) -> None:
    answer = client.get(f"/p/{code}", follow_redirects=True)
    assert answer.status_code == 404


def test_a_label_of_what_one_may_not_see_is_answered_like_one_of_others(
    things: LiveForm, client: FlaskClient
) -> None:
    item = phone_stage.thing(things)
    sign_in(client, factories.stranger())
    told = client.get(address(item))
    unknown = client.get("/p/0000000000")
    assert (told.status_code, unknown.status_code) == (404, 404)
    assert item["number"] not in told.get_data(as_text=True)


def test_a_code_typed_by_hand_is_led_to_its_own_address(
    things: LiveForm, wang: User, client: FlaskClient
) -> None:
    path = address(phone_stage.thing(things))
    typed = f"/p/{labels.shown(path.removeprefix('/p/')).lower()}"
    assert client.get(typed).location == path


# -- borrowing -----------------------------------------------------------------------------------------------


def test_two_taps_ask_for_a_piece(things: LiveForm, slips: LiveForm, wang: User, client: FlaskClient) -> None:
    item = phone_stage.thing(things)
    answer = borrow(client, item)
    assert answer.status_code == 200
    [stored] = slips.records().find()
    assert answer.json == {
        "text": "SL-0001 trial: asked", "called": "SL-0001 trial", "url": f"/records/slip/{stored['_id']}",
    }  # fmt: skip
    assert (stored["state"], stored["owner"], stored["data"]["borrower"]) == ("asked", wang.id, wang.id)


def test_an_answer_that_was_lost_makes_no_second_slip(
    things: LiveForm, slips: LiveForm, wang: User, client: FlaskClient
) -> None:
    item = phone_stage.thing(things)
    first = borrow(client, item, key="the-same-key-of-a-sending")
    again = borrow(client, item, key="the-same-key-of-a-sending")
    assert first.json == again.json
    assert slips.records().count_documents({}) == 1
    assert len(stock(item).promises) == 1


def test_what_is_sent_without_a_key_is_refused(things: LiveForm, wang: User, client: FlaskClient) -> None:
    item = phone_stage.thing(things)
    assert borrow(client, item, key="x").status_code == 422
    assert not stock(item).promises


def test_what_somebody_else_typed_is_not_done_in_my_name(
    things: LiveForm, slips: LiveForm, wang: User, client: FlaskClient
) -> None:
    item = phone_stage.thing(things)
    headers = {
        "X-CSRFToken": csrf_token(client), "X-Requested-With": "XMLHttpRequest",
        "Idempotency-Key": str(ObjectId()), "X-Person": str(factories.administrator().id),
    }  # fmt: skip
    answer = client.post("/property/thing/borrow", data={"slip": "slip"}, headers=headers)
    assert answer.status_code == 412
    assert slips.records().count_documents({}) == 0
    assert not stock(item).promises


def test_a_shortage_is_told_beside_the_quantity_and_one_can_get_in_line(
    things: LiveForm, slips: LiveForm, wang: User, client: FlaskClient
) -> None:
    item = phone_stage.thing(things, quantity="1")
    take(slips, slip(slips, item, 1, factories.administrator(), purpose="trial"), "ask")
    refused = borrow(client, item)
    assert refused.status_code == 422
    assert refused.json
    [message] = refused.json["error"]["errors"][f"quantity-{item['_id']}"]
    assert "管理员 has asked for 1" in message
    waiting = borrow(client, item, waiting="1")
    assert waiting.status_code == 200
    assert [one.person for one in stock(item).queue] == [wang.id]


@pytest.mark.parametrize(
    ("typed", "beside"),
    [
        ({"ends": "2020-01-01"}, "ends"),
        ({"ends": "tomorrow"}, "ends"),
        ({"ends": ""}, "ends"),
        ({"more-purpose": ""}, "more-purpose"),
        ({"quantity": "-1"}, "quantity"),
        ({"quantity": "0.5"}, "quantity"),
        ({"quantity": "1e99"}, "quantity"),
        ({"quantity": "$gt"}, "quantity"),
        ({"item": []}, ""),
    ],
)
def test_bad_input_is_told_beside_its_field(
    things: LiveForm, slips: LiveForm, wang: User, client: FlaskClient, typed: dict[str, Any], beside: str
) -> None:
    item = phone_stage.thing(things)
    if "quantity" in typed:
        typed, beside = {f"quantity-{item['_id']}": typed["quantity"]}, f"quantity-{item['_id']}"
    answer = borrow(client, item, **typed)
    assert answer.status_code == 422
    assert answer.json
    assert set(answer.json["error"]["errors"]) == {beside}
    assert slips.records().count_documents({}) == 0
    assert db().number_voids.count_documents({}) <= 1


def test_a_slip_takes_no_fields_that_its_small_page_does_not_ask_for(
    things: LiveForm, slips: LiveForm, wang: User, client: FlaskClient
) -> None:
    other = factories.administrator()
    borrow(client, phone_stage.thing(things), **{"more-borrower": str(other.id), "more-outstanding": "9"})
    [stored] = slips.records().find()
    assert stored["data"]["borrower"] == wang.id
    assert "outstanding" not in stored["data"]


def test_who_may_not_borrow_is_refused(things: LiveForm, slips: LiveForm, client: FlaskClient) -> None:
    item = phone_stage.thing(things)
    sign_in(client, factories.reader())
    assert "Borrow" not in buttons(page(client, item))
    assert borrow(client, item).status_code == 403
    sign_in(client, factories.stranger())
    assert borrow(client, item).status_code == 404
    assert slips.records().count_documents({}) == 0


# -- the basket ----------------------------------------------------------------------------------------------


def test_several_things_go_on_one_slip(
    things: LiveForm, slips: LiveForm, wang: User, client: FlaskClient
) -> None:
    one, two = phone_stage.thing(things, name="Gauge"), phone_stage.thing(things, name="Mould")
    text = client.get(f"/property/thing/basket?item={one['_id']}&item={two['_id']}").get_data(as_text=True)
    assert "Gauge" in text
    assert "Mould" in text
    assert borrow(client, one, two).status_code == 200
    [stored] = slips.records().find()
    assert [row["item"] for row in stored["data"]["items"]] == [one["_id"], two["_id"]]


def test_the_scanner_learns_what_a_code_or_a_number_leads_to(
    things: LiveForm, wang: User, client: FlaskClient
) -> None:
    item = phone_stage.thing(things)
    path = address(item)
    for query in (
        f"code={path.removeprefix('/p/')}",
        f"number={item['number']}",
        f"code={item['number'].replace('-', '')}&number={item['number']}",  # it looks like a code
    ):
        found = client.get(f"/property/scan/item?{query}").json
        assert found
        assert (found["id"], found["called"], found["url"]) == (str(item["_id"]), "Gauge", path)
    for query in ("code=0000000000", "number=TH-9", "number=$ne", "", "code="):
        headers = {"X-Requested-With": "XMLHttpRequest"}
        assert client.get(f"/property/scan/item?{query}", headers=headers).status_code == 404


# -- coming back ---------------------------------------------------------------------------------------------


@pytest.fixture
def lent(things: LiveForm, slips: LiveForm, client: FlaskClient) -> tuple[Document, Document]:
    """An item, and the slip by which two of its pieces are lent; the keeper is signed in."""
    sign_in(client, factories.administrator())
    item = phone_stage.thing(things)
    return item, take(slips, take(slips, slip(slips, item, 2, purpose="trial"), "ask"), "lend")


def give_back(
    client: FlaskClient, lent: tuple[Document, Document], key: str = "", **typed: Any
) -> TestResponse:
    item, record = lent
    data = {"slip": "slip", "slip_id": str(record["_id"]), "quantity": "1", "outcome": "return", **typed}
    return send(client, f"/property/thing/{item['_id']}/return", data, key)


def test_a_piece_comes_back_with_a_photo(
    lent: tuple[Document, Document], slips: LiveForm, client: FlaskClient
) -> None:
    photo = FileStorage(io.BytesIO(picture("JPEG")), "a.jpg")
    assert give_back(client, lent, photos=photo, condition="as it was").status_code == 200
    [stored] = slips.records().find()
    assert stored["data"]["returns"][0]["condition"] == "as it was"
    assert len(stored["data"]["photos"]) == 1
    assert stock(lent[0]).total(["kept"]) == 4
    assert stock(lent[0]).total(["lent"]) == 1


def test_a_return_whose_answer_was_lost_is_booked_once(
    lent: tuple[Document, Document], slips: LiveForm, client: FlaskClient
) -> None:
    for _attempt in range(3):
        photo = FileStorage(io.BytesIO(picture("JPEG")), "a.jpg")
        answer = give_back(client, lent, key="the-same-key-of-a-return", photos=photo)
        assert answer.status_code == 200
    assert stock(lent[0]).total(["lent"]) == 1
    [stored] = slips.records().find()
    assert len(stored["data"]["returns"]) == len(stored["data"]["photos"]) == 1


def test_a_picture_that_is_none_is_refused_and_nothing_comes_back(
    lent: tuple[Document, Document], slips: LiveForm, client: FlaskClient
) -> None:
    before = db().fs.files.count_documents({})
    answer = give_back(client, lent, photos=FileStorage(io.BytesIO(SCRIPT), "a.jpg"))
    assert answer.status_code == 422
    assert answer.json
    assert set(answer.json["error"]["errors"]) == {"photos"}
    assert stock(lent[0]).total(["lent"]) == 2
    assert db().fs.files.count_documents({}) == before


def test_pictures_of_a_return_that_is_refused_are_not_kept(
    lent: tuple[Document, Document], client: FlaskClient
) -> None:
    before = db().fs.files.count_documents({})
    photo = FileStorage(io.BytesIO(picture("JPEG")), "a.jpg")
    assert give_back(client, lent, photos=photo, quantity="9").status_code == 422
    assert db().fs.files.count_documents({}) == before


@pytest.mark.parametrize("quantity", ["3", "0", "-1", "0.5", "", "nan", "1e40", "two"])
def test_a_return_of_what_is_not_out_is_told_beside_the_quantity(
    lent: tuple[Document, Document], client: FlaskClient, quantity: str
) -> None:
    answer = give_back(client, lent, quantity=quantity)
    assert answer.status_code == 422
    assert answer.json
    assert set(answer.json["error"]["errors"]) == {"quantity"}
    assert stock(lent[0]).total(["lent"]) == 2


def test_a_strangers_slip_takes_nothing_back(lent: tuple[Document, Document], client: FlaskClient) -> None:
    role = factories.role("looking", form="thing", actions=["see"])
    sign_in(client, factories.user("looking", role))
    assert give_back(client, lent).status_code == 404
    sign_in(client, factories.administrator())
    assert give_back(client, lent, slip_id="507f1f77bcf86cd799439011").status_code == 404
    assert give_back(client, lent, slip="thing").status_code == 404


# -- elsewhere -----------------------------------------------------------------------------------------------


def test_a_thing_is_put_elsewhere(things: LiveForm, client: FlaskClient) -> None:
    item = phone_stage.thing(things)
    sign_in(client, factories.administrator())
    data = {"kind": "relocate", "quantity": "2", "place": "Rack 7"}
    for _attempt in range(2):
        answer = send(client, f"/property/thing/{item['_id']}/put", data, "the-same-key-of-a-move")
        assert answer.status_code == 200
    assert {one.spot.place: int(one.quantity) for one in stock(item).spots("kept")} == {"": 3, "Rack 7": 2}


@pytest.mark.parametrize(
    ("typed", "beside"),
    [
        ({"place": ""}, "place"),
        ({"place": "x" * 201}, "place"),
        ({"quantity": "9"}, "quantity"),
        ({"kind": "dispose"}, "kind"),
        ({"kind": "lose", "note": ""}, "note"),
    ],
)
def test_what_cannot_be_moved_is_told_beside_it(
    things: LiveForm, client: FlaskClient, typed: dict[str, str], beside: str
) -> None:
    item = phone_stage.thing(things)
    sign_in(client, factories.administrator())
    data = {"kind": "relocate", "quantity": "1", "place": "Rack 7", **typed}
    answer = send(client, f"/property/thing/{item['_id']}/put", data)
    assert answer.status_code == 422
    assert answer.json
    assert set(answer.json["error"]["errors"]) == {beside}


def test_only_who_may_change_an_item_puts_it_elsewhere(
    things: LiveForm, wang: User, client: FlaskClient
) -> None:
    item = phone_stage.thing(things)
    data = {"kind": "relocate", "quantity": "1", "place": "Rack 7"}
    assert send(client, f"/property/thing/{item['_id']}/put", data).status_code == 403
