"""The inbox as a person works through it: with the keyboard, live, and the calendar day by day."""

from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId
from playwright.sync_api import BrowserContext, expect

from models import calendars, duties, forms
from models.approvals import queries
from models.database import db
from models.people import User
from models.times import now
from tests import factories
from tests.browser.test_records import TELEPHONE, desk, person  # noqa: F401  (fixtures)
from tests.models.approvals.cases import ask, form, step

pytestmark = pytest.mark.browser


def owe(what: str, who: User, **more: Any) -> ObjectId:
    """Let somebody owe something about a record of its own; return the record's id."""
    record = factories.record(forms.current("sheet"), name=f"about {what}")
    new = duties.duty(
        "task",
        str(record["_id"]),
        form="sheet",
        record=record,
        what={"en": what},
        people=[who.id],
        at=now(),
        **more,
    )
    duties.insert([new])
    return ObjectId(record["_id"])


def test_approvals_are_ticked_with_the_keyboard_and_approved_together(
    desk: BrowserContext,  # noqa: F811
    person: User,  # noqa: F811
) -> None:
    live = form(step(people=("editor",), signature="typed"))
    waiting = [ask(live, name=f"claim {number}") for number in range(3)]
    page = desk.new_page()
    page.goto("/inbox/")
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator(".bulk-count")).to_have_text("2 selected")
    page.get_by_role("button", name="Approve …").click()
    expect(page.get_by_role("heading", name="Approve together")).to_be_visible()
    page.get_by_label("Your name as signature").fill(str(person))
    page.get_by_label("Remark").fill("seen")
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.locator(".toast-text")).to_have_text("2 approved.")
    expect(page.locator("#duties [data-duty]")).to_have_count(1)
    assert [queries.get(one)["status"] for one in waiting] == ["approved", "approved", "open"]


def test_the_next_page_is_added_and_enter_opens_a_record(
    desk: BrowserContext,  # noqa: F811
    person: User,  # noqa: F811
) -> None:
    factories.form()
    for number in range(55):
        owe(f"n{number:02}", person, due_at=now() + timedelta(hours=number + 1))
    page = desk.new_page()
    page.goto("/inbox/")
    expect(page.locator("#duties [data-duty]")).to_have_count(50)
    page.get_by_role("link", name="Show more").click()
    expect(page.locator("#duties [data-duty]")).to_have_count(55)
    expect(page.get_by_role("link", name="Show more")).to_have_count(0)
    groups = page.locator("#duties [data-group]").evaluate_all("rows => rows.map(row => row.dataset.group)")
    assert len(groups) == len(set(groups))
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/records/sheet/*")


def test_numbers_follow_without_loading_the_page_again(
    desk: BrowserContext,  # noqa: F811
    person: User,  # noqa: F811
) -> None:
    factories.form()
    page = desk.new_page()
    page.clock.install()
    page.goto("/inbox/")
    badge = page.locator(".nav-item-link [data-badge=open]")
    expect(badge).to_be_hidden()
    owe("new", person, due_at=now() - timedelta(hours=1))
    page.clock.run_for(31_000)
    expect(badge).to_have_text("1")
    expect(page.locator(".tab [data-badge=overdue]")).to_have_text("1")
    page.get_by_role("link", name="Something changed").click()
    expect(page.locator("#duties [data-duty]")).to_have_count(1)
    db().duties.update_many({}, {"$set": {"done_at": now()}})
    page.clock.run_for(31_000)
    expect(badge).to_be_hidden()


def test_days_are_walked_with_arrows_and_folded_deadlines_unfold(
    desk: BrowserContext,  # noqa: F811
    person: User,  # noqa: F811
) -> None:
    calendars.ensure_default()
    factories.form()
    for number in range(6):
        owe(f"n{number}", person, due_at=now())
    page = desk.new_page()
    page.goto("/inbox/calendar")
    today = page.locator(".cal-day.is-today")
    expect(today.locator(".cal-entry:visible")).to_have_count(3)
    today.get_by_text("+3 more").click()
    expect(today.locator(".cal-entry:visible")).to_have_count(6)
    today.focus()
    page.keyboard.press("Enter")
    expect(today.locator(".cal-entry").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(today).to_be_focused()
    page.keyboard.press("Home")
    title = page.locator(".cal-title").inner_text()
    page.keyboard.press("PageDown")
    expect(page.locator(".cal-title")).not_to_have_text(title)
    page.set_viewport_size(TELEPHONE)
    page.goto("/inbox/calendar")
    expect(page.locator(".cal-day:visible")).to_have_count(1)
    expect(page.locator(".cal-entry:visible")).to_have_count(6)
    assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"]
