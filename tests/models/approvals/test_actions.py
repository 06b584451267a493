"""Adding a signer, handing over, returning, withdrawing, own work."""

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import records
from models.approvals import decisions, queries
from models.database import Document
from models.errors import ConflictError, ForbiddenError, InvalidError
from models.people import Actor, User
from tests import factories
from tests.models.approvals import cases
from tests.models.approvals.cases import ask, asked, form, owing, person, record_of, say, step

Store = Database[Document]
THREE = ("amy", "ben", "cat")


@pytest.fixture(autouse=True)
def people(db: Store) -> None:
    factories.administrator()
    for username in (*THREE, "dan"):
        person(username)


def add(approval: ObjectId, by: User, whom: User | None, *, before: bool) -> Document:
    return decisions.add_signer(Actor.of(by), by, approval, whom, before=before)


def give(approval: ObjectId, by: User, whom: User | None, reason: str = "出差") -> Document:
    return decisions.hand_over(Actor.of(by), by, approval, whom, reason=reason)


def test_a_signer_added_before_is_asked_first() -> None:
    approval = ask(form())
    add(approval, person("amy"), person("dan"), before=True)
    assert asked(approval) == owing(approval) == ["dan"]
    say(approval, person("dan"))
    assert asked(approval) == owing(approval) == ["amy"]
    assert say(approval, person("amy"))["status"] == "approved"


def test_a_signer_added_after_is_asked_next_even_where_one_is_enough() -> None:
    approval = ask(form(step("check", THREE)))
    add(approval, person("amy"), person("dan"), before=False)
    assert asked(approval) == ["amy", "ben", "cat"]
    say(approval, person("ben"))
    assert asked(approval) == ["dan"]
    assert say(approval, person("dan"))["status"] == "approved"


def test_in_order_a_signer_added_after_comes_before_the_next() -> None:
    approval = ask(form(step("check", ("amy", "ben"), mode="in_order")))
    add(approval, person("amy"), person("dan"), before=False)
    for username in ("amy", "dan", "ben"):
        assert asked(approval) == [username]
        say(approval, person(username))
    assert record_of(approval)["state"] == "agreed"


def test_an_added_signer_can_add_another() -> None:
    approval = ask(form())
    add(approval, person("amy"), person("dan"), before=True)
    add(approval, person("dan"), person("ben"), before=True)
    for username in ("ben", "dan", "amy"):
        assert asked(approval) == [username]
        say(approval, person(username))
    assert queries.get(approval)["status"] == "approved"


@pytest.mark.parametrize("username", ["amy", "ben", "gone", "asker", None])
def test_only_an_active_person_who_is_not_asked_yet_can_be_added(username: str | None) -> None:
    approval = ask(form(step("check", ("amy", "ben"))))
    cases.leave(person("gone"))
    with pytest.raises(InvalidError) as refused:
        add(approval, person("amy"), person(username) if username else None, before=True)
    assert list(refused.value.errors) == ["whom"]


def test_a_step_can_forbid_more_signers_and_handing_over() -> None:
    approval = ask(form(step(add_signers=False, hand_over=False)))
    with pytest.raises(ForbiddenError):
        add(approval, person("amy"), person("dan"), before=True)
    with pytest.raises(ForbiddenError):
        give(approval, person("amy"), person("dan"))
    assert not queries.options(queries.get(approval), person("amy")).add_signer


def test_whoever_it_is_handed_to_signs_instead() -> None:
    approval = ask(form(step("check", ("amy", "ben"), mode="all")))
    give(approval, person("amy"), person("dan"))
    assert asked(approval) == ["dan", "ben"]
    with pytest.raises(ConflictError):
        say(approval, person("amy"))
    say(approval, person("dan"))
    assert say(approval, person("ben"))["status"] == "approved"
    handed = cases.entries(approval)[2]
    assert (handed["action"], handed["reason"], handed["approval"]["whom"]) == (
        "handed_over",
        "出差",
        person("dan").id,
    )


def test_in_order_the_next_waits_for_whoever_it_was_handed_to() -> None:
    approval = ask(form(step("check", ("amy", "ben"), mode="in_order")))
    give(approval, person("amy"), person("dan"))
    assert asked(approval) == ["dan"]
    say(approval, person("dan"))
    assert asked(approval) == ["ben"]


def test_handing_over_needs_a_reason_and_an_active_person() -> None:
    approval = ask(form())
    with pytest.raises(InvalidError) as refused:
        give(approval, person("amy"), person("dan"), reason=" ")
    assert list(refused.value.errors) == ["reason"]
    cases.leave(person("dan"))
    with pytest.raises(InvalidError) as refused:
        give(approval, person("amy"), person("dan"))
    assert list(refused.value.errors) == ["whom"]
    assert asked(approval) == ["amy"]


def test_it_can_be_returned_to_any_earlier_step_which_is_asked_again() -> None:
    approval = ask(form(step("one"), step("two", ("ben",)), step("three", ("cat",))))
    say(approval, person("amy"))
    say(approval, person("ben"))
    say(approval, person("cat"), "return", to_step="one", reason="缺少数据")
    assert asked(approval) == owing(approval) == ["amy"]
    for username in THREE:
        say(approval, person(username))
    stored = queries.get(approval)
    assert stored["status"] == "approved"
    assert [len(one["rounds"]) for one in stored["steps"]] == [1, 1, 1]
    assert stored["steps"][2]["rounds"][0][0]["reason"] == "缺少数据"


@pytest.mark.parametrize("to_step", ["", "two", "three", "nowhere"])
def test_it_returns_only_to_a_step_before(to_step: str) -> None:
    approval = ask(form(step("one"), step("two", ("ben",)), step("three")))
    say(approval, person("amy"))
    with pytest.raises(InvalidError) as refused:
        say(approval, person("ben"), "return", to_step=to_step)
    assert list(refused.value.errors) == ["to_step"]


def test_returning_needs_a_reason() -> None:
    approval = ask(form(step("one"), step("two", ("ben",))))
    say(approval, person("amy"))
    with pytest.raises(InvalidError) as refused:
        say(approval, person("ben"), "return", to_step="one", reason="")
    assert list(refused.value.errors) == ["reason"]


def test_whoever_asked_can_take_it_back() -> None:
    approval = ask(form())
    asker = person("asker")
    decisions.withdraw(Actor.of(asker), asker, approval, reason="写错了")
    assert queries.get(approval)["status"] == "withdrawn"
    assert record_of(approval)["state"] == "draft"
    assert owing(approval) == []
    with pytest.raises(ConflictError):
        decisions.withdraw(Actor.of(asker), asker, approval)


def test_without_a_transition_for_it_the_record_stays_where_it_is() -> None:
    approval = ask(form(withdrawn=""))
    asker = person("asker")
    decisions.withdraw(Actor.of(asker), asker, approval)
    assert record_of(approval)["state"] == "asked"
    assert owing(approval) == []


def test_nobody_else_takes_it_back() -> None:
    approval = ask(form())
    for other in (person("amy"), factories.administrator()):
        with pytest.raises(ForbiddenError):
            decisions.withdraw(Actor.of(other), other, approval)


def test_nobody_is_asked_about_their_own_work_where_others_are_enough() -> None:
    approval = ask(form(step("check", THREE)), person("amy"))
    assert asked(approval) == ["ben", "cat"]
    with pytest.raises(ForbiddenError):
        say(approval, person("amy"))


def test_where_only_the_asker_could_sign_their_superior_does() -> None:
    cases.team()
    approval = ask(form(step("check", who={"heads": ["QA"]})), person("head"))
    assert asked(approval) == ["top"]


def test_of_all_who_must_sign_the_asker_is_replaced_by_the_superior() -> None:
    cases.team()
    approval = ask(form(step("check", ("amy", "ben"), mode="all")), person("amy"))
    assert asked(approval) == ["head", "ben"]


def test_without_any_superior_the_administrators_decide_about_own_work() -> None:
    approval = ask(form(), person("amy"))
    assert asked(approval) == ["admin"]


def test_own_work_stays_own_work_when_somebody_else_takes_it_out_of_the_bin() -> None:
    amy = person("amy")
    live = form(step("check", ("amy", "ben")))
    person("ben")
    record = record_of(ask(live, amy))
    records.delete(Actor.of(amy), live, record["_id"], revision=record["revision"], reason="x")
    records.restore(factories.actor(), live, record["_id"])
    again = queries.open_of_record(live.key, record["_id"])
    assert again
    assert (again["started_by"], asked(again["_id"])) == (amy.id, ["ben"])


def test_own_work_can_be_allowed() -> None:
    approval = ask(form(own_work=True), person("amy"))
    assert say(approval, person("amy"))["status"] == "approved"


def test_the_only_administrator_cannot_approve_what_they_asked_for() -> None:
    approval = ask(form(step(who={"roles": ["none"]})), factories.administrator())
    assert asked(approval) == ["admin"]
    with pytest.raises(ForbiddenError):
        say(approval, factories.administrator())
    found = queries.options(queries.get(approval), factories.administrator())
    assert (found.decide, found.hand_over, found.withdraw) == (False, True, True)


def test_options_say_what_a_person_can_do() -> None:
    approval = ask(form(step("one"), step("two", ("ben",))))
    say(approval, person("amy"))
    ben = queries.options(queries.get(approval), person("ben"))
    assert (ben.decide, [one["key"] for one in ben.return_to], ben.withdraw) == (True, ["one"], False)
    cat = queries.options(queries.get(approval), person("cat"))
    assert (cat.decide, cat.slots, cat.return_to) == (False, [], [])
    assert str(cat.why_not) == "You are not asked to sign now."
