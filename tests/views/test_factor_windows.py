"""Second factors in Chromium, with a security key made of software."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pymongo.database import Database

from models import passwords
from models.database import Document
from models.people import User
from tests import factories
from tests.authenticators import SoftKey, code_of
from tests.views.windows import sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def person(db: Database[Document]) -> User:
    person = factories.administrator()
    passwords.set_password(person, factories.PASSWORD)
    person.language = "en"
    return person.save()


@pytest.fixture
def window(browser: Browser, address: str, person: User) -> Iterator[BrowserContext]:
    """Open a browser at a name: keys answer for no bare number."""
    context = browser.new_context(base_url=address.replace("127.0.0.1", "localhost"), locale="en")
    context.add_cookies([{"name": "language", "value": "en", "domain": "localhost", "path": "/"}])
    yield context
    context.close()


@pytest.fixture
def page(window: BrowserContext) -> Iterator[Page]:
    opened = window.new_page()
    failures: list[str] = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    opened.on("console", lambda told: failures.append(told.text) if "Security Policy" in told.text else None)
    yield opened
    assert failures == []


def plug_in(window: BrowserContext, page: Page) -> None:
    tools = window.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True}
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": {**kind, "automaticPresenceSimulation": True}})


def sign_out(page: Page) -> None:
    page.context.clear_cookies(name="session")


def add_key(page: Page) -> None:
    page.goto("/account/factors/key")
    page.fill("[name=name]", "My ring")
    page.get_by_role("button", name="Add the key").click()
    expect(page.get_by_text("Keep them now")).to_be_visible()


def test_a_key_is_added_and_signs_in(window: BrowserContext, page: Page) -> None:
    plug_in(window, page)
    sign_in(page)
    page.wait_for_url("**/")
    add_key(page)
    expect(page.locator(".codes li")).to_have_count(10)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("cell", name="My ring")).to_be_visible()
    sign_out(page)
    sign_in(page)
    page.get_by_role("button", name="Use my security key").click()
    page.wait_for_url("**/")
    expect(page.get_by_role("button", name="Your menu")).to_be_visible()


def test_another_key_is_not_accepted(window: BrowserContext, page: Page, db: Database[Document]) -> None:
    plug_in(window, page)
    sign_in(page)
    page.wait_for_url("**/")
    add_key(page)
    sign_out(page)
    sign_in(page)
    form = page.locator("form[data-key=proof]")
    options = form.get_attribute("data-options") or ""
    forged = SoftKey().prove(options, page.evaluate("location.origin"))
    form.evaluate("(form, answer) => { form.elements.answer.value = answer; form.submit(); }", forged)
    expect(page.get_by_text("The key was not accepted")).to_be_visible()
    assert db.audit.count_documents({"event": "factor.refused", "details.reason": "unknown key"}) == 1
    page.goto("/account/")
    assert page.url.endswith("/login/factor")


def test_the_answer_for_another_question_is_not_accepted(window: BrowserContext, page: Page) -> None:
    plug_in(window, page)
    sign_in(page)
    page.wait_for_url("**/")
    add_key(page)
    sign_out(page)
    sign_in(page)
    form = page.locator("form[data-key=proof]")
    changed = json.loads(form.get_attribute("data-options") or "")
    changed["challenge"] = "AAAA" + changed["challenge"][4:]
    form.evaluate("(form, options) => { form.dataset.options = options; }", json.dumps(changed))
    page.get_by_role("button", name="Use my security key").click()
    expect(page.get_by_text("The key was not accepted")).to_be_visible()
    page.wait_for_load_state()  # with its script
    page.get_by_role("button", name="Use my security key").click()  # the page asks anew
    page.wait_for_url("**/")


def test_a_key_that_does_not_answer_leaves_the_other_ways(window: BrowserContext, page: Page) -> None:
    plug_in(window, page)
    sign_in(page)
    page.wait_for_url("**/")
    add_key(page)
    code = page.locator(".codes code").first.inner_text()
    sign_out(page)
    sign_in(page)
    page.locator("form[data-key=proof]").evaluate("(form) => { form.dataset.options = '{}'; }")
    page.get_by_role("button", name="Use my security key").click()
    expect(page.get_by_text("The key did not answer")).to_be_visible()
    page.get_by_text("Use a recovery code").click()
    page.get_by_label("Recovery code").fill(code)
    page.get_by_role("button", name="Use this code").click()
    page.wait_for_url("**/")


def test_whoever_needs_a_factor_is_led_through_it(page: Page, person: User) -> None:
    person.roles[0].update(demands_factor=True)
    sign_in(page)
    page.get_by_role("link", name="Authenticator app").click()
    expect(page.get_by_alt_text("Square code for the app")).to_be_visible()
    secret = page.locator("#secret").inner_text().replace(" ", "")
    page.get_by_label("Code of your app").fill(code_of(secret))
    page.get_by_role("button", name="Add the app").click()
    expect(page.get_by_text("Keep them now")).to_be_visible()
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("**/")
    sign_out(page)
    sign_in(page)
    page.get_by_label("Code of your app").fill(code_of(secret, 30))
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
