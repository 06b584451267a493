"""A record on its way through a workflow, as a person moves it: on its page, and on the board."""

import pytest
from playwright.sync_api import BrowserContext, expect

from models.forms import LiveForm
from models.people import User
from tests import factories
from tests.browser.test_records import address, desk, person  # noqa: F401  (fixtures)
from tests.views.test_kanban import live  # noqa: F401  (fixture)
from tests.web import app, client  # noqa: F401  (fixtures)

pytestmark = pytest.mark.browser


def test_a_record_is_moved_on_its_page_and_says_why_it_is_due(
    desk: BrowserContext,  # noqa: F811
    live: LiveForm,  # noqa: F811
    person: User,  # noqa: F811
) -> None:
    record = factories.record(live, person, name="Broken bearing")
    page = desk.new_page()
    page.goto(f"/records/{live.key}/{record['_id']}")
    steps = page.get_by_role("region", name="Next steps")
    page.get_by_text("Why this time?").first.click()
    expect(page.locator(".why").first).to_contain_text("Length: 2 h")
    steps.get_by_role("button", name="Begin").click()
    expect(steps.locator(".move-place")).to_contain_text("In work")
    steps.get_by_role("link", name="Finish…").click()
    page.get_by_role("button", name="Finish").click()
    expect(page.locator("#frame-qty, [data-field=qty]").first).to_contain_text("This is needed.")
    page.locator("#field-qty").fill("3")
    page.get_by_role("button", name="Finish").click()
    expect(page.locator("h1").locator("xpath=..")).to_contain_text("Done")
    stored = live.records().find_one({"_id": record["_id"]})
    assert stored
    assert (stored["state"], stored["data"]["qty"]) == ("done", 3)


def test_a_card_is_moved_with_the_keyboard_and_dragged_only_where_it_may_go(
    desk: BrowserContext,  # noqa: F811
    live: LiveForm,  # noqa: F811
    person: User,  # noqa: F811
) -> None:
    first, second = (factories.record(live, person, name=name) for name in ("First", "Second"))
    page = desk.new_page()
    page.goto(f"/records/{live.key}/board")
    columns = {key: page.locator(f"[data-state={key}]") for key in ("new", "work", "done")}
    page.get_by_role("button", name="Move “First”").focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Begin").press("Enter")
    expect(columns["work"].locator("[data-card]")).to_have_count(1)
    columns["new"].locator("[data-card]").drag_to(columns["work"].locator("[data-cards]"))
    expect(columns["work"].locator("[data-card]")).to_have_count(2)
    columns["work"].locator(f"[data-card='{first['_id']}']").drag_to(columns["new"].locator("[data-cards]"))
    expect(
        page.locator(".toast-text", has_text="The workflow does not lead there from here.")
    ).to_be_visible()
    expect(columns["work"].locator("[data-card]")).to_have_count(2)
    states = {record["_id"]: record["state"] for record in live.records().find()}
    assert states == {first["_id"]: "work", second["_id"]: "work"}
