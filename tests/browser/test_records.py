"""The record screens as somebody at a desk, or with a telephone, meets them."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Dialog,
    FilePayload,
    Locator,
    Page,
    ViewportSize,
    expect,
)
from pymongo.database import Database

from models import forms, outbox, records
from models.database import Document
from models.forms import LiveForm
from models.people import User
from tests import everything, factories
from tests.factories import field
from tests.web import sign_in

DESK: ViewportSize = {"width": 1440, "height": 900}
TELEPHONE: ViewportSize = {"width": 390, "height": 844}
IS_FIRST = "([one, other]) => one === other || one.compareDocumentPosition(other) === 4"  # what follows
SHOTS = os.environ.get("BACKOFFICE_SHOTS")
pytestmark = pytest.mark.browser


@pytest.fixture
def person(client: FlaskClient) -> User:
    return sign_in(client, factories.editor())


@pytest.fixture
def desk(browser: Browser, address: str, client: FlaskClient, person: User) -> Iterator[BrowserContext]:
    """Give the browser of somebody who is signed in; a mistake of a script fails the test."""
    context = browser.new_context(base_url=address, viewport=DESK, reduced_motion="reduce")
    failures: list[str] = []
    context.on("weberror", lambda error: failures.append(str(error.error)))
    context.on("console", lambda said: failures.append(said.text) if said.type == "error" else None)
    context.add_cookies([{"name": "session", "value": cookie_of(client), "url": address}])
    yield context
    context.close()
    assert [one for one in failures if "409" not in one and "422" not in one] == []
    assert person


def cookie_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("session")
    assert cookie
    return cookie.value


@pytest.fixture
def page(desk: BrowserContext) -> Page:
    return desk.new_page()


def photograph(page: Page, name: str, *, whole: bool = True) -> None:
    """Keep a picture for whoever wants to look (BACKOFFICE_SHOTS names the folder)."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=whole)


def drag(page: Page, what: Locator, above: Locator) -> None:
    """Drag something over another thing, as a hand does it: in small steps, until it is seen there."""
    moved, start, end = what.element_handle(), what.bounding_box(), above.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 2, steps=12)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 1, steps=3)
    page.wait_for_function(IS_FIRST, arg=[moved, above.element_handle()])
    page.mouse.up()


def choose(page: Page, key: str, words: str, text: str) -> None:
    """Pick from a field that searches, by the keyboard alone."""
    page.locator(f"#field-{key}-ts-control").focus()
    page.keyboard.type(words)
    expect(page.locator(".ts-dropdown:visible .option").first).to_contain_text(text)
    page.keyboard.press("Enter")
    expect(page.locator(f"#frame-{key} .ts-control .item").last).to_contain_text(text)


def test_every_field_is_filled_in_with_the_keyboard(page: Page, person: User) -> None:
    everything.customers()
    live = everything.form()
    page.goto("/records/sheet/new")
    for key in ("name", "story", "whole", "share", "rate", "took", "tel", "mail", "site"):
        page.locator(f"#field-{key}").focus()
        page.keyboard.type(str(everything.TYPED[key]).replace("\r\n", "\n"))
    page.locator("#field-price").focus()
    page.keyboard.type("1234.5")
    page.keyboard.press("Tab")
    page.keyboard.type("USD")
    page.locator("#field-day").focus()
    page.keyboard.type("12312031")
    page.locator("#field-moment").focus()
    page.keyboard.type("020320261205PM")
    page.locator("#field-kind").focus()
    page.keyboard.type("Kind B")
    for box in page.locator("#field-kinds input").all():
        box.focus()
        page.keyboard.press("Space")
    page.locator("#field-fine input").nth(1).focus()
    page.keyboard.press("Space")
    page.locator("#field-stars input[value='4']").focus()
    page.keyboard.press("Space")
    choose(page, "who", "编", "编辑")
    choose(page, "where", "Qual", "Quality")
    choose(page, "customer", "Nord", "Nordwind")
    choose(page, "customers", "上海", "上海电子")
    page.locator("[data-row-add]").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("bulb")
    page.keyboard.press("Tab")
    page.keyboard.type("5")
    expect(page.locator("[data-computed=total]")).to_have_text("5")
    photograph(page, "filled")
    page.keyboard.press("Control+s")
    expect(page.locator("h1")).to_have_text("T-0001 Left lamp 左灯")
    photograph(page, "detail")
    [record] = everything.stored(live)
    data = record["data"]
    assert (data["whole"], data["day"], data["kind"], data["fine"], data["stars"]) == (
        1250, "2031-12-31", "b", False, 4,
    )  # fmt: skip
    assert data["kinds"] == ["a", "b"]
    assert data["moment"].isoformat() == "2026-02-03T04:05:00+00:00"
    assert (data["who"], data["price"]["currency"]) == (person.id, "USD")
    assert (data["items"][0]["part"], data["items"][0]["n"], data["total"]) == ("bulb", 5, 5)


def test_conditions_hold_while_somebody_types(page: Page) -> None:
    broken = {"field": "state_of", "op": "eq", "value": "broken"}
    factories.form(
        field("name"),
        field("state_of", "choice", options=[{"key": "fine", "label": {"en": "Fine"}},
                                             {"key": "broken", "label": {"en": "Broken"}}]),
        field("reason", visible_if=broken, required_if=broken),
        field("who", "person", readonly_if=broken),
        field("more", "section", visible_if=broken),
        field("detail"),
    )  # fmt: skip
    page.goto("/records/sheet/new")
    expect(page.locator("#frame-reason")).to_be_hidden()
    expect(page.locator("#frame-detail")).to_be_hidden()  # its heading is
    page.locator("#field-state_of").select_option("broken")
    expect(page.locator("#frame-reason")).to_be_visible()
    expect(page.locator("#frame-detail")).to_be_visible()
    expect(page.locator("#frame-reason [data-required]")).to_be_visible()
    assert page.locator("#frame-who").evaluate("frame => frame.inert")
    photograph(page, "conditions")
    page.locator("[data-save]").click()
    expect(page.locator("#error-reason")).to_contain_text("This is needed.")
    expect(page.locator("#field-state_of")).to_have_value("broken")
    page.wait_for_load_state()
    page.locator(".error-summary a").click()
    expect(page.locator("#field-reason")).to_be_focused()
    page.locator("#field-state_of").select_option("fine")
    expect(page.locator("#frame-reason")).to_be_hidden()
    page.locator("[data-save]").click()
    page.wait_for_url(re.compile("/records/sheet/[0-9a-f]{24}$"))
    [record] = everything.stored(forms.current("sheet"))
    assert page.url.endswith(str(record["_id"]))


def test_rows_are_added_removed_moved_and_added_up(page: Page) -> None:
    live = everything.form()
    page.goto("/records/sheet/new")
    page.locator("#field-name").fill("lamp")
    for part, number in (("first", "1"), ("second", "20"), ("third", "300")):
        page.locator("[data-row-add]").click()
        row = page.locator("[data-row]").last
        row.locator("[data-column=part] input").fill(part)
        row.locator("[data-column=n] input").fill(number)
    sums = page.locator("[data-sum=n]")
    expect(sums).to_have_text("321")
    page.locator("[data-row]").nth(1).locator("[data-row-remove]").click()
    expect(sums).to_have_text("301")
    expect(page.locator("[data-computed=total]")).to_have_text("301")
    handles = page.locator("[data-row] .rows-handle")
    handles.first.evaluate("handle => handle.scrollIntoView({ block: 'center' })")
    drag(page, handles.nth(1), handles.first)
    expect(page.locator("[data-row]").nth(0).locator("[data-column=part] input")).to_have_value("third")
    photograph(page, "rows")
    page.locator("[data-row]").nth(0).locator("[data-column=part] input").focus()
    page.keyboard.press("Alt+ArrowDown")
    parts = page.locator("[data-row] [data-column=part] input")
    expect(parts.nth(0)).to_have_value("first")
    expect(parts.nth(1)).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    page.locator("[data-save]").click()
    expect(page.locator("dl.facts").first).to_be_visible()
    [record] = everything.stored(live)
    assert [row["part"] for row in record["data"]["items"]] == ["third", "first"]


def test_files_and_a_drawn_signature_are_kept(page: Page) -> None:
    live = everything.form()
    page.goto("/records/sheet/new")
    page.locator("#field-name").fill("lamp")
    chosen: FilePayload = {"name": "报告.txt", "mimeType": "text/plain", "buffer": b"text"}
    page.locator("#frame-papers input[type=file]").set_input_files(chosen)
    expect(page.locator("#frame-papers .file-row")).to_contain_text("报告.txt")
    picture: FilePayload = {"name": "a.png", "mimeType": "image/png", "buffer": everything.PNG}
    page.locator("#frame-pictures input[type=file]").set_input_files(picture)
    expect(page.locator("#frame-pictures .file-row")).to_contain_text("a.png")
    fake: FilePayload = {"name": "b.png", "mimeType": "image/png", "buffer": b"not a picture"}
    page.locator("#frame-pictures input[type=file]").set_input_files(fake)
    expect(page.locator("#frame-pictures [data-upload-error]")).to_contain_text("This is not a picture")
    canvas = page.locator("#frame-sign canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    with page.expect_response("**/upload"):
        page.mouse.move(box["x"] + 20, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + 120, box["y"] + 60, steps=8)
        page.mouse.up()
    expect(page.locator("#frame-sign input[type=hidden]")).not_to_have_value("")
    photograph(page, "files")
    page.locator("[data-save]").click()
    expect(page.locator(".signature-image")).to_be_visible()
    photograph(page, "files-detail")
    data = everything.stored(live)[0]["data"]
    assert ([one["name"] for one in data["papers"]], len(data["pictures"])) == (["报告.txt"], 1)
    assert data["sign"]["file"]


def test_leaving_with_unsaved_changes_is_asked_about(page: Page) -> None:
    everything.form()
    page.goto("/records/sheet/new")
    page.locator("#field-name").press_sequentially("lamp")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    with page.expect_event("dialog"):
        page.locator(".save-bar a").click()
    expect(page.locator("#field-name")).to_have_value("lamp")
    assert asked == ["beforeunload"]


@pytest.fixture
def lamps(person: User) -> LiveForm:
    live = everything.form(inline_columns=["name", "kind", "whole"])
    wanted: list[dict[str, Any]] = [
        {"name": f"lamp {index:02}", "kind": "ab"[index % 2], "whole": index} for index in range(25)
    ]
    records.commit(records.plan_creates(factories.actor(person), live, wanted, source="system"))
    return live


def test_the_list_is_filtered_with_the_panel(page: Page, lamps: LiveForm) -> None:
    page.goto("/records/sheet/")
    expect(page.locator("tbody tr")).to_have_count(25)
    photograph(page, "list")
    page.locator("[data-filter-panel]").click()
    page.locator("#f-whole-op").select_option("between")
    page.locator("[name=f-whole-value]").fill("3")
    page.locator("[name=f-whole-to]").fill("6")
    page.locator("#f-kind-op").select_option("in")
    page.locator("[name=f-kind-value]").select_option(["a"])
    photograph(page, "filter")
    page.locator(".panel-foot [type=submit]").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator(".chip")).to_have_count(2)
    page.locator(".chip-remove").last.click()
    expect(page.locator(".chip")).to_have_count(1)
    assert lamps


def test_columns_are_chosen_and_moved(page: Page, lamps: LiveForm) -> None:
    page.goto("/records/sheet/")
    heads = page.locator("thead th[scope=col]")
    first = heads.first.inner_text()
    page.get_by_role("button", name="Columns").click()
    page.locator("[data-column][value=story]").uncheck()
    entries = page.locator("[data-columns] .menu-check")
    drag(page, entries.nth(2), entries.first)
    photograph(page, "columns", whole=False)
    page.locator("[data-columns] [type=submit]").click()
    expect(heads.first).to_have_text("whole")
    expect(heads.filter(has_text="story")).to_have_count(0)
    assert (first, lamps.key) == ("name", "sheet")


def test_cells_are_edited_in_place(page: Page, lamps: LiveForm) -> None:
    page.goto("/records/sheet/?search=lamp+07")
    cell = page.locator("td[data-inline=whole]")
    cell.dblclick()
    typed = cell.locator("input[type=text]")
    expect(typed).to_be_focused()
    typed.fill("-4")
    page.keyboard.press("Enter")
    expect(page.locator(".toast-danger")).to_be_visible()
    typed.fill("4321")
    photograph(page, "cell", whole=False)
    page.keyboard.press("Enter")
    expect(cell).to_have_text("4,321")
    kind = page.locator("td[data-inline=kind]")
    kind.dblclick()
    kind.locator("select").select_option("a")
    expect(kind.locator(".tag")).to_have_text("Kind A")
    kind.dblclick()
    expect(kind.locator("select")).to_be_focused()
    page.keyboard.press("Escape")
    expect(kind.locator(".tag")).to_have_text("Kind A")
    name = page.locator("td[data-inline=name]")
    name.dblclick(position={"x": 5, "y": 5})
    expect(name.locator("input[type=text]")).to_be_visible()
    page.keyboard.press("Escape")
    [record] = [one for one in everything.stored(lamps) if one["data"]["name"] == "lamp 07"]
    assert (record["data"]["whole"], record["data"]["kind"], record["revision"]) == (4321, "a", 3)


def test_a_field_is_set_in_many_records(page: Page, lamps: LiveForm) -> None:
    page.goto("/records/sheet/?search=lamp+0")
    for index in (0, 2):
        page.locator("[data-check]").nth(index).check()
    expect(page.locator("[data-bulk-count]")).to_have_text("2 selected")
    page.locator("[data-open=set-field]").click()
    page.locator("#set-field-key").select_option("stars")
    page.locator("label[for='field-set-stars-3']").click()
    photograph(page, "set-field", whole=False)
    page.locator("#set-field [type=submit]").click()
    expect(page.locator(".toast-success")).to_contain_text("2 records were changed.")
    assert [one["data"].get("stars") for one in everything.stored(lamps)].count(3) == 2


def test_many_go_to_the_bin_with_a_reason(page: Page, lamps: LiveForm) -> None:
    page.goto("/records/sheet/")
    page.locator("[data-check]").first.check()
    page.locator("button[value=delete]").click()
    page.locator("#confirm-reason").fill("entered twice")
    photograph(page, "confirm", whole=False)
    page.locator("#confirm [data-confirm-yes]").click()
    expect(page.locator(".toast-success")).to_contain_text("1 record was changed.")
    assert sum(one["deleted_at"] is not None for one in everything.stored(lamps)) == 1


def test_two_windows_save_the_same_record(desk: BrowserContext, lamps: LiveForm) -> None:
    record = everything.stored(lamps)[0]
    path = f"/records/sheet/{record['_id']}/edit"
    first, second = desk.new_page(), desk.new_page()
    for window in (first, second):
        window.goto(path)
    first.locator("#field-name").fill("first lamp")
    first.locator("#field-story").fill("told by the first")
    first.locator("[data-save]").click()
    expect(first.locator("h1")).to_contain_text("first lamp")
    second.locator("#field-name").fill("second lamp")
    second.locator("[data-save]").click()
    expect(second.locator("h1")).to_contain_text("Someone else saved")
    expect(second.locator("tbody tr")).to_have_count(2)
    photograph(second, "conflict")
    second.get_by_role("button", name="Save what is chosen").click()
    expect(second.locator("h1")).to_contain_text("second lamp")
    data = everything.stored(lamps)[0]["data"]
    assert (data["name"], data["story"]) == ("second lamp", "told by the first")


def test_somebody_is_mentioned_from_the_list_of_names(page: Page, lamps: LiveForm) -> None:
    factories.reader()
    record = everything.stored(lamps)[0]
    page.goto(f"/records/sheet/{record['_id']}")
    box = page.locator("[data-mentions]")
    box.press_sequentially("please look, @读")
    option = page.locator(".mention-list [role=option]").first
    expect(option).to_contain_text("读者")
    photograph(page, "mention", whole=False)
    page.keyboard.press("Enter")
    expect(box).to_have_value("please look, @reader ")
    page.get_by_role("button", name="Comment").click()
    expect(page.locator(".comment-body b")).to_have_text("@reader")
    assert outbox.carry_out_due() == 1


PAGES = {
    "dashboard": "/", "list": "/records/sheet/", "new": "/records/sheet/new", "detail": "/records/sheet/{id}",
    "edit": "/records/sheet/{id}/edit", "history": "/records/sheet/{id}/history",
    "print": "/records/sheet/{id}/print", "search": "/search/?q=lamp", "inbox": "/inbox/", "jobs": "/jobs/",
    "bin": "/records/sheet/?bin=1",
}  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_is_wider_than_the_telephone(
    page: Page, person: User, lamps: LiveForm, db: Database[Document], language: str, theme: str
) -> None:
    person.update(language=language, theme=theme)
    record = everything.stored(lamps)[3]
    page.set_viewport_size(TELEPHONE)
    for name, path in PAGES.items():
        page.goto(path.format(id=record["_id"]))
        expect(page.locator("h1").first).to_be_attached()
        photograph(page, f"{name}-390-{language}-{theme}")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= TELEPHONE["width"], (name, width)
        if SHOTS:
            page.set_viewport_size(DESK)
            photograph(page, f"{name}-1440-{language}-{theme}")
            page.set_viewport_size(TELEPHONE)
    assert db.name
