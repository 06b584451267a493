"""How often the pages of borrowing ask the database: nothing is read twice that is at hand already."""

from collections.abc import Iterator

import pytest
from bson import ObjectId
from flask.testing import FlaskClient

from models.forms import LiveForm
from models.people import User
from tests import factories, phone_stage
from tests.models.ledger.desk_work import day, slip, taken, thing
from tests.round_trips import Commands, listening
from tests.web import csrf_token, sign_in

BORROW = 28
"""Who asks, with what rights, once; the item seen, named and booked; the slip, its number and its history."""
ITEM_PAGE = 27


@pytest.fixture
def commands(db: object, mongodb_uri: str) -> Iterator[Commands]:
    assert db is not None
    with listening(mongodb_uri) as listener:
        yield listener


def test_borrowing_in_two_taps(commands: Commands, client: FlaskClient) -> None:
    ledger = phone_stage.ledger()
    phone_stage.slip()
    sign_in(client, phone_stage.borrower())
    item = phone_stage.thing(ledger)

    def borrow() -> list[str]:
        typed = {"slip": "slip", "item": str(item["_id"]), f"quantity-{item['_id']}": "1", "ends": day(7)}
        headers = {
            "X-CSRFToken": csrf_token(client),
            "X-Requested-With": "XMLHttpRequest",
            "Idempotency-Key": str(ObjectId()),
        }
        with commands.counted() as sent:
            answer = client.post(
                "/property/thing/borrow", data={**typed, "more-purpose": "trial"}, headers=headers
            )
        assert answer.status_code == 200, answer.text
        return sent

    borrow()  # what a process reads once is known from then on
    sent = borrow()
    assert len(sent) <= BORROW, sent
    written = [
        one for one in sent if one.startswith(("update record_", "insert record_", "insert property_"))
    ]
    assert written == ["insert record_slip", "update record_thing"]


def test_the_page_of_an_item(
    commands: Commands, client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm
) -> None:
    assert editor
    item = thing(things)
    taken(slips, slip(slips, item, person=factories.administrator()), "ask", "lend")
    address = f"/records/thing/{item['_id']}"
    client.get(address)
    with commands.counted() as sent:
        assert client.get(address).status_code == 200
    assert len(sent) <= ITEM_PAGE, sent
    assert sent.count("find property_movements") == 2, sent  # a page of them, and which were taken back
    assert sent.count("find record_slip") == 1, sent
