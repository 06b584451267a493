"""The distribution's Chromium, and the tests' own web server for it to look at."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright
from werkzeug.serving import make_server
from werkzeug.wsgi import ClosingIterator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CHROMIUM = Path("/usr/bin/chromium")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LOOK_MS = 30_000
TELL_WHOLE = "addEventListener('load', () => document.documentElement.setAttribute('data-page-whole', ''))"
UNFINISHED = "html:has(head > link):not([data-page-whole])"  # a page of ours, not a picture


@pytest.fixture(scope="session")  # one for all: Playwright cannot be opened twice in a thread
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("needs the distribution's Chromium")
    expect.set_options(timeout=LOOK_MS)  # on a slow machine a page may take more than Playwright's 5 s
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        chromium.on("context", use_whole_pages)
        yield chromium
        chromium.close()


def use_whole_pages(context: BrowserContext) -> None:
    """Touch no page before its scripts run: on a slow machine a click leads to a page painted long before."""

    def wait(page: Page) -> None:
        def until_whole(unfinished: Locator) -> None:
            unfinished.page.wait_for_load_state()

        page.add_locator_handler(page.locator(UNFINISHED), until_whole)

    context.add_init_script(TELL_WHOLE)
    context.on("page", wait)


@pytest.fixture(scope="session")
def address(app: Flask) -> Iterator[str]:
    """Serve the application of the tests; give its address."""

    def whole(environ: "WSGIEnvironment", start: "StartResponse") -> list[bytes]:
        """Answer in one piece: Werkzeug's server leaves files open when a window is closed while it loads."""
        with closing(ClosingIterator(app.wsgi_app(environ, start))) as answer:
            return list(answer)

    server = make_server("127.0.0.1", 0, whole, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
