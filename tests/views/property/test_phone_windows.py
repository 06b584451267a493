"""A telephone in somebody's hand: scanning with the camera, two taps, and a network that comes and goes."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    FilePayload,
    Page,
    Route,
    ViewportSize,
    expect,
)
from pymongo.database import Database

from models import passwords
from models.database import Document, db
from models.forms import LiveForm
from models.ledger import labels
from models.ledger.checking import check_ledgers
from models.ledger.stock import Stock
from models.people import User
from tests import factories, phone_stage, stock_check_forms
from tests.cameras import ALLOWED, film, with_camera
from tests.models.ledger.desk_work import back, slip, take
from tests.pictures import picture

pytestmark = pytest.mark.browser
PHONE: ViewportSize = {"width": 390, "height": 844}
BEFORE_IT_TRIES_AGAIN_MS = 40_000


@pytest.fixture
def things(db: Database[Document]) -> LiveForm:
    return phone_stage.ledger()


@pytest.fixture
def slips(things: LiveForm) -> LiveForm:
    return phone_stage.slip()


@pytest.fixture
def wang(slips: LiveForm) -> Iterator[User]:
    person = phone_stage.borrower()
    _with_password(person)
    yield person
    assert list(check_ledgers()) == []


def _with_password(person: User) -> User:
    passwords.set_password(person, factories.PASSWORD)
    person.language = "en"
    return person.save()


def label(item: Document) -> str:
    return f"/p/{labels.codes('thing', [item['_id']])[item['_id']]}"


def sign_in(page: Page, person: User) -> None:
    page.fill("[name=identity]", str(person.username))
    page.fill("[name=password]", factories.PASSWORD)
    with page.expect_navigation():
        page.press("[name=password]", "Enter")


Holding = Callable[..., Page]


@pytest.fixture
def hold(browser: Browser, address: str) -> Iterator[Holding]:
    """Put a telephone into somebody's hand; a mistake of a script fails the test."""
    opened: list[BrowserContext] = []
    failures: list[str] = []

    def telephone(person: User, path: str = "/", chromium: Browser = browser, at: str = address) -> Page:
        context = chromium.new_context(
            base_url=at, viewport=PHONE, is_mobile=True, has_touch=True, reduced_motion="reduce"
        )
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on(
            "console", lambda told: failures.append(told.text) if "Security Policy" in told.text else None
        )
        page.goto(path)
        sign_in(page, person)
        return page

    yield telephone
    for context in opened:
        context.close()
    assert failures == []


@contextmanager
def offline(page: Page) -> Iterator[None]:
    page.context.set_offline(True)
    yield
    page.context.set_offline(False)


def stored_slips(slips: LiveForm) -> list[Document]:
    return list(slips.records().find())


def ask_for_it(page: Page, purpose: str = "") -> None:
    page.get_by_role("button", name="Borrow").click()
    if purpose:
        page.get_by_label("purpose").fill(purpose)
    page.get_by_role("button", name="Ask for it").click()


# -- the camera ----------------------------------------------------------------------------------------------


def test_a_label_is_scanned_and_after_two_taps_the_thing_is_asked_for(
    browser: Browser,
    hold: Holding,
    address: str,
    tmp_path: Path,
    things: LiveForm,
    slips: LiveForm,
    wang: User,
) -> None:
    first, second = phone_stage.thing(things), phone_stage.thing(things, name=phone_stage.LONG_NAME)
    with with_camera(browser, film(tmp_path, [f"{address}{label(second)}"]), *ALLOWED) as chromium:
        page = hold(wang, label(first), chromium)
        ask_for_it(page, "trial")  # what it is for is typed once, and known from then on
        expect(page.get_by_text("SL-0001 trial: asked")).to_be_visible()
        page.get_by_role("link", name="Scan the next label").click()
        page.wait_for_url(f"**{label(second)}")
        expect(page.get_by_role("heading", name=phone_stage.LONG_NAME)).to_be_visible()
        page.get_by_role("button", name="Borrow").tap()
        page.get_by_role("button", name="Ask for it").tap()
        expect(page.get_by_text("SL-0002 trial: asked")).to_be_visible()
        expect(page.get_by_text("4 of 5 piece free")).to_be_visible()
        page.close()
    assert [one["state"] for one in stored_slips(slips)] == ["asked", "asked"]


def test_several_labels_in_a_row_go_on_one_slip(
    browser: Browser,
    hold: Holding,
    address: str,
    tmp_path: Path,
    things: LiveForm,
    slips: LiveForm,
    wang: User,
) -> None:
    items = [phone_stage.thing(things, name=name) for name in ("Gauge", "Mould")]
    seen = film(tmp_path, [f"{address}{label(one)}" for one in items])
    with with_camera(browser, seen, *ALLOWED) as chromium:
        page = hold(wang, "/property/scan?", chromium)
        page.get_by_text("Collect several").tap()
        for name in ("Gauge", "Mould"):
            expect(page.locator(".basket-row", has_text=name)).to_be_visible()
        page.reload()
        expect(page.locator(".basket-row")).to_have_count(2)
        page.get_by_role("link", name="Borrow these by one slip").tap()
        page.get_by_label("purpose").fill("trial")
        page.get_by_role("button", name="Ask for all").tap()
        expect(page.get_by_text("SL-0001 trial: asked")).to_be_visible()
        page.goto("/property/scan")
        expect(page.locator(".scanner")).to_be_visible()
        expect(page.locator(".basket")).to_be_hidden()
        page.close()
    [stored] = stored_slips(slips)
    assert {row["item"] for row in stored["data"]["items"]} == {one["_id"] for one in items}


def test_a_code_of_others_is_told_apart(browser: Browser, hold: Holding, tmp_path: Path, wang: User) -> None:
    seen = film(tmp_path, ["https://photos.example.com/p/CxYz12abCdE/"])
    with with_camera(browser, seen, *ALLOWED) as chromium:
        page = hold(wang, "/property/scan?", chromium)
        expect(page.get_by_text("This code is none of our labels.")).to_be_visible()
        assert urlsplit(page.url).path == "/property/scan"
        page.close()


def test_without_a_camera_the_code_is_typed(hold: Holding, things: LiveForm, wang: User) -> None:
    item = phone_stage.thing(things)
    page = hold(wang, "/property/scan?")
    expect(page.get_by_text("There is no camera here.")).to_be_visible()
    page.get_by_label("Code of a label").fill("what?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("There is no item with this number.")).to_be_visible()
    page.get_by_label("Code of a label").fill(labels.shown(label(item).removeprefix("/p/")).lower())
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{label(item)}")


def test_a_number_leads_to_its_item_too(hold: Holding, things: LiveForm, wang: User) -> None:
    item = phone_stage.thing(things)
    page = hold(wang, "/property/scan?")
    page.get_by_label("Code of a label").fill(item["number"])
    page.get_by_role("button", name="OK").tap()
    page.wait_for_url(f"**{label(item)}")


def test_a_hand_scanner_types_a_label_wherever_the_page_is(
    hold: Holding, address: str, things: LiveForm, wang: User
) -> None:
    item = phone_stage.thing(things)
    page = hold(wang, "/property/scan?")
    expect(page.locator(".scanner")).to_be_visible()
    page.keyboard.type(f"{address}{label(item)}")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{label(item)}")


def test_a_hand_scanner_is_read_on_a_page_that_has_only_just_begun(
    hold: Holding, address: str, things: LiveForm, wang: User
) -> None:
    """The clock of a page begins with the page: its first moment is no key that was pressed before."""
    item = phone_stage.thing(things)
    page = hold(wang, "/property/scan?")
    page.add_init_script("performance.now = () => 1")
    page.reload()
    expect(page.locator(".scanner")).to_be_visible()
    page.keyboard.type(label(item).removeprefix("/p/"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{label(item)}")


def test_a_camera_that_the_page_may_not_use_is_explained(browser: Browser, hold: Holding, wang: User) -> None:
    with with_camera(browser, None, "--deny-permission-prompts") as chromium:
        page = hold(wang, "/property/scan?", chromium)
        expect(page.get_by_text("This page may not use the camera.")).to_be_visible()
        expect(page.get_by_role("button", name="Try the camera again")).to_be_visible()
        page.close()


def test_an_address_without_https_explains_why_there_is_no_camera(
    browser: Browser, hold: Holding, address: str, wang: User
) -> None:
    elsewhere = address.replace("127.0.0.1", "office.test")
    resolved = "--host-resolver-rules=MAP office.test 127.0.0.1"
    with with_camera(browser, None, *ALLOWED, resolved) as chromium:
        page = hold(wang, "/property/scan?", chromium, at=elsewhere)
        expect(page.get_by_text("Browsers open the camera only on pages with https")).to_be_visible()
        expect(page.get_by_role("button", name="Try the camera again")).to_be_hidden()
        page.close()


def test_from_its_label_a_thing_is_counted_at_once(hold: Holding, things: LiveForm, slips: LiveForm) -> None:
    keeper = _with_password(factories.administrator())
    item = phone_stage.thing(things)
    phone_stage.thing(things, name="Another")
    stock_check_forms.begun(stock_check_forms.check_form(), keeper, name="All")
    page = hold(keeper, label(item))
    page.get_by_role("link", name="Count it").tap()
    expect(page.get_by_role("heading", name="Gauge")).to_be_visible()


# -- the network ---------------------------------------------------------------------------------------------


def test_what_is_sent_without_a_network_is_kept_and_sent_once_it_is_back(
    hold: Holding, things: LiveForm, slips: LiveForm, wang: User
) -> None:
    page = hold(wang, label(phone_stage.thing(things)))
    with offline(page):
        ask_for_it(page, "trial")
        expect(page.get_by_text("There is no network. It is kept on this device")).to_be_visible()
        expect(page.get_by_text("Not sent yet: 1")).to_be_visible()
        assert stored_slips(slips) == []
    expect(page.get_by_text("SL-0001 trial: asked")).to_be_visible()
    expect(page.locator("#outbox")).to_be_hidden()
    assert [one["data"]["purpose"] for one in stored_slips(slips)] == ["trial"]


def test_what_was_kept_goes_out_from_any_other_page(
    hold: Holding, things: LiveForm, slips: LiveForm, wang: User
) -> None:
    page = hold(wang, label(phone_stage.thing(things)))
    page.route("**/borrow", lambda route: route.abort())
    ask_for_it(page, "trial")
    expect(page.get_by_text("Not sent yet: 1")).to_be_visible()
    page.unroute_all()
    page.goto("/inbox/")
    expect(page.get_by_text(re.compile("Borrow: Gauge: sent"))).to_be_visible()
    assert len(stored_slips(slips)) == 1


def test_an_answer_that_is_lost_makes_no_second_slip(
    hold: Holding, things: LiveForm, slips: LiveForm, wang: User
) -> None:
    page = hold(wang, label(phone_stage.thing(things)))

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/borrow", lose_the_answer)
    ask_for_it(page, "trial")
    expect(page.get_by_text("Not sent yet: 1")).to_be_visible()
    assert len(stored_slips(slips)) == 1
    page.unroute_all()
    page.locator("#outbox summary").click()
    page.get_by_role("button", name="Send now").click()
    expect(page.locator("#outbox")).to_be_hidden()
    expect(page.get_by_text("SL-0001 trial: asked")).to_be_visible()
    assert len(stored_slips(slips)) == 1


@pytest.fixture
def lent(things: LiveForm, slips: LiveForm, hold: Holding) -> Page:
    """Give the page of an item in its keeper's hand: two pieces are lent, and their return is begun."""
    keeper = _with_password(factories.administrator())
    item = phone_stage.thing(things)
    take(slips, take(slips, slip(slips, item, 2, purpose="trial"), "ask"), "lend")
    page = hold(keeper, label(item))
    page.get_by_role("button", name="Give back").click()
    return page


def fill_in_return(page: Page, size: tuple[int, int] = (40, 20)) -> None:
    sheet = page.locator("dialog#return")
    sheet.get_by_text("Damaged", exact=True).click()
    sheet.get_by_label("Condition when it came back").fill("scratched")
    photo: FilePayload = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture("JPEG", size)}
    sheet.locator("[name=photos]").set_input_files(photo)
    expect(sheet.locator(".photos-added img")).to_have_count(1)


def test_a_photo_without_a_network_is_kept_and_sent_with_the_return(lent: Page, slips: LiveForm) -> None:
    fill_in_return(lent, (3000, 1500))
    with offline(lent):
        lent.get_by_role("button", name="It is back").click()
        expect(lent.get_by_text("Not sent yet: 1")).to_be_visible()
    expect(lent.locator("#outbox")).to_be_hidden()
    [stored] = stored_slips(slips)
    assert (stored["state"], stored["data"]["returns"][0]["outcome"]) == ("closed", "damage")
    assert [one["name"] for one in stored["data"]["photos"]] == ["a.jpg"]


def test_a_form_in_hand_is_there_again_after_a_reload(lent: Page, slips: LiveForm) -> None:
    fill_in_return(lent)
    lent.reload()
    lent.get_by_role("button", name="Give back").click()
    sheet = lent.locator("dialog#return")
    expect(sheet.get_by_text("What you typed before is here again.")).to_be_visible()
    expect(sheet.get_by_label("Condition when it came back")).to_have_value("scratched")
    expect(sheet.locator("[name=outcome][value=damage]")).to_be_checked()
    expect(sheet.locator(".photos-added img")).to_have_count(1)
    sheet.get_by_role("button", name="It is back").click()
    expect(lent.locator(".phone-result")).to_contain_text("SL-0001")
    [stored] = stored_slips(slips)
    assert (len(stored["data"]["photos"]), stored["data"]["returns"][0]["condition"]) == (1, "scratched")
    kept = lent.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('draft:'))")
    assert kept == [], "what was sent is typed no more"


def test_who_is_signed_out_meanwhile_is_told_and_loses_nothing(
    hold: Holding, things: LiveForm, slips: LiveForm, wang: User
) -> None:
    item = phone_stage.thing(things)
    page = hold(wang, label(item))
    page.context.clear_cookies(name="session")
    ask_for_it(page, "trial")
    expect(page.get_by_text("You are signed out. It is kept on this device")).to_be_visible()
    page.locator("#outbox summary").click()
    page.get_by_role("link", name="Sign in").click()
    sign_in(page, wang)
    page.wait_for_url(f"**{label(item)}")
    expect(page.get_by_text("SL-0001 trial: asked")).to_be_visible()
    assert len(stored_slips(slips)) == 1


def test_a_page_of_an_earlier_session_keeps_what_it_sends_until_it_is_loaded_anew(
    hold: Holding, things: LiveForm, slips: LiveForm, wang: User
) -> None:
    page = hold(wang, label(phone_stage.thing(things)))
    page.context.clear_cookies(name="session")
    other = page.context.new_page()
    other.goto("/inbox/")
    sign_in(other, wang)
    other.close()
    ask_for_it(page, "trial")
    expect(page.get_by_text("You are signed out. It is kept on this device")).to_be_visible()
    page.reload()
    expect(page.get_by_text("SL-0001 trial: asked")).to_be_visible()
    assert len(stored_slips(slips)) == 1


def test_what_is_no_longer_possible_is_refused_at_once_and_not_kept(lent: Page, slips: LiveForm) -> None:
    [record] = stored_slips(slips)
    fill_in_return(lent)
    take(slips, record, "take_back", returns=[back({"_id": record["data"]["items"][0]["item"]}, 2)])
    lent.get_by_role("button", name="It is back").click()
    expect(lent.get_by_text("Nothing can be returned by this slip now.")).to_be_visible()
    expect(lent.locator("#outbox")).to_be_hidden()


def test_what_one_person_typed_is_neither_shown_to_nor_sent_for_another(
    hold: Holding, things: LiveForm, slips: LiveForm, wang: User
) -> None:
    item = phone_stage.thing(things)
    other = _with_password(phone_stage.borrower("li", "李四"))
    page = hold(wang, label(item))
    page.context.clear_cookies(name="session")
    ask_for_it(page, "trial")
    expect(page.get_by_text("You are signed out. It is kept on this device")).to_be_visible()
    page.goto(label(item))
    sign_in(page, other)
    page.wait_for_url(f"**{label(item)}")
    expect(page.get_by_role("button", name="Borrow")).to_be_visible()
    expect(page.locator("#outbox")).to_be_hidden()
    page.get_by_role("button", name="Borrow").click()
    expect(page.get_by_label("Quantity")).to_have_value("1")
    assert stored_slips(slips) == []


def test_what_is_refused_later_stays_in_sight_with_the_reason(
    hold: Holding, things: LiveForm, slips: LiveForm, wang: User
) -> None:
    item = phone_stage.thing(things, quantity="1")
    page = hold(wang, label(item))
    with offline(page):
        ask_for_it(page, "trial")
        expect(page.get_by_text("Not sent yet: 1")).to_be_visible()
        take(slips, slip(slips, item, 1, factories.administrator(), purpose="first"), "ask")
    page.locator("#outbox summary").click()
    expect(page.locator("#outbox")).to_contain_text("管理员 has asked for 1")
    page.reload()
    page.locator("#outbox summary").click()
    expect(page.locator("#outbox")).to_contain_text("管理员 has asked for 1")
    page.get_by_role("button", name="Throw away").click()
    page.locator("#confirm").get_by_role("button", name="Throw away").click()
    expect(page.locator("#outbox")).to_be_hidden()
    assert len(stored_slips(slips)) == 1


def test_a_shortage_is_told_at_once_and_the_line_is_offered(
    hold: Holding, things: LiveForm, slips: LiveForm, wang: User
) -> None:
    item = phone_stage.thing(things, quantity="1")
    take(slips, slip(slips, item, 1, factories.administrator(), purpose="first"), "ask")
    page = hold(wang, label(item))
    ask_for_it(page, "trial")
    expect(page.get_by_text("管理员 has asked for 1")).to_be_visible()
    page.get_by_role("button", name="Wait in line").click()
    expect(page.get_by_text("trial: queued")).to_be_visible()
    found = things.records().find_one({"_id": item["_id"]})
    assert found
    assert [one.person for one in Stock.load(found["stock"]).queue] == [wang.id]


def test_the_server_that_does_not_answer_is_asked_again(
    hold: Holding, things: LiveForm, slips: LiveForm, wang: User
) -> None:
    page = hold(wang, label(phone_stage.thing(things)))
    page.route("**/borrow", lambda route: route.fulfill(status=503, body="{}"))
    ask_for_it(page, "trial")
    expect(page.get_by_text("The server does not answer. It is kept")).to_be_visible()
    page.unroute_all()
    expect(page.locator("#outbox")).to_be_hidden(timeout=BEFORE_IT_TRIES_AGAIN_MS)
    assert len(stored_slips(slips)) == 1
    assert db().sendings.count_documents({}) == 1
