"""What a person, a department and a customer hold, the clearance slip, and numbers at a glance."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from models.database import Document
from models.forms import LiveForm
from models.people import Action, Permission, User
from models.times import now, set_clock
from tests import factories
from tests.factories import field
from tests.ledger_forms import ledger_form, slip_form
from tests.models.ledger.desk_work import day, slip, take, taken, thing
from tests.pages import Element, assert_safe, open_page
from tests.web import sign_in

HOLDINGS = "/property/holdings"


def rows(page: Element) -> list[list[str]]:
    return [
        [cell.text for cell in row.all("td")]
        for table in page.all("table", css="holdings")
        for row in table.one("tbody").all("tr")
    ]


def late_slip(slips: LiveForm, item: Document, person: User) -> Document:
    with set_clock(now() - timedelta(days=9)):
        return taken(slips, slip(slips, item, 1, person, ends=day(2)), "ask", "lend")


# -- holdings ----------------------------------------------------------------------------------------------


def test_i_see_what_i_hold_the_overdue_first(
    client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm
) -> None:
    assert "You hold nothing" in open_page(client, HOLDINGS).one(css="empty").text
    with set_clock(now() - timedelta(days=9)):
        late = thing(things, name="Late")
    taken(slips, slip(slips, thing(things, name="Fine"), 1, editor), "ask", "lend")
    late_slip(slips, late, editor)
    page = open_page(client, HOLDINGS)
    assert_safe(page)
    assert page.one("h1").text == "What I hold"
    assert [row[0] for row in rows(page)] == ["Late", "Fine"]
    assert [row[2] for row in rows(page)] == ["Overdue", "Lent"]
    assert "1 overdue" in page.one(css="page-meta").text
    assert page.one("a", css="menu-item", href=HOLDINGS).text == "What I hold"


def test_what_another_holds_and_what_a_department_holds(
    client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm
) -> None:
    admin = factories.administrator()
    taken(slips, slip(slips, thing(things, name="Theirs"), 2, admin), "ask", "lend")
    page = open_page(client, f"{HOLDINGS}?person={admin.id}")
    assert page.one("h1").text == "What 管理员 holds"
    assert page.one(css="bar-person-name").text == "编辑"
    assert [row[:2] for row in rows(page)] == [["Theirs", "2 piece"]]
    department = open_page(client, f"{HOLDINGS}?department={factories.department().id}")
    assert [row[:3] for row in rows(department)] == [["Theirs", "3 piece", "Kept"]]


def test_a_customer_leads_to_what_we_hold_of_them(client: FlaskClient, editor: User) -> None:
    clients = factories.form(field("name", required=True), key="client")
    things = ledger_form()
    slip_form()
    buyer = factories.record(clients, name="Buyer")
    thing(things, name="Theirs", customer=str(buyer["_id"]))
    thing(things, name="Ours")
    page = open_page(client, f"/records/client/{buyer['_id']}")
    link = page.one("section", id="kept-here").one("a")
    assert "Items: 1" in link.text
    there = open_page(client, link["href"])
    assert there.one("h1").text == "What we hold of Buyer"
    assert [row[0] for row in rows(there)] == ["Theirs"]


@pytest.mark.parametrize("odd", [
    "person=x", f"person={'f' * 24}", "department=x", f"department={'f' * 24}", "record=x",
    "form=nope&record=x",
    f"form=thing&record={'f' * 24}", "form=%00&record=1",
])  # fmt: skip
def test_nobody_and_nothing_is_not_there(client: FlaskClient, things: LiveForm, odd: str) -> None:
    assert client.get(f"{HOLDINGS}?{odd}").status_code == 404


def test_what_a_reader_may_not_see_is_not_told(
    client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm
) -> None:
    taken(slips, slip(slips, thing(things, name="Secret"), 1, editor), "ask", "lend")
    role = factories.role("own", form="thing", actions=[Action.SEE])
    role.grants[0].scope = "own"
    role.save()
    sign_in(client, factories.user("clerk", role))
    for path in (f"{HOLDINGS}?person={editor.id}", f"/property/clearance/{editor.id}", "/"):
        text = client.get(path).text
        assert "Secret" not in text, path
    assert "Only items that the reader may see" in client.get(f"/property/clearance/{editor.id}").text


# -- the clearance slip --------------------------------------------------------------------------------------


def test_the_clearance_slip_lists_everything_with_boxes_to_sign(
    client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm
) -> None:
    taken(slips, slip(slips, thing(things, name="Held"), 2, editor, ends=day(4)), "ask", "lend")
    take(slips, slip(slips, thing(things, name="Asked"), 1, editor, begins=day(5), ends=day(6)), "ask")
    page = open_page(client, f"/property/clearance/{editor.id}")
    assert_safe(page)
    listed, signs = page.all("table", css="sheet-table")
    texts = [[cell.text for cell in row.all("td")][:3] for row in listed.one("tbody").all("tr")]
    assert texts == [["Held", "2 piece", "Lent"], ["Asked", "1 piece", "Reserved"]]
    assert [one.text for one in signs.all("th")] == [
        "Leaver", "Head of the department", "Keeper of the property", "Personnel",
    ]  # fmt: skip
    assert page.one(css="sheet-tools").one("button", data_print="")


def test_somebody_with_nothing_holds_nothing(client: FlaskClient, editor: User, things: LiveForm) -> None:
    page = open_page(client, f"/property/clearance/{editor.id}")
    assert page.one(css="clearance-none").text == "编辑 holds nothing."


def test_whoever_administers_people_is_told_of_what_they_may_not_see(
    client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm
) -> None:
    taken(slips, slip(slips, thing(things), 1, editor), "ask", "lend")
    staff = factories.role("staff", permissions=[Permission.CONFIGURE_PEOPLE.value])
    sign_in(client, factories.user("hr", staff))
    page = open_page(client, f"/property/clearance/{editor.id}")
    assert "not settled: 1" in page.one(css="clearance-unseen").text
    assert page.all(css="clearance-none") == []


def test_the_page_of_a_leaver_warns_and_leads_to_the_slip(
    client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm
) -> None:
    taken(slips, slip(slips, thing(things, name="Held"), 1, editor), "ask", "lend")
    sign_in(client, factories.administrator())
    page = open_page(client, f"/configure/users/{editor.id}/leaving")
    assert "编辑 still holds property of customers" in page.one(css="alert-warning").text
    assert page.one("select", name="pieces")
    assert "Held" in page.one("table", id="findings").text


# -- at a glance ---------------------------------------------------------------------------------------------


def numbers(page: Element) -> dict[str, tuple[str, str]]:
    [shown] = page.all(css="glance")
    tiles = shown.all("a", css="work-number")
    return {one.one("span").text: (one.one("b").text, one["href"]) for one in tiles}


def test_numbers_lead_to_the_lists_that_they_count(
    client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm
) -> None:
    with set_clock(now() - timedelta(days=9)):
        late = thing(things, name="Late", quantity="1")
    late_slip(slips, late, editor)
    taken(slips, slip(slips, thing(things, name="Out"), 1, editor, ends=day(1)), "ask", "lend")
    take(slips, slip(slips, thing(things, name="Asked"), 1, editor), "ask")
    take(slips, slip(slips, late, 1, editor), "queue")
    for path in ("/", "/property/"):
        found = numbers(open_page(client, path))
        counts = {name: number for name, (number, _url) in found.items() if name != "Due this week"}
        assert counts == {
            "Lent now": "2", "Overdue": "1", "Damaged or lost": "0", "Reserved": "1", "In line": "1",
        }, path  # fmt: skip
        for name, (number, url) in found.items():
            records = [one for one in open_page(client, url).all("tr") if "data-id" in one]
            assert len(records) == int(number), name


def test_lists_of_ledgers_and_slips_have_ready_views(
    client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm
) -> None:
    with set_clock(now() - timedelta(days=9)):
        late = thing(things, name="Late", quantity="1")
    late_slip(slips, late, editor)
    taken(slips, slip(slips, thing(things, name="Theirs")), "ask", "lend")
    page = open_page(client, "/records/thing/")
    tabs = {one.text: one["href"] for one in page.one("nav", css="tabs").all("a")}
    assert list(tabs) == ["All", "Lent now", "Overdue", "Held by me", "Damaged or lost"]

    def titles(name: str) -> set[str]:
        listed = open_page(client, tabs[name])
        assert listed.one("nav", css="tabs").one("a", aria_current="page").text == name
        return {row.all("td")[1].text for row in listed.all("tr") if "data-id" in row}

    assert titles("Overdue") == titles("Held by me") == {"Late"}
    assert titles("Lent now") == {"Late", "Theirs"}
    tabs = {
        one.text: one["href"] for one in open_page(client, "/records/slip/").one("nav", css="tabs").all("a")
    }
    assert list(tabs)[:2] == ["All", "Lent now"]


def test_without_a_ledger_nothing_of_property_is_offered(client: FlaskClient) -> None:
    sign_in(client, factories.stranger())
    page = open_page(client, "/")
    assert page.all("a", href="/property/") == []
    assert page.all("a", href=HOLDINGS) == []
    assert "There is no ledger for you" in open_page(client, "/property/").one(css="empty").text
