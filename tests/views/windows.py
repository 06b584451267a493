"""A browser in front of the tests' own web server, with the administrator signed in."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from pymongo.database import Database
from werkzeug.serving import make_server

from models import passwords
from models.database import Document
from tests import factories

CHROMIUM = Path("/usr/bin/chromium")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("needs the distribution's Chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, address: str, db: Database[Document]) -> Iterator[Page]:
    person = factories.administrator()
    passwords.set_password(person, factories.PASSWORD)
    person.language = "en"
    person.save()
    context = browser.new_context(base_url=address)
    opened = context.new_page()
    failures: list[str] = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    opened.goto("/login")
    opened.fill("[name=identity]", "admin")
    opened.fill("[name=password]", factories.PASSWORD)
    opened.press("[name=password]", "Enter")
    opened.wait_for_url("**/")
    yield opened
    context.close()
    assert failures == []
