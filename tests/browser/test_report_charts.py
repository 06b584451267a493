"""What a report's page fetches, draws, saves and prints, as a browser does it."""

import re
import subprocess
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from models.people import User
from models.reports import dashboards
from models.reports.dashboards import EVERYBODY, Tile
from tests import factories, report_stage
from tests.browser.test_records import DESK, cookie_of, desk, person  # noqa: F401  (fixtures)

pytestmark = pytest.mark.browser
ADDRESS = f"/reports/monthly?period={report_stage.PERIOD}"
LONG = f"/reports/long?period={report_stage.PERIOD}"
TILES, SECTIONS = re.compile(r"/reports/tile\?"), re.compile(r"/section\?")


@pytest.fixture
def told(desk: BrowserContext, person: User) -> User:  # noqa: F811
    complaints, deliveries = report_stage.complaint_form(), report_stage.delivery_form()
    report_stage.stored(person)
    many = [
        report_stage.part(f"by{at}", f"Faults {at}", kind="breakdown", measures=["complaints"], by=["fault"])
        for at in range(14)
    ]
    report_stage.stored(person, report_stage.definition(key="long", analyses=many))
    report_stage.tell(complaints, deliveries, person, count=150)
    return person


@pytest.fixture
def page(desk: BrowserContext, told: User) -> Page:  # noqa: F811
    return desk.new_page()


@pytest.fixture
def start_page(browser: Browser, address: str, client: FlaskClient, told: User) -> Page:
    """Give a window of one that may complain aloud, with a chart on its start page."""
    dashboards.put(factories.actor(), EVERYBODY, [Tile("monthly", "analysis", "trend", 2)], revision=0)
    context = browser.new_context(base_url=address, viewport=DESK, reduced_motion="reduce")
    context.add_cookies([{"name": "session", "value": cookie_of(client), "url": address}])
    return context.new_page()


def options(page: Page, key: str) -> str:
    return f"echarts.getInstanceByDom(document.querySelector('#{key} [data-chart] > div')).getOption()"


def test_after_signing_out_no_sign_in_page_is_taken_for_an_analysis(start_page: Page) -> None:
    page = start_page
    page.goto(LONG)
    page.context.clear_cookies()
    last = page.locator("#by13")
    last.scroll_into_view_if_needed()
    expect(last).to_contain_text("This could not be loaded.")
    expect(last.locator("[aria-busy]")).to_have_count(0)
    expect(page.get_by_text("null", exact=True)).to_have_count(0)


def test_after_a_failure_an_analysis_is_fetched_again(start_page: Page) -> None:
    page = start_page
    page.route(SECTIONS, lambda route: route.abort())
    page.goto(LONG)
    last = page.locator("#by13")
    last.scroll_into_view_if_needed()
    again = last.get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    page.unroute(SECTIONS)
    again.click()
    expect(last.locator("[data-chart][data-drawn]")).to_have_count(1)


def test_a_tile_shows_no_sign_in_page_and_is_fetched_again(start_page: Page) -> None:
    page = start_page
    asked = []
    page.on("request", lambda request: asked.append(request.headers.get("x-requested-with")))
    page.route(TILES, lambda route: route.fulfill(body="<main><form>Sign in</form></main>"))
    page.goto("/")
    tile = page.locator(".report-tile")
    expect(tile).to_contain_text("This could not be loaded.")
    expect(tile).not_to_contain_text("Sign in")
    assert "XMLHttpRequest" in asked
    page.unroute(TILES)
    tile.get_by_role("button", name="Try again").click()
    expect(tile.locator("[data-chart][data-drawn]")).to_have_count(1)
    table = tile.locator("table")
    expect(table).to_be_hidden()
    tile.locator("summary").click()
    expect(table).to_be_visible()


def test_a_chart_that_nobody_saw_yet_is_printed_with_its_bars(page: Page, tmp_path: Path) -> None:
    page.emulate_media(reduced_motion="no-preference")
    page.goto(ADDRESS)
    paper = tmp_path / "report.pdf"
    paper.write_bytes(page.pdf(format="A4", print_background=True))
    subprocess.run(["/usr/bin/pdftoppm", "-r", "50", "-png", paper, tmp_path / "page"], check=True)  # noqa: S603
    *_before, last = sorted(tmp_path.glob("*.png"))  # with the ageing alone
    with Image.open(last) as picture:
        dots = picture.convert("RGB").tobytes()
    blue = [red < 100 and blue > 180 for red, blue in zip(dots[::3], dots[2::3], strict=True)]
    assert sum(blue) > 200  # more than its legend


def test_charts_are_printed_for_white_paper(page: Page) -> None:
    page.goto(ADDRESS)
    expect(page.locator("#faults [data-chart]")).to_have_attribute("data-drawn", "yes")
    tone = f"{options(page, 'faults')}.legend[0].textStyle.color"
    bright = page.evaluate(tone)
    page.evaluate("Backoffice.setAppearance('dark')")
    page.wait_for_function(f"{tone} !== '{bright}'")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(tone) == bright
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(tone) != bright


def test_what_is_printed_is_not_cut_to_what_fits_a_screen(page: Page) -> None:
    page.goto(ADDRESS)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 700, "height": 900})
    cut = page.evaluate(
        """[...document.querySelectorAll('.report-table')].map((one) => getComputedStyle(one).maxHeight)"""
    )
    assert set(cut) == {"none"}
    wide = page.evaluate(
        "[...document.querySelectorAll('[data-chart] canvas')].map((one) => one.offsetWidth)"
    )
    assert wide
    assert max(wide) <= 700


def test_a_long_report_is_opened_whole_and_printed(page: Page) -> None:
    drawn = "document.querySelectorAll('[data-chart]').length"
    page.add_init_script(f"window.print = () => (document.documentElement.dataset.printed = {drawn})")
    page.goto(LONG)
    page.get_by_role("link", name="Print").click()
    expect(page.locator("html")).to_have_attribute("data-printed", "14")
    assert "#print" not in page.url
    assert "all=1" in page.url


def test_charts_say_their_numbers_as_their_tables_do(page: Page) -> None:
    page.goto(ADDRESS)
    page.locator("#pareto [data-chart]").scroll_into_view_if_needed()
    expect(page.locator("#pareto [data-chart]")).to_have_attribute("data-drawn", "yes")
    said = page.evaluate(f"{options(page, 'pareto')}.series.map((one) => one.tooltip.valueFormatter(0.5))")
    assert said == ["0.50", "50.0 %"]


def test_each_chart_of_an_analysis_is_saved(page: Page) -> None:
    page.goto(ADDRESS)
    page.evaluate(
        """() => {
          const chart = document.querySelector('#faults [data-chart]');
          chart.after(chart.cloneNode(true));
        }"""
    )
    saved: list[str] = []
    page.on("download", lambda one: saved.append(one.suggested_filename))
    with page.expect_event("download", lambda _one: len(saved) == 2):
        page.locator("#faults [data-picture]").click()
    with page.expect_event("download"):
        page.locator("#trend [data-picture]").click()
    assert saved == ["By fault 1.png", "By fault 2.png", "Trend.png"]


def test_charts_take_on_the_appearance_that_is_chosen(page: Page) -> None:
    page.goto(ADDRESS)
    expect(page.locator("#faults [data-chart]")).to_have_attribute("data-drawn", "yes")
    legend = f"{options(page, 'faults')}.legend[0].textStyle.color"
    bright = page.evaluate(legend)
    page.evaluate("Backoffice.setAppearance('dark')")
    page.wait_for_function(f"{legend} !== '{bright}'")


def test_full_screen_is_offered_where_there_is_one(page: Page) -> None:
    page.goto(ADDRESS)
    expect(page.locator("#faults [data-full]")).to_be_visible()
    page.add_init_script("Object.defineProperty(document, 'fullscreenEnabled', {value: false})")
    page.reload()
    expect(page.locator("#faults [data-full]")).to_be_hidden()


def test_a_workbook_is_asked_for_once(page: Page) -> None:
    page.goto(ADDRESS)
    page.route(re.compile("/workbook"), lambda route: route.fulfill(status=204))  # the page stays
    button = page.get_by_role("button", name="Excel workbook")
    button.click()
    expect(button).to_be_disabled()
