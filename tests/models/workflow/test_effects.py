"""What steps bring about: fields, linked records, notices, filings, assignees, all in one transaction."""

from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import forms, history, mentions, outbox, records, times, workflow
from models.database import Document
from models.errors import ConflictError, DomainError, ForbiddenError, InvalidError
from models.messages import translate
from models.people import Actor
from models.workflow import filing
from tests import factories
from tests.factories import field
from tests.models.workflow import procedures
from tests.models.workflow.procedures import FINISH, START, flow, holder, state, step, stored, take, update

Store = Database[Document]
pytestmark = pytest.mark.usefixtures("db")
NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)


def starting(*effects: dict[str, Any], **more: Any) -> dict[str, Any]:
    return flow(START | {"effects": list(effects)}, FINISH, **more)


def test_a_step_sets_fields_to_values_and_from_sources() -> None:
    live = procedures.form(
        starting(
            {"do": "set", "field": "qty", "value": 7},
            {"do": "set", "field": "at", "source": "@now"},
            {"do": "set", "field": "day", "source": "@today"},
            {"do": "set", "field": "by", "source": "@me"},
            {"do": "set", "field": "copy", "source": "name"},
            {"do": "set", "field": "kept", "value": "new", "only_if_empty": True},
        ),
        field("name"), field("qty", "integer"), field("at", "datetime"), field("day", "date"),
        field("by", "person"), field("copy", readonly=True), field("kept"),
        field("double", "computed", formula="qty * 2"),
    )  # fmt: skip
    record = factories.record(live, name="a", kept="old")
    with times.set_clock(NOON):
        moved = take(live, record, "start")
    data = moved["data"]
    assert (data["qty"], data["copy"], data["kept"], data["by"]) == (
        7,
        "a",
        "old",
        factories.administrator().id,
    )
    assert (data["at"], data["day"]) == (NOON, "2026-11-20")
    assert str(data["double"]) == "14"
    changed = {one["field"] for one in history.of_record(live.key, record["_id"])[0]["changes"]}
    assert {"@state", "qty", "copy"} <= changed


def test_a_value_that_is_refused_stops_the_step() -> None:
    live = procedures.form(
        starting({"do": "set", "field": "short", "source": "name"}),
        field("name"),
        field("short", max_length=3),
    )
    record = factories.record(live, name="much too long")
    with pytest.raises(InvalidError) as refused:
        take(live, record, "start")
    assert list(refused.value.errors) == ["short"]
    assert stored(live, record)["state"] == "new"


def test_a_linked_record_is_made_in_the_same_transaction_and_points_back(db: Store) -> None:
    factories.form(
        field("what"), field("origin", "reference", form="sheet"), field("fixed", "integer"),
        key="action", numbering="CA-{seq:3}", workflow=flow(START, FINISH),
    )  # fmt: skip
    live = procedures.form(
        starting(
            {
                "do": "create",
                "form": "action",
                "values": {"fixed": 3},
                "mapped": {"what": "name", "origin": "@id"},
                "back": "action",
            }
        ),
        field("name"), field("action", "reference", form="action"),
    )  # fmt: skip
    record = factories.record(live, name="a")
    moved = take(live, record, "start")
    made = db.record_action.find_one({})
    assert made
    assert moved["data"]["action"] == made["_id"]
    assert made["data"] == {"what": "a", "origin": record["_id"], "fixed": 3}
    assert (made["number"], made["state"], made["title"]) == ("CA-001", "new", "a")
    assert moved["links"] == [{"form": "action", "record": made["_id"], "kind": "made"}]
    [entry] = history.of_record("action", made["_id"])
    assert (entry["source"], entry["by"]) == ("system", factories.administrator().id)


def test_a_linked_record_that_is_refused_takes_everything_back(db: Store) -> None:
    factories.form(field("what", max_length=2), key="action", numbering="CA-{seq:3}")
    live = procedures.form(starting({"do": "create", "form": "action", "mapped": {"what": "name"}}))
    record = factories.record(live, name="too long")
    with pytest.raises(InvalidError) as refused:
        take(live, record, "start")
    [[said]] = refused.value.errors.values()
    assert list(refused.value.errors) == [""]  # the record that is shown has no such field
    assert translate(said, "en").startswith("No record of “")
    assert translate(said, "en").endswith("what”: At most 2 characters.")
    assert stored(live, record)["revision"] == 1
    assert db.record_action.count_documents({}) == 0


def test_a_new_record_takes_values_from_what_this_one_refers_to(db: Store) -> None:
    customer = factories.form(field("name"), field("since", "date"), key="customer")
    factories.form(field("who"), field("since", "date"), field("note"), key="action")
    mapped = {"who": "of.name", "since": "of.since", "note": "other.name"}
    live = procedures.form(
        starting({"do": "create", "form": "action", "mapped": mapped}),
        field("name"), field("of", "reference", form="customer"),
        field("other", "reference", form="customer"),
    )  # fmt: skip
    known = factories.record(customer, name="云溪", since="2020-01-02")
    take(live, factories.record(live, name="a", of=str(known["_id"])), "start")
    made = db.record_action.find_one({})
    assert made
    assert made["data"] == {"who": "云溪", "since": "2020-01-02"}


def test_a_field_that_another_form_takes_values_from_is_named_as_used() -> None:
    factories.form(field("name"), key="customer")
    factories.form(field("who"), key="action")
    create = {"do": "create", "form": "action", "mapped": {"who": "of.name"}}
    live = procedures.form(starting(create), field("of", "reference", form="customer"))
    named = [(one.form, one.name) for one in mentions.of(live.definition) if one.kind == "field"]
    assert ("customer", "name") in named


def test_a_new_record_may_make_another_at_once(db: Store) -> None:
    factories.form(field("origin", "reference", form="sheet"), key="action")
    create = {"do": "create", "form": "action", "mapped": {"origin": "@id"}}
    live = procedures.form(flow(START, FINISH, on_create=[create]))
    record = factories.record(live, name="a")
    made = db.record_action.find_one({})
    assert made
    assert made["data"]["origin"] == record["_id"]


def linked(form: str, transition: str) -> dict[str, Any]:
    return {"do": "linked", "form": form, "transition": transition}


def test_what_belongs_to_a_record_takes_a_step_with_it() -> None:
    action = factories.form(
        field("origin", "reference", form="sheet"), key="action", workflow=flow(START, FINISH)
    )
    create = {"do": "create", "form": "action"}
    live = procedures.form(
        flow(START | {"effects": [create]}, FINISH | {"effects": [linked("action", "start")]})
    )
    record = take(live, factories.record(live, name="a"), "start")
    referring = factories.record(action, origin=str(record["_id"]))
    begun = take(action, factories.record(action, origin=str(record["_id"])), "start")
    other = factories.record(action)
    take(live, record, "finish", reason="over")
    states = {one["_id"]: (one["state"], one["revision"]) for one in action.records().find({})}
    assert states.pop(referring["_id"]) == ("work", 2)
    assert states.pop(begun["_id"]) == ("work", 2)  # it was there already
    assert states.pop(other["_id"]) == ("new", 1)
    assert list(states.values()) == [("work", 2)]  # what the record's own effect created
    [last, *_before] = history.of_record("action", referring["_id"])
    assert (last["source"], last["by"]) == ("system", factories.administrator().id)


def test_a_linked_step_that_is_refused_takes_everything_back() -> None:
    bad = {"do": "set", "field": "short", "source": "long"}
    action = factories.form(
        field("origin", "reference", form="sheet"), field("short", max_length=2), field("long"),
        key="action", workflow=flow(START | {"effects": [bad]}, FINISH),
    )  # fmt: skip
    live = procedures.form(starting(linked("action", "start")))
    record = factories.record(live, name="a")
    belonging = factories.record(action, origin=str(record["_id"]), long="too long")
    with pytest.raises(InvalidError):
        take(live, record, "start")
    assert stored(live, record)["state"] == stored(action, belonging)["state"] == "new"


def test_a_linked_step_needs_no_form_that_is_not_in_use_but_the_step_where_it_is() -> None:
    live = procedures.form(starting(linked("action", "start")))
    effect = "workflow.transitions.start.effects.0"
    assert f"{effect}.form" in [one.path for one in workflow.warnings(live.definition)]
    assert take(live, factories.record(live, name="a"), "start")["state"] == "work"
    short = flow(step("finish", "new", "done"), states=[state("new"), state("done", "done")])
    factories.form(field("what"), key="action", workflow=short)
    assert f"{effect}.transition" in [one.path for one in workflow.warnings(live.definition)]
    with pytest.raises(DomainError, match="no step “start”"):
        take(live, factories.record(live, name="b"), "start")


def test_steps_that_set_each_other_off_end(db: Store) -> None:
    factories.form(field("other", "reference", form="sheet"), key="action")
    live = procedures.form(
        starting(linked("action", "start")), field("name"), field("other", "reference", form="action")
    )
    action = factories.republish(forms.current("action"), workflow=starting(linked("sheet", "start")))
    record = factories.record(live, name="a")
    belonging = factories.record(action, other=str(record["_id"]))
    update(live, record, other=str(belonging["_id"]))
    assert take(live, stored(live, record), "start")["state"] == "work"
    assert stored(action, belonging)["state"] == "work"


def test_procedures_that_create_each_other_are_stopped(db: Store) -> None:
    first = factories.form(field("name"), key="ping", workflow=flow(START, FINISH))
    factories.form(
        field("name"),
        key="pong",
        workflow=flow(START, FINISH, on_create=[{"do": "create", "form": "ping", "values": {"name": "x"}}]),
    )
    first = factories.republish(
        first,
        workflow=flow(START, FINISH, on_create=[{"do": "create", "form": "pong", "values": {"name": "x"}}]),
    )
    with pytest.raises(DomainError, match="without end"):
        factories.record(first, name="a")
    assert db.record_ping.count_documents({}) == db.record_pong.count_documents({}) == 0


def test_a_notice_names_what_the_record_holds_in_both_languages(db: Store) -> None:
    quality = holder("quality")
    text = {"zh": "{name} 共 {qty} 件，{state}", "en": "{name}: {qty} pieces, {state}"}
    live = procedures.form(
        starting({"do": "notify", "who": {"roles": ["quality"]}, "text": text, "level": "urgent"})
    )
    record = factories.record(live, name="spring", qty=4)
    take(live, record, "start")
    outbox.carry_out_due()
    notice = db.notifications.find_one({"person": quality.id})
    assert notice
    assert notice["text"] == {"zh": "spring 共 4 件，处理中", "en": "spring: 4 pieces, In work"}
    assert (notice["title"], notice["level"], notice["record"]) == ("spring", "urgent", record["_id"])


def test_people_become_assignees() -> None:
    quality = holder("quality")
    live = procedures.form(starting({"do": "assign", "who": {"roles": ["quality"]}}))
    assert take(live, factories.record(live, name="a"), "start")["assignees"] == [quality.id]


def test_a_filing_is_kept_owed_and_acknowledged_once(db: Store) -> None:
    finance = factories.department("FIN", "财务部", "Finance")
    clerk = factories.user("clerk", department=finance)
    live = procedures.form(starting({"do": "file", "department": "FIN", "text": {"en": "Kept: {name}"}}))
    record = factories.record(live, name="a")
    take(live, record, "start")
    [filed] = filing.of_record(live.key, record["_id"])
    assert (filed["text"]["en"], filed["people"], filed["title"]) == ("Kept: a", [clerk.id], "a")
    duty = db.duties.find_one({"kind": "filing"})
    assert duty
    assert (duty["people"], duty["done_at"]) == ([clerk.id], None)
    with pytest.raises(ForbiddenError):
        filing.acknowledge(factories.actor(factories.editor()), factories.editor(), filed["_id"])
    done = filing.acknowledge(Actor.of(clerk), clerk, filed["_id"])
    assert done["acknowledged_by"] == clerk.id
    with pytest.raises(ConflictError):
        filing.acknowledge(Actor.of(clerk), clerk, filed["_id"])
    assert db.duties.count_documents({"kind": "filing", "done_at": None}) == 0


def test_whoever_stands_in_acknowledges_for_the_department(db: Store) -> None:
    clerk = factories.user("clerk", department=factories.department("FIN"))
    cover = factories.reader()
    live = procedures.form(starting({"do": "file", "department": "FIN"}))
    record = factories.record(live, name="a")
    take(live, record, "start")
    [filed] = filing.of_record(live.key, record["_id"])
    with pytest.raises(ForbiddenError):
        filing.acknowledge(Actor.of(cover), cover, filed["_id"])
    procedures.stand_in(clerk, cover, live.key)
    filing.acknowledge(Actor.of(cover), cover, filed["_id"])
    [duty] = db.duties.find({"kind": "filing"})
    assert (duty["done_by"], duty["for_person"]) == (cover.id, clerk.id)


def test_imports_run_through_the_procedure_but_ring_no_bell(db: Store) -> None:
    holder("quality")
    live = procedures.form(
        flow(
            START,
            FINISH,
            on_create=[
                {"do": "set", "field": "qty", "value": 1},
                {"do": "notify", "who": {"roles": ["quality"]}, "text": {"en": "new"}},
            ],
        )
    )
    made = records.create(factories.actor(), live, {"name": "a"}, source="import")
    assert (made["state"], made["data"]["qty"]) == ("new", 1)
    assert db.outbox.count_documents({"kind": "tell"}) == 0


def test_rules_move_a_record_as_soon_as_they_hold() -> None:
    ready = {"field": "qty", "op": "gt", "value": 5}
    live = procedures.form(
        flow(START | {"by": "rule", "condition": ready}, FINISH | {"by": "rule", "required": ["cause"]})
    )
    assert factories.record(live, name="a", qty=9)["state"] == "work"
    record = factories.record(live, name="a")
    changed = update(live, record, qty=9, cause="x")
    assert changed["state"] == "done"
    entry = history.of_record(live.key, record["_id"])[0]
    assert (entry["action"], entry["from"], entry["to"]) == ("updated", "new", "done")
    assert [one["transition"] for one in entry["moves"]] == ["start", "finish"]


def test_a_workflow_that_never_rests_is_stopped_and_nothing_changes() -> None:
    loops = {"field": "qty", "op": "eq", "value": 1}
    live = procedures.form(
        flow(
            step("there", "new", "work", by="rule", condition=loops),
            step(
                "back", "work", "new", by="rule", condition={"not": {"field": "qty", "op": "ne", "value": 1}}
            ),
            FINISH,
        )
    )
    record = factories.record(live, name="a")
    with pytest.raises(DomainError) as stopped:
        update(live, record, qty=1)
    assert "New → In work" in str(stopped.value) or "新建 → 处理中" in str(stopped.value)
    assert stored(live, record) == record


def test_a_form_without_workflow_is_left_alone() -> None:
    live = factories.form()
    record = factories.record(live, name="a")
    assert record["state"] is None
    assert "routed" not in record
    assert workflow.available(factories.administrator(), live, record) == []


def test_what_the_program_starts_is_nobodys_but_happens() -> None:
    live = procedures.form(
        starting({"do": "set", "field": "by", "source": "@me"}, {"do": "set", "field": "qty", "value": 2}),
        field("name"), field("by", "person"), field("qty", "integer"),
    )  # fmt: skip
    record = factories.record(live, name="a")
    moved = workflow.move(Actor.system(), live, record["_id"], "start", source="system")
    assert moved["data"] == {"name": "a", "qty": 2}
    assert isinstance(moved["_id"], ObjectId)


def test_a_state_closes_fields_for_every_path() -> None:
    closed = state("new", readonly=True, editable_fields=["cause"])
    live = procedures.form(flow(START, FINISH, states=[closed, *flow()["states"][1:]]))
    record = factories.record(live, name="a", qty=1)
    assert update(live, record, name="b")["data"]["name"] == "a"
    with pytest.raises(InvalidError) as refused:
        records.update(
            factories.actor(),
            live,
            record["_id"],
            {"name": "b"},
            revision=stored(live, record)["revision"],
            source="api",
        )
    assert list(refused.value.errors) == ["name"]
    with pytest.raises(InvalidError):
        records.update(
            factories.actor(),
            live,
            record["_id"],
            {"qty": 2},
            revision=stored(live, record)["revision"],
            partial=True,
        )
    assert update(live, stored(live, record), cause="x")["data"]["cause"] == "x"


def test_rules_of_fields_see_the_state() -> None:
    live = procedures.form(
        None,
        field("name"),
        field("cause", visible_if={"field": "@state", "op": "eq", "value": "work"}),
        field("late", required_if={"field": "@state", "op": "eq", "value": "work"}),
    )
    record = factories.record(live, name="a", cause="unseen")
    assert record["data"] == {"name": "a"}
    moved = take(live, record, "start")
    with pytest.raises(InvalidError) as refused:
        update(live, moved, cause="seen")
    assert list(refused.value.errors) == ["late"]
    filled = update(live, moved, cause="seen", late="x")
    done = take(live, filled, "finish")
    assert update(live, done, name="b")["data"]["cause"] == "seen"  # hidden by the state, not lost
