"""The year of a calendar as a person changes it: with the mouse, and with the keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Installation, sign_in

pytestmark = pytest.mark.browser


def test_days_are_changed_by_mouse_and_keyboard_and_saved_after_a_look(
    page: Page, installation: Installation
) -> None:
    sign_in(page, installation)
    page.goto("/configure/calendars/new")
    page.get_by_label("Name in English").fill("Two shifts")
    expect(page.locator("#field-key")).to_have_value("two_shifts")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/configure/calendars/two_shifts")

    page.goto("/configure/calendars/two_shifts?year=2026")
    may_day = page.locator('[data-day="2026-05-01"]')
    expect(may_day).to_have_class(re.compile("day-holiday"))
    expect(page.locator('[data-day="2026-05-09"]')).to_have_class(re.compile("day-make_up"))
    expect(page.locator("[data-year-sum]")).to_contain_text("248 working days")

    page.locator("#field-sat").fill("8:00-12:00")
    expect(page.locator('[data-day="2026-08-01"]')).to_have_class(re.compile("day-workday"))
    expect(page.locator('[data-weekday="sat"] [data-sum]')).to_have_text("4 h")

    page.locator('[data-day="2026-12-24"]').click()
    dialog = page.get_by_role("dialog", name="Change a day")
    dialog.get_by_label("Holiday").check()
    dialog.get_by_label("Name in English").fill("Stocktaking")
    dialog.get_by_label("Until").fill("2026-12-25")
    dialog.get_by_role("button", name="Apply").click()
    expect(page.locator('[data-day="2026-12-25"]')).to_have_class(re.compile("day-holiday"))
    expect(page.locator('[data-day="2026-12-24"]')).to_be_focused()

    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(page.locator('[data-day="2027-01-01"]')).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_label("Make-up day").check()
    dialog.get_by_label("Works like").select_option(label="Hours of its own")
    dialog.get_by_label("Working hours").fill("09:00-11:00")
    page.keyboard.press("Enter")
    expect(page.locator('[data-day="2027-01-01"]')).to_have_class(re.compile("day-make_up"))
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("PageUp")
    expect(page.locator("[data-year]")).to_have_value("2025")

    page.get_by_role("button", name="Check what changes").click()
    expect(page.get_by_role("heading", name="Check the change")).to_be_visible()
    expect(page.get_by_text("Make-up day, 09:00–11:00")).to_be_visible()
    expect(page.get_by_text("Holiday (Stocktaking)")).to_have_count(2)
    page.get_by_role("button", name="Save as version 2").click()
    page.wait_for_url("**/configure/calendars/two_shifts")
    expect(page.locator("#field-sat")).to_have_value("08:00–12:00")
    page.goto("/configure/calendars/two_shifts?year=2026")
    page.get_by_role("button", name="The year after").click()
    expect(page.locator('[data-day="2027-01-01"]')).to_have_class(re.compile("day-make_up"))
