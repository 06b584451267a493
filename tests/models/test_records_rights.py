"""Rights are asked of a record as it is when it is written, not only as it was when it was fetched."""

from collections.abc import Callable
from typing import Any

import pytest
from pymongo.database import Database

from models import access, records
from models.access import Action
from models.database import Document
from models.errors import ForbiddenError, NotFoundError
from models.forms import LiveForm
from models.people import Actor, Grant, Role, Scope, User
from tests import factories

Store = Database[dict[str, Any]]
Change = Callable[[Actor, LiveForm, Document], object]


def update(actor: Actor, live: LiveForm, record: Document) -> object:
    return records.update(actor, live, record["_id"], {"name": "mine"}, revision=record["revision"])


def delete(actor: Actor, live: LiveForm, record: Document) -> object:
    return records.delete(actor, live, record["_id"], revision=record["revision"], reason="why not")


def member(*actions: Action) -> User:
    grants = [
        Grant(form="sheet", actions=[Action.SEE.value], scope=Scope.BELOW.value),
        Grant(form="sheet", actions=[one.value for one in actions], scope=Scope.DEPARTMENT.value),
    ]
    role = Role(name="member", grants=grants).save()
    return factories.user("member", role, department=factories.department("TOP", "上", "Top"))


@pytest.mark.parametrize("change", [update, delete])
def test_a_record_that_moved_out_of_reach_since_it_was_fetched_stays_as_it_is(
    db: Store, change: Change
) -> None:
    person, live = member(Action.EDIT, Action.DELETE), factories.form()
    stored = records.create(Actor.of(factories.administrator()), live, {"name": "a"})
    here = {"department": person.department.id}
    live.records().update_one({"_id": stored["_id"]}, {"$set": here})
    for action in (Action.EDIT, Action.DELETE):
        seen = access.fetch(person, live, stored["_id"], action)
    live.records().update_one({"_id": stored["_id"]}, {"$set": {"department": stored["department"]}})
    with pytest.raises(NotFoundError):
        change(Actor.of(person), live, seen)
    under = factories.department("SUB", "下", "Sub", parent=person.department)
    live.records().update_one({"_id": stored["_id"]}, {"$set": {"department": under.id}})
    with pytest.raises(ForbiddenError):
        change(Actor.of(person), live, seen)
    kept = live.records().find_one({"_id": stored["_id"]})
    assert kept
    assert (kept["data"], kept["revision"], kept["deleted_at"]) == ({"name": "a"}, 1, None)


def test_nobody_restores_what_lies_outside_of_their_reach(db: Store) -> None:
    person, live = member(Action.RESTORE), factories.form()
    stored = factories.record(live, name="a")
    records.delete(factories.actor(), live, stored["_id"], revision=1, reason="old")
    with pytest.raises(NotFoundError):
        records.restore(Actor.of(person), live, stored["_id"])
    kept = live.records().find_one({"_id": stored["_id"]})
    assert kept
    assert kept["deleted_at"]
