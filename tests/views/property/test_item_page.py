"""The page of a ledger's item: where its pieces are, who asked for them, its life, and movements by hand."""

import io
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage

from models import files
from models.database import Document, db
from models.errors import InvalidError
from models.forms import LiveForm
from models.ledger import desk
from models.people import Action, Actor, FieldRule, Limit, User
from tests import factories
from tests.models.ledger.desk_work import day, slip, stock, take, taken, thing
from tests.pages import Element, assert_safe, open_page, read, submit
from tests.pictures import SCRIPT, picture
from tests.web import csrf_token, sign_in


def page_of(client: FlaskClient, item: Document) -> Element:
    return open_page(client, f"/records/thing/{item['_id']}")


def rows(page: Element) -> list[list[str]]:
    table = page.one(id="pieces").one("table")
    return [[cell.text for cell in row.all("td")] for row in table.one("tbody").all("tr")]


def card(page: Element, name: str) -> Element:
    return page.one("section", id=name)


def test_the_page_says_where_the_pieces_are_and_who_wants_them(
    client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm
) -> None:
    item = thing(things, quantity="5", place="A-3")
    lent = taken(slips, slip(slips, item, 2, editor, ends=day(5)), "ask", "lend")
    take(slips, slip(slips, item, 1, editor, begins=day(8), ends=day(9)), "ask")
    take(slips, slip(slips, item, 5, editor, begins=day(20), ends=day(21)), "queue")
    page = page_of(client, item)
    assert_safe(page)
    kept, out = rows(page)
    assert kept[:4] == ["Kept", "3 piece", "Quality · A-3", ""]
    assert out[:3] == ["Lent", "2 piece", "编辑 you"]
    assert card(page, "pieces").one("a", css="mono", href=f"/records/slip/{lent['_id']}")
    assert out[5] == day(5)
    assert "3 piece of 5 piece free today" in card(page, "pieces").text
    reserved, waiting = page.all(css="promises")
    assert f"{day(8)} – {day(9)}" in reserved.text
    assert waiting.one("li").text.startswith("1.编辑5 piece")


def test_what_is_late_is_said_in_words(client: FlaskClient, things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, quantity="1")
    taken(slips, slip(slips, item), "ask", "lend")
    things.records().update_one({"_id": item["_id"]}, {"$set": {"stock.positions.0.due": "2020-01-01"}})
    page = page_of(client, item)
    assert rows(page)[0][0] == "Overdue"
    assert "None free today" in card(page, "pieces").text


def test_its_life_is_one_row_of_movements_and_changes(
    client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm
) -> None:
    item = thing(things)
    lent = taken(slips, slip(slips, item, 2, editor), "ask", "lend")
    desk.move(
        Actor.of(editor), editor, things, item["_id"], "damage",
        quantity=Decimal(1), note="It fell", condition="Bent",
    )  # fmt: skip
    life = card(page_of(client, item), "life")
    damaged, borrowed, arrived, created = [one.text for one in life.all("li", css="timeline-item")]
    assert damaged.startswith("编辑 Damaged 1 piece")
    assert "Quality Damaged (Quality)" in damaged
    assert "Bent" in damaged
    assert "It fell" in damaged
    assert "Take back" in damaged
    assert "Borrowed 2 piece" in borrowed
    assert "Take back" not in borrowed + arrived
    assert life.one("a", css="mono", href=f"/records/slip/{lent['_id']}")
    assert "created this" in created


def test_a_long_life_goes_on_page_by_page(client: FlaskClient, editor: User, things: LiveForm) -> None:
    item = thing(things)
    for number in range(33):
        desk.move(
            Actor.of(editor), editor, things, item["_id"], "relocate", quantity=Decimal(5), place=str(number)
        )
    page = page_of(client, item)
    assert len(card(page, "life").all("li", css="timeline-item")) == 10
    address = f"/records/thing/{item['_id']}/history"
    first = open_page(client, address)
    [older] = [one["href"] for one in first.all("a", css="btn") if one.text == "Older"]
    rest = open_page(client, older)
    counts = [len(one.all("li", css="timeline-item")) for one in (first, rest)]
    assert counts == [30, 5]
    for odd in ("x", ".", "-1", "9" * 40, "%F0%9F%98%80"):
        assert client.get(f"{address}?before={odd}").status_code == 200


def test_nobody_reads_from_the_pieces_what_the_role_hides(
    client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm
) -> None:
    item = thing(things)
    taken(slips, slip(slips, item, 2, editor, ends=day(6)), "ask", "lend")
    hidden = FieldRule(form="thing", fields=["holders", "due_on"], limit=Limit.HIDDEN.value)
    role = factories.role("clerk", form="thing", actions=[Action.SEE], field_rules=[hidden])
    sign_in(client, factories.user("clerk", role))
    page = page_of(client, item)
    shown = card(page, "pieces").text + card(page, "life").all("li", css="timeline-item")[0].text
    assert day(6) not in shown
    assert "2 piece" in shown
    assert "编辑" not in card(page, "pieces").text
    assert "/records/slip/" not in client.get(f"/records/thing/{item['_id']}").text


def test_what_is_gone_is_neither_borrowed_nor_moved_and_the_program_has_a_name(
    client: FlaskClient, things: LiveForm, slips: LiveForm
) -> None:
    item = thing(things, quantity="1")
    assert {"Borrow", "Book a movement"} <= {
        one.text for one in card(page_of(client, item), "pieces").all("a")
    }
    admin = factories.administrator()
    desk.move(Actor.system(), admin, things, item["_id"], "dispose", quantity=Decimal(1), note="worn out")
    page = page_of(client, item)
    assert {one.text for one in card(page, "pieces").all("a")} == {"Who has it when"}
    assert "The program" in card(page, "life").text


def test_a_reader_finds_neither_movements_nor_slips_to_make(client: FlaskClient, things: LiveForm) -> None:
    item = thing(things)
    sign_in(client, factories.reader())
    texts = [one.text for one in card(page_of(client, item), "pieces").all("a")]
    assert texts == ["Who has it when"]


def test_borrowing_starts_a_slip_with_the_item_and_oneself(
    client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm
) -> None:
    item = thing(things)
    [borrow] = [one["href"] for one in card(page_of(client, item), "pieces").all("a") if one.text == "Borrow"]
    [form] = [one for one in open_page(client, borrow).all("form") if "data-record-form" in one]
    sent = form.sent()
    assert (sent["items-0-item"], sent["items-0-quantity"]) == (str(item["_id"]), "1")
    assert (sent["borrower"], sent["department"]) == (str(editor.id), str(factories.department().id))
    assert submit(client, form, borrow, begins=day(0), ends=day(1)).status_code == 302
    [made] = slips.records().find()
    assert made["data"]["items"][0]["item"] == item["_id"]


def test_rows_in_an_address_that_cannot_be_read_are_left_out(
    client: FlaskClient, things: LiveForm, slips: LiveForm
) -> None:
    for odd in ("items-0-item=x", "items-0-item=%00", f"items-0-item={'f' * 24}&items-0-quantity=many"):
        assert client.get(f"/records/slip/new?{odd}").status_code in {200, 404}, odd
    assert slips.records().count_documents({}) == 0


# -- movements by hand -----------------------------------------------------------------------------------


def book(client: FlaskClient, item: Document, **typed: str) -> tuple[int, Element]:
    path = f"/property/thing/{item['_id']}/move"
    [form] = [one for one in open_page(client, path).all("form") if "data-movement" in one]
    answer = submit(client, form, path, **typed)
    return answer.status_code, read(answer.text)


def test_a_movement_is_booked_from_a_spot(client: FlaskClient, things: LiveForm) -> None:
    item = thing(things, place="A-1")
    page = open_page(client, f"/property/thing/{item['_id']}/move")
    assert_safe(page)
    [spot] = [one["value"] for one in page.one("select", name="source").all("option") if one["value"]]
    assert book(client, item, kind="relocate", quantity="2", source=spot, place="B-2")[0] == 302
    found = {one.spot.place: one.quantity for one in stock(things, item).positions}
    assert found == {"A-1": 3, "B-2": 2}


def test_only_what_is_possible_now_is_offered(client: FlaskClient, things: LiveForm) -> None:
    page = open_page(client, f"/property/thing/{thing(things)['_id']}/move")
    offered = {one["value"] for one in page.all("input", name="kind")}
    assert {"relocate", "damage", "lose"} <= offered
    assert not {"find", "repaired"} & offered


def test_whoever_gives_it_back_is_told_first_who_has_asked_for_it(
    client: FlaskClient, things: LiveForm, slips: LiveForm
) -> None:
    item = thing(things)
    page = open_page(client, f"/property/thing/{item['_id']}/move")
    assert "Others have asked for it" not in page.text
    taken(slips, slip(slips, item, 3), "ask")
    page = open_page(client, f"/property/thing/{item['_id']}/move")
    [warning] = page.all("div", css="alert-warning")
    assert (factories.administrator().name in warning.text, "3" in warning.text) == (True, True)


@pytest.mark.parametrize(
    ("typed", "beside"),
    [
        ({"kind": "relocate", "quantity": "1"}, "place"),
        ({"kind": "lose", "quantity": "1"}, "note"),
        ({"kind": "damage", "quantity": "6"}, "quantity"),
        ({"kind": "damage", "quantity": "0.5"}, "quantity"),
        ({"kind": "damage", "quantity": "-1"}, "quantity"),
        ({"kind": "damage", "quantity": "many"}, "quantity"),
        ({"kind": "damage", "quantity": "NaN"}, "quantity"),
        ({"kind": "damage", "quantity": "9" * 60}, "quantity"),
        ({"kind": "damage", "quantity": ""}, "quantity"),
        ({"kind": "damage", "quantity": "1", "source": "lent..x"}, "source"),
        ({"kind": "transfer", "quantity": "1", "department": "f" * 24}, "department"),
        ({"kind": "borrow", "quantity": "1"}, "kind"),
        ({"kind": "", "quantity": "1"}, "kind"),
        ({"kind": "damage", "quantity": "1", "condition": "x" * 201}, "condition"),
    ],
)
def test_what_cannot_be_booked_is_told_beside_the_field_and_nothing_is_lost(
    client: FlaskClient, things: LiveForm, typed: dict[str, str], beside: str
) -> None:
    item = thing(things)
    status, page = book(client, item, **{"note": "", **typed})
    assert status == 422
    assert page.one("p", id=f"error-{beside}").text
    assert page.one("input", name="quantity")["value"] == typed["quantity"]
    assert stock(things, item).moved == 1


def test_pictures_of_a_movement_are_shown_to_whoever_sees_the_item(
    client: FlaskClient, things: LiveForm
) -> None:
    item = thing(things)
    said = {"kind": "damage", "quantity": "1", "photos": FileStorage(io.BytesIO(picture("JPEG")), "a.jpg")}
    path = f"/property/thing/{item['_id']}/move"
    sent = client.post(path, data={**said, "csrf_token": csrf_token(client)})
    assert sent.status_code == 302
    [thumb] = card(page_of(client, item), "life").all("a", css="thumb")
    shown = client.get(thumb["href"])
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    other = thing(things)
    assert client.get(thumb["href"].replace(str(item["_id"]), str(other["_id"]))).status_code == 404
    hidden = FieldRule(form="thing", fields=["available"], limit=Limit.HIDDEN.value)
    clerk = factories.role("clerk", actions=[Action.SEE], field_rules=[hidden])
    sign_in(client, factories.user("clerk", clerk))
    assert client.get(thumb["href"]).status_code == 404


def test_pictures_of_a_movement_that_is_refused_are_not_kept(client: FlaskClient, things: LiveForm) -> None:
    item, before = thing(things), db().fs.files.count_documents({})
    path = f"/property/thing/{item['_id']}/move"
    photo = FileStorage(io.BytesIO(picture("JPEG")), "a.jpg")
    said = {"kind": "damage", "quantity": "9", "photos": photo, "csrf_token": csrf_token(client)}
    assert client.post(path, data=said).status_code == 422
    assert db().fs.files.count_documents({}) == before
    none = {**said, "quantity": "1", "photos": FileStorage(io.BytesIO(SCRIPT), "a.jpg")}
    refused = client.post(path, data=none)
    assert refused.status_code == 422
    assert read(refused.text).one(id="error-photos").text
    assert stock(things, item).moved == 1


def test_nobody_books_with_pictures_that_others_uploaded(editor: User, things: LiveForm) -> None:
    item = thing(things)
    theirs = files.receive(io.BytesIO(picture("JPEG")), "a.jpg", factories.reader(), max_bytes=10**6)
    with pytest.raises(InvalidError) as refusal:
        desk.move(
            Actor.of(editor), editor, things, item["_id"], "damage", quantity=Decimal(1), photos=(theirs,)
        )
    assert set(refusal.value.errors) == {"photos"}


def test_a_movement_is_taken_back_with_a_reason(client: FlaskClient, editor: User, things: LiveForm) -> None:
    item = thing(things)
    desk.move(Actor.of(editor), editor, things, item["_id"], "damage", quantity=Decimal(2))
    [undo] = card(page_of(client, item), "life").all("a", css="movement-undo")
    [form] = [one for one in open_page(client, undo["href"]).all("form") if "data-once" in one]
    refused = submit(client, form, undo["href"], reason=" ")
    assert refused.status_code == 422
    assert "Say why." in read(refused.text).one("p", id="error-reason").text
    assert submit(client, form, undo["href"], reason="Wrong item").status_code == 302
    assert stock(things, item).total(["kept"]) == 5
    page = page_of(client, item)
    assert card(page, "life").all("a", css="movement-undo") == []
    assert "taken back" in card(page, "life").text
    again = submit(client, form, undo["href"], reason="Twice")
    assert again.status_code == 422
    assert "undone already" in again.text


def test_a_movement_of_another_item_is_not_there(client: FlaskClient, things: LiveForm) -> None:
    item, other = thing(things), thing(things, name="Other")
    moved = db().property_movements.find_one({"item": other["_id"]})
    assert moved
    assert client.get(f"/property/thing/{item['_id']}/undo/{moved['_id']}").status_code == 404
    assert client.get(f"/property/thing/{item['_id']}/undo/nonsense").status_code == 404


def test_only_ledgers_have_such_pages(client: FlaskClient, things: LiveForm) -> None:
    sheet = factories.form()
    record = factories.record(sheet, name="one")
    pages: list[Any] = [f"/property/sheet/{record['_id']}/move", "/property/sheet/calendar"]
    for path in (*pages, "/property/nope/calendar", "/property/thing/nonsense/move"):
        assert client.get(path).status_code == 404, path
    token = csrf_token(client)
    assert client.post(pages[0], data={"csrf_token": token}).status_code == 404
    assert things
