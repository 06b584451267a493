"""Steps of a record: who may take them, when, and what must come with them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from bson import ObjectId

from models import checks, history, records, workflow
from models.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from models.people import Actor
from tests import factories
from tests.factories import field
from tests.models.workflow import procedures
from tests.models.workflow.procedures import FINISH, START, flow, holder, state, step, stored, take, update

pytestmark = pytest.mark.usefixtures("db")


def test_a_new_record_begins_in_the_initial_state_and_moves_step_by_step() -> None:
    live = procedures.form()
    record = factories.record(live, name="a")
    assert stored(live, record)["state"] == "new"
    moved = take(live, record, "start")
    assert (moved["state"], moved["revision"]) == ("work", 2)
    assert stored(live, record) == moved
    [entry, _created] = history.of_record(live.key, record["_id"])
    assert (entry["action"], entry["transition"], entry["from"], entry["to"]) == (
        "moved",
        "start",
        "new",
        "work",
    )
    assert list(checks.check_histories()) == []


def test_a_step_posted_twice_changes_nothing_the_second_time() -> None:
    live = procedures.form()
    record = factories.record(live, name="a")
    take(live, record, "start")
    with pytest.raises(ConflictError):
        take(live, record, "start")
    with pytest.raises(ConflictError):
        take(live, stored(live, record), "start")
    assert stored(live, record)["revision"] == 2


def test_a_step_out_of_order_or_unknown_is_a_conflict() -> None:
    live = procedures.form()
    record = factories.record(live, name="a")
    for key in ("finish", "nonsense"):
        with pytest.raises(ConflictError):
            take(live, record, key)
    assert stored(live, record)["revision"] == 1


def test_of_two_people_at_once_one_wins() -> None:
    live = procedures.form(flow(START, step("stop", "new", "done"), FINISH))
    record = factories.record(live, name="a")
    person = factories.administrator()

    def attempt(key: str) -> str:
        try:
            return str(take(live, record, key, person)["state"])
        except ConflictError:
            return "conflict"

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(attempt, ["start", "stop"]))
    assert min(outcomes) == "conflict"
    assert stored(live, record)["revision"] == 2


def test_a_step_with_who_is_for_those_people_only() -> None:
    live = procedures.form(flow(step("start", "new", "work", who={"roles": ["quality"]}), FINISH))
    record = factories.record(live, name="a")
    quality = holder("quality")
    with pytest.raises(ForbiddenError):
        take(live, record, "start", factories.editor())
    [offer] = workflow.available(factories.editor(), live, record)
    assert not offer.allowed
    assert "quality" in str(offer.why_not)
    assert take(live, record, "start", quality)["state"] == "work"


def test_a_step_without_who_is_for_whoever_may_edit() -> None:
    live = procedures.form()
    record = factories.record(live, name="a")
    with pytest.raises(ForbiddenError):
        take(live, record, "start", factories.reader())
    with pytest.raises(NotFoundError):
        take(live, record, "start", factories.stranger())
    assert workflow.available(factories.stranger(), live, record) == []
    assert take(live, record, "start", factories.editor())["state"] == "work"


def test_a_step_waits_for_its_condition_and_says_so() -> None:
    condition = {"field": "qty", "op": "gt", "value": 5}
    live = procedures.form(flow(step("start", "new", "work", condition=condition), FINISH))
    record = factories.record(live, name="a", qty=3)
    [offer] = workflow.available(factories.administrator(), live, record)
    assert "qty is greater than 5" in str(offer.why_not)
    with pytest.raises(InvalidError) as refused:
        take(live, record, "start")
    assert "" in refused.value.errors
    assert take(live, update(live, record, qty=6), "start")["state"] == "work"


def test_what_a_step_asks_for_must_be_filled_and_is_opened_by_it() -> None:
    closed = state("new", readonly=True)
    live = procedures.form(
        flow(START | {"required": ["cause"]}, FINISH, states=[closed, *flow()["states"][1:]])
    )
    record = factories.record(live, name="a")
    with pytest.raises(InvalidError) as refused:
        take(live, record, "start")
    assert list(refused.value.errors) == ["cause"]
    with pytest.raises(InvalidError) as refused:
        take(live, record, "start", raw={"cause": "x", "name": "b"})
    assert list(refused.value.errors) == ["name"]
    moved = take(live, record, "start", raw={"cause": "worn"})
    assert moved["data"] == {"name": "a", "cause": "worn"}


def test_values_that_come_with_a_step_are_checked_like_any_other() -> None:
    live = procedures.form(flow(START | {"fields": ["qty"]}, FINISH))
    record = factories.record(live, name="a")
    with pytest.raises(InvalidError) as refused:
        take(live, record, "start", raw={"qty": "many"})
    assert list(refused.value.errors) == ["qty"]
    assert stored(live, record)["state"] == "new"


def test_a_reason_is_asked_for_where_the_step_needs_one() -> None:
    live = procedures.form(flow(START | {"reason": "required"}, FINISH))
    record = factories.record(live, name="a")
    with pytest.raises(InvalidError) as refused:
        take(live, record, "start", reason="  ")
    assert list(refused.value.errors) == ["reason"]
    take(live, record, "start", reason="urgent")
    assert history.of_record(live.key, record["_id"])[0]["reason"] == "urgent"


def test_a_record_in_the_bin_takes_no_step() -> None:
    live = procedures.form()
    record = factories.record(live, name="a")
    deleted = records.delete(factories.actor(), live, record["_id"], revision=1, reason="x")
    with pytest.raises(NotFoundError):
        take(live, deleted, "start")
    assert workflow.available(factories.administrator(), live, deleted) == []
    restored = records.restore(factories.actor(), live, record["_id"])
    assert restored["state"] == "new"


def test_somebody_standing_in_takes_a_step_on_behalf_of_the_other() -> None:
    live = procedures.form(flow(step("start", "new", "work", who={"people": ["boss"]}), FINISH))
    record = factories.record(live, name="a")
    boss, deputy = holder("leader", "boss"), holder("assistant")
    with pytest.raises(ForbiddenError):
        take(live, record, "start", deputy)
    factories.form(key="other")
    procedures.stand_in(boss, deputy, "other")
    with pytest.raises(ForbiddenError):
        take(live, record, "start", deputy)
    procedures.stand_in(boss, deputy, live.key)
    take(live, record, "start", deputy)
    entry = history.of_record(live.key, record["_id"])[0]
    assert (entry["by"], entry["on_behalf_of"]) == (deputy.id, boss.id)


def test_a_move_asks_nobody_but_keeps_the_order() -> None:
    live = procedures.form(flow(START, FINISH | {"by": "approval"}))
    record = factories.record(live, name="a")
    with pytest.raises(ConflictError):
        workflow.move(Actor.system(), live, record["_id"], "finish", source="system")
    take(live, record, "start")
    with pytest.raises(ConflictError):  # only the approval takes it
        take(live, stored(live, record), "finish")
    moved = workflow.move(
        Actor.system(), live, record["_id"], "finish", source="system", facts={"approval": ObjectId()}
    )
    assert moved["state"] == "done"
    assert "approval" in history.of_record(live.key, record["_id"])[0]


def test_a_record_from_before_the_workflow_counts_as_new() -> None:
    plain = factories.form(field("name"))
    record = factories.record(plain, name="a")
    assert record["state"] is None
    live = factories.republish(plain, workflow=flow(START, FINISH))
    assert [
        offer.transition.key for offer in workflow.available(factories.administrator(), live, record)
    ] == ["start"]
    assert take(live, record, "start")["state"] == "work"
