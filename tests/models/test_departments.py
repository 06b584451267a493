"""The tree of departments: no circles, nothing deleted that something refers to."""

from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import departments, forms, records
from models.errors import InUseError, InvalidError
from models.people import Department, Name, Role, User
from tests import factories
from tests.factories import department, field

Store = Database[dict[str, Any]]

pytestmark = pytest.mark.usefixtures("db")


def child(code: str, parent: Department | None = None, **fields: object) -> Department:
    return department(code, code, code, parent=parent, **fields)


def refused(changed: Department) -> set[str]:
    with pytest.raises(InvalidError) as error:
        departments.save(changed)
    return set(error.value.errors)


def test_the_tree_is_read_from_the_top_in_order() -> None:
    top = child("T")
    second, first = child("S", top, order=2), child("F", top, order=1)
    child("X", first)
    child("A")
    assert [(depth, one.code) for depth, one in departments.tree()] == [
        (0, "A"),
        (0, "T"),
        (1, "F"),
        (2, "X"),
        (1, "S"),
    ]
    assert departments.below(top) == {top.id, first.id, second.id, Department.objects.get(code="X").id}


def test_a_department_cannot_be_part_of_itself_or_of_what_it_contains() -> None:
    top = child("T")
    middle = child("M", top)
    low = child("L", middle)
    for parent in (top, middle, low):
        top.parent = parent
        assert refused(top) == {"parent"}
    low.parent = top
    departments.save(low)


def test_a_circle_made_by_two_at_once_still_shows_every_department() -> None:
    one, two = child("1"), child("2")
    one.update(set__parent=two)
    two.update(set__parent=one)
    assert {found.code for _depth, found in departments.tree()} == {"1", "2"}
    assert departments.below(Department.objects.get(code="1")) == {one.id, two.id}


def test_a_parent_that_is_gone_hides_nobody(db: Store) -> None:
    one = child("1")
    db.departments.update_one({"_id": one.id}, {"$set": {"parent": ObjectId()}})
    assert [found.code for _depth, found in departments.tree()] == ["1"]


def test_a_tree_grows_no_deeper_than_people_can_read() -> None:
    at = child("L1")
    for level in range(2, departments.MAX_DEPTH + 1):
        at = child(f"L{level}", at)
    below = Department(code="deep", name=Name(zh="深"), parent=at)
    assert refused(below) == {"parent"}
    other = child("O")
    child("P", other)
    other.parent = Department.objects.get(code=f"L{departments.MAX_DEPTH - 1}")
    assert refused(other) == {"parent"}
    other.parent = Department.objects.get(code=f"L{departments.MAX_DEPTH - 2}")
    departments.save(other)


def test_a_department_needs_a_name_and_an_active_head() -> None:
    assert refused(Department(code="N")) == {"name"}
    gone = factories.user("gone", active=False)
    assert refused(Department(code="N", name=Name(en="N"), head=gone.id)) == {"head"}
    departments.save(Department(code="N", name=Name(en="N"), head=factories.editor().id))


def test_a_department_is_retired_when_nobody_belongs_to_it_any_more() -> None:
    quality = department()
    person = factories.editor()
    part = child("P", quality)
    quality.retired = True
    assert refused(quality) == {"retired"}
    person.update(set__active=False)
    assert refused(quality) == {"retired"}
    part.update(set__retired=True)
    departments.save(quality)
    assert Department.objects.get(code="QA").retired


def test_a_department_nothing_refers_to_is_deleted() -> None:
    unused = child("U")
    factories.form(field("dept", "department"))
    departments.delete(unused)
    assert not Department.objects(code="U")


def maker() -> Role:
    return factories.role("maker", actions=factories.EDITOR_ACTIONS)


def elsewhere() -> User:
    """Somebody of another department who makes records."""
    return factories.user("elsewhere", maker(), department=factories.department("HR", "人事部", "HR"))


def uses() -> dict[str, Any]:
    columns = [field("by", "department")]
    fields = [field("dept", "department"), field("items", "table", fields=columns)]

    def old_field(used: Department) -> None:
        live = factories.form(*fields)
        factories.record(live, elsewhere(), dept=str(used.id))
        factories.republish(live, fields=[field("name")], list_columns=["name"], title_fields=["name"])

    def retired_form(used: Department) -> None:
        live = factories.form(*fields)
        factories.record(live, elsewhere(), dept=str(used.id))
        forms.retire(live.key, retired=True)

    def in_bin(used: Department) -> None:
        live = factories.form(*fields)
        made = factories.record(live, elsewhere(), dept=str(used.id))
        records.delete(factories.actor(elsewhere()), live, made["_id"], revision=1, reason="x")

    return {
        "a person": lambda used: factories.user("someone", department=used),
        "a person who left": lambda used: factories.user("someone", department=used, active=False),
        "a child": lambda used: child("C", used),
        "a record made in it": lambda used: (
            factories.record(factories.form(), factories.user("gone", maker(), department=used), name="x")
            and factories.user("gone").delete()
        ),
        "a field": lambda used: factories.record(factories.form(*fields), elsewhere(), dept=str(used.id)),
        "a column": lambda used: factories.record(
            factories.form(*fields), elsewhere(), items=[{"by": str(used.id)}]
        ),
        "a field of an earlier version": old_field,
        "a form that was retired": retired_form,
        "a record in the bin": in_bin,
    }


@pytest.mark.parametrize("use", uses())
def test_a_department_in_use_is_not_deleted(use: str) -> None:
    used = child("U")
    uses()[use](used)
    with pytest.raises(InUseError):
        departments.delete(used)
    assert Department.objects(code="U")
