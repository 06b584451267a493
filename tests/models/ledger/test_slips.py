"""A slip and the stock always say the same, whatever is changed, by whom and in which order."""

from decimal import Decimal
from typing import Any

import pytest

from models import changes, records
from models.database import Document, db
from models.errors import ConflictError, InvalidError
from models.forms import LiveForm
from models.ledger.checking import check_ledgers
from models.planning import seal, step
from models.times import now
from models.workflow.engine import react
from models.workflow.moving import plan_move
from tests import factories
from tests.factories import field
from tests.ledger_forms import slip_form
from tests.models.ledger.desk_work import (
    back,
    day,
    kinds,
    now_stored,
    rows_as_sent,
    slip,
    stock,
    take,
    taken,
    thing,
    told,
)

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture(autouse=True)
def _sound_in_the_end(db: object) -> Any:
    yield
    assert list(check_ledgers()) == []


def edit(slips: LiveForm, record: Document, **raw: Any) -> Document:
    return records.update(
        factories.actor(), slips, record["_id"], raw, revision=record["revision"], partial=True
    )


def refused_edit(slips: LiveForm, record: Document, **raw: Any) -> dict[str, str]:
    before = now_stored(slips, record)
    with pytest.raises(InvalidError) as refused:
        edit(slips, record, **raw)
    assert now_stored(slips, record) == before
    return told(refused.value)


# -- before anything is handed over --------------------------------------------------------------------------


def test_another_quantity_or_other_days_change_what_is_kept_for_a_slip(
    things: LiveForm, slips: LiveForm
) -> None:
    item = thing(things)
    asked = taken(slips, slip(slips, item, 2), "ask")
    [row] = rows_as_sent(asked, "items")
    edited = edit(slips, asked, items=[{**row, "quantity": "4"}], ends=day(9))
    promise = stock(things, item).promise_of(asked["_id"])
    assert promise
    assert (promise.quantity, promise.ends, promise.queued) == (Decimal(4), day(9), False)
    assert refused_edit(slips, edited, items=[{**row, "quantity": "6"}]) == {
        "items.0.quantity": "There are 5 of “Gauge” here, not 6."
    }


def test_another_item_on_a_slip_is_kept_instead_of_the_first(things: LiveForm, slips: LiveForm) -> None:
    first, second = thing(things), thing(things, name="Mould")
    asked = taken(slips, slip(slips, first, 2), "ask")
    edit(slips, asked, items=[{"item": str(second["_id"]), "quantity": "3"}])
    assert [bool(stock(things, one).promises) for one in (first, second)] == [False, True]


def test_a_slip_in_line_stays_where_it_is_unless_it_wants_more(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, quantity="1")
    taken(slips, slip(slips, item), "ask", "lend")
    first, second = (taken(slips, slip(slips, item), "queue") for _turn in range(2))
    first = edit(slips, first, ends=day(5))
    assert [one.slip for one in stock(things, item).queue] == [first["_id"], second["_id"]]
    edit(slips, first, ends=day(6))
    assert [one.slip for one in stock(things, item).queue] == [second["_id"], first["_id"]]


def test_a_draft_asks_for_nothing_however_it_is_edited(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things)
    edit(slips, slip(slips, item, 2), ends=day(9))
    assert stock(things, item).promises == ()


def test_a_slip_comes_out_of_the_bin_with_what_it_asked_for(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, quantity="1")
    asked = taken(slips, slip(slips, item), "ask")
    binned = records.delete(
        factories.actor(), slips, asked["_id"], revision=asked["revision"], reason="no longer needed"
    )
    assert stock(things, item).promises == ()
    other = taken(slips, slip(slips, item), "ask")
    with pytest.raises(InvalidError) as refused:
        records.restore(factories.actor(), slips, binned["_id"])
    assert "has asked for 1" in told(refused.value)["items.0.quantity"]
    taken(slips, other, "cancel")
    restored = records.restore(factories.actor(), slips, binned["_id"])
    assert "asked" not in restored
    assert [one.slip for one in stock(things, item).promises] == [asked["_id"]]


def test_a_draft_whose_item_is_gone_can_be_deleted(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things)
    draft = slip(slips, item)
    records.delete(factories.actor(), things, item["_id"], revision=1, reason="typed twice")
    records.delete(factories.actor(), slips, draft["_id"], revision=1, reason="not needed")


# -- while something is out ----------------------------------------------------------------------------------


def test_nobody_edits_into_other_hands_or_other_days_what_was_lent(things: LiveForm, slips: LiveForm) -> None:
    lent = taken(slips, slip(slips, thing(things), 2), "ask", "lend")
    text = "Something was lent by this slip; a step of its own changes this."
    changes = {"borrower": str(factories.reader().id), "begins": day(-1), "ends": day(9)}
    assert refused_edit(slips, lent, **changes) == dict.fromkeys(changes, text)
    other = factories.department("HR")
    assert refused_edit(slips, lent, department=str(other.id)) == {"department": text}
    assert edit(slips, lent, purpose="for the audit")["data"]["purpose"] == "for the audit"


def test_a_return_is_booked_by_its_step_or_not_written_down_at_all(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things)
    lent = taken(slips, slip(slips, item, 2), "ask", "lend")
    said = {"returns": "Take the step by which things come back."}
    assert refused_edit(slips, lent, returns=[back(item)]) == said
    with pytest.raises(InvalidError) as refused:
        slip(slips, item, 2, returns=[back(item)])
    assert told(refused.value) == said
    assert take(slips, lent, "take_back", returns=[back(item)])["data"]["outstanding"].to_decimal() == 1


def test_a_slip_hands_over_once_what_stands_on_it(things: LiveForm) -> None:
    again = {
        "key": "again", "label": {"en": "Again"}, "sources": ["lent"], "to": "lent",
        "effects": [{"do": "ledger", "action": "lend"}],
    }  # fmt: skip
    slips = _with_step(again)
    item = thing(things)
    lent = taken(slips, slip(slips, item, 2), "ask", "lend")
    with pytest.raises(InvalidError) as refused:
        take(slips, lent, "again")
    assert told(refused.value) == {"items": "Everything on this slip was handed over already."}
    assert stock(things, item).total(["lent"]) == 2


def _with_step(step: dict[str, Any]) -> LiveForm:
    live = slip_form()
    flow = live.definition.dump()["workflow"]
    return factories.republish(live, workflow={**flow, "transitions": [*flow["transitions"], step]})


def test_a_loan_is_shortened_without_asking_who_else_wants_it(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, quantity="1")
    lent = taken(slips, slip(slips, item), "ask", "lend")
    taken(slips, slip(slips, item, begins=day(8), ends=day(9)), "ask")
    with pytest.raises(InvalidError) as refused:
        take(slips, lent, "extend", extend_to=day(8))
    assert "has asked for 1" in told(refused.value)["extend_to"]
    take(slips, lent, "extend", extend_to=day(2))
    assert stock(things, item).spots("lent")[0].due == day(2)


def test_a_loan_is_not_extended_past_those_who_wait(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, quantity="1")
    lent = taken(slips, slip(slips, item), "ask", "lend")
    taken(slips, slip(slips, item, begins=day(2), ends=day(12)), "queue")
    with pytest.raises(InvalidError) as refused:
        take(slips, lent, "extend", extend_to=day(12))
    assert "waits for 1" in told(refused.value)["extend_to"]


def test_pieces_are_passed_on_less_what_came_back(things: LiveForm, slips: LiveForm) -> None:
    item, reader = thing(things), factories.reader()
    lent = taken(slips, slip(slips, item, 3), "ask", "lend")
    partly = take(slips, lent, "take_back", returns=[back(item)])
    passed = take(slips, partly, "pass_on", receiver=str(reader.id))
    [position] = stock(things, item).spots("lent")
    assert (position.spot.person, position.quantity, position.due) == (reader.id, Decimal(2), day(7))
    assert position.since
    closed = take(
        slips, passed, "take_back", returns=[*rows_as_sent(passed, "returns"), back(item, 2, "lose")]
    )
    assert closed["state"] == "closed"
    assert kinds(item) == ["arrival", "borrow", "return", "pass_on", "lose"]


def test_one_item_in_two_rows_of_a_return_comes_back_in_two_conditions(
    things: LiveForm, slips: LiveForm
) -> None:
    item = thing(things)
    lent = taken(slips, slip(slips, item, 3), "ask", "lend")
    with pytest.raises(InvalidError) as refused:
        take(slips, lent, "take_back", returns=[back(item, 2), back(item, 2, "damage")])
    assert told(refused.value) == {"returns.1.quantity": "Only 1 are still out."}
    take(slips, lent, "take_back", returns=[back(item, 2), back(item, 1, "damage")])
    found = stock(things, item)
    assert [found.total([kind]) for kind in ("kept", "damaged", "lent")] == [4, 1, 0]


def test_two_who_take_the_same_step_at_once_book_it_once(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things)
    asked = taken(slips, slip(slips, item, 2), "ask")
    take(slips, asked, "lend")
    with pytest.raises(ConflictError):
        take(slips, asked, "lend")
    assert kinds(item) == ["arrival", "borrow"]


# -- what happens to lent pieces on another form -------------------------------------------------------------


def incident_form(**properties: Any) -> LiveForm:
    """A report of damage that takes pieces out of a borrower's hands."""
    flow = factories.one_task(roles=["administrator"])
    [end] = flow["transitions"]
    effect = {"do": "ledger", "action": "damage", "item": "item", "quantity": "quantity", "slip": "slip"}
    return factories.form(
        field("item", "reference", form="thing"),
        field("quantity", "decimal"),
        field("slip", "reference", form="slip"),
        key="incident",
        workflow={**flow, "transitions": [{**end, "effects": [effect]}]},
        **properties,
    )


def test_damage_in_a_borrowers_hands_counts_on_the_slip_and_closes_it(
    things: LiveForm, slips: LiveForm
) -> None:
    incidents, item = incident_form(), thing(things)
    lent = taken(slips, slip(slips, item, 3), "ask", "lend")
    values: Any = {"item": str(item["_id"]), "slip": str(lent["_id"])}
    taken(incidents, factories.record(incidents, **values, quantity="1"), "end")
    counted = now_stored(slips, lent)
    assert counted["data"]["items"][0]["returned"].to_decimal() == 1
    assert (counted["data"]["outstanding"].to_decimal(), counted["state"]) == (2, "lent")
    with pytest.raises(InvalidError) as refused:
        taken(incidents, factories.record(incidents, **values, quantity="3"), "end")
    assert told(refused.value) == {"quantity": "Only 2 are still out."}
    taken(incidents, factories.record(incidents, **values, quantity="2"), "end")
    closed = now_stored(slips, lent)
    assert (closed["state"], closed["data"]["outstanding"].to_decimal()) == ("closed", 0)
    assert stock(things, item).total(["damaged"]) == 3
    with pytest.raises(InvalidError) as refused:
        taken(incidents, factories.record(incidents, **values, quantity="1"), "end")
    assert told(refused.value) == {"slip": "This item was not lent by this slip."}


def test_a_slip_that_reports_damage_itself_is_closed_by_the_report(things: LiveForm, slips: LiveForm) -> None:
    live, item = incident_form(), thing(things)
    flow = live.definition.dump()["workflow"]
    [end] = flow["transitions"]
    incidents = factories.republish(
        live,
        workflow={**flow, "on_create": end["effects"], "transitions": [{**end, "effects": []}]},
    )
    report = {
        "key": "report", "label": {"en": "Report"}, "sources": ["lent"], "to": "lent",
        "effects": [
            {"do": "create", "form": incidents.key, "each": "items",
             "mapped": {"slip": "@id", "item": "items.item", "quantity": "items.quantity"}}
        ],
    }  # fmt: skip
    flow = slips.definition.dump()["workflow"]
    slips = factories.republish(slips, workflow={**flow, "transitions": [*flow["transitions"], report]})
    lent = taken(slips, slip(slips, item, 2), "ask", "lend")
    assert take(slips, lent, "report")["state"] == "closed"
    assert now_stored(slips, lent)["state"] == "closed"
    assert stock(things, item).total(["damaged"]) == 2


def test_a_leaver_keeps_what_is_in_their_hands_until_it_comes_back(things: LiveForm, slips: LiveForm) -> None:
    item, reader = thing(things), factories.editor()
    lent = taken(slips, slip(slips, item, borrower=str(reader.id)), "ask", "lend")
    reader.update(active=False)
    with pytest.raises(InvalidError) as refused:
        taken(slips, slip(slips, item, borrower=str(reader.id)), "ask")
    assert told(refused.value)["borrower"]
    assert take(slips, lent, "take_back", returns=[back(item)])["state"] == "closed"


def test_two_slips_of_one_commit_draw_on_the_same_stock(things: LiveForm, slips: LiveForm) -> None:
    item, actor = thing(things, quantity="3"), factories.actor()
    asked = [taken(slips, slip(slips, item), "ask") for _turn in range(3)]
    plans = [plan_move(actor, slips, one["_id"], "lend", source="screen") for one in asked]
    records.commit(plans)
    assert stock(things, item).total(["lent"]) == 3
    drafts = [slip(slips, item) for _turn in range(2)]
    with pytest.raises(InvalidError):
        records.commit(
            [plan_move(factories.actor(), slips, one["_id"], "ask", source="screen")
             for one in drafts]
        )  # fmt: skip
    assert db().property_movements.count_documents({"item": item["_id"]}) == 4


def test_an_item_that_was_borrowed_meanwhile_is_not_deleted(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things)
    actor = factories.actor()
    record = {**item, "deleted_at": now(), "revision": 2}
    late = step(actor, things, item, record, "deleted", source="screen", reason="typed twice")
    taken(slips, slip(slips, item), "ask", "lend")
    with pytest.raises(ConflictError):
        records.commit([late])
    assert now_stored(things, item)["deleted_at"] is None


def test_a_slip_that_changed_meanwhile_is_not_shown_as_the_report_of_its_damage(
    things: LiveForm, slips: LiveForm
) -> None:
    incidents, item = incident_form(), thing(things)
    lent = taken(slips, slip(slips, item), "ask", "lend")
    report = factories.record(incidents, item=str(item["_id"]), slip=str(lent["_id"]), quantity="1")
    planned = plan_move(factories.actor(), incidents, report["_id"], "end", source="screen")
    followed = react([planned])
    edit(slips, lent, purpose="for the audit")
    for change in (planned, *followed):
        seal(change)
    with pytest.raises(ConflictError) as conflict:
        changes.commit([planned, *followed])
    assert conflict.value.current is None
