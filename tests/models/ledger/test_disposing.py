"""Removing old items and slips for good leaves no movement behind, and takes nothing that is still here."""

from decimal import Decimal

import pytest

from models import times
from models.database import db
from models.forms import LiveForm
from models.ledger import desk
from models.ledger.checking import check_ledgers
from models.people import User
from tests import factories
from tests.ledger_forms import ledger_form
from tests.models.ledger.desk_work import back, slip, take, taken, thing
from tests.models.retention import shelves

pytestmark = pytest.mark.usefixtures("db")


def test_what_left_us_long_ago_goes_with_its_movements(admin: User) -> None:
    things = ledger_form(workflow=None)
    with times.set_clock(shelves.LONG_AGO):
        gone, here = thing(things), thing(things)
        desk.move(
            factories.actor(), admin, things, gone["_id"], "give_back", quantity=Decimal(5), note="asked for"
        )
    shelves.keep(things)
    assert shelves.outcomes(shelves.dispose(things)) == {"removed": 1, "needed": 1}
    assert db().property_movements.distinct("item") == [here["_id"]]
    assert list(check_ledgers()) == []


def test_a_slip_by_which_something_is_out_is_kept(things: LiveForm, slips: LiveForm) -> None:
    with times.set_clock(shelves.LONG_AGO):
        item = thing(things)
        closed, out = (taken(slips, slip(slips, item), "ask", "lend") for _turn in range(2))
        take(slips, closed, "take_back", returns=[back(item)])
    flow = slips.definition.dump()["workflow"]
    ended = [{**one, "category": "done"} if one["key"] == "lent" else one for one in flow["states"]]
    slips = factories.republish(slips, workflow={**flow, "states": ended})
    shelves.keep(slips)
    assert shelves.outcomes(shelves.dispose(slips)) == {"removed": 1, "needed": 1}
    assert [one["_id"] for one in slips.records().find()] == [out["_id"]]
    assert list(check_ledgers()) == []
