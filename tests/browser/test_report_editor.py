"""An administrator makes a report without a programmer: from nothing to its page, and takes it back again."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from models.people import Actor
from models.reports import keeping
from seed import packs
from tests import factories, report_stage
from tests.browser.test_records import DESK, drag, photograph
from tests.views.windows import page

__all__ = ["page"]

pytestmark = pytest.mark.browser


def tab(page: Page, name: str) -> Locator:
    page.get_by_role("tab", name=name, exact=True).click()
    return page.locator(f"#page-{name.lower()}")


def property_of(place: Locator, path: str) -> Locator:
    return place.locator(f'[data-path="{path}"]')


def begin(page: Page) -> None:
    """Make a report of nothing but names."""
    page.goto("/configure/reports/")
    photograph(page, "editor_empty")
    page.get_by_role("link", name="New report").first.click()
    page.fill("#field-label_zh", "故障月报")
    page.fill("#field-label_en", "Faults of the month")
    expect(page.locator("#field-key")).to_have_value("faults_of_the_month")
    photograph(page, "editor_new")
    page.get_by_role("button", name="Create report").click()
    page.wait_for_url("**/configure/reports/faults_of_the_month/")  # whole, not only painted


def add_source(page: Page) -> None:
    """Take complaints, but no cracks."""
    sources = tab(page, "Sources")
    sources.get_by_role("button", name="Add source").click()
    property_of(sources, "sources.source.form").locator("select").select_option("complaint")
    expect(property_of(sources, "sources.complaint.date").locator("select")).to_have_value("received_on")
    rule = property_of(sources, "sources.complaint.where")
    rule.get_by_role("button", name="Add a rule").click()
    for at, chosen in ((1, "fault"), (2, "ne"), (3, "crack")):
        rule.locator("select").nth(at).select_option(chosen)
    expect(rule.locator("[data-words]")).to_contain_text("Crack")
    photograph(page, "editor_sources")


def add_count_and_grouping(page: Page) -> None:
    """Count them, by fault."""
    figures = tab(page, "Figures")
    figures.get_by_role("button", name="Add figure").click()
    figures.locator(".field-row .bilingual input").nth(1).fill("Cases")
    words = property_of(figures, "measures.cases").locator("> .field-row-body [data-words]").first
    expect(words).to_contain_text("how many of")
    photograph(page, "editor_figures")
    groupings = tab(page, "Groupings")
    groupings.get_by_role("button", name="Add grouping").click()
    groupings.locator("select").first.select_option("fault")
    photograph(page, "editor_groupings")


def add_pareto(page: Page) -> None:
    """Ask for a Pareto chart; a wrong option is told beside it, and nothing is saved."""
    analyses = tab(page, "Analyses")
    analyses.get_by_role("button", name="Add analysis").click()
    analyses.locator("select").first.select_option("pareto")
    expect(property_of(analyses, "analyses.pareto.measures").locator(".wf-chip")).to_have_text("Cases")
    rows = property_of(analyses, "analyses.pareto.options.rows")
    rows.locator("input").fill("none")
    expect(rows.locator("[data-error]")).to_contain_text("whole number")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator("#toasts")).to_contain_text("Nothing was saved")
    rows.locator("input").fill("10")
    expect(page.locator("#editor-problems")).to_be_hidden()
    photograph(page, "editor_analyses")


def look_ahead(page: Page) -> None:
    """See the draft on real records, from which nothing leads away."""
    page.get_by_role("button", name="Preview").click()
    page.fill("#preview-period", report_stage.PERIOD)
    page.get_by_role("button", name="Show", exact=True).click()
    dialog = page.locator("#report-preview")
    expect(dialog.locator("tbody tr")).to_have_count(2)
    expect(dialog.locator("[data-chart]")).to_have_attribute("data-drawn", "yes")
    expect(dialog.locator("tbody a")).to_have_count(0)
    photograph(page, "editor_preview", whole=False)
    dialog.get_by_role("button", name="Close").click()


def test_a_name_typed_before_the_scripts_came_suggests_a_key_too(page: Page) -> None:
    late: list[Route] = []

    def hold(route: Route) -> None:
        late.append(route)

    page.route("**/configure-pages.js*", hold)
    with page.expect_request("**/configure-pages.js*"):
        page.goto("/configure/reports/new", wait_until="commit")
    page.wait_for_function("document.getElementById('field-key')")
    page.evaluate("document.getElementById('field-label_en').value = 'Faults of the month'")
    late[0].continue_()
    expect(page.locator("#field-key")).to_have_value("faults_of_the_month")


def test_an_administrator_makes_a_report_and_reads_it(page: Page) -> None:
    page.set_viewport_size(DESK)
    complaints, deliveries = report_stage.complaint_form(), report_stage.delivery_form()
    report_stage.tell(complaints, deliveries, factories.administrator(), count=120)
    begin(page)
    add_source(page)
    add_count_and_grouping(page)
    add_pareto(page)
    look_ahead(page)
    page.get_by_label("What is different?").fill("The first faults")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator("[data-version]")).to_have_text("Version 2")
    page.get_by_role("link", name="Open the report").click()
    page.goto(f"/reports/faults_of_the_month?period={report_stage.PERIOD}")
    expect(page.locator("#pareto tbody tr")).to_have_count(2)
    kept = keeping.get("faults_of_the_month")
    assert kept.note == "The first faults"
    assert kept.definition.sources[0].where == {"all": [{"field": "fault", "op": "ne", "value": "crack"}]}


def test_analyses_are_put_in_order_by_hand_and_by_keyboard(page: Page) -> None:
    page.set_viewport_size(DESK)
    report_stage.complaint_form()
    report_stage.delivery_form()
    report_stage.stored(factories.administrator())
    page.goto("/configure/reports/monthly/#analyses")
    rows = page.locator("#page-analyses .field-row")
    rows.nth(0).locator("[data-down]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#editor-status")).to_contain_text("number 2 of 9")
    page.keyboard.press("Enter")
    drag(page, rows.nth(3).locator(".field-row-handle"), rows.nth(0).locator(".field-row-handle"))
    page.keyboard.press("Control+s")
    expect(page.locator("[data-version]")).to_have_text("Version 2")
    order = [one.key for one in keeping.get("monthly").definition.analyses]
    assert order[:4] == ["trend", "faults", "pareto", "figures"]


def test_a_new_key_follows_and_whoever_saves_second_decides(page: Page) -> None:
    page.set_viewport_size(DESK)
    report_stage.complaint_form()
    report_stage.delivery_form()
    administrator = factories.administrator()
    targets = [{"measure": "ppm", "value": "500"}]
    stored = report_stage.stored(administrator, report_stage.definition(targets=targets))
    page.goto("/configure/reports/monthly/#figures")
    page.locator("#page-figures .field-row-toggle").last.click()
    property_of(page.locator("#page-figures"), "ratios.ppm.key").locator("input").fill("rate")
    page.locator("#page-figures .field-row-toggle").nth(1).click()
    property_of(page.locator("#page-figures"), "measures.defects.key").locator("input").fill("pieces_bad")
    theirs = report_stage.definition(form_number="THEIRS")
    keeping.put(Actor.of(administrator), theirs, version=stored.version)
    page.get_by_role("button", name="Publish").click()
    expect(page.locator("#confirm")).to_contain_text("Someone else saved this report")
    page.locator("#confirm [data-confirm-yes]").click()
    expect(page.locator("[data-version]")).to_have_text("Version 3")
    kept = keeping.get("monthly").definition
    assert (kept.ratios[0].key, kept.ratios[0].part, kept.targets[0].measure) == (
        "rate",
        "pieces_bad",
        "rate",
    )
    assert kept.form_number == "QR-8.2-07"
    assert kept.analyses[1].measures == ("complaints", "pieces_bad")
    assert keeping.get("monthly", 2).definition.form_number == "THEIRS"


def test_the_editor_on_a_telephone_in_chinese(page: Page) -> None:
    report_stage.complaint_form()
    report_stage.delivery_form()
    administrator = factories.administrator()
    limits = [{"value": "3", "per": 1000, "label": {"zh": "超过 3‰", "en": "Over 3 ‰"}, "key": "sheet"}]
    asked = {"key": "limits", "kind": "thresholds", "label": report_stage.label("Limits"), "by": ["fault"],
             "measures": ["defects", "pieces"], "options": {"limits": limits}}  # fmt: skip
    analyses = [*report_stage.definition().dump()["analyses"], asked]
    plans = [{"analysis": "limits", "when": "over", "form": "complaint", "values": {"name": "{report}"}}]
    schedules = [{"every": "month", "working_day": 3, "recipients": {"people": ["admin"]}}]
    made = report_stage.definition(analyses=analyses, plans=plans, schedules=schedules, first_day=26)
    report_stage.stored(administrator, made)
    administrator.update(language="zh")
    for width, height, name in ((1440, 900, "desk"), (390, 844, "phone")):
        page.set_viewport_size({"width": width, "height": height})
        page.goto("/configure/reports/")
        photograph(page, f"editor_zh_{name}_list")
        page.goto("/configure/reports/monthly/")
        for part in ("report", "sources", "figures", "groupings", "analyses"):
            page.locator(f"#tab-{part}").click()
            if part != "report":
                page.locator(f"#page-{part} .field-row-toggle").last.click()
            expect(page.locator(f"#page-{part} [data-place] > *").first).to_be_visible()
            photograph(page, f"editor_zh_{name}_{part}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, part
        expect(page.locator("[data-note]")).to_have_text(re.compile(".+"))
        page.locator("[data-preview-open]").click()
        expect(page.locator("#report-preview .report-section")).to_have_count(len(analyses))
        photograph(page, f"editor_zh_{name}_preview", whole=False)
    page.goto("/configure/reports/monthly/versions")
    photograph(page, "editor_zh_versions")


def test_opening_every_part_of_the_shipped_report_changes_nothing(page: Page) -> None:
    """What the editor shows is the definition, the whole definition and nothing but the definition."""
    page.set_viewport_size(DESK)
    packs.install("customer-management", Actor.system())
    before = keeping.get("complaint_summary")
    page.goto("/configure/reports/complaint_summary/")
    for part in ("sources", "figures", "groupings", "analyses", "report"):
        page.locator(f"#tab-{part}").click()
        page.evaluate("document.querySelectorAll('#editor .field-row-toggle').forEach((one) => one.click())")
        closed = page.locator(f"#page-{part} .field-row-toggle[aria-expanded=false]")
        expect(closed).to_have_count(0)
        photograph(page, f"editor_pack_{part}")
    page.locator('[data-path="form_revision"] input').fill("Z/9")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator("[data-version]")).to_have_text(f"Version {before.version + 1}")
    expected = before.definition.model_copy(update={"form_revision": "Z/9"})
    assert keeping.get("complaint_summary").definition.dump() == expected.dump()


def test_the_preview_is_the_one_that_was_asked_for_last(page: Page) -> None:
    report_stage.complaint_form()
    report_stage.delivery_form()
    report_stage.stored(factories.administrator())
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/preview", hold_the_first)
    page.goto("/configure/reports/monthly/")
    page.get_by_role("button", name="Preview").click()
    page.fill("#preview-period", report_stage.PERIOD)
    page.get_by_role("button", name="Show", exact=True).click()
    said = page.locator("[data-preview-said]")
    expect(said).to_contain_text(report_stage.PERIOD)
    with page.expect_response("**/preview"):
        held[0].continue_()
    page.evaluate("() => new Promise((done) => setTimeout(done))")  # what follows an answer has run
    expect(said).to_contain_text(report_stage.PERIOD)
    expect(page.locator("#preview-period")).to_have_value(report_stage.PERIOD)
