"""Clocks start, stand still, go on and end with the changes of their records."""

from datetime import UTC, datetime, timedelta

import pytest

from models import clocks, records, times
from models.clocks import Clock
from models.database import db
from tests import factories
from tests.models.clocks import casting
from tests.models.clocks.casting import START, at

pytestmark = pytest.mark.usefixtures("db")


def test_a_new_record_starts_its_clock_from_the_moment_it_was_made() -> None:
    record = casting.create(casting.form())
    clock = casting.only(record)
    assert clock.state == "running"
    assert clock.get("started_at") == START
    assert clock.due_at == at(hours=24)
    assert clock.get("next_action_at") == at(hours=24, milliseconds=1)
    assert clock.get("because")["state"] == "new"


def test_a_clock_stopped_exactly_when_due_was_in_time() -> None:
    live = casting.form()
    record = casting.create(live)
    assert casting.sweep(at(hours=24)) == 0
    casting.move(live, record, "close", at(hours=24))
    clock = casting.only(record)
    assert clock.state == "done"
    assert clock.get("breached_at") is None
    assert clock.get("next_action_at") is None


def test_a_clock_stopped_a_millisecond_later_was_late() -> None:
    live = casting.form()
    record = casting.create(live)
    casting.move(live, record, "close", at(hours=24, milliseconds=1))
    clock = casting.only(record)
    assert clock.state == "done"
    assert clock.get("breached_at") == at(hours=24, milliseconds=1)


def test_waiting_moves_the_due_time_by_as_long_as_it_lasted() -> None:
    live = casting.form(casting.rule(pause={"states": ["waiting"]}))
    record = casting.create(live)
    casting.move(live, record, "wait", at(hours=4))
    clock = casting.only(record)
    assert (clock.state, clock.get("remaining"), clock.get("next_action_at")) == ("paused", 20 * 3600, None)
    assert casting.sweep(at(hours=100)) == 0
    casting.move(live, record, "go_on", at(hours=100))
    clock = casting.only(record)
    assert clock.state == "running"
    assert clock.due_at == at(hours=120)
    assert clock.get("pauses") == [{"from": at(hours=4), "to": at(hours=100), "why": "state:waiting"}]


def test_a_state_entered_again_starts_a_second_clock() -> None:
    live = casting.form()
    record = casting.create(live)
    casting.move(live, record, "close", at(hours=1))
    casting.move(live, record, "again", at(hours=2))
    found = list(db().clocks.find({"record": record["_id"]}).sort("_id", 1))
    assert [(one["state"], one["count"]) for one in found] == [("done", 1), ("running", 2)]
    assert found[1]["due_at"] == at(hours=26)


def test_a_record_that_ends_otherwise_ends_its_clocks() -> None:
    live = casting.form()
    record = casting.create(live)
    casting.move(live, record, "drop", at(hours=1))
    clock = casting.only(record)
    assert (clock.state, clock.get("stopped_why")) == ("stopped", "ended:dropped")


def test_a_rule_starts_and_stops_without_any_workflow() -> None:
    urgent = {"field": "note", "op": "eq", "value": "urgent"}
    sent = {"field": "note", "op": "eq", "value": "sent"}
    live = casting.form(casting.rule(start={"rule": urgent}, stop={"rule": sent}), workflow=None)
    record = casting.create(live, note="calm")
    assert db().clocks.count_documents({}) == 0
    casting.change(live, record, at(hours=1), note="urgent")
    assert casting.only(record).due_at == at(hours=25)
    casting.change(live, record, at(hours=2), note="sent")
    assert casting.only(record).get("stopped_why") == "rule"


def test_a_transition_starts_and_stops() -> None:
    live = casting.form(casting.rule(start={"transitions": ["wait"]}, stop={"transitions": ["go_on"]}))
    record = casting.create(live)
    assert db().clocks.count_documents({}) == 0
    casting.move(live, record, "wait", at(hours=3))
    assert casting.only(record).get("because")["transition"] == "wait"
    casting.move(live, record, "go_on", at(hours=4))
    assert casting.only(record).get("stopped_why") == "transition:go_on"


def test_a_complaint_typed_late_counts_from_when_it_came() -> None:
    fields = [factories.field("name"), factories.field("received", "datetime")]
    live = casting.form(casting.rule(start_at="received"), fields=fields)
    record = casting.create(live, received=at(hours=-2).isoformat())
    assert casting.only(record).due_at == at(hours=22)
    casting.change(live, record, at(hours=1), received=at(hours=-5).isoformat())
    clock = casting.only(record)
    assert clock.due_at == at(hours=19)
    [noted] = clock.get("recalculations")
    assert (noted["before"], noted["after"], noted["reason"]) == (at(hours=22), at(hours=19), "corrected")


def test_a_new_version_leaves_running_clocks_alone() -> None:
    live = casting.form()
    record = casting.create(live)
    shorter = casting.rule(length={"amount": 1, "unit": "hours"})
    live = factories.republish(live, clocks=[shorter])
    casting.change(live, record, at(minutes=1), note="x")
    assert casting.only(record).due_at == at(hours=24)
    other = casting.create(live)
    assert casting.only(other).due_at == at(hours=1)


def test_a_deleted_record_stops_its_clock_and_a_restored_one_goes_on() -> None:
    live = casting.form()
    record = casting.create(live)
    with times.set_clock(at(hours=4)):
        records.delete(factories.actor(), live, record["_id"], revision=1, reason="twice")
    assert (casting.only(record).state, casting.only(record).get("stopped_why")) == ("stopped", "deleted")
    with times.set_clock(at(hours=10)):
        records.restore(factories.actor(), live, record["_id"])
    assert casting.only(record).state == "running"
    assert casting.only(record).due_at == at(hours=30)


def test_changes_of_a_batch_read_clocks_once_and_new_records_never() -> None:
    live = casting.form()
    raws = [{"name": str(number)} for number in range(20)]
    with times.set_clock(START):
        planned = records.plan_creates(factories.actor(), live, raws, source="import")
        records.commit(planned)
    assert db().clocks.count_documents({"state": "running", "due_at": at(hours=24)}) == 20
    assert {one["title"] for one in db().clocks.find()} == {str(number) for number in range(20)}


def test_actions_do_with_a_clock_what_its_conditions_do_not() -> None:
    live = casting.form(casting.rule(start={"rule": {"any": []}}))
    record = casting.create(live)

    def act(action: str, moment: datetime) -> list[str]:
        stored = live.records().find_one({"_id": record["_id"]})
        assert stored
        with times.set_clock(moment):
            planned = records.plan_update(
                factories.actor(), live, record["_id"], {"note": action}, revision=stored["revision"],
                partial=True, source="screen",
            )  # fmt: skip
            assert planned
            clocks.act(planned, "reply", action)
            records.commit([planned])
        return [Clock(one).state for one in db().clocks.find({"record": record["_id"]}).sort("_id", 1)]

    assert act("start", at(hours=1)) == ["running"]
    assert act("pause", at(hours=2)) == ["paused"]
    assert act("resume", at(hours=5)) == ["running"]
    assert casting.only(record).due_at == at(hours=28)
    assert act("restart", at(hours=6)) == ["stopped", "running"]
    assert act("stop", at(hours=7)) == ["stopped", "stopped"]


def test_duties_of_a_record_show_its_soonest_deadline() -> None:
    task = {"key": "new", "label": {"zh": "新", "en": "new"}, "task": {"zh": "答复", "en": "Answer"}}
    workflow = casting.flow(states=[task, *casting.states()[1:]])
    quick = casting.rule(
        "contact", length={"amount": 2, "unit": "hours"}, stop={"states": ["waiting", "closed"]}
    )
    live = casting.form(casting.rule(), quick, workflow=workflow)
    record = casting.create(live)
    [duty] = db().duties.find({"record": record["_id"]})
    assert duty["due_at"] == at(hours=2)
    assert duty["clock"] == casting.only(record, "contact").id
    casting.move(live, record, "wait", at(hours=1))
    assert db().duties.count_documents({"record": record["_id"], "done_at": None, "due_at": at(hours=2)}) == 0


def test_times_are_kept_to_the_millisecond() -> None:
    moment = datetime(2026, 3, 2, 1, 0, 0, 123_456, tzinfo=UTC)
    record = casting.create(casting.form(), moment)
    assert casting.only(record).due_at == moment.replace(microsecond=123_000) + timedelta(hours=24)


def test_a_record_opened_again_is_kept_from_its_last_closing_on() -> None:
    five_years = casting.rule(
        kind="retention", start={"states": ["closed"]}, stop={}, length={"amount": 5, "unit": "years"}
    )
    live = casting.form(five_years)
    record = casting.create(live)
    casting.move(live, record, "close", at(hours=1))
    clock = casting.only(record)
    assert (clock.due_at, clock.get("next_action_at")) == (datetime(2031, 3, 2, 2, tzinfo=UTC), None)
    assert not clock.is_late(at(days=4_000))
    casting.move(live, record, "again", at(days=1))
    casting.move(live, record, "close", at(days=2))
    states = [(one["state"], one["due_at"]) for one in db().clocks.find().sort("_id", 1)]
    assert states == [
        ("stopped", datetime(2031, 3, 2, 2, tzinfo=UTC)),
        ("running", datetime(2031, 3, 4, 1, tzinfo=UTC)),
    ]


def test_the_task_of_a_later_state_has_the_deadline_of_a_clock_that_runs_on() -> None:
    task = {"task": {"zh": "催问", "en": "Ask again"}}
    states = [one | task if one["key"] == "waiting" else one for one in casting.states()]
    live = casting.form(workflow=casting.flow(states=states))
    record = casting.create(live)
    casting.move(live, record, "wait", at(hours=1))
    [duty] = db().duties.find({"record": record["_id"], "done_at": None})
    assert (duty["what"]["en"], duty["due_at"]) == ("Ask again", at(hours=24))
