"""Files that would run, opened in a real browser in every way in which a page can open them."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Dialog, FilePayload, Page, expect
from playwright.sync_api import Error as BrowserError

from models.forms import LiveForm
from models.people import User
from tests import everything, factories
from tests.browser.test_records import DESK, TELEPHONE, cookie_of, person, photograph  # noqa: F401  (fixtures)
from tests.pictures import POLYGLOTS, SCRIPTED_PAPER, picture, turned
from tests.web import csrf_token

pytestmark = pytest.mark.browser

HOSTILE = {**POLYGLOTS, "scripted.pdf": SCRIPTED_PAPER}
SHOWN = frozenset(name for name in HOSTILE if name.endswith((".gif", ".jpg", ".png")))
EMBED = """async (address) => {
  const outcomes = {};
  for (const kind of ["script", "iframe", "object", "embed"]) {
    const element = document.createElement(kind);
    element[kind === "object" ? "data" : "src"] = address;
    const outcome = new Promise((resolve) => {
      element.onload = () => resolve("loaded");
      element.onerror = () => resolve("refused");
      if (kind !== "script") setTimeout(() => resolve("silent"), 500);  // a download tells the page nothing
    });
    document.body.append(element);
    outcomes[kind] = await outcome;
  }
  return outcomes;
}"""


@pytest.fixture
def dialogs() -> list[str]:
    return []


@pytest.fixture
def window(
    browser: Browser,
    address: str,
    client: FlaskClient,
    person: User,  # noqa: F811
    dialogs: list[str],
) -> Iterator[Page]:
    """Give the window of somebody who is signed in; every dialog is remembered."""

    def remember(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    context = browser.new_context(base_url=address, viewport=DESK, reduced_motion="reduce")
    context.on("dialog", remember)
    context.add_cookies([{"name": "session", "value": cookie_of(client), "url": address}])
    yield context.new_page()
    context.close()


@pytest.fixture
def sheet(person: User) -> LiveForm:  # noqa: F811
    everything.customers()
    return everything.form()


def attach(client: FlaskClient, sheet: LiveForm, person: User, name: str) -> str:  # noqa: F811
    """Return the address of a record that holds a hostile file."""
    key = "pictures" if name in SHOWN else "papers"
    sent = everything.upload(client, csrf_token(client), key, HOSTILE[name], name).get_json()["file"]
    record = factories.record(sheet, person, name="lamp", **{key: [sent]})
    return f"/records/sheet/{record['_id']}"


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_runs_however_it_is_opened(
    window: Page,
    client: FlaskClient,
    sheet: LiveForm,
    person: User,  # noqa: F811
    dialogs: list[str],
    name: str,
) -> None:
    record = attach(client, sheet, person, name)
    window.goto(record)
    window.evaluate("() => { window.alert = () => { throw new Error('ran'); } }")
    link = window.locator(f'a[href*="{record}/files/"]').first
    file = link.get_attribute("href")
    assert file
    file = file.partition("?")[0]
    outcomes = window.evaluate(EMBED, file)
    assert outcomes["script"] == "refused"
    assert not [frame.url for frame in window.frames if frame.url.endswith(file) and frame.title() == "1"]
    opened = window.context.new_page()
    if name in SHOWN:
        opened.goto(file)
        expect(opened.locator("img")).to_be_visible()
        assert opened.evaluate("document.images[0].naturalWidth") > 0
        assert opened.evaluate("document.scripts.length") == 0
    else:
        with opened.expect_download() as download, pytest.raises(BrowserError, match="Download is starting"):
            opened.goto(file)
        assert download.value.path().read_bytes() == HOSTILE[name]
    assert dialogs == []


def test_a_person_sees_small_pictures_while_filling_in_and_in_the_list(
    window: Page,
    sheet: LiveForm,
    person: User,  # noqa: F811
) -> None:
    window.goto("/records/sheet/new")
    window.locator("#field-name").fill("lamp")
    photo: FilePayload = {"name": "照片.jpg", "mimeType": "image/jpeg", "buffer": turned()}
    mislabelled: FilePayload = {"name": "screen.jpg", "mimeType": "image/jpeg", "buffer": picture("WEBP")}
    program: FilePayload = {"name": "a.pdf.exe", "mimeType": "application/pdf", "buffer": b"MZ\0" + bytes(99)}
    window.locator("#frame-pictures input[type=file]").set_input_files([photo, mislabelled])
    expect(window.locator("#frame-pictures .row-picture")).to_have_count(2)
    expect(window.locator("#frame-pictures .row-text").last).to_have_text("screen.webp")
    window.locator("#frame-papers input[type=file]").set_input_files(program)
    expect(window.locator("#frame-papers [data-upload-error]")).to_contain_text("is a program or a script")
    photograph(window, "files-new")
    window.locator("[data-save]").click()
    small = window.locator(".thumbs img")
    expect(small).to_have_count(2)
    expect(small.first).to_have_js_property("naturalWidth", 240)
    photograph(window, "files-record")
    window.set_viewport_size(TELEPHONE)
    photograph(window, "files-record-phone")
    window.goto("/records/sheet/?columns=name,pictures,papers")
    expect(window.locator(".cell-picture")).to_have_count(2)
    photograph(window, "files-list-phone")
    window.set_viewport_size(DESK)
    photograph(window, "files-list")
