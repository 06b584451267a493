"""Things are borrowed and come back at a desk: from the calendar by the keyboard, and on pages of items."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, expect

from models.forms import LiveForm
from models.people import User
from models.times import today
from tests.browser.test_records import TELEPHONE, desk, person, photograph  # noqa: F401  (fixtures)
from tests.ledger_forms import ledger_form, slip_form
from tests.models.ledger.desk_work import day, slip, stock, taken, thing

pytestmark = pytest.mark.browser


@pytest.fixture
def things(person: User) -> LiveForm:  # noqa: F811
    assert person
    return ledger_form()


def coming(days: int) -> str:
    return (today(ZoneInfo("Asia/Shanghai")) + timedelta(days=days)).isoformat()


def test_free_days_are_chosen_with_the_keyboard_and_everything_comes_back(
    desk: BrowserContext,  # noqa: F811
    things: LiveForm,
) -> None:
    slips = slip_form()
    item = thing(things, name="Gauge", quantity="3")
    taken(slips, slip(slips, item, 2), "ask", "lend")
    page = desk.new_page()
    page.goto("/property/thing/calendar")
    page.locator(f"[data-free='{coming(1)}']").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("[data-slot-text]")).to_have_text(f"Gauge: {coming(1)} – {coming(3)}")
    expect(page.locator(".slot-free.is-chosen")).to_have_count(3)
    photograph(page, "property_calendar")
    page.keyboard.press("Enter")
    expect(page.locator("#field-begins")).to_have_value(coming(1))
    expect(page.locator("#field-ends")).to_have_value(coming(3))
    expect(page.locator("[name='items-0-quantity']")).to_have_value("1")
    page.wait_for_load_state()  # keys are heard when the page is whole
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="ask", exact=True).click()
    page.get_by_role("button", name="lend", exact=True).click()
    expect(page.locator("#lending tbody tr")).to_contain_text("Out")
    page.get_by_role("link", name="Everything came back well").click()
    expect(page.locator("[name='returns-0-quantity']")).to_have_value("1")
    page.get_by_role("button", name="take_back").click()
    expect(page.locator("#lending tbody tr")).to_contain_text("All back")
    photograph(page, "property_slip")
    assert stock(things, item).total(["lent"]) == 2


def test_a_movement_asks_only_for_what_it_needs(
    desk: BrowserContext,  # noqa: F811
    things: LiveForm,
) -> None:
    item = thing(things, name="Gauge", place="A-1")
    page = desk.new_page()
    page.goto(f"/records/thing/{item['_id']}")
    page.get_by_role("link", name="Book a movement").click()
    expect(page.locator("#field-place")).to_be_hidden()
    page.get_by_text("Move to another place").click()
    expect(page.locator("#field-place")).to_be_visible()
    expect(page.locator("#field-department")).to_be_hidden()
    page.locator("#field-quantity").fill("9")
    page.locator("#field-place").fill("B-2")
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.locator("#error-quantity")).to_contain_text("There are 5 of “Gauge” here, not 9.")
    expect(page.locator("#field-place")).to_have_value("B-2")
    page.locator("#field-quantity").fill("2")
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.locator("#pieces")).to_contain_text("B-2")
    photograph(page, "property_item")
    assert {one.spot.place: int(one.quantity) for one in stock(things, item).positions} == {
        "A-1": 3,
        "B-2": 2,
    }


def test_a_telephone_shows_a_list_in_the_place_of_the_calendar(
    desk: BrowserContext,  # noqa: F811
    things: LiveForm,
) -> None:
    slips = slip_form()
    taken(slips, slip(slips, thing(things, name="Gauge"), 2, ends=day(3)), "ask", "lend")
    page = desk.new_page()
    page.set_viewport_size(TELEPHONE)
    page.goto("/property/thing/calendar")
    expect(page.locator(".slots")).to_be_hidden()
    expect(page.locator(".who-when-list")).to_contain_text("Gauge")
    expect(page.get_by_role("link", name="Borrow")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"]
