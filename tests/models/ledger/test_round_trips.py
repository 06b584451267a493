"""How often a borrow asks the database, and for what: each command is one round trip."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from models.forms import LiveForm
from models.ledger.book import Book, Booked
from models.ledger.movements import Details
from models.ledger.moving import goal_of, moved
from models.ledger.stock import Stock
from models.people import User
from tests import factories
from tests.models.ledger.desk_work import back, now_stored, slip, take, taken, thing
from tests.round_trips import Commands, listening

BOOKING = ["update record_thing", "insert property_movements"]
READING = ["find record_thing"]
STEPS = {"ask": 12, "lend": 13, "take_back": 15}
"""All of them: the slip, read and written with its history; its approvals, tasks and clocks; the ledger's
form and the borrower; the item; of a return, that its rows name items which whoever returns them may see."""


@pytest.fixture
def commands(db: object, mongodb_uri: str) -> Iterator[Commands]:
    assert db is not None
    with listening(mongodb_uri) as listener:
        yield listener


def of_stock(sent: list[str]) -> list[str]:
    """What of some commands is about items and their movements."""
    return [one for one in sent if one.endswith((" record_thing", " property_movements"))]


def test_a_booking_of_an_item_in_hand_is_three_round_trips(commands: Commands, things: LiveForm) -> None:
    item = now_stored(things, thing(things))
    goal = goal_of("damage", things.definition, item)

    def damage(stock: Stock) -> Booked:
        return moved(stock, "damage", Decimal(1), goal, Details())

    book = Book(things, factories.actor())
    book.know([item])
    book.plan(item["_id"], damage)
    with commands.counted() as sent:
        book.store()
    assert sent == [*BOOKING, "commitTransaction"]


def test_however_many_items_are_lent_at_once_their_stock_is_read_and_written_once(
    commands: Commands, things: LiveForm, slips: LiveForm, admin: User
) -> None:
    items = [thing(things, name=str(number)) for number in range(5)]
    lines = [{"item": str(one["_id"]), "quantity": "1"} for one in items]
    asked = taken(slips, slip(slips, items[0], items=lines), "ask")
    with commands.counted() as sent:
        take(slips, asked, "lend", admin)
    assert of_stock(sent) == [*READING, *BOOKING]


@pytest.mark.parametrize("step", list(STEPS))
def test_a_step_of_a_slip_adds_no_more_than_the_slip_needs(
    commands: Commands, things: LiveForm, slips: LiveForm, admin: User, step: str
) -> None:
    item, steps = thing(things), list(STEPS)
    before = taken(slips, slip(slips, item), *steps[: steps.index(step)])
    raw = {"returns": [back(item)]} if step == "take_back" else {}
    assert admin.roles  # a request knows who asks, with what rights
    assert admin.department
    with commands.counted() as sent:
        take(slips, before, step, admin, **raw)
    assert len(sent) <= STEPS[step], sent
    moved_pieces = [] if step == "ask" else ["insert property_movements"]
    seen = READING if step == "take_back" else []
    assert of_stock(sent) == [*seen, *READING, "update record_thing", *moved_pieces]
