"""A record's title and words may name another record: people who may not see that one are not told them."""

from typing import Any

import pytest
from pymongo.database import Database

from models import queries
from models.access import Action, fetch
from models.database import Document
from models.disclosure import Disclosure
from models.forms import LiveForm
from models.lookups import Lookup, References
from models.people import Grant, Role, Scope, User
from models.queries import ListQuery
from tests import factories
from tests.factories import field

Store = Database[dict[str, Any]]
NAMED = "Hush"


def person(name: str, scope: Scope | None) -> User:
    every = [action.value for action in Action]
    grants = [Grant(form="complaint", actions=every)]
    if scope:
        grants.append(Grant(form="customer", actions=every, scope=scope.value))
    role = Role(name=f"role_{name}", grants=grants).save()
    return factories.user(name, role, department=factories.department())


@pytest.fixture
def complaint(db: Store) -> LiveForm:
    customer = factories.form(field("name"), key="customer")
    live = factories.form(
        field("what", searchable=True),
        field("customer", "reference", form="customer", searchable=True),
        key="complaint",
        numbering="C-{seq:3}",
        title_fields=["customer", "what"],
    )
    named = factories.record(customer, name=NAMED)
    factories.record(live, what="noise", customer=str(named["_id"]))
    return live


def found(who: User, live: LiveForm, words: str) -> list[str]:
    return [one["title"] for one in queries.page(who, live, ListQuery(search=words)).records]


@pytest.mark.parametrize("scope", [None, Scope.OWN])
def test_whoever_does_not_see_the_named_record_sees_the_number(
    complaint: LiveForm, scope: Scope | None
) -> None:
    who = person("narrow", scope)
    [listed] = queries.page(who, complaint, ListQuery(columns=("title",), sort="title")).records
    assert listed["title"] == "C-001"
    record = fetch(who, complaint, listed["_id"])
    assert Disclosure(who, complaint).shown(record)["title"] == "C-001"
    assert queries.options(who, complaint, "", 5)[0]["title"] == "C-001"
    assert Lookup(person=who).record("complaint", record["_id"]) == "C-001"
    assert References(who).find_record("complaint", f"{NAMED} noise") is None
    assert References(who).find_record("complaint", "C-001") == record["_id"]


def test_whoever_does_not_see_the_named_record_does_not_find_by_it(complaint: LiveForm) -> None:
    who = person("narrow", None)
    assert found(who, complaint, NAMED) == []
    assert found(who, complaint, "noise") == ["C-001"]
    assert queries.options(who, complaint, NAMED, 5) == []


def test_the_order_by_titles_tells_nothing(complaint: LiveForm, db: Store) -> None:
    who = person("narrow", None)
    customers = [one["_id"] for one in db.record_customer.find()]
    factories.record(complaint, what="a", customer=str(customers[0]))
    asked = ListQuery(sort="title", descending=False, page_size=1)
    page = queries.page(who, complaint, asked)
    by_id = queries.page(who, complaint, ListQuery(descending=False, page_size=1))
    assert (page.records, page.next) == (by_id.records, by_id.next)


def test_whoever_sees_everything_is_told_the_title(complaint: LiveForm) -> None:
    who = person("wide", Scope.ALL)
    assert found(who, complaint, NAMED) == [f"{NAMED} noise"]
    record: Document = queries.options(who, complaint, "", 5)[0]
    assert Lookup(person=who).record("complaint", record["_id"]) == f"{NAMED} noise"
    assert References(who).find_record("complaint", f"{NAMED} noise") == record["_id"]
