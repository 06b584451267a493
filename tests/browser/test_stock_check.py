"""A stock check is counted on a telephone: by hand, by a scanner, and where there is no network."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from models.database import Document
from models.forms import LiveForm
from models.ledger import labels
from models.ledger.stock_check import lines
from models.people import User
from tests import factories
from tests.ledger_forms import ledger_form
from tests.stock_check_forms import begun, check_form, lines_of, now_stored, step
from tests.web import sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def counter(client: FlaskClient) -> User:
    return sign_in(client, factories.editor())


@pytest.fixture
def things(counter: User) -> LiveForm:
    assert counter
    return ledger_form()


@pytest.fixture
def checks(things: LiveForm) -> LiveForm:
    assert things
    return check_form()


@pytest.fixture
def telephone(browser: Browser, address: str, client: FlaskClient, counter: User) -> Iterator[Page]:
    """Give the telephone of somebody who is signed in; a mistake of a script fails the test."""
    context = browser.new_context(
        base_url=address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    failures: list[str] = []
    context.on("weberror", lambda error: failures.append(str(error.error)))
    cookie = client.get_cookie("session")
    assert cookie
    context.add_cookies([{"name": "session", "value": cookie.value, "url": address}])
    yield context.new_page()
    context.close()
    assert failures == []
    assert counter


def thing(things: LiveForm, person: User, **raw: Any) -> Document:
    return factories.record(things, person, **{"name": "Gauge", "quantity": "5", **raw})


def counted(check: Document) -> list[Decimal | None]:
    return [one["counted"].to_decimal() if "counted" in one else None for one in lines_of(check)]


def title(page: Page) -> str:
    return page.locator("[data-count-form] [data-part=title]").inner_text()


def test_pieces_are_counted_one_after_the_other(
    telephone: Page, things: LiveForm, checks: LiveForm, counter: User
) -> None:
    for number, name in enumerate(("First", "Second", "Third"), start=1):
        thing(things, counter, name=name, place=f"A-{number}")
    check = begun(checks, counter)
    telephone.goto(f"/property/checks/{check['_id']}/count")
    card = telephone.locator("[data-count-form]")
    expect(card.locator("[data-part=title]")).to_have_text("First")
    card.get_by_role("button", name="All 5 piece are here").tap()
    expect(card.locator("[data-part=title]")).to_have_text("Second")
    card.get_by_label("How many").fill("1.5")
    card.get_by_role("button", name="Write down").tap()
    expect(card.locator('[data-error="quantity"]')).to_have_text("Only whole pieces.")
    card.get_by_role("button", name="More").tap()
    card.get_by_label("How many").fill("2")
    card.get_by_role("button", name="More").tap()
    card.get_by_role("button", name="Write down").tap()
    expect(card.locator("[data-part=title]")).to_have_text("Third")
    card.get_by_role("button", name="None here").tap()
    expect(telephone.get_by_text("Nothing is left to be counted here.")).to_be_visible()
    expect(telephone.locator('[data-number="open"]')).to_have_text("0")
    expect(telephone.locator('[data-number="differences"]')).to_have_text("2")
    assert counted(check) == [5, 3, 0]
    buttons = telephone.locator(".count-page button:visible, .count-page a.btn:visible")
    assert all(box["height"] >= 40 for one in buttons.all() if (box := one.bounding_box()))
    assert telephone.evaluate("document.documentElement.scrollWidth") == 390


def test_counting_goes_on_without_a_network_and_is_sent_when_it_is_back(
    telephone: Page, things: LiveForm, checks: LiveForm, counter: User
) -> None:
    for number in (1, 2, 3):
        thing(things, counter, name=f"Gauge {number}", place=f"A-{number}")
    check = begun(checks, counter)
    telephone.goto(f"/property/checks/{check['_id']}/count")
    card = telephone.locator("[data-count-form]")
    expect(card.locator("[data-part=title]")).to_have_text("Gauge 1")
    telephone.context.set_offline(True)
    card.get_by_role("button", name="are here").tap()
    expect(card.locator("[data-part=title]")).to_have_text("Gauge 2")
    expect(telephone.get_by_text("Kept on this device until there is a network")).to_be_visible()
    card.get_by_label("How many").fill("4")
    card.get_by_role("button", name="Write down").tap()
    expect(card.locator("[data-part=title]")).to_have_text("Gauge 3")
    telephone.locator("#count-find").fill("Gauge 2")
    expect(telephone.locator("[data-results-list] b")).to_have_text(["Gauge 2"])
    telephone.get_by_role("button", name="Back to counting").tap()
    assert counted(check) == [None, None, None]
    telephone.context.set_offline(False)
    expect(telephone.locator('[data-number="counted"]')).to_have_text("2")
    expect(telephone.locator("#outbox")).to_be_hidden()
    assert counted(check) == [5, 4, None]
    assert [len(one.get("counts", ())) for one in lines_of(check)] == [1, 1, 0]


def test_a_hand_scanner_leads_to_its_line_and_to_what_is_not_on_the_list(
    telephone: Page, things: LiveForm, checks: LiveForm, counter: User
) -> None:
    thing(things, counter, name="First", place="A-1")
    wanted = thing(things, counter, name="Wanted", place="A-2")
    stray = thing(things, counter, name="Stray", place="B-1")
    codes = labels.codes(things.key, [wanted["_id"], stray["_id"]])
    check = begun(checks, counter, place="A")
    telephone.goto(f"/property/checks/{check['_id']}/count")
    find = telephone.get_by_placeholder("Number, name, place, or scan")
    find.fill(codes[wanted["_id"]])
    find.press("Enter")
    card = telephone.locator("[data-count-form]")
    expect(card.locator("[data-part=title]")).to_have_text("Wanted")
    find.fill(codes[stray["_id"]])
    find.press("Enter")
    dialog = telephone.get_by_role("dialog", name="Found something that is not on the list")
    expect(dialog).to_contain_text("Stray")
    dialog.get_by_label("Where does it lie?").fill("A-3")
    dialog.get_by_label("How many").fill("2")
    dialog.get_by_role("button", name="Write down").tap()
    expect(telephone.get_by_text("Stray: Written down")).to_be_visible()
    [found] = lines.collection().find({"check": check["_id"], "found": True})
    assert (found["item"], found["spot"]["place"], found["counted"].to_decimal()) == (stray["_id"], "A-3", 2)
    find.fill("0000000000")
    find.press("Enter")
    expect(telephone.get_by_text("This is nothing of the ledger")).to_be_visible()


def test_what_is_refused_comes_back_with_the_reason(
    telephone: Page, things: LiveForm, checks: LiveForm, counter: User
) -> None:
    for number in (1, 2):
        thing(things, counter, name=f"Gauge {number}", place=f"A-{number}")
    check = begun(checks, counter)
    telephone.goto(f"/property/checks/{check['_id']}/count")
    card = telephone.locator("[data-count-form]")
    expect(card.locator("[data-part=title]")).to_have_text("Gauge 1")
    lines.collection().update_many({"check": check["_id"]}, {"$set": {"status": "counted"}})
    checks.records().update_one({"_id": check["_id"]}, {"$set": {"data.open": 0}})
    step(checks, counter, now_stored(checks, check), "review")
    card.get_by_role("button", name="are here").tap()
    expect(card.locator('[data-error=""]')).to_contain_text("This check is not being counted now.")
    assert title(telephone) == "Gauge 1"
