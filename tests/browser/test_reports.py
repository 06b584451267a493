"""A quality manager looks at the month: charts, tables, the records behind a figure."""

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, expect

from models.people import User
from models.reports import keeping
from models.reports.closing import running as closing_month
from models.reports.periods import Period
from tests import factories, report_stage
from tests.browser.test_records import (  # noqa: F401  (fixtures)
    DESK,
    TELEPHONE,
    cookie_of,
    desk,
    person,
    photograph,
)
from tests.web import sign_in

pytestmark = pytest.mark.browser
AUGUST = Period.read("2026-08")


def test_a_month_is_seen_and_followed_to_its_records(
    desk: BrowserContext,  # noqa: F811
    person: User,  # noqa: F811
) -> None:
    complaints, deliveries = report_stage.complaint_form(), report_stage.delivery_form()
    report_stage.stored(person)
    report_stage.tell(complaints, deliveries, person, count=150)
    page = desk.new_page()
    page.goto("/reports/")
    photograph(page, "reports_list")
    page.get_by_role("link", name="Monthly complaints").first.click()
    page.goto(f"/reports/monthly?period={report_stage.PERIOD}")
    for chart in page.locator("[data-chart]").all():
        chart.scroll_into_view_if_needed()
        expect(chart).to_have_attribute("data-drawn", "yes")
    photograph(page, "report")
    page.locator("#faults tbody a").first.click()
    expect(page.locator("tbody tr").first).to_be_visible()
    photograph(page, "report_records")
    page.go_back()
    page.set_viewport_size(TELEPHONE)
    photograph(page, "report_phone")


@pytest.fixture
def manager(client: FlaskClient) -> User:
    return sign_in(client, factories.administrator())


def test_tiles_are_arranged_and_stand_on_the_start_page(
    browser: Browser, address: str, client: FlaskClient, manager: User
) -> None:
    complaints, deliveries = report_stage.complaint_form(), report_stage.delivery_form()
    report_stage.stored(manager)
    report_stage.tell(complaints, deliveries, manager, count=150)
    context = browser.new_context(base_url=address, viewport=DESK, reduced_motion="reduce")
    context.add_cookies([{"name": "session", "value": cookie_of(client), "url": address}])
    page = context.new_page()
    page.goto("/configure/dashboards/")
    page.get_by_role("link", name="Everybody").click()
    for what in (
        "monthly/figure/complaints",
        "monthly/figure/ppm",
        "monthly/figure/cost",
        "monthly/analysis/trend",
    ):
        page.get_by_label("Figure or analysis").select_option(what)
        page.get_by_role("button", name="Add").click()
    last = page.locator("[data-tile-row]").last
    last.get_by_label("Width").select_option("2")
    page.get_by_role("button", name="Add").click()
    page.locator("[data-tile-row]").last.get_by_role("button", name="Remove").click()
    photograph(page, "tiles_arranged")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-tile-row]")).to_have_count(4)
    page.goto("/")
    expect(page.locator(".report-figure")).to_have_count(3)
    expect(page.locator(".report-tile [data-chart][data-drawn]")).to_have_count(1)
    photograph(page, "tiles")
    page.set_viewport_size(TELEPHONE)
    photograph(page, "tiles_phone")
    context.close()


def test_a_reason_that_is_refused_stands_in_the_open_dialog(
    browser: Browser, address: str, client: FlaskClient, manager: User
) -> None:
    report_stage.complaint_form()
    report_stage.delivery_form()
    report_stage.stored(manager)
    closing_month.carry_out(
        factories.claimed(closing_month.enqueue(manager, keeping.get("monthly"), AUGUST, "en"))
    )
    context = browser.new_context(base_url=address, viewport=DESK, reduced_motion="reduce")
    context.add_cookies([{"name": "session", "value": cookie_of(client), "url": address}])
    page = context.new_page()
    page.goto(f"/reports/monthly?period={AUGUST.name}")
    page.get_by_role("button", name="Reopen").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("   ")
    dialog.get_by_role("button", name="Reopen").click()
    expect(dialog).to_contain_text("Say why")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    photograph(page, "report_reopen_refused", whole=False)
    dialog.get_by_label("Reason").fill("A claim was forgotten.")
    dialog.get_by_role("button", name="Reopen").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Close the period")).to_be_visible()
    context.close()
