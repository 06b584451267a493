"""Trying a draft of a slip or a ledger: what would be booked is said in words, and nothing is booked."""

from typing import Any

import pytest

from models import forms
from models.database import Document, db
from models.forms import LiveForm
from models.messages import translate
from models.people import Actor, User
from models.workflow.tryout import Step, Stop, try_out
from tests import factories
from tests.factories import field
from tests.ledger_forms import ledger_form, slip_form
from tests.models.ledger.desk_work import day, slip, stock, taken

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def things(db: object) -> LiveForm:
    factories.form(key="client")
    return ledger_form()


@pytest.fixture
def item(things: LiveForm, admin: User) -> Document:
    return factories.record(things, admin, name="Gauge", quantity="5")


@pytest.fixture
def slips(item: Document) -> LiveForm:
    return slip_form()


def tried(live: LiveForm, admin: User, sample: dict[str, Any], *steps: Step) -> list[Stop]:
    return try_out(Actor.of(admin), live.definition, sample, steps)


def said(stop: Stop) -> list[str]:
    found = [translate(one, "en") for one in stop.happened]
    return [one for one in found if "becomes" not in one and "moves on" not in one]


def sample(item: Document, admin: User, **more: Any) -> dict[str, Any]:
    rows = [{"item": str(item["_id"]), "quantity": "2"}]
    return {"items": rows, "borrower": str(admin.id), "begins": day(0), "ends": day(7), **more}


def test_a_slip_goes_all_the_way_in_words(slips: LiveForm, item: Document, admin: User) -> None:
    back = {"item": str(item["_id"]), "quantity": "2", "outcome": "damage"}
    stops = tried(
        slips,
        admin,
        sample(item, admin),
        Step("ask"),
        Step("lend"),
        Step("extend", {"extend_to": day(9)}),
        Step("pass_on", {"receiver": str(factories.editor().id)}),
        Step("take_back", {"returns": [back]}),
    )
    _created, asked, lent, extended, passed, returned = stops
    name = admin.name
    assert said(asked) == [f"2 of “Gauge” reserved for {name} from {day(0)} to {day(7)}."]
    assert said(lent) == [f"2 of “Gauge” handed over to {name} until {day(7)}."]
    assert said(extended) == [f"2 of “Gauge” due on {day(9)}."]
    assert said(passed) == ["2 of “Gauge” passed on to 编辑."]
    assert said(returned) == ["Booked: Damaged, 2 of “Gauge”."]
    assert returned.state is not None
    assert returned.state.key == "closed"  # nothing is out any more
    assert db().property_movements.count_documents({}) == 1  # its arrival
    assert db().record_slip.count_documents({}) == 0


def test_what_can_never_be_is_told_in_a_trial(slips: LiveForm, item: Document, admin: User) -> None:
    more = {"item": str(item["_id"]), "quantity": "3"}
    stops = tried(
        slips, admin, sample(item, admin), Step("ask"), Step("lend"), Step("take_back", {"returns": [more]})
    )
    assert set(stops[-1].errors) == {"returns.0.quantity"}
    assert translate(stops[-1].errors["returns.0.quantity"][0], "en") == "Only 2 are still out."
    stops = tried(slips, admin, sample(item, admin, items=[]), Step("ask"))
    assert set(stops[-1].errors) == {"items"}
    stops = tried(slips, admin, sample(item, admin, ends=day(-1)), Step("ask"))
    assert set(stops[-1].errors) == {"ends"}


def test_those_in_line_and_those_who_give_up_are_told(slips: LiveForm, item: Document, admin: User) -> None:
    stops = tried(slips, admin, sample(item, admin), Step("queue"), Step("offer"), Step("cancel"))
    assert said(stops[1]) == [f"{admin.name} queues for 2 of “Gauge” from {day(0)} to {day(7)}."]
    assert said(stops[3]) == ["What was reserved of “Gauge” comes free."]


def test_a_thing_itself_is_moved_in_words(things: LiveForm, admin: User) -> None:
    stops = tried(things, admin, {"name": "Mould", "quantity": "1"}, Step("accept"), Step("give_back"))
    assert said(stops[1]) == ["Booked: Hand-over to the keeper, all of “Mould” that are free."]
    assert said(stops[2]) == ["Booked: Returned to the customer, all of “Mould” that are free."]


def test_a_report_about_a_thing_says_which_and_how_many(item: Document, admin: User) -> None:
    flow = {
        **factories.one_task(),
        "on_create": [{"do": "ledger", "action": "lose", "item": "thing", "quantity": "n"}],
    }
    live = factories.form(
        field("thing", "reference", form="thing"), field("n", "integer"), key="report", workflow=flow
    )
    [stop] = tried(live, admin, {"thing": str(item["_id"]), "n": "2"})
    assert said(stop) == ["Booked: Lost, 2 of “Gauge”."]
    [stop] = tried(live, admin, {"thing": str(item["_id"])})
    assert set(stop.errors) == {"n"}
    [stop] = tried(live, admin, {"n": "2"})
    assert set(stop.errors) == {"thing"}
    reader = factories.user("elsewhere", factories.role("reports", form="report", actions=["see"]))
    [stop] = try_out(Actor.of(reader), live.definition, {"thing": str(item["_id"]), "n": "2"})
    assert "Gauge" not in " ".join(said(stop))


def test_what_real_pieces_do_not_allow_now_is_told(slips: LiveForm, item: Document, admin: User) -> None:
    lent = taken(slips, slip(slips, item, 4), "ask", "lend")
    asked = tried(slips, admin, sample(item, admin), Step("ask"))[-1]
    refusal = said(asked)[1]
    assert refusal.startswith("As things stand this would be refused: Only 1 of “Gauge” are free then.")
    assert f"{admin.name} has 4 until {lent['data']['ends']}" in refusal
    assert stock(forms.current("thing"), item).promises == ()
    later = {"begins": day(20), "ends": day(21)}
    assert len(said(tried(slips, admin, sample(item, admin, **later), Step("ask"))[-1])) == 1
