"""What a new administrator comes for: a form, real complaints in it, and the list back as a workbook."""

import re
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import complaints
from tests.browser.complaints import COLUMNS, Column
from tests.browser.conftest import Installation, sign_in

pytestmark = pytest.mark.browser

ROWS = "#page-fields > div > .field-list > .field-rows > .field-row"
JOB_MS = 120_000


def build_form(page: Page) -> None:
    page.goto("/configure/forms/")
    page.get_by_role("link", name="New form").first.click()
    page.get_by_label("Name in Chinese").fill("车辆投诉")
    page.get_by_label("Name in English").fill("Vehicle complaint")
    expect(page.locator("#field-key")).to_have_value("vehicle_complaint")
    page.get_by_role("button", name="Create form").click()
    for column in COLUMNS:
        add_field(page, column)
    page.get_by_role("tab", name="Form").click()
    page.locator("[data-path=numbering] input").fill("VC-{seq:4}")
    page.get_by_role("tab", name="List").click()
    for name in ("Make", "Model"):
        page.locator("[data-path=title_fields] select").select_option(label=name)
    for name in ("Number", "Report number", "Maker", "Make", "Model", "Date of failure", "Component"):
        page.locator("[data-path=list_columns] select").select_option(label=name)
    page.locator("[data-path=business_key] select").select_option(label="Report number")


def add_field(page: Page, column: Column) -> None:
    row = page.locator(ROWS).nth(page.locator(ROWS).count())
    page.get_by_role("button", name="Add field").last.click()
    page.locator("#type-palette input").fill(column.kind)
    page.keyboard.press("Enter")
    row.locator("[data-name=label] input[lang=zh-CN]").fill(column.zh)
    row.locator("[data-name=label] input[lang=en]").fill(column.en)
    for switch in column.switches:
        row.locator(f"[data-name={switch}] input").check()
    if column.kind == "choice":
        add_options(row, sorted({one[column.caption] for one in complaints.source()}))
    row.locator(".field-row-toggle").first.click()


def add_options(row: Locator, labels: list[str]) -> None:
    row.get_by_role("button", name="Add many").click()
    row.locator(".option-many textarea").fill("\n".join(f"{label}|{label}" for label in labels))
    row.get_by_role("button", name="Insert").click()


def publish(page: Page) -> None:
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("[data-note]")).to_contain_text("Ready to publish")
    page.get_by_role("link", name="Check and publish").click()
    page.get_by_role("button", name="Publish as version 1").click()
    page.wait_for_url("**/versions")


def send_file(page: Page, path: Path) -> None:
    page.goto("/records/vehicle_complaint/")
    page.get_by_role("link", name="Import", exact=True).click()
    page.wait_for_url("**/import")
    page.get_by_label("File", exact=True).set_input_files(path)
    expect(page.locator("[data-drop-name]")).to_have_text(path.name)
    page.get_by_role("button", name="Next").click()
    page.wait_for_url(re.compile(r"/import/[0-9a-f]{24}$"))


def match_columns(page: Page) -> None:
    for column in COLUMNS:
        label = f"{column.en} *" if "required" in column.switches else column.en
        page.get_by_label(f"Field for “{column.caption}”", exact=True).select_option(label=label)
    expect(page.locator("[data-map-count]")).to_contain_text(f"{len(COLUMNS)} of 43")
    page.get_by_label("Existing records are recognised by").select_option(label="Report number")


def start_job(page: Page, button: str, answer: str) -> None:
    page.get_by_role("button", name=button).click()
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f]{24}$"))
    expect(page.get_by_text(answer)).to_be_visible(timeout=JOB_MS)


def figure(page: Page, label: str) -> Locator:
    return page.locator(".tile", has_text=label).locator(".tile-value")


def shown_reports(page: Page) -> list[str]:
    return page.locator("#records td[data-label='Report number']").all_inner_texts()


def expect_reports(page: Page, rows: list[dict[str, str]]) -> None:
    """Look at the list: these reports, the last one of the file first."""
    expect(page.locator(".pager-text")).to_have_text(f"{len(rows)} of {len(rows)}")
    assert shown_reports(page) == [row["ODINO"] for row in reversed(rows)]


def search(page: Page, words: str) -> None:
    page.get_by_placeholder("Search this list").fill(words)
    page.keyboard.press("Enter")
    expect(page.locator(".chips")).to_contain_text(words)
    page.wait_for_load_state()


def filter_by_maker(page: Page, maker: str) -> None:
    page.goto("/records/vehicle_complaint/")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("textbox", name="Maker").first.fill(maker)
    page.get_by_role("button", name="Apply").last.click()
    expect(page.locator(".chips")).to_contain_text(maker)
    page.wait_for_load_state()


def edit(page: Page, report: str, changes: dict[str, str]) -> None:
    page.locator("#records tr", has_text=report).get_by_role("link").first.click()
    page.get_by_role("link", name="Edit", exact=True).click()
    for label, value in changes.items():
        page.get_by_role("textbox", name=label, exact=True).fill(value)
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile(r"/records/vehicle_complaint/[0-9a-f]{24}$"))
    for value in changes.values():
        expect(page.locator("[data-facts]")).to_contain_text(value)


def export(page: Page, folder: Path) -> Path:
    page.get_by_role("button", name="Export").first.click()
    dialog = page.locator("dialog#export")
    dialog.get_by_label("All columns, not only those shown").check()
    dialog.get_by_role("button", name="Export").click()
    expect(page.get_by_text("The file is ready.")).to_be_visible(timeout=JOB_MS)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download").click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def rows_of(path: Path) -> list[dict[str, object]]:
    sheet = openpyxl.load_workbook(path).worksheets[0]
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def test_complaints_come_in_are_found_and_edited_and_leave_as_a_workbook(
    page: Page, installation: Installation, tmp_path: Path
) -> None:
    sign_in(page, installation)
    build_form(page)
    publish(page)

    send_file(page, complaints.FILE)
    match_columns(page)
    start_job(page, "Check all rows", "Every row can be imported.")
    expect(figure(page, "New")).to_have_text("101")
    start_job(page, "Import now", "The import is done.")
    expect(figure(page, "New")).to_have_text("101")
    page.get_by_role("link", name="Open the list").click()
    expect(page.locator(".pager-text")).to_have_text("50 of 101")

    source = complaints.source()
    search(page, "AIR BAGS")
    expect_reports(page, [row for row in source if complaints.has_words(row, "AIR", "BAGS")])
    filter_by_maker(page, "ford")
    of_maker = [row for row in source if "ford" in row["MFR_NAME"].lower()]
    expect_reports(page, of_maker)

    report = of_maker[3]["ODINO"]
    edit(page, report, {"City": "BRÜHL 布吕尔", "Speed": "88"})
    filter_by_maker(page, "ford")
    found = rows_of(export(page, tmp_path))

    expected = [
        {one.en: complaints.as_exported(one, row[one.caption]) for one in COLUMNS}
        for row in reversed(of_maker)
    ]
    [edited] = [row for row in expected if row["Report number"] == report]
    edited |= {"City": "BRÜHL 布吕尔", "Speed": 88}
    assert [{name: row[name] for name in expected[0]} for row in found] == expected
    assert [row["Number"] for row in found] == [
        f"VC-{source.index(row) + 1:04}" for row in reversed(of_maker)
    ]
