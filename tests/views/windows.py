"""A window of the browser in which the administrator is signed in."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from pymongo.database import Database

from models import passwords
from models.database import Document
from tests import factories


def sign_in(page: Page) -> None:
    """Type the administrator's password, and wait for the page that it leads to."""
    page.goto("/login")
    page.fill("[name=identity]", "admin")
    page.fill("[name=password]", factories.PASSWORD)
    with page.expect_navigation():
        page.press("[name=password]", "Enter")


@pytest.fixture
def page(browser: Browser, address: str, db: Database[Document]) -> Iterator[Page]:
    person = factories.administrator()
    passwords.set_password(person, factories.PASSWORD)
    person.language = "en"
    person.save()
    context = browser.new_context(base_url=address, reduced_motion="reduce")
    opened = context.new_page()
    failures: list[str] = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    sign_in(opened)
    opened.wait_for_url("**/")
    yield opened
    context.close()
    assert failures == []
