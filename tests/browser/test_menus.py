"""Menus that hold inputs: somebody narrows a report down with the keyboard, or on a telephone."""

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from models.people import User
from tests import factories, report_stage
from tests.browser.test_records import desk, person  # noqa: F401  (fixtures)
from tests.factories import field

pytestmark = pytest.mark.browser
CUSTOMERS = 30


@pytest.fixture
def page(desk: BrowserContext, person: User) -> Page:  # noqa: F811
    """Show a report that can be narrowed down to a fault or to one of many customers."""
    customers = factories.form(field("name", required=True, searchable=True), key="customers")
    for at in range(CUSTOMERS):
        factories.record(customers, name=f"Customer {at:02}")
    factories.form(
        field("name"),
        field("on", "date"),
        field("fault", "choice", options=[report_stage.option(one) for one in report_stage.FAULTS]),
        field("customer", "reference", form="customers"),
        key="complaint",
    )
    report = report_stage.definition(
        sources=[report_stage.part("complaints", "Complaints", form="complaint", date="on")],
        measures=[report_stage.part("complaints", "Complaints", source="complaints")],
        ratios=[],
        groupings=[
            report_stage.part(one, one.capitalize(), field=one) for one in ("name", "fault", "customer")
        ],
        analyses=[report_stage.part("figures", "Key figures", kind="figures")],
    )
    report_stage.stored(person, report)
    page = desk.new_page()
    page.goto(f"/reports/monthly?period={report_stage.PERIOD}")
    return page


def opened(page: Page, name: str) -> Locator:
    page.get_by_role("button", name=name).click()
    return page.locator(".menu-list:visible")


def test_inputs_of_a_menu_keep_the_arrow_keys(page: Page) -> None:
    menu = opened(page, "Narrow down")
    fault = menu.get_by_label("Fault")
    fault.focus()
    page.keyboard.press("ArrowDown")
    expect(fault).to_have_value("leak")
    page.locator("#only-customer-ts-control").focus()
    page.keyboard.type("0")
    options = page.locator(".ts-dropdown:visible .option")
    expect(options.nth(1)).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_class("option active")
    page.keyboard.press("Escape")
    expect(page.locator(".ts-dropdown:visible")).to_have_count(0)
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)


def test_days_of_a_menu_are_set_with_the_arrow_keys(page: Page) -> None:
    menu = opened(page, "Days")
    first = menu.get_by_label("From")
    first.focus()
    page.keyboard.press("ArrowUp")
    expect(first).to_be_focused()
    expect(first).not_to_have_value("2026-09-01")


def test_what_a_picker_of_a_menu_lists_is_scrolled_and_clicked(page: Page) -> None:
    menu = opened(page, "Narrow down")
    page.locator("#only-customer-ts-control").click()
    options = page.locator(".ts-dropdown:visible .option")
    expect(options.first).to_be_visible()
    options.first.hover()
    page.mouse.wheel(0, 200)
    page.wait_for_function("document.querySelector('.ts-dropdown-content').scrollTop > 0")
    expect(menu).to_be_visible()
    chosen = options.nth(5).inner_text()
    options.nth(5).click()
    expect(menu.locator(".ts-control .item")).to_have_text(chosen)
    expect(menu).to_be_visible()
    menu.get_by_role("button", name="Apply").click()
    expect(page.locator(".chip")).to_contain_text(chosen)


def test_a_telephones_keyboard_closes_no_menu_that_is_filled_in(page: Page) -> None:
    menu = opened(page, "Narrow down")
    menu.get_by_label("Fault").focus()
    page.set_viewport_size({"width": 390, "height": 500})
    expect(menu).to_be_visible()
    box = menu.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    page.locator("body").click(position={"x": 5, "y": 490})
    expect(menu).to_have_count(0)
