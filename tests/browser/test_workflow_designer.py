"""A procedure made on the designer's page: published, and a record goes through it with its clock."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Installation, sign_in

pytestmark = pytest.mark.browser

ROWS = "#page-fields > div > .field-list > .field-rows > .field-row"


def begin_form(page: Page) -> None:
    page.goto("/configure/forms/new")
    page.get_by_label("Name in English").fill("Visit")
    expect(page.locator("#field-key")).to_have_value("visit")
    page.get_by_role("button", name="Create form").click()
    page.get_by_role("button", name="Add field").last.click()
    page.locator("#type-palette input").fill("text")
    page.keyboard.press("Enter")
    page.locator(ROWS).last.locator("[data-name=label] input[lang=en]").fill("Customer")
    page.get_by_role("link", name="Workflow").click()
    page.wait_for_url("**/visit/workflow*")


def test_a_workflow_with_a_clock_is_designed_tried_published_and_followed(
    page: Page, installation: Installation
) -> None:
    sign_in(page, installation)
    begin_form(page)
    page.get_by_role("button", name="Received → in progress → done").click()
    expect(page.locator(".wf-node")).to_have_count(3)

    page.get_by_role("tab", name="Clocks").click()
    page.get_by_role("button", name="Add clock").click()
    clock = page.locator(".field-row").first
    clock.get_by_placeholder("English").first.fill("Answer")
    expect(clock.locator("[data-key]").first).to_have_value("answer")
    clock.get_by_label("How much").first.fill("36")
    expect(clock.locator(".wf-sentence")).to_contain_text("36 h; from state “Received”; until state “Done”")
    expect(clock.locator(".wf-sentence")).to_contain_text("Started now, it is due 20")

    page.get_by_role("tab", name="Try out").click()
    page.locator(".wf-offer").get_by_role("button", name="Begin").click()
    expect(page.locator(".wf-stop").last).to_contain_text("In progress")

    page.get_by_role("link", name="Check and publish").click()
    expect(page.get_by_text("Clock: Answer")).to_be_visible()
    page.get_by_role("button", name="Publish as version 1").click()
    expect(page.get_by_text("Version 1 is in force.")).to_be_visible()

    page.goto("/records/visit/new")
    page.get_by_label("Customer").fill("Longhe")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile(r"/records/visit/[0-9a-f]{24}"))
    expect(page.locator(".move-place .tag")).to_have_text("Received")
    page.get_by_role("button", name="Begin", exact=True).click()
    expect(page.locator(".move-place .tag")).to_have_text("In progress")
