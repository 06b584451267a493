"""The report editor in real hands: letter by letter, with two clicks too many, and without a mouse."""

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from models.reports import dashboards, keeping
from models.reports.dashboards import EVERYBODY, Tile
from models.reports.keeping import Report
from tests import factories, report_stage
from tests.browser.test_report_editor import property_of, tab
from tests.views.windows import page

__all__ = ["page"]

pytestmark = pytest.mark.browser


def stored(**changes: Any) -> Report:
    report_stage.complaint_form()
    report_stage.delivery_form()
    return report_stage.stored(factories.administrator(), report_stage.definition(**changes))


def opened(page: Page, part: str, **changes: Any) -> Locator:
    stored(**changes)
    page.goto(f"/configure/reports/monthly/#{part}")
    return page.locator(f"#page-{part}")


def row(place: Locator, path: str) -> Locator:
    """Open a part, which has to be closed."""
    place.locator(f'.field-row[data-path="{path}"] .field-row-toggle').first.click()
    return property_of(place, path)


def retype(field: Locator, text: str) -> None:
    field.press("Control+a")
    field.press_sequentially(text)


def publish(page: Page, version: int = 2) -> Report:
    page.keyboard.press("Control+s")
    expect(page.locator("[data-version]")).to_have_text(f"Version {version}")
    return keeping.get("monthly")


def document(page: Page) -> Any:
    return page.evaluate("FormEditor.outgoing()")


def focused(page: Page) -> str:
    """Tell which property the keyboard is in."""
    path: str = page.evaluate("document.activeElement.closest('[data-path]')?.dataset.path ?? ''")
    return path


# -- keys -------------------------------------------------------------------------------------------------


def test_a_label_that_begins_like_another_takes_nothing_from_it(page: Page) -> None:
    figures = opened(page, "figures", targets=[{"measure": "complaints", "value": "5"}])
    figures.get_by_role("button", name="Add ratio").click()
    page.keyboard.press("Tab")
    page.keyboard.type("Complaints per customer")
    expect(property_of(figures, "ratios.complaints_per_customer")).to_be_visible()
    kept = publish(page).definition
    assert kept.ratios[-1].key == "complaints_per_customer"
    assert kept.ratios[-1].part == "complaints"
    assert kept.analyses[1].measures == ("complaints", "defects")
    assert kept.targets[0].measure == "complaints"


def test_a_label_takes_over_no_reference_that_was_left_behind(page: Page) -> None:
    figures = opened(page, "figures")
    property_of(figures, "measures.defects").get_by_role("button", name="Delete").click()
    page.locator("#confirm [data-confirm-yes]").click()
    expect(property_of(figures, "measures.defects")).to_have_count(0)
    figures.get_by_role("button", name="Add figure").click()
    page.keyboard.press("Tab")
    page.keyboard.type("Defects of suppliers")
    expect(property_of(figures, "measures.defects_of_suppliers")).to_be_visible()
    assert document(page)["ratios"][0]["part"] == "defects"


def test_a_key_typed_by_hand_is_taken_when_it_is_whole(page: Page) -> None:
    sources = opened(page, "sources")
    sources.get_by_role("button", name="Add source").click()
    property_of(sources, "sources.source.form").locator("select").select_option("complaint")
    retype(property_of(sources, "sources.complaint.key").locator("input"), "complaints_late")
    kept = publish(page).definition
    assert [one.key for one in kept.sources] == ["complaints", "deliveries", "complaints_late"]
    assert {one.source for one in kept.measures} == {"complaints", "deliveries"}


def test_a_key_that_another_part_has_is_made_a_free_one(page: Page) -> None:
    figures = opened(page, "figures")
    row(figures, "ratios.ppm")
    key = figures.locator("[data-key]")
    retype(key, "cost")
    key.press("Tab")
    expect(key).to_have_value("cost_2")
    expect(page.locator("#toasts")).to_contain_text("“cost” is taken")
    retype(key, "")
    key.press("Delete")
    key.press("Tab")
    expect(key).to_have_value("cost_2")
    kept = publish(page).definition
    assert (kept.ratios[0].key, kept.analyses[2].measures) == ("cost_2", ("cost",))


# -- targets, releases, plans -----------------------------------------------------------------------------


def test_a_target_typed_anew_is_still_better_when_it_is_more(page: Page) -> None:
    figures = opened(page, "figures", targets=[{"measure": "ppm", "value": "500", "better": "higher"}])
    target = property_of(row(figures, "ratios.ppm"), "targets.ppm")
    value = target.locator("input")
    value.press("Control+a")
    value.press("Delete")
    value.press_sequentially("95")
    expect(target.locator("select")).to_have_value("higher")
    [kept] = publish(page).definition.targets
    assert (kept.value, kept.better) == (Decimal(95), "higher")


def test_what_closing_begins_is_corrected_beside_its_fields(page: Page) -> None:
    plans = [{"analysis": "trend", "when": "abnormal", "form": "complaint", "values": {"name": "{report}"}}]
    settings = opened(page, "report", release={"form": "complaint", "report": "name"}, plans=plans)
    page.evaluate("FormEditor.doc.release.workbook = 'gone'; FormEditor.doc.plans[0].values.gone = 1")
    page.evaluate("FormEditor.changed()")
    workbook = property_of(settings, "release.workbook").locator("> [data-error]")
    expect(workbook).to_contain_text("nothing called “gone”")
    page.locator("[data-problem-count]").click()
    page.get_by_role("link", name="Plan ›").click()
    values = property_of(page.locator("#page-analyses"), "plans.trend.values").locator("> [data-error]")
    expect(values).to_contain_text("nothing called “gone”")
    assert focused(page).startswith("plans.trend.values")


def test_another_form_keeps_only_what_it_has_too(page: Page) -> None:
    release = {
        "form": "complaint",
        "report": "fault",
        "period": "name",
        "values": {"qty": 1, "cause": "people"},
    }
    plan = {
        "analysis": "trend",
        "when": "abnormal",
        "form": "complaint",
        "values": {"name": "A", "fault": "leak"},
    }
    settings = opened(page, "report", release=release, plans=[plan])
    property_of(settings, "release.form").locator("select").select_option("delivery")
    assert document(page)["release"] == {"form": "delivery", "period": "name", "values": {"qty": 1}}
    analyses = tab(page, "Analyses")
    row(analyses, "analyses.trend")
    property_of(analyses, "plans.trend.form").locator("select").select_option("delivery")
    assert document(page)["plans"][0]["values"] == {"name": "A"}
    publish(page)


# -- the keyboard -----------------------------------------------------------------------------------------


def test_whoever_chooses_with_the_keyboard_stays_in_the_field(page: Page) -> None:
    figures = opened(page, "figures")
    kind = property_of(row(figures, "measures.complaints"), "measures.complaints.kind").locator("select")
    kind.press("ArrowDown")
    expect(property_of(figures, "measures.complaints.field")).to_be_visible()
    assert focused(page) == "measures.complaints.kind"
    analyses = tab(page, "Analyses")
    row(analyses, "analyses.trend")
    property_of(analyses, "plans.trend.form").locator("select").press("ArrowDown")
    expect(property_of(analyses, "plans.trend.label")).to_be_visible()
    assert focused(page) == "plans.trend.form"
    tab(page, "General")
    settings = page.locator("#page-report")
    property_of(settings, "release.form").locator("select").press("ArrowDown")
    expect(property_of(settings, "release.report")).to_be_visible()
    assert focused(page) == "release.form"


def test_a_line_that_comes_or_goes_is_followed_by_the_keyboard(page: Page) -> None:
    schedules = property_of(opened(page, "report"), "schedules")
    add = schedules.get_by_role("button", name="Add a date")
    add.press("Enter")
    add.press("Enter")
    assert focused(page) == "schedules.1"
    schedules.get_by_role("button", name="Remove").last.press("Enter")
    expect(schedules.locator(".line-row")).to_have_count(1)
    expect(add).to_be_focused()


# -- publishing and leaving -------------------------------------------------------------------------------


def test_clicking_three_times_publishes_once(page: Page) -> None:
    settings = opened(page, "report")
    retype(property_of(settings, "form_revision").locator("input"), "B")
    page.get_by_role("button", name="Publish").click(click_count=3)
    expect(page.locator("[data-note]")).to_contain_text("Saved")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#confirm")).to_be_hidden()
    assert keeping.get("monthly").version == 2


def test_a_refusal_is_told_in_its_own_words(page: Page) -> None:
    settings = opened(page, "report")
    retype(property_of(settings, "form_revision").locator("input"), "B")
    page.evaluate("document.querySelector('meta[name=csrf-token]').content = 'of yesterday'")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator("#toasts")).to_contain_text("This page was open for too long")
    expect(page.locator("[data-note]")).to_have_text("Unsaved changes")
    expect(page.locator("#editor-problems")).to_be_hidden()
    expect(page.get_by_role("button", name="Publish")).to_be_enabled()


def asked_on_leaving(page: Page, link: str) -> bool:
    """Click a link, stay if that is asked, and tell whether it was."""
    page.on("dialog", lambda dialog: dialog.dismiss())
    with page.expect_event("dialog") as found:
        page.get_by_role("link", name=link, exact=True).click(no_wait_after=True)
    return found.value.type == "beforeunload"


def test_reading_the_report_publishes_nothing_and_asks_before_changes_are_lost(page: Page) -> None:
    settings = opened(page, "report")
    retype(property_of(settings, "form_revision").locator("input"), "B")
    assert asked_on_leaving(page, "Open the report")
    expect(property_of(settings, "form_revision").locator("input")).to_have_value("B")
    assert keeping.get("monthly").version == 1


def test_tiles_that_were_not_kept_are_not_left_without_a_question(page: Page) -> None:
    stored()
    page.goto(f"/configure/dashboards/{EVERYBODY}")
    page.locator("#tile-choice").select_option("monthly/analysis/trend")
    page.get_by_role("button", name="Add", exact=True).click()
    dashboards.save(factories.administrator(), EVERYBODY, [Tile("monthly", "figure", "cost")], revision=0)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Somebody else arranged these tiles")).to_be_visible()
    expect(page.locator("[data-guard-note]")).to_have_text("Unsaved changes")
    assert asked_on_leaving(page, "Cancel")
    expect(page.locator("[data-tile-row]")).to_have_count(1)
