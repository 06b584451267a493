"""The calendar of who has what when, as a page."""

from flask.testing import FlaskClient

from models.database import Document
from models.forms import LiveForm
from models.people import User
from models.times import now
from tests import factories
from tests.factories import field
from tests.ledger_forms import ledger_form, slip_form
from tests.models.ledger.desk_work import day, slip, take, taken, thing
from tests.pages import Element, assert_safe, open_page
from tests.web import sign_in

CALENDAR = "/property/thing/calendar"


def names(page: Element) -> list[str]:
    heads = [one.all(css="slots-name") for one in page.all("tbody")]
    return [head[0].one("a").text for head in heads if head]


def bars(page: Element) -> list[str]:
    return [one["title"] for one in page.all(css="bar-line") if "data-bar" in one]


def test_bars_say_in_words_who_has_how_many_until_when(
    client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm
) -> None:
    item = thing(things, name="Gauge", quantity="5")
    lent = taken(slips, slip(slips, item, 2, editor, ends=day(2)), "ask", "lend")
    take(slips, slip(slips, item, 1, editor, begins=day(3), ends=day(4)), "ask")
    page = open_page(client, CALENDAR)
    assert_safe(page)
    assert names(page) == ["Gauge"]
    out, reserved = bars(page)
    assert out.startswith("Lent · 编辑 · 2 piece · ")
    assert reserved == f"Reserved · 编辑 · 1 piece · {day(3)} – {day(4)}"
    links = {one.attributes.get("href") for one in page.all("a", css="bar-line")}
    assert f"/records/slip/{lent['_id']}" in links
    assert page.one("ul", css="who-when-list").all("h3")[0].text == "Gauge"


def test_free_days_start_a_slip(client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, quantity="2")
    taken(slips, slip(slips, item, 1, editor), "ask", "lend")
    page = open_page(client, CALENDAR)
    free = {one["data-free"]: one for one in page.all("a", css="slot-free")}
    later = day(9)
    assert free[day(1)].text == "1"
    form = next(
        one for one in open_page(client, free[later]["href"]).all("form") if "data-record-form" in one
    )
    sent = form.sent()
    assert (sent["begins"], sent["ends"], sent["items-0-item"]) == (later, later, str(item["_id"]))


def test_whoever_makes_no_slips_sees_how_many_are_free(
    client: FlaskClient, things: LiveForm, slips: LiveForm
) -> None:
    taken(slips, slip(slips, thing(things)), "ask", "lend")
    sign_in(client, factories.reader())
    page = open_page(client, CALENDAR)
    assert page.all("a", css="slot-free") == []
    assert {one.text for one in page.all(css="slot-count")} <= {"4", "5"}


def test_by_person_and_by_week(client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm) -> None:
    taken(slips, slip(slips, thing(things, name="Gauge"), 1, editor), "ask", "lend")
    page = open_page(client, f"{CALENDAR}?by=person&span=week")
    assert names(page) == ["编辑"]
    assert page.one("th", css="slots-name", scope="rowgroup").one("a")["href"] == (
        f"/property/holdings?person={editor.id}"
    )
    assert len(page.one("thead").all("th")) == 8
    assert "Gauge" in page.one("a", css="bar-line").text


def test_one_item_has_a_calendar_of_its_own(client: FlaskClient, things: LiveForm) -> None:
    one = thing(things, name="One")
    thing(things, name="Two")
    page = open_page(client, f"{CALENDAR}?item={one['_id']}")
    assert names(page) == ["One"]
    assert client.get(f"{CALENDAR}?item={'f' * 24}").status_code == 404


def test_it_is_narrowed_by_customer_kind_and_words(client: FlaskClient, editor: User) -> None:
    clients = factories.form(field("name", required=True), key="client")
    things = ledger_form()
    buyer = factories.record(clients, name="Buyer")
    thing(things, name="Theirs", customer=str(buyer["_id"]))
    thing(things, name="Ours")
    everything = f"{CALENDAR}?scope=all"
    assert names(open_page(client, everything)) == ["Ours", "Theirs"]
    page = open_page(client, f"{everything}&f-customer={buyer['_id']}")
    assert names(page) == ["Theirs"]
    assert page.one("select", id="f-customer").one("option", selected="").text == "Buyer"
    assert names(open_page(client, f"{everything}&search=Ours")) == ["Ours"]
    assert names(open_page(client, f"{everything}&f-customer=nonsense&f-nope=1")) == ["Ours", "Theirs"]


def test_an_empty_calendar_says_so(client: FlaskClient, things: LiveForm) -> None:
    thing(things)
    page = open_page(client, CALENDAR)
    assert "Nobody has anything in this time" in page.one(css="empty").text
    assert "Show every item" in page.one(css="empty").text


def test_odd_addresses_are_read_as_far_as_they_make_sense(client: FlaskClient, things: LiveForm) -> None:
    thing(things)
    for odd in (
        "date=2026-99-99", "date=0001-01-01", "date=9999-12-31", "date=%F0%9F%98%80", "span=x", "by=x",
        "scope=$ne", "after=x", f"after={'f' * 24}", "page=-1", "page=99999999999", "page=x", "search=%22%5C",
        "date=2100-12-31&span=week", "date=2000-01-01",
    ):  # fmt: skip
        assert client.get(f"{CALENDAR}?scope=all&{odd}").status_code == 200, odd
        assert client.get(f"{CALENDAR}?by=person&{odd}").status_code == 200, odd


def test_a_long_calendar_goes_on_page_by_page(client: FlaskClient, things: LiveForm) -> None:
    made = [str(number) for number in range(27)]
    for name in made:
        thing(things, name=name)
    first = open_page(client, f"{CALENDAR}?scope=all")
    [following] = [one["href"] for one in first.all("a") if one.text == "Next"]
    rest = open_page(client, following)
    assert sorted([*names(first), *names(rest)]) == sorted(made)
    assert (len(names(first)), len(names(rest))) == (25, 2)


def test_records_in_the_bin_are_not_there(client: FlaskClient, editor: User, things: LiveForm) -> None:
    item: Document = thing(things)
    things.records().update_one({"_id": item["_id"]}, {"$set": {"deleted_at": now()}})
    assert names(open_page(client, f"{CALENDAR}?scope=all")) == []
    assert slip_form().key == "slip"
