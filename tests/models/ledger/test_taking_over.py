"""A form with records becomes a ledger: its things arrive, each once, whoever comes to them first."""

from decimal import Decimal
from typing import Any

import pytest

from models import outbox, records
from models.database import Document, db
from models.forms import LiveForm
from models.ledger import taking_over
from models.ledger.checking import check_ledgers
from models.ledger.kinds import STATUSES
from tests import factories
from tests.factories import field
from tests.ledger_forms import ledger_form, slip_form
from tests.models.ledger.desk_work import kinds, now_stored, slip, stock, taken, thing

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def list_of_things(db: object) -> LiveForm:
    """The ledger's form, before anybody said that it is one."""
    live = ledger_form()
    dumped = live.definition.dump()
    dumped.pop("ledger")
    fields = [{**one, "required": False} for one in dumped["fields"]]
    return factories.republish(live, ledger=None, workflow=None, fields=fields)


def become_a_ledger(live: LiveForm, **ledger: str) -> LiveForm:
    part: Any = {"quantity": "quantity", "keeper": "keeper", "place": "place", "available": "available"}
    fields = live.definition.dump()["fields"]
    fields = [{**one, "required": one["key"] in {"name", "quantity"}} for one in fields]
    return factories.republish(live, ledger={**part, **ledger}, fields=fields)


def add(live: LiveForm, **raw: Any) -> Document:
    return thing(live, place="A-1", **raw)


def test_what_was_there_arrives_when_the_form_becomes_a_ledger(list_of_things: LiveForm) -> None:
    many = [add(list_of_things) for _turn in range(3)]
    unsaid = add(list_of_things, quantity="")
    live = become_a_ledger(list_of_things)
    assert outbox.carry_out_due() == 1
    for item in many:
        [position] = stock(live, item).positions
        assert (position.quantity, position.spot.place) == (Decimal(5), "A-1")
        assert now_stored(live, item)["data"]["available"].to_decimal() == 5
        assert kinds(item) == ["arrival"]
    assert stock(live, unsaid).positions == ()
    assert list(check_ledgers()) == []
    assert taking_over.bring_in_line(live) == 0


def test_whoever_is_faster_lets_a_thing_arrive_first(list_of_things: LiveForm) -> None:
    item, edited, renamed = (add(list_of_things) for _turn in range(3))
    live, slips = become_a_ledger(list_of_things), slip_form()
    taken(slips, slip(slips, item, 2), "ask", "lend")
    for one, change in ((edited, {"quantity": "7"}), (renamed, {"name": "Mould"})):
        records.update(factories.actor(), live, one["_id"], change, revision=1, partial=True)
    outbox.carry_out_due()
    assert [kinds(one) for one in (item, edited, renamed)] == [
        ["arrival", "borrow"],
        ["arrival"],
        ["arrival"],
    ]
    assert [stock(live, one).inside for one in (item, edited, renamed)] == [5, 7, 5]
    assert list(check_ledgers()) == []


def test_other_fields_say_what_the_stock_is_from_then_on(list_of_things: LiveForm) -> None:
    item = add(list_of_things)
    live = become_a_ledger(list_of_things)
    outbox.carry_out_due()
    fields = [*live.definition.dump()["fields"], field("here", "decimal")]
    other = become_a_ledger(factories.republish(live, fields=fields), available="here", status="status")
    outbox.carry_out_due()
    found = now_stored(other, item)["data"]
    assert (found["here"].to_decimal(), found["status"]) == (5, "in_stock")
    assert found["status"] in STATUSES
    assert kinds(item) == ["arrival"]
    assert list(check_ledgers()) == []


def test_nothing_is_to_be_done_where_the_ledger_stays_as_it_is(things: LiveForm) -> None:
    thing(things)
    factories.republish(things, description={"en": "Things"})
    assert db().outbox.count_documents({}) == 0
