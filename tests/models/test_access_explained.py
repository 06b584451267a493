"""Why somebody can or cannot: whatever roles say, the explanation says what the decision says."""

import random
import time
from typing import Any

import pytest

from models import access, access_explained, record_access, rights_words
from models.access import Action
from models.access_explained import Teller, explain
from models.database import Document, db
from models.forms import LiveForm
from models.people import FieldRule, Grant, Limit, Role, Scope, User
from tests import factories

pytestmark = pytest.mark.usefixtures("db")

SMALL = {"field": "qty", "op": "lt", "value": 10}
BROKEN = {"field": "gone", "op": "eq", "value": 1}
ASKED = [Action.SEE, Action.EDIT, Action.APPROVE, Action.CONFIGURE]


@pytest.fixture
def sheet() -> LiveForm:
    return factories.form()


def any_grant(chance: random.Random) -> Grant:
    scope = chance.choice([*Scope])
    return Grant(
        form=chance.choice(["sheet", "sheet", "*", "other"]),
        actions=chance.sample([one.value for one in ASKED], chance.randint(1, 4)),
        scope=scope.value,
        rule=chance.choice([SMALL, BROKEN, {"all": []}]) if scope is Scope.RULE else {},
        deny=chance.random() < 0.2,
    )


def any_person(chance: random.Random, number: int) -> User:
    roles = [
        Role(
            name=f"r{number}_{at}",
            administrator=chance.random() < 0.05,
            grants=[any_grant(chance) for _turn in range(chance.randint(0, 4))],
        ).save()
        for at in range(chance.randint(0, 3))
    ]
    department = chance.choice([None, factories.department(), factories.department("HR", "人事", "HR")])
    return factories.user(f"p{number}", *roles, department=department, active=chance.random() < 0.95)


def any_record(chance: random.Random, sheet: LiveForm, people: list[User]) -> Document:
    made = factories.record(sheet, name="x", qty=chance.randint(0, 20))
    put: dict[str, Any] = {
        "owner": chance.choice(people).id,
        "assignees": [one.id for one in chance.sample(people, 2)],
        "invited": [one.id for one in chance.sample(people, 2)],
        "department": chance.choice([None, factories.department().id, factories.department("HR").id]),
    }
    db()[sheet.collection].update_one({"_id": made["_id"]}, {"$set": put})
    return {**made, **put}


def test_the_explanation_says_what_the_decision_says(sheet: LiveForm) -> None:
    chance = random.Random(7)  # noqa: S311  (no secret)
    people = [any_person(chance, number) for number in range(40)]
    records = [any_record(chance, sheet, people) for _turn in range(10)]
    answers = set()
    for person in people:
        for action in ASKED:
            assert explain(person, sheet, action).answer is access.permitted(person, sheet.key, action)
            for record in records:
                found = explain(person, sheet, action, record)
                assert found.answer is access.allowed(person, sheet, record, action)
                answers.add(found.answer)
    assert answers == {True, False}


def test_who_has_access_is_whom_the_decision_lets_in(sheet: LiveForm) -> None:
    chance = random.Random(11)  # noqa: S311  (no secret)
    people = [any_person(chance, number) for number in range(40)]
    for _turn in range(5):
        record = any_record(chance, sheet, people)
        found = {one.person.id: set(one.actions) for one in record_access.of_record(sheet, record, ASKED)}
        expected = {
            person.id: {action for action in ASKED if access.allowed(person, sheet, record, action)}
            for person in [*people, factories.administrator()]
        }
        assert found == {person: actions for person, actions in expected.items() if actions}


def test_five_hundred_people_are_asked_in_no_time(sheet: LiveForm) -> None:
    scopes = [Grant(form="sheet", actions=[*Action], scope=one.value) for one in (Scope.OWN, Scope.BELOW)]
    by_rule = Grant(form="sheet", actions=["see"], scope="rule", rule=SMALL)
    role = Role(name="wide", grants=[*scopes, by_rule]).save()
    department = factories.department()
    User.objects.insert(
        [User(username=f"u{at}", name=f"U{at}", roles=[role], department=department) for at in range(500)]
    )
    record = factories.record(sheet, name="x", qty=1)
    began = time.perf_counter()
    assert len(record_access.of_record(sheet, record)) == 501
    assert time.perf_counter() - began < 4


def told(person: User, sheet: LiveForm, action: Action, record: Document | None = None) -> list[str]:
    teller = Teller(sheet.definition, "en")
    return [
        f"{'+' if one.holds else '-'} {teller.ground(one.ground)}"
        for part in explain(person, sheet, action, record).parts
        for one in part.judged
    ]


def test_roles_scopes_and_denials_are_named(sheet: LiveForm) -> None:
    seeing = Role(
        name="clerk",
        label={"en": "Clerk"},
        grants=[
            Grant(form="*", actions=["see"], scope="own"),
            Grant(form="sheet", actions=["see"], scope="rule", rule=SMALL),
            Grant(form="sheet", actions=["see"], deny=True, scope="department"),
        ],
    ).save()
    person = factories.user("clerk", seeing)
    record = factories.record(sheet, name="x", qty=3)
    assert told(person, sheet, Action.SEE, record) == [
        "- The role “Clerk” opens it: on every form, My own.",
        "+ The role “Clerk” opens it: qty is less than 10.",
        "- The record was shared with this person, or they or somebody they act for were asked.",
        "- The role “Clerk” denies it: My department.",
    ]


def test_a_record_without_a_department_is_said_to_lack_it(sheet: LiveForm) -> None:
    role = Role(name="owner", grants=[Grant(form="sheet", actions=["see"], scope="own")]).save()
    person = factories.user("owner", role)
    record = {**factories.record(sheet, name="x"), "owner": person.id, "department": None}
    found = explain(person, sheet, Action.SEE, record)
    assert (found.answer, found.lacks_department, found.parts[0].judged[0].holds) == (False, True, True)


def test_closed_fields_name_the_rules_that_close_them(sheet: LiveForm) -> None:
    rule = FieldRule(form="sheet", fields=["qty"], limit=Limit.MASKED)
    role = Role(name="blind", grants=[Grant(form="sheet", actions=["see"])], field_rules=[rule]).save()
    person = factories.user("blind", role)
    [closed] = access_explained.closed_fields(person, sheet, factories.record(sheet, name="x", qty=1))
    assert (closed.field, closed.limit) == ("qty", Limit.MASKED)
    assert [one.name for one, _rule in closed.sources] == ["blind"]


def test_every_right_has_a_name() -> None:
    assert set(rights_words.ACTIONS) == set(Action)
    assert set(rights_words.SCOPES) == set(Scope)
    assert set(rights_words.LIMITS) == set(Limit)
