"""The form editor as an administrator uses it, in a real browser."""

import pytest
from playwright.sync_api import Locator, Page, expect

from models import forms
from tests import factories
from tests.views.windows import page

__all__ = ["page"]

ROWS = "#page-fields > div > .field-list > .field-rows > .field-row"

pytestmark = pytest.mark.browser


def add(page: Page, kind: str, chinese: str, english: str) -> Locator:
    page.get_by_role("button", name="Add field").last.click()
    page.fill("#type-palette input", kind)
    page.keyboard.press("Enter")
    row = page.locator(ROWS).last
    row.locator("[data-name=label] input").nth(0).fill(chinese)
    row.locator("[data-name=label] input").nth(1).fill(english)
    return page.locator(ROWS).nth(page.locator(ROWS).count() - 1)


def names(page: Page) -> list[str]:
    return page.locator(f"{ROWS} > .field-row-head .field-row-name").all_inner_texts()


def test_a_form_is_built_checked_and_published_without_typing_json(page: Page) -> None:
    page.goto("/configure/forms/new")
    page.fill("#field-label_en", "Vehicle complaint")
    expect(page.locator("#field-key")).to_have_value("vehicle_complaint")
    page.get_by_role("button", name="Create form").click()

    quantity = add(page, "integer", "数量", "Quantity")
    expect(quantity.locator("[data-name=key] input")).to_have_value("quantity")
    quantity.locator("[data-name=min] input").fill("10")
    quantity.locator("[data-name=max] input").fill("1")
    expect(quantity.locator("[data-name=min] [data-error]")).to_contain_text("more than the most")
    quantity.locator("[data-name=min] input").fill("1")

    kind = add(page, "single choice", "类别", "Kind")
    kind.get_by_role("button", name="Add many").click()
    kind.locator(".option-many textarea").fill("投诉|Complaint\n咨询|Enquiry")
    kind.get_by_role("button", name="Insert").click()

    notes = add(page, "long text", "说明", "Notes")
    rule = notes.locator("[data-name=visible_if]")
    rule.get_by_role("button", name="Add a rule").click()
    rule.locator("select").nth(1).select_option("kind")
    expect(rule.locator("[data-words]")).to_have_text("Kind is Complaint")

    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("[data-note]")).to_contain_text("Draft saved")
    page.get_by_role("link", name="Check and publish").click()
    page.get_by_role("button", name="Publish as version 1").click()
    page.wait_for_url("**/versions")

    definition = forms.current("vehicle_complaint").definition
    assert [field.key for field in definition.fields] == ["quantity", "kind", "notes"]
    assert list(definition.by_key["kind"].options_by_key) == ["complaint", "enquiry"]
    assert definition.by_key["notes"].visible_if == {
        "all": [{"field": "kind", "op": "eq", "value": "complaint"}]
    }


def test_fields_move_by_keyboard_and_a_used_one_stays(page: Page) -> None:
    rule = {"field": "qty", "op": "gt", "value": 5}
    fields = [factories.field("qty", "integer"), factories.field("name", visible_if=rule)]
    document = {"key": "sheet", "label": {"en": "Sheet"}, "fields": fields}
    forms.create(factories.actor(), document)
    page.goto("/configure/forms/sheet/")
    page.locator(f"{ROWS} >> nth=0").locator("[data-down]").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#editor-status")).to_contain_text("number 2 of 2")
    assert names(page) == ["name", "qty"]
    page.locator(f"{ROWS} >> nth=1").get_by_role("button", name="Delete").click()
    expect(page.locator("#toasts")).to_contain_text("still used by: a rule of name")
    assert names(page) == ["name", "qty"]


def test_a_new_key_follows_into_rules_formulas_and_columns(page: Page) -> None:
    rule = {"field": "qty", "op": "gt", "value": 5}
    fields = [
        factories.field("qty", "integer"),
        factories.field("name", visible_if=rule),
        factories.field("twice", "computed", formula="qty * 2"),
    ]
    document = {"key": "sheet", "label": {"en": "Sheet"}, "fields": fields, "list_columns": ["qty"]}
    forms.create(factories.actor(), document)
    page.goto("/configure/forms/sheet/")
    page.locator(".field-row-toggle").first.click()
    page.locator("[data-name=key] input").first.fill("amount")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-note]")).to_contain_text("Ready to publish")
    draft = forms.draft_of(forms.get("sheet"))
    assert draft.by_key["name"].visible_if == {**rule, "field": "amount"}
    assert draft.by_key["twice"].formula == "amount * 2"
    assert draft.list_columns == ("amount",)


def test_a_key_on_its_way_past_another_takes_nothing_from_it(page: Page) -> None:
    rule = {"field": "qty", "op": "gt", "value": 5}
    fields = [
        factories.field("qty", "integer"),
        factories.field("name", visible_if=rule),
        factories.field("note"),
    ]
    document = {"key": "sheet", "label": {"en": "Sheet"}, "fields": fields, "list_columns": ["qty"]}
    forms.create(factories.actor(), document)
    page.goto("/configure/forms/sheet/")
    page.locator(".field-row-toggle").last.click()
    key = page.locator("[data-name=key] input").last
    key.fill("")
    key.press_sequentially("qty_note")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-note]")).to_contain_text("Ready to publish")
    draft = forms.draft_of(forms.get("sheet"))
    assert [field.key for field in draft.fields] == ["qty", "name", "qty_note"]
    assert draft.by_key["name"].visible_if == rule
    assert draft.list_columns == ("qty",)
    key.fill("qty")
    key.press("Tab")
    expect(key).to_have_value("qty_2")
    expect(page.locator("#toasts")).to_contain_text("“qty” is taken")


def test_whoever_saves_second_decides_with_open_eyes(page: Page) -> None:
    factories.form()
    page.goto("/configure/forms/sheet/#form")
    page.locator("[data-path=form_number] input").fill("MINE")
    stored = forms.get("sheet")
    theirs = {**forms.draft_of(stored).dump(), "form_number": "THEIRS"}
    forms.save_draft(
        factories.actor(factories.form_maker()), "sheet", theirs, draft_revision=stored.draft_revision
    )
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("#confirm")).to_contain_text("制表人")
    page.locator("#confirm [data-confirm-yes]").click()
    expect(page.locator("[data-note]")).to_contain_text("Draft saved")
    assert forms.draft_of(forms.get("sheet")).form_number == "MINE"
