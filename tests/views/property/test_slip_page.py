"""The page of a slip and its steps: what is out, everything back at once, and what there is too little of."""

from flask.testing import FlaskClient

from models.database import Document
from models.forms import LiveForm
from models.people import Action, User
from tests import factories
from tests.models.ledger.desk_work import back, day, slip, stock, take, taken, thing
from tests.pages import Element, assert_safe, open_page, read, submit
from tests.web import csrf_token, sign_in


def page_of(client: FlaskClient, record: Document, page: str = "") -> Element:
    return open_page(client, f"/records/slip/{record['_id']}{page}")


def lines(page: Element) -> list[list[str]]:
    table = page.one("section", id="lending").one("table")
    return [[cell.text for cell in row.all("td")] for row in table.one("tbody").all("tr")]


def inputs(page: Element) -> Element:
    [form] = [form for form in page.all("form") if "data-record-form" in form]
    return form


def of_two(slips: LiveForm, *items: Document) -> Document:
    rows = [{"item": str(item["_id"]), "quantity": "2"} for item in items]
    return taken(slips, slip(slips, items[0], items=rows), "ask", "lend")


def test_every_line_says_what_is_still_out_and_who_waits(
    client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm
) -> None:
    one, two = thing(things, name="One", quantity="2"), thing(things, name="Two")
    lent = of_two(slips, one, two)
    take(slips, slip(slips, one, 1, editor), "queue")
    partly = take(slips, lent, "take_back", returns=[back(one, 1), back(two, 2)])
    page = page_of(client, partly)
    assert_safe(page)
    first, second = lines(page)
    assert first[0].startswith("One Waiting for it: 编辑")
    assert first[1:] == ["2 piece", "2 piece", "1 piece", "1 piece", "Partly back"]
    assert second[1:] == ["2 piece", "2 piece", "2 piece", "—", "All back"]
    assert page.one("section", id="lending").one("a", href=f"/records/thing/{one['_id']}").text == "One"
    assert "1 still out" in page.one("section", id="lending").text


def test_a_line_of_an_item_that_the_reader_may_not_see_has_no_name(
    client: FlaskClient, things: LiveForm, slips: LiveForm
) -> None:
    item = thing(things, name="Secret")
    lent = taken(slips, slip(slips, item), "ask", "lend")
    sign_in(client, factories.user("only", factories.role("only", form="slip", actions=[Action.SEE])))
    [line] = lines(page_of(client, lent))
    assert line[0] == "a record you may not see"
    assert line[1] == "1"


def test_everything_comes_back_at_once_and_can_be_changed_before(
    client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm
) -> None:
    one, two = thing(things, name="One"), thing(things, name="Two")
    partly = take(slips, of_two(slips, one, two), "take_back", returns=[back(one, 2)])
    page = page_of(client, partly)
    [everything] = [one for one in page.all("a") if one.text == "Everything came back well"]
    form = inputs(open_page(client, everything["href"]))
    sent = form.sent()
    assert (sent["returns-0-item"], sent["returns-0-quantity"]) == (str(one["_id"]), "2")
    filled = [sent[f"returns-1-{key}"] for key in ("_row", "item", "quantity", "outcome")]
    assert filled == ["", str(two["_id"]), "2", "return"]
    answer = submit(client, form, everything["href"], **{"returns-1-outcome": "damage"})
    assert answer.status_code == 302
    assert stock(things, two).total(["damaged"]) == 2
    stored = slips.records().find_one({"_id": partly["_id"]})
    assert stored
    assert stored["state"] == "closed"


def test_filling_in_the_rest_loses_nothing_that_was_typed(
    client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm
) -> None:
    one, two = thing(things, name="One"), thing(things, name="Two")
    lent = of_two(slips, one, two)
    path = f"/records/slip/{lent['_id']}/move/take_back"
    form = inputs(open_page(client, path))
    assert form.one("button", name="_everything")
    typed = {
        "returns-0-_row": "", "returns-0-item": str(one["_id"]), "returns-0-quantity": "1",
        "returns-0-condition": "scratched", "_everything": "1",
    }  # fmt: skip
    answer = client.post(path, data={**form.sent(), **typed})
    assert answer.status_code == 200
    sent = inputs(read(answer.text)).sent()
    assert (sent["returns-0-quantity"], sent["returns-0-condition"]) == ("1", "scratched")
    assert (sent["returns-1-item"], sent["returns-1-quantity"]) == (str(two["_id"]), "2")
    assert "returns-2-item" not in sent
    assert stock(things, one).total(["lent"]) == 2


def test_a_shortage_is_told_beside_its_row_with_the_offer_to_wait(
    client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm
) -> None:
    short, plenty = thing(things, name="Short", quantity="1"), thing(things, name="Plenty")
    taken(slips, slip(slips, short, ends=day(6)), "ask", "lend")
    rows = [{"item": str(one["_id"]), "quantity": "1"} for one in (short, plenty)]
    asked = slip(slips, short, 1, editor, items=rows)
    path = f"/records/slip/{asked['_id']}/move"
    sent = {"csrf_token": csrf_token(client), "_revision": "1"}
    answer = client.post(f"{path}/ask", data=sent)
    assert answer.status_code == 422
    page = read(answer.text)
    assert_safe(page)
    first, second = page.one("section", id="shortage").one("tbody").all("tr")
    assert f"Only 0 of “Short” are free then. 管理员 has 1 until {day(6)}." in first.text
    assert "Nothing is missing here." in second.text
    assert page.all(css="error-summary") == []
    assert first.one("a", href=f"/property/thing/calendar?item={short['_id']}")
    assert page.one("button", form="shortage-queue-form").text == "queue"
    queued = submit(client, page.one("form", id="shortage-queue-form"), path)
    assert queued.status_code == 302
    assert lines(page_of(client, asked))[0][5] == "No. 1 in line"


def test_a_step_that_takes_nothing_back_offers_nothing_to_fill_in(
    client: FlaskClient, things: LiveForm, slips: LiveForm
) -> None:
    lent = of_two(slips, thing(things))
    page = open_page(client, f"/records/slip/{lent['_id']}/move/extend?_everything=1")
    assert page.all("button", name="_everything") == []
