"""A record on its way through a workflow, as a person moves it: on its page, and on the board."""

import re

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Position, Route, expect

from models.database import Document
from models.forms import LiveForm
from models.people import User
from tests import factories
from tests.browser.test_records import desk, person  # noqa: F401  (fixtures)
from tests.views.test_kanban import live  # noqa: F401  (fixture)

pytestmark = pytest.mark.browser


def test_a_record_is_moved_on_its_page_and_says_why_it_is_due(
    desk: BrowserContext,  # noqa: F811
    live: LiveForm,  # noqa: F811
    person: User,  # noqa: F811
) -> None:
    record = factories.record(live, person, name="Broken bearing")
    page = desk.new_page()
    page.goto(f"/records/{live.key}/{record['_id']}")
    steps = page.get_by_role("region", name="Next steps")
    page.get_by_text("Why this time?").first.click()
    expect(page.locator(".why").first).to_contain_text("Length: 2 h")
    steps.get_by_role("button", name="Begin").click()
    expect(steps.locator(".move-place")).to_contain_text("In work")
    steps.get_by_role("link", name="Finish…").click()
    page.get_by_role("button", name="Finish").click()
    expect(page.locator("#frame-qty, [data-field=qty]").first).to_contain_text("This is needed.")
    page.locator("#field-qty").fill("3")
    page.get_by_role("button", name="Finish").click()
    expect(page.locator("h1").locator("xpath=..")).to_contain_text("Done")
    stored = live.records().find_one({"_id": record["_id"]})
    assert stored
    assert (stored["state"], stored["data"]["qty"]) == ("done", 3)


class Board:
    """The board as a hand and an eye meet it: every step waits for what the page shows."""

    def __init__(self, page: Page, live: LiveForm) -> None:  # noqa: F811
        self.page = page
        page.goto(f"/records/{live.key}/board")

    def column(self, state: str) -> Locator:
        return self.page.locator(f"[data-state={state}]")

    def card(self, record: Document) -> Locator:
        return self.page.locator(f"[data-card='{record['_id']}']")

    def take_up(self, record: Document) -> None:
        """Press on a card and move until the page says where it may go."""
        corner: Position = {"x": 6, "y": 16}  # neither the link nor the button
        self.card(record).hover(position=corner)
        self.page.mouse.down()
        self.card(record).hover(position={"x": 12, "y": 22}, force=True)
        expect(self.page.locator(".is-target, .is-closed")).to_have_count(3)

    def carry(self, record: Document, state: str) -> None:
        """Move what is held over a column until the page shows it there."""
        box = self.column(state).locator("[data-cards]").bounding_box()
        assert box
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 4, steps=8)
        expect(self.column(state).locator(self.card(record))).to_be_visible()

    def drag(self, record: Document, state: str) -> None:
        self.take_up(record)
        self.carry(record, state)
        self.page.mouse.up()

    def expect_counts(self, **counts: int) -> None:
        """Look at the heads of columns; they change with the server's answer, not with the card."""
        for state, count in counts.items():
            expect(self.column(state).locator(".board-count")).to_have_text(str(count))
            expect(self.column(state).locator("[data-card]")).to_have_count(count)

    def expect_said(self, text: str) -> None:
        expect(self.page.locator(".toast-text", has_text=text).last).to_be_visible()


@pytest.fixture
def cards(live: LiveForm, person: User) -> tuple[Document, Document]:  # noqa: F811
    first, second = (factories.record(live, person, name=name) for name in ("First", "Second"))
    return first, second


@pytest.fixture
def board(desk: BrowserContext, live: LiveForm, cards: tuple[Document, Document]) -> Board:  # noqa: F811
    return Board(desk.new_page(), live)


def states_of(live: LiveForm) -> dict[str, str]:  # noqa: F811
    return {record["data"]["name"]: record["state"] for record in live.records().find()}


def test_a_card_is_moved_with_the_keyboard_and_dragged_only_where_it_may_go(
    board: Board,
    live: LiveForm,  # noqa: F811
    cards: tuple[Document, Document],
) -> None:
    first, second = cards
    board.page.get_by_role("button", name="Move “First”").focus()
    board.page.keyboard.press("Enter")
    board.page.get_by_role("menuitem", name="Begin").press("Enter")
    board.expect_counts(new=1, work=1)
    expect(board.card(first)).to_be_focused()
    board.drag(second, "work")
    board.expect_counts(new=0, work=2)
    board.take_up(first)
    expect(board.column("new")).to_have_class(re.compile("is-closed"))
    board.carry(first, "new")
    board.page.mouse.up()
    board.expect_said("The workflow does not lead there from here.")
    board.expect_counts(new=0, work=2)
    assert states_of(live) == {"First": "work", "Second": "work"}


def test_a_card_is_taken_up_before_the_answer_about_another_came(
    board: Board,
    live: LiveForm,  # noqa: F811
    cards: tuple[Document, Document],
) -> None:
    first, second = cards
    held: list[Route] = []
    board.page.route("**/drop", lambda route: held.append(route))  # noqa: PLW0108  (it is marked by Playwright)
    with board.page.expect_request("**/drop"):
        board.drag(first, "work")
    expect(board.card(first)).to_have_attribute("aria-busy", "true")
    board.take_up(second)
    held.pop().continue_()
    board.expect_said("Moved.")
    expect(board.column("work")).to_have_class(re.compile("is-target"))
    board.carry(second, "work")
    with board.page.expect_request("**/drop"):
        board.page.mouse.up()
    expect(board.card(second)).to_have_attribute("aria-busy", "true")
    held.pop().continue_()
    board.expect_counts(new=0, work=2)
    assert states_of(live) == {"First": "work", "Second": "work"}


def test_a_card_goes_back_when_there_is_no_answer(
    board: Board,
    live: LiveForm,  # noqa: F811
    cards: tuple[Document, Document],
) -> None:
    board.page.route("**/drop", lambda route: route.fulfill(status=422, body="no answer of ours"))
    board.drag(cards[0], "work")
    board.expect_said("This could not be saved. Please check your connection and try again.")
    board.expect_counts(new=2, work=0)
    assert states_of(live) == {"First": "new", "Second": "new"}
