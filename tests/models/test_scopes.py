"""Which records roles reach: the same in MongoDB and in Python, and on indexes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from typing import Any

import pytest
from bson import ObjectId
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from models import access, queries, records
from models.access import Action
from models.database import Document
from models.errors import ForbiddenError, InvalidError, NotFoundError
from models.forms import LiveForm
from models.people import Grant, Role, Scope, User
from models.planning import blank_record
from models.queries import ListQuery
from models.times import now
from tests import factories

Store = Database[dict[str, Any]]
RULES: Sequence[dict[str, Any]] = (
    {"field": "qty", "op": "gte", "value": 2},
    {"field": "@owner", "op": "eq", "value": {"me": True}},
    {
        "field": "gone",
        "op": "eq",
        "value": 1,
    },  # no such field: the scope gives nothing, and denies everything
)


@pytest.fixture
def live(db: Store) -> LiveForm:
    return factories.form()


def member(*grants: Grant, department: str = "QA", name: str = "member") -> User:
    role = Role(name=f"role_{name}", grants=list(grants)).save()
    return factories.user(name, role, department=factories.department(department, department, department))


def grant(scope: Scope, *actions: Action, deny: bool = False, rule: dict[str, Any] | None = None) -> Grant:
    chosen = [action.value for action in actions or Action]
    return Grant(form="sheet", actions=chosen, scope=scope.value, deny=deny, rule=rule or {})


def stored(live: LiveForm, **columns: Any) -> Document:
    """Store a record as it never comes into being through the product, to have every kind of it."""
    data = columns.pop("data", {"name": "x"})
    record = {**blank_record(factories.actor(), data, now()), "title": "x", "number": None, **columns}
    live.records().insert_one(record)
    return record


# -- the filter and the answer for one record agree --------------------------------------------------------


def grants() -> st.SearchStrategy[Grant]:
    return st.builds(
        grant,
        st.sampled_from(list(Scope)),
        st.sampled_from([Action.SEE, Action.EDIT]),
        deny=st.sampled_from([False, False, False, True]),
        rule=st.sampled_from(RULES),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    roles=st.lists(st.lists(grants(), max_size=3), min_size=1, max_size=3), home=st.sampled_from(["QA", None])
)
def test_the_filter_selects_exactly_what_the_answer_allows(
    db: Store, live: LiveForm, roles: list[list[Grant]], home: str | None
) -> None:
    above = factories.department()
    below = factories.department("QB", "品保二部", "Quality two", parent=above)
    other = factories.department("HR", "人事部", "HR")
    held = [Role(name=f"r{number}", grants=found) for number, found in enumerate(roles)]
    db.users.delete_many({"username": "member"})
    db.roles.delete_many({"name": {"$regex": "^r[0-9]$"}})
    department = above if home else None
    person = User(
        username="member", name="m", roles=[one.save() for one in held], department=department
    ).save()
    live.records().delete_many({})
    departments, me = (above.id, below.id, other.id, None), [person.id]
    for department, owner, todo, invited in product(departments, (*me, ObjectId()), ([], me), ([], me)):
        data = {"name": "x", "qty": 3 if todo else 1}
        stored(live, department=department, owner=owner, assignees=todo, invited=invited, data=data)
    everything = list(live.records().find({}))
    for action in (Action.SEE, Action.EDIT):
        try:
            selected = {
                one["_id"] for one in live.records().find(access.records_filter(person, live, action))
            }
        except (ForbiddenError, NotFoundError):
            selected = set()
        allowed = {one["_id"] for one in everything if access.allowed(person, live, one, action)}
        assert selected == allowed, action
        assert access.visible(person, live.key, [one["_id"] for one in everything]) >= allowed


# -- cast × scope ------------------------------------------------------------------------------------------

REACHED = {  # of their department, of one below it, of another, of none, their own, theirs to do
    Scope.ALL: (True, True, True, True, True, True),
    Scope.DEPARTMENT: (True, False, False, False, False, False),
    Scope.BELOW: (True, True, False, False, False, False),
    Scope.OWN: (False, False, False, False, True, False),
    Scope.ASSIGNED: (False, False, False, False, False, True),
}


@pytest.mark.parametrize("scope", REACHED)
@pytest.mark.parametrize("action", [Action.SEE, Action.EDIT, Action.DELETE, Action.EXPORT, Action.PRINT])
def test_each_scope_reaches_what_it_says(live: LiveForm, scope: Scope, action: Action) -> None:
    person = member(grant(Scope.ALL, Action.SEE), grant(scope, action))
    above = factories.department()
    below = factories.department("QB", "二部", "Two", parent=above)
    other = factories.department("HR", "人事部", "HR").id
    made = [
        stored(live, department=above.id),
        stored(live, department=below.id),
        stored(live, department=other),
        stored(live, department=None),
        stored(live, department=other, owner=person.id),
        stored(live, department=other, assignees=[person.id]),
    ]
    expected = REACHED[Scope.ALL if action is Action.SEE else scope]
    assert tuple(access.allowed(person, live, one, action) for one in made) == expected
    found = {one["_id"] for one in live.records().find(access.records_filter(person, live, action))}
    assert tuple(one["_id"] in found for one in made) == expected
    for one, is_open in zip(made, expected, strict=True):
        if is_open:
            assert access.fetch(person, live, one["_id"], action)
        else:
            with pytest.raises(ForbiddenError):
                access.fetch(person, live, one["_id"], action)


def test_a_record_without_a_department_is_seen_by_everything_only(live: LiveForm) -> None:
    nowhere = stored(live, department=None)
    for scope in (Scope.OWN, Scope.ASSIGNED, Scope.DEPARTMENT, Scope.BELOW):
        person = member(grant(scope), name=scope.value)
        theirs = {"owner": person.id, "assignees": [person.id], "invited": [person.id]}
        live.records().update_one({"_id": nowhere["_id"]}, {"$set": theirs})
        with pytest.raises(NotFoundError):
            access.fetch(person, live, nowhere["_id"])
    assert access.fetch(factories.administrator(), live, nowhere["_id"])


# -- creating ----------------------------------------------------------------------------------------------


def test_who_belongs_nowhere_is_told_why_they_cannot_create(live: LiveForm) -> None:
    role = Role(name="narrow", grants=[grant(Scope.DEPARTMENT)]).save()
    lost = factories.user("lost", role)
    with pytest.raises(InvalidError) as refused:
        factories.record(live, lost, name="a")
    assert "You belong to no department" in str(refused.value.errors[""][0])
    assert live.records().count_documents({}) == 0


def test_what_lies_outside_of_a_create_scope_is_not_made(live: LiveForm) -> None:
    rule = {"field": "qty", "op": "gte", "value": 2}
    person = member(grant(Scope.ALL, Action.SEE), grant(Scope.RULE, Action.CREATE, rule=rule))
    with pytest.raises(InvalidError) as refused:
        factories.record(live, person, name="a", qty=1)
    assert "Your roles do not let you" in str(refused.value.errors[""][0])
    assert factories.record(live, person, name="a", qty=2)["data"]["qty"] == 2


def test_the_program_creates_whatever_a_procedure_says(live: LiveForm) -> None:
    person = member(grant(Scope.OWN, Action.SEE))
    made = records.create(factories.actor(person), live, {"name": "a"}, source="system")
    assert live.records().find_one({"_id": made["_id"]})


# -- indexes -----------------------------------------------------------------------------------------------


@contextmanager
def explained(db: Store) -> Iterator[list[Document]]:
    """Collect how the queries on records of a block were carried out."""
    found: list[Document] = []
    db.command("profile", 2)
    try:
        yield found
    finally:
        db.command("profile", 0)
    found += db["system.profile"].find(
        {"ns": {"$regex": "record_sheet"}, "op": {"$in": ["query", "command"]}}
    )
    db["system.profile"].drop()


SEVERAL = [ObjectId() for _ in range(5)]


@pytest.mark.parametrize("scope", [Scope.DEPARTMENT, Scope.BELOW, Scope.OWN, Scope.ASSIGNED])
def test_a_narrow_list_reads_what_it_shows_and_sorts_nothing(db: Store, live: LiveForm, scope: Scope) -> None:
    person = member(grant(scope))
    above = factories.department()
    below = [factories.department(f"B{n}", f"下{n}", f"Below {n}", parent=above).id for n in range(3)]
    template = stored(live)
    rows = [
        {
            **template,
            "_id": ObjectId(),
            "department": [above.id, *below, *SEVERAL][n % 9],
            "owner": person.id if n % 7 == 0 else ObjectId(),
            "assignees": [person.id] if n % 5 == 0 else [],
            "search": ["lamp"] if n % 4 == 0 else ["none"],
        }
        for n in range(3000)
    ]
    live.records().insert_many(rows)
    with explained(db) as seen:
        page = queries.page(person, live, ListQuery(page_size=20))
        queries.count(person, live, ListQuery())
        queries.page(person, live, ListQuery(page_size=20, search="lamp"))
    assert len(page.records) == 20
    assert seen
    for one in seen:
        assert "COLLSCAN" not in one.get("planSummary", ""), one["command"]
    first = next(one for one in seen if one["op"] == "query")
    assert not first.get("hasSortStage")
    assert first["docsExamined"] < 400


def test_the_count_of_a_department_is_that_of_its_list(live: LiveForm) -> None:
    person = member(grant(Scope.BELOW))
    own, other = factories.department().id, factories.department("HR", "人事部", "HR").id
    for _ in range(3):
        stored(live, department=own)
    stored(live, department=own, deleted_at=now())
    stored(live, department=other)
    stored(live, department=other, invited=[person.id])
    stored(live, department=None, invited=[person.id])
    stored(live, department=own, invited=[person.id])
    assert queries.count(person, live, ListQuery()).value == 5
    assert len(queries.page(person, live, ListQuery()).records) == 5
    assert queries.exact_count(person, live, ListQuery()) == 5
