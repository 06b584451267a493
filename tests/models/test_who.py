"""Whom a description means, and who steps in for those who left."""

from typing import Any

import pytest
from pymongo.database import Database

from models import outbox, who
from models.database import Document
from models.forms import LiveForm
from models.people import Actor, Department, User
from models.procedure import Who
from tests import factories
from tests.factories import field

Store = Database[Document]


@pytest.fixture
def live(db: Store) -> LiveForm:
    rows = field("rows", "table", fields=[field("checker", "person")])
    return factories.form(
        field("name"),
        field("boss", "person"),
        field("blamed", "department"),
        field("sign", "signature"),
        rows,
    )


@pytest.fixture(autouse=True)
def company(db: Store) -> None:
    """Head office with quality under it, which has a laboratory under itself, and sales."""
    top = factories.department("TOP", "总部", "Head office")
    quality = factories.department("QA", parent=top)
    lab = factories.department("LAB", "实验室", "Laboratory", parent=quality)
    sales = factories.department("SALES", "销售部", "Sales", parent=top)
    lead(top, "chief")
    lead(quality, "quentin", "dora", "derek")
    lead(lab, "laura")
    for username, department in {"amy": quality, "ben": lab, "sam": sales}.items():
        person(username, department=department)
    factories.user("admin", factories.role("administrator", administrator=True))


def lead(department: Department, head: str, *deputies: str) -> None:
    department.head = person(head, department=department).id
    department.deputies = [person(one, department=department).id for one in deputies]
    department.save()


def person(username: str, *roles: str, **fields: Any) -> User:
    return factories.user(
        username, *(factories.role(one, actions=["see", "transition"]) for one in roles), **fields
    )


def leave(*usernames: str) -> None:
    for username in usernames:
        User.objects(username=username).update_one(set__active=False)


def record(data: Document | None = None, **values: Any) -> Document:
    defaults = {"_id": person("amy").id, "number": "N1", "title": "弹簧", "department": None, "owner": None}
    return {**defaults, "created_by": None, "assignees": [], "data": data or {}, **values}


def meant(live: LiveForm, about: Document | None = None, **description: Any) -> list[str]:
    found = who.people(Who(**description), live, about or record())
    names = {user.id: str(user.username) for user in User.objects}
    return [names[one] for one in found]


def code(department: str) -> Any:
    return factories.department(department).id


def test_named_people_in_the_order_they_are_named(live: LiveForm) -> None:
    assert meant(live, people=("sam", "Amy", "nobody", "sam")) == ["sam", "amy"]


def test_all_holders_of_a_role_and_only_active_ones(live: LiveForm) -> None:
    person("zoe", "inspector")
    person("al", "inspector")
    person("gone", "inspector", active=False)
    assert meant(live, roles=("inspector", "no_such_role")) == ["al", "zoe"]


def test_of_a_role_those_within_a_department_itself_first(live: LiveForm) -> None:
    person("in_lab", "inspector", department=factories.department("LAB"))
    person("in_sales", "inspector", department=factories.department("SALES"))
    assert meant(live, roles=("inspector",), within="QA") == ["in_lab"]
    person("in_qa", "inspector", department=factories.department("QA"))
    assert meant(live, roles=("inspector",), within="QA") == ["in_qa"]


def test_within_can_name_a_field_or_the_record_s_department(live: LiveForm) -> None:
    person("in_lab", "inspector", department=factories.department("LAB"))
    person("in_sales", "inspector", department=factories.department("SALES"))
    about = record({"blamed": code("SALES")}, department=code("LAB"))
    assert meant(live, about, roles=("inspector",), within="blamed") == ["in_sales"]
    assert meant(live, about, roles=("inspector",), within="@department") == ["in_lab"]
    assert meant(live, record(), roles=("inspector",), within="blamed") == []


def test_heads_and_members_by_code(live: LiveForm) -> None:
    assert meant(live, heads=("LAB", "NONE")) == ["laura"]
    assert meant(live, members=("LAB",)) == ["ben", "laura"]
    assert meant(live, members=("QA",)) == ["amy", "ben", "derek", "dora", "laura", "quentin"]


def test_heads_and_members_of_what_the_record_names(live: LiveForm) -> None:
    about = record({"blamed": code("LAB")}, department=code("QA"))
    assert meant(live, about, heads_of=("blamed", "@department")) == ["laura", "quentin"]
    assert meant(live, about, members_of=("blamed",)) == ["ben", "laura"]
    assert meant(live, record(), heads_of=("blamed", "@department", "no_such_field")) == []


def test_people_whom_the_record_names(live: LiveForm) -> None:
    ids = {name: person(name).id for name in ("amy", "ben", "sam", "chief", "laura")}
    data = {
        "boss": ids["amy"],
        "sign": {"by": ids["ben"], "file": None},
        "rows": [{"checker": ids["laura"]}, {"checker": None}, {}],
    }
    about = record(data, owner=ids["sam"], created_by=ids["chief"], assignees=[ids["amy"], ids["ben"]])
    assert meant(live, about, fields=("boss", "sign", "rows.checker")) == ["amy", "ben", "laura"]
    assert meant(live, about, fields=("@owner", "@created_by", "@assignees")) == [
        "sam",
        "chief",
        "amy",
        "ben",
    ]


def test_me_is_whoever_acts(live: LiveForm) -> None:
    asked = Who(fields=("@me",))
    assert who.people(asked, live, record(), actor=Actor.of(person("sam"))) == [person("sam").id]
    assert who.people(asked, live, record(), actor=Actor.system()) == []


def test_includes_says_whether_somebody_is_meant_and_active(live: LiveForm) -> None:
    sam = person("sam")
    assert who.includes(sam, Who(people=("sam",)), live, record())
    assert not who.includes(person("amy"), Who(people=("sam",)), live, record())
    leave("sam")
    sam.reload()
    assert not who.includes(sam, Who(people=("sam",)), live, record())


@pytest.mark.parametrize(
    ("gone", "instead"),
    [
        (("amy",), "dora"),
        (("amy", "dora"), "derek"),
        (("amy", "dora", "derek"), "quentin"),
        (("amy", "dora", "derek", "quentin"), "chief"),
        (("amy", "dora", "derek", "quentin", "chief"), "admin"),
        (("quentin",), "dora"),
    ],
)
def test_for_somebody_who_left_a_deputy_the_head_or_those_above_step_in(
    live: LiveForm, gone: tuple[str, ...], instead: str
) -> None:
    leave(*gone)
    assert meant(live, people=(gone[0],)) == [instead]
    assert meant(live, record(owner=person(gone[0]).id), fields=("@owner",)) == [instead]


def test_whoever_left_without_a_department_is_replaced_by_the_administrators(live: LiveForm) -> None:
    person("lonely", active=False)
    assert meant(live, people=("lonely",)) == ["admin"]


@pytest.mark.parametrize(
    ("gone", "leads"),
    [
        ((), "quentin"),
        (("quentin",), "dora"),
        (("quentin", "dora", "derek"), "chief"),
        (("quentin", "dora", "derek", "chief"), "admin"),
    ],
)
def test_without_its_head_a_department_is_led_by_deputies_or_from_above(
    live: LiveForm, gone: tuple[str, ...], leads: str
) -> None:
    leave(*gone)
    assert meant(live, heads=("QA",)) == [leads]


def test_a_department_that_never_had_a_head_is_led_from_above(live: LiveForm) -> None:
    assert meant(live, heads=("SALES",)) == ["chief"]


def test_departments_in_a_circle_end_somewhere(live: LiveForm) -> None:
    Department.objects(code="TOP").update_one(set__parent=factories.department("LAB"))
    leave("quentin", "dora", "derek", "chief", "laura")
    assert meant(live, heads=("QA",)) == ["admin"]
    assert "amy" in meant(live, members=("TOP",))


def notices(db: Store) -> list[str]:
    outbox.carry_out_due()
    return [found["text"]["en"] for found in db.notifications.find({"person": factories.administrator().id})]


def test_administrators_are_told_once_for_each_person_and_record(live: LiveForm, db: Store) -> None:
    leave("amy")
    for about in (record(), record(), record(_id=person("sam").id)):
        found = who.resolve(Who(people=("amy",)), live, about)
        who.tell_substitutions(live.key, about, found.substitutions)
    assert notices(db) == ["amy has left. Asked instead: dora."] * 2


def test_administrators_hear_of_a_department_that_nobody_leads(live: LiveForm, db: Store) -> None:
    Department.objects(code="TOP").update_one(unset__head=True)
    found = who.resolve(Who(heads=("SALES",)), live, record())
    who.tell_substitutions(live.key, record(), found.substitutions)
    assert notices(db) == ["Department SALES has nobody to lead it. Asked instead: admin."]


def test_in_a_batch_nothing_is_asked_twice(
    live: LiveForm, db: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Who(roles=("signer",), people=("amy", "sam"), heads=("QA",), members_of=("@department",))
    about = record(department=code("LAB"))
    counted = 0

    def counting() -> Store:
        nonlocal counted
        counted += 1
        return db

    monkeypatch.setattr("models.directory.db", counting)
    with who.batch(), who.batch():
        who.people(asked, live, about)
        first = counted
        for _turn in range(50):
            who.people(asked, live, about)
    assert 0 < first == counted
