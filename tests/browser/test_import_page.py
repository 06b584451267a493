"""The pages of an import as a person meets them: dropping a file, being refused, correcting the rows."""

import csv
import io
import re
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Installation, sign_in

pytestmark = pytest.mark.browser

HEADER = ["Supplier code", "Name", "Grade", "Agreed response time"]
WORKER_MS = 120_000


@pytest.fixture
def import_page(page: Page, installation: Installation) -> Page:
    sign_in(page, installation)
    page.goto("/records/supplier/import")
    return page


def table(*rows: list[str]) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerows([HEADER, *rows])
    return stream.getvalue()


def drop(page: Page, name: str, text: str, place: str = "[data-drop]") -> None:
    """Let go of a file over a part of the page."""
    carried = page.evaluate_handle(
        """([name, text]) => {
            const carried = new DataTransfer();
            carried.items.add(new File([text], name));
            return carried;
        }""",
        [name, text],
    )
    page.dispatch_event(place, "dragenter", {"dataTransfer": carried})
    expect(page.locator("[data-drop]")).to_have_class(re.compile("is-over"))
    page.dispatch_event(place, "drop", {"dataTransfer": carried})
    expect(page.locator("[data-drop]")).not_to_have_class(re.compile("is-over"))


def send(page: Page) -> None:
    """Send the file, and wait for the page that matches its columns, with its script."""
    page.get_by_role("button", name="Next").click()
    page.wait_for_url(re.compile(r"/import/[0-9a-f]{24}$"))


def test_a_dropped_file_is_named_measured_and_sent(import_page: Page) -> None:
    page = import_page
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    drop(page, "picture.png", "x")
    expect(page.get_by_role("alert")).to_contain_text("Only .xlsx, .csv and .tsv files")
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    drop(page, "suppliers.csv", table(["D-1", "Bolts", "B approved", "48"]) + "x" * 2000, "body")
    expect(page.locator("[data-refusal]")).to_be_hidden()
    expect(page.locator("[data-drop-name]")).to_have_text("suppliers.csv")
    expect(page.locator("[data-drop-size]")).to_have_text("2 kB")
    send(page)
    expect(page.locator("[data-map-count]")).to_have_text("4 of 4 columns are imported")


def test_a_file_that_the_server_refuses_can_be_exchanged(import_page: Page) -> None:
    page = import_page
    answers = []
    page.on("response", lambda answer: answers.append(answer.status))
    drop(page, "broken.csv", "\0\1\2")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("alert")).to_contain_text("characters of the file")
    assert 422 in answers
    drop(page, "suppliers.csv", table(["D-2", "Nuts", "", ""]))
    send(page)


def test_two_columns_for_one_field_are_marked_while_choosing(import_page: Page) -> None:
    page = import_page
    drop(page, "suppliers.csv", table(["D-3", "Nuts", "", ""]))
    send(page)
    name = page.get_by_label("Field for “Name”")
    name.select_option(label="Supplier code *")
    expect(page.get_by_text("Two columns fill this field.")).to_have_count(2)
    expect(page.locator("[data-needed]")).to_contain_text("Name")
    name.select_option(label="Name *")
    expect(page.locator("[data-needed]")).to_be_hidden()
    page.get_by_role("button", name="Without a field").click()
    expect(page.get_by_text("Every column has a field.")).to_be_visible()


def test_refused_rows_come_back_and_are_corrected(import_page: Page, tmp_path: Path) -> None:
    page = import_page
    rows = [["C-1", "Bolts", "A preferred", "24"], ["C-2", "Nuts", "Z", "24"], ["C 3", "Rings", "", "9000"]]
    drop(page, "suppliers.csv", table(*rows))
    send(page)
    page.get_by_role("button", name="Check all rows").click()
    expect(page.get_by_text("2 rows cannot be imported as they are.")).to_be_visible(timeout=WORKER_MS)
    expect(page.get_by_role("row", name="“Z” is not one of the options.")).to_contain_text("Grade")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download the refused rows").click()
    page.get_by_role("button", name="Import the valid rows").click()
    expect(page.get_by_text("The import is done.")).to_be_visible(timeout=WORKER_MS)

    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    sheet["C2"], sheet["A3"], sheet["D3"] = "B 合格", "C-3", 90
    book.save(path)
    page.goto("/records/supplier/import")
    page.get_by_label("File", exact=True).set_input_files(path)
    send(page)
    page.get_by_role("button", name="Check all rows").click()
    expect(page.get_by_text("Every row can be imported.")).to_be_visible(timeout=WORKER_MS)
    page.get_by_role("button", name="Import now").click()
    expect(page.get_by_text("The import is done.")).to_be_visible(timeout=WORKER_MS)
    page.get_by_role("link", name="Open the list").click()
    for text in ("Bolts", "Nuts", "Rings", "B approved"):
        expect(page.locator("#records")).to_contain_text(text)
