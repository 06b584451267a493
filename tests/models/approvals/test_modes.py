"""One, all, N of M, in order; several steps, conditions, and outcomes."""

import pytest
from pymongo.database import Database

from models import records
from models.approvals import queries
from models.database import Document
from models.errors import ConflictError, ForbiddenError, InvalidError
from tests import factories
from tests.models.approvals import cases
from tests.models.approvals.cases import ask, asked, form, owing, person, record_of, say, step

Store = Database[Document]
THREE = ("amy", "ben", "cat")


@pytest.fixture(autouse=True)
def people(db: Store) -> None:
    factories.administrator()
    for username in THREE:
        person(username)


def test_entering_the_state_asks_the_first_step_and_fills_the_inbox() -> None:
    approval = ask(form(step("check", THREE), step("release", ("ben",))))
    assert asked(approval) == ["amy", "ben", "cat"]
    assert owing(approval) == ["amy", "ben", "cat"]
    assert cases.told(person("amy")) == ["check"]


def test_one_of_several_is_enough() -> None:
    approval = ask(form(step("check", THREE)))
    done = say(approval, person("ben"))
    assert done["status"] == "approved"
    assert [one["status"] for one in done["steps"][0]["signers"]] == ["skipped", "approved", "skipped"]
    assert record_of(approval)["state"] == "agreed"
    assert owing(approval) == []


def test_all_must_sign() -> None:
    approval = ask(form(step("check", THREE, mode="all")))
    for username in ("cat", "amy"):
        assert say(approval, person(username))["status"] == "open"
    assert owing(approval) == ["ben"]
    assert record_of(approval)["state"] == "asked"
    say(approval, person("ben"))
    assert record_of(approval)["state"] == "agreed"


def test_two_of_three_are_enough() -> None:
    approval = ask(form(step("check", THREE, mode="count", count=2)))
    assert say(approval, person("cat"))["status"] == "open"
    assert say(approval, person("amy"))["status"] == "approved"


def test_in_order_each_waits_for_the_one_before() -> None:
    approval = ask(form(step("check", THREE, mode="in_order")))
    for username in THREE:
        assert asked(approval) == [username]
        assert owing(approval) == [username]
        say(approval, person(username))
    assert record_of(approval)["state"] == "agreed"


def test_out_of_order_is_refused() -> None:
    approval = ask(form(step("check", THREE, mode="in_order")))
    with pytest.raises(ForbiddenError):
        say(approval, person("cat"))
    assert record_of(approval)["revision"] == 2


@pytest.mark.parametrize("mode", ["any", "all", "count", "in_order"])
def test_one_rejection_ends_it_at_once(mode: str) -> None:
    approval = ask(form(step("check", THREE, mode=mode, count=2), step("release")))
    done = say(approval, person("amy"), "reject", reason="尺寸不符")
    assert (done["status"], done["steps"][0]["signers"][0]["reason"]) == ("rejected", "尺寸不符")
    assert record_of(approval)["state"] == "refused"
    assert owing(approval) == []


def test_a_rejection_needs_a_reason() -> None:
    approval = ask(form())
    with pytest.raises(InvalidError) as refused:
        say(approval, person("amy"), "reject", reason="  ")
    assert list(refused.value.errors) == ["reason"]
    assert asked(approval) == ["amy"]


def test_steps_follow_each_other_and_the_last_takes_the_outcome() -> None:
    approval = ask(form(step("check"), step("release", ("ben",))))
    say(approval, person("amy"))
    assert asked(approval) == ["ben"]
    assert record_of(approval)["state"] == "asked"
    say(approval, person("ben"))
    assert record_of(approval)["state"] == "agreed"


def test_a_step_whose_condition_does_not_hold_is_left_out() -> None:
    large = {"field": "qty", "op": "gte", "value": 100}
    live = form(step("check"), step("release", ("ben",), condition=large))
    small = ask(live, qty=99)
    assert say(small, person("amy"))["status"] == "approved"
    assert [one["status"] for one in queries.get(small)["steps"]] == ["approved", "left_out"]
    assert say(ask(live, qty=100), person("amy"))["status"] == "open"


def test_where_no_condition_holds_the_administrators_are_asked_and_nothing_is_approved_silently() -> None:
    never = {"field": "qty", "op": "gte", "value": 100}
    approval = ask(form(step("check", condition=never)), qty=1)
    assert asked(approval) == ["admin"]
    assert record_of(approval)["state"] == "asked"


def test_a_step_without_anybody_goes_to_the_administrators_who_are_told() -> None:
    approval = ask(form(step("check", who={"roles": ["nobody_holds_it"]})))
    assert asked(approval) == ["admin"]
    assert any("Too few people" in text for text in cases.told(factories.administrator()))


def test_where_two_are_needed_and_one_is_left_the_administrators_help() -> None:
    approval = ask(form(step("check", ("amy",), mode="count", count=2)))
    assert asked(approval) == ["amy", "admin"]
    assert say(approval, person("amy"))["status"] == "open"
    assert say(approval, factories.administrator())["status"] == "approved"


def test_people_are_found_when_their_step_is_asked() -> None:
    approval = ask(form(step("check"), step("release", who={"roles": ["released_by"]})))
    factories.user("late", factories.role("released_by", actions=["see", "approve"]))
    say(approval, person("amy"))
    assert asked(approval) == ["late"]


def test_an_approval_can_ask_whom_a_field_names() -> None:
    live = form(step("check", who={"fields": ["boss"]}))
    assert asked(ask(live, boss=person("cat").id)) == ["cat"]


def test_whoever_is_not_asked_cannot_decide() -> None:
    approval = ask(form())
    with pytest.raises(ForbiddenError):
        say(approval, person("ben"))
    assert asked(approval) == ["amy"]


def test_the_same_decision_sent_twice_is_refused_and_changes_nothing() -> None:
    approval = ask(form(step("check", THREE, mode="all")))
    say(approval, person("amy"))
    before = record_of(approval)
    with pytest.raises(ConflictError):
        say(approval, person("amy"))
    assert record_of(approval) == before


def test_sent_twice_it_counts_once_even_where_the_next_step_asks_the_same_person() -> None:
    approval = ask(form(step("check"), step("release")))
    [shown] = queries.slots(queries.get(approval), person("amy"))
    say(approval, person("amy"), slot=shown.signer["id"])
    with pytest.raises(ConflictError):
        say(approval, person("amy"), slot=shown.signer["id"])
    assert asked(approval) == ["amy"]


def test_nothing_can_be_decided_when_it_is_over() -> None:
    approval = ask(form())
    say(approval, person("amy"))
    for decision in ("approve", "reject", "return"):
        with pytest.raises(ConflictError):
            say(approval, person("amy"), decision)


def test_history_says_who_decided_what_in_which_step() -> None:
    approval = ask(form(step("check"), step("release", ("ben",))))
    say(approval, person("amy"))
    say(approval, person("ben"), "reject", reason="太贵")
    approved, rejected = cases.entries(approval)[-2:]
    assert (approved["action"], approved["approval"]["step"], approved["by_name"]) == (
        "approved",
        "check",
        "amy",
    )
    assert (rejected["action"], rejected["reason"], rejected["to"]) == ("rejected", "太贵", "refused")


def test_leaving_the_state_by_another_way_closes_the_approval() -> None:
    live = form()
    approval = ask(live)
    cases.take(live, record_of(approval), "stop", person("asker"))
    assert queries.get(approval)["status"] == "closed"
    assert owing(approval) == []
    with pytest.raises(ConflictError):
        say(approval, person("amy"))


def test_asking_again_opens_another_approval() -> None:
    live = form()
    first = ask(live)
    cases.take(live, record_of(first), "stop", person("asker"))
    cases.take(live, record_of(first), "ask", person("asker"))
    assert [one["status"] for one in queries.of_record(live.key, record_of(first)["_id"])] == [
        "open",
        "closed",
    ]


def test_whoever_asked_is_told_the_outcome() -> None:
    approval = ask(form())
    say(approval, person("amy"), "reject", reason="尺寸不符")
    assert "尺寸不符" in cases.told(person("asker"))


def test_the_bin_closes_the_approval_and_coming_back_asks_again() -> None:
    live = form()
    approval = ask(live)
    record = record_of(approval)
    records.delete(factories.actor(), live, record["_id"], revision=record["revision"], reason="重复")
    assert (queries.get(approval)["status"], owing(approval)) == ("closed", [])
    with pytest.raises(ConflictError):
        say(approval, person("amy"))
    records.restore(factories.actor(), live, record["_id"])
    assert owing(approval) == ["amy"]


def test_it_goes_on_as_it_was_asked_when_the_form_changes() -> None:
    live = form(step("check"), step("release", ("ben",)))
    approval = ask(live)
    workflow = live.definition.dump()["workflow"]
    workflow["states"][1]["approval"]["steps"] = [step("other", ("cat",))]
    workflow["states"][1]["approval"]["approved"] = "yes"
    workflow["transitions"] = [
        {**one, "key": "yes"} if one["key"] == "agree" else one for one in workflow["transitions"]
    ]
    factories.republish(live, workflow=workflow)
    say(approval, person("amy"))
    assert asked(approval) == ["ben"]
    say(approval, person("ben"))
    assert record_of(approval)["state"] == "agreed"


def test_what_the_outcome_is_refused_for_loses_no_decision_and_changes_nothing(db: Store) -> None:
    factories.form(factories.field("needed", required=True), key="order")
    live = form()
    workflow = live.definition.dump()["workflow"]
    workflow["transitions"][1]["effects"] = [
        {"do": "create", "form": "order", "values": {"needed": "x" * 9999}}
    ]
    live = factories.republish(live, workflow=workflow)
    approval = ask(live)
    before = (queries.get(approval), record_of(approval), db.history.count_documents({}))
    with pytest.raises(InvalidError):
        say(approval, person("amy"))
    assert (queries.get(approval), record_of(approval), db.history.count_documents({})) == before
    assert owing(approval) == ["amy"]
