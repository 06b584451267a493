"""The product as it is installed, and a real browser in front of it."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.factories import PASSWORD
from tests.web import app, client
from tests.windows import address

__all__ = ["address", "app", "client"]

READY_SECONDS = 120
STOP_SECONDS = 60
PAGE_MS = 60_000


class Installation(NamedTuple):
    """A running `backoffice up`."""

    address: str
    password: str


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Start everything as an administrator does: database, web server, worker and beat."""
    folder = tmp_path_factory.mktemp("installation")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BACKOFFICE_")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  (our own words)
            [sys.executable, "-m", "backoffice", "up", "--port", "0", "--data", str(folder / "data")],
            env={**clean, "BACKOFFICE_ADMIN_PASSWORD": PASSWORD},
            stdout=subprocess.PIPE,
            stderr=log,
        )
    try:
        yield Installation(_address_of(process, folder / "log"), PASSWORD)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=STOP_SECONDS)


def _address_of(process: subprocess.Popen[bytes], log: Path) -> str:
    assert process.stdout
    while select.select([process.stdout], [], [], READY_SECONDS)[0]:
        line = process.stdout.readline().decode()
        if line.startswith("ready "):
            return line.split()[1]
        if not line:
            break
    pytest.fail(f"it does not start:\n{log.read_text()}")


@pytest.fixture
def page(browser: Browser, installation: Installation) -> Iterator[Page]:
    """Open a window in which a mistake of a script or a broken rule of the CSP fails the test."""
    context = browser.new_context(
        base_url=installation.address,
        viewport={"width": 1440, "height": 900},
        reduced_motion="reduce",
        accept_downloads=True,
    )
    context.set_default_timeout(PAGE_MS)
    opened = context.new_page()
    failures: list[str] = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    opened.on("console", lambda said: failures.append(said.text) if _is_failure(said) else None)
    yield opened
    context.close()
    assert failures == []


def _is_failure(said: ConsoleMessage) -> bool:
    """Tell whether the console reports a mistake; that the server refused something with 422 is none."""
    return said.type == "error" and "status of 422" not in said.text


def sign_in(page: Page, installation: Installation) -> None:
    """Sign the first administrator in through the page, and choose English."""
    page.goto("/")
    with page.expect_navigation():  # the page may be English already
        page.get_by_role("button", name="English").click()
    page.get_by_label("User name").fill("admin")
    page.get_by_role("textbox", name="Password").fill(installation.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{installation.address}/")
    page.locator(".bar-person").click()
    with page.expect_navigation():
        page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
