"""Signing on behalf of somebody who is away, and in the place of somebody who left."""

from datetime import timedelta

import pytest
from pymongo.database import Database

from models import accounts, delegations, edits, outbox, reassigning, users
from models.approvals import queries, replacing
from models.database import Document
from models.errors import ConflictError, ForbiddenError, InvalidError
from models.people import User
from models.times import now
from tests import factories
from tests.models.approvals import cases
from tests.models.approvals.cases import ask, asked, form, owing, person, record_of, say, step

Store = Database[Document]
assert reassigning  # its effects are carried out here


@pytest.fixture(autouse=True)
def people(db: Store) -> None:
    factories.administrator()
    cases.team()
    for username in ("amy", "ben", "cat", "asker"):
        person(username)


def stand_in(absent: User, to: User, **more: object) -> None:
    today = now().date()
    last = today + timedelta(days=2)
    delegations.create(absent, absent, to, first=today, last=last, **more)  # type: ignore[arg-type]


def test_whoever_stands_in_signs_on_behalf_and_history_says_so() -> None:
    approval = ask(form())
    stand_in(person("amy"), person("ben"))
    say(approval, person("ben"))
    [signer] = queries.get(approval)["steps"][0]["signers"]
    assert (signer["person"], signer["by"], signer["for_person"]) == (
        person("amy").id,
        person("ben").id,
        person("amy").id,
    )
    assert "ben decided on your behalf: approved" in cases.told(person("amy"))
    fact = cases.entries(approval)[-1]["approval"]
    assert (fact["person"], fact["for_person"]) == (person("ben").id, person("amy").id)


def test_the_absent_can_still_sign_themselves() -> None:
    approval = ask(form())
    stand_in(person("amy"), person("ben"))
    assert say(approval, person("amy"))["status"] == "approved"


def test_a_delegation_for_another_form_opens_nothing() -> None:
    factories.form(key="other")
    approval = ask(form())
    stand_in(person("amy"), person("ben"), forms=["other"])
    with pytest.raises(ForbiddenError):
        say(approval, person("ben"))


def test_whoever_stands_in_for_two_says_for_whom() -> None:
    approval = ask(form(step("check", ("amy", "ben"), mode="all")))
    stand_in(person("amy"), person("cat"))
    stand_in(person("ben"), person("cat"))
    with pytest.raises(InvalidError) as refused:
        say(approval, person("cat"))
    assert list(refused.value.errors) == ["for_person"]
    say(approval, person("cat"), for_person=person("ben").id)
    assert asked(approval) == ["amy"]


def test_sent_twice_a_decision_does_not_also_count_for_the_absent() -> None:
    approval = ask(form(step("check", ("amy", "ben"), mode="all")))
    stand_in(person("amy"), person("ben"))
    say(approval, person("ben"))
    with pytest.raises(ConflictError):
        say(approval, person("ben"))
    assert asked(approval) == ["amy"]


def test_nobody_approves_their_own_work_by_standing_in() -> None:
    approval = ask(form())
    stand_in(person("amy"), person("asker"))
    with pytest.raises(ForbiddenError):
        say(approval, person("asker"))
    assert not queries.options(queries.get(approval), person("asker")).decide


def test_whoever_stands_in_does_not_approve_what_the_absent_asked_for() -> None:
    approval = ask(form(step("check", who={"roles": ["none"]})), factories.administrator())
    stand_in(factories.administrator(), person("ben"))
    with pytest.raises(ForbiddenError):
        say(approval, person("ben"))


def test_the_deputy_is_asked_instead_of_a_signer_who_left_before() -> None:
    cases.leave(person("amy"))
    approval = ask(form())
    assert asked(approval) == owing(approval) == ["deputy"]
    assert any("amy has left" in text for text in cases.told(factories.administrator()))


def test_when_a_signer_leaves_the_deputy_is_asked_and_administrators_are_told() -> None:
    approval = ask(form(step("check", ("amy", "ben"), mode="all")))
    amy = person("amy")
    seen = edits.stamp(amy, accounts.USER_ATTRIBUTES)
    amy.active = False
    accounts.save_user(factories.administrator(), amy, seen=seen)
    outbox.carry_out_due()
    assert asked(approval) == ["deputy", "ben"]
    assert sorted(owing(approval)) == ["ben", "deputy"]
    assert any("amy has left" in text for text in cases.told(factories.administrator()))
    entry = cases.entries(approval)[-1]
    assert (entry["action"], entry["by"]) == ("signer_replaced", None)
    say(approval, person("deputy"))
    assert say(approval, person("ben"))["status"] == "approved"


def test_the_operator_can_disable_a_signer_too() -> None:
    approval = ask(form())
    users.disable("amy")
    outbox.carry_out_due()
    assert asked(approval) == ["deputy"]


def test_replacing_twice_changes_nothing_more() -> None:
    approval = ask(form())
    cases.leave(person("amy"))
    assert [replacing.replace_person(person("amy").id) for _turn in range(2)] == [1, 0]
    assert asked(approval) == ["deputy"]


def test_a_signer_in_waiting_is_replaced_in_their_turn() -> None:
    approval = ask(form(step("check", ("ben", "amy", "cat"), mode="in_order")))
    cases.leave(person("amy"))
    replacing.replace_person(person("amy").id)
    for username in ("ben", "deputy", "cat"):
        assert asked(approval) == [username]
        say(approval, person(username))
    assert record_of(approval)["state"] == "agreed"


def test_a_stand_in_who_signs_anyway_is_asked_once() -> None:
    approval = ask(form(step("check", ("amy", "deputy"), mode="all")))
    cases.leave(person("amy"))
    replacing.replace_person(person("amy").id)
    assert asked(approval) == ["deputy"]
    assert say(approval, person("deputy"))["status"] == "approved"


def test_a_leaver_s_work_is_not_approved_by_whoever_asked() -> None:
    approval = ask(form(), person("deputy"))
    cases.leave(person("amy"))
    replacing.replace_person(person("amy").id)
    assert asked(approval) == ["head"]
