"""What only the ledger writes: nobody types it, imports it, or lets a procedure put it there."""

from typing import Any

import pytest
from bson import ObjectId

from models import form_checks, import_mapping, records
from models.definition import Definition
from models.errors import InvalidError
from models.forms import LiveForm
from models.import_plan import Plan, RowsSheet
from models.messages import translate
from models.people import Actor, User
from models.validation import validate
from tests import factories

pytestmark = pytest.mark.usefixtures("db")
WRITTEN = {"available", "lent", "holders", "due_on", "status", "kept_by", "kept_at"}


def problems(definition: Definition, **changes: Any) -> dict[str, list[str]]:
    changed = form_checks.load({**definition.dump(), **changes})
    found = form_checks.by_path(form_checks.problems(changed))
    return {path: [translate(one, "en") for one in messages] for path, messages in found.items()}


def loosened(live: LiveForm, key: str, **changes: Any) -> list[dict[str, Any]]:
    """The fields of a form, one of them changed."""
    return [{**one, **changes} if one["key"] == key else one for one in live.definition.dump()["fields"]]


def test_a_form_knows_what_only_the_program_writes(things: LiveForm, slips: LiveForm) -> None:
    assert things.definition.written == WRITTEN
    assert slips.definition.written == {"outstanding"}
    assert slips.definition.written_columns == {"items": {"lent", "returned"}}


def test_a_program_that_sends_what_the_ledger_writes_is_told_so(things: LiveForm, admin: User) -> None:
    item = factories.record(things, admin, name="Gauge", quantity="5")
    with pytest.raises(InvalidError) as refused:
        records.update(
            Actor.of(admin),
            things,
            item["_id"],
            {"available": "9"},
            revision=item["revision"],
            partial=True,
            source="api",
        )
    [message] = refused.value.errors["available"]
    assert translate(message, "en") == "Only the program writes this field."


def test_a_field_that_is_not_even_read_only_stays_as_it_is(things: LiveForm, admin: User) -> None:
    live = factories.republish(things, fields=loosened(things, "status", readonly=False, required=False))
    item = factories.record(live, admin, name="Gauge", quantity="5", status="lost")
    assert item["data"]["status"] == "in_stock"
    sent = {"status": "lost", "name": "Gauge B"}
    stored = records.update(Actor.of(admin), live, item["_id"], sent, revision=item["revision"])
    assert (stored["data"]["status"], stored["data"]["name"]) == ("in_stock", "Gauge B")


def test_a_step_that_asks_for_it_does_not_open_it(things: LiveForm, admin: User) -> None:
    item = factories.record(things, admin, name="Gauge", quantity="5")
    checked = validate(
        Actor.of(admin),
        things.definition,
        {"status": "lost"},
        before=item["data"],
        record=item,
        partial=True,
        opened=("status",),
    )
    assert checked.data["status"] == "in_stock"


def test_no_import_fills_it(things: LiveForm, slips: LiveForm) -> None:
    offered = {target.path for target in import_mapping.targets(things.definition)}
    assert not offered & WRITTEN
    assert {"name", "quantity", "place"} <= offered
    offered = {target.path for target in import_mapping.targets(slips.definition)}
    assert {"items.item", "items.quantity"} <= offered
    assert not {"items.lent", "items.returned", "outstanding"} & offered
    rows = RowsSheet("lines", 0, 0, {1: "lent"})
    plan = Plan(ObjectId(), "f.xlsx", {0: "purpose"}, tables={"items": rows})
    with pytest.raises(InvalidError) as refused:
        import_mapping.check(slips.definition, plan)
    assert "tables.items.mapping.1" in refused.value.errors


def test_no_procedure_and_no_list_may_write_it(things: LiveForm) -> None:
    flow = things.definition.dump()["workflow"]
    [accept, *others] = flow["transitions"]
    accept = {
        **accept,
        "fields": ["status"],
        "effects": [{"do": "set", "field": "status", "value": "lost"}],
    }
    found = problems(
        things.definition,
        workflow={**flow, "transitions": [accept, *others]},
        inline_columns=["status"],
    )
    told = "Nobody writes “status” by hand."
    assert found["workflow.transitions.accept.effects.0.field"] == [told]
    assert found["workflow.transitions.accept.fields"] == [told]
    assert found["inline_columns"] == [told]


def test_it_cannot_be_required(things: LiveForm, slips: LiveForm) -> None:
    found = problems(things.definition, fields=loosened(things, "status", required=True))
    assert found["fields.status.required"] == ["Nobody fills in what the program writes."]
    fields = slips.definition.dump()["fields"]
    [table] = [one for one in fields if one["key"] == "items"]
    table["fields"] = [{**one, "required": True} if one["key"] == "lent" else one for one in table["fields"]]
    assert set(problems(slips.definition, fields=fields)) == {"fields.items.lent.required"}


@pytest.mark.parametrize("column", ["lent", "returned"])
def test_a_slip_has_columns_that_say_what_is_out(slips: LiveForm, column: str) -> None:
    slip = slips.definition.dump()["slip"]
    found = problems(slips.definition, slip={key: one for key, one in slip.items() if key != column})
    assert found == {f"slip.{column}": ["Name the column in which the ledger writes this."]}


def test_a_slip_that_does_not_fit_is_told_where(slips: LiveForm) -> None:
    slip = slips.definition.dump()["slip"]
    found = problems(slips.definition, slip={**slip, "ledger": "other", "offer": "gone"})
    assert found["slip.item"] == ["“item” does not refer to the ledger."]
    assert found["slip.returns.item"] == ["“item” does not refer to the ledger."]
    assert found["slip.offer"] == ["There is no step “gone”."]
    flat = {**slip, "items": "purpose", "returns": {**slip["returns"], "table": "purpose"}}
    found = problems(slips.definition, slip=flat)
    assert {"slip.items", "slip.returns.table"} <= set(found)
    found = problems(slips.definition, slip={key: one for key, one in slip.items() if key != "returns"})
    assert found["workflow.transitions.take_back.effects.0.action"] == ["This form has no table of returns."]
