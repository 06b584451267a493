"""The one place where a record is fetched for a person: every action tried by everyone."""

from typing import Any

import pytest
from bson import DBRef, ObjectId
from pymongo.database import Database

from models import access, records
from models.access import Action
from models.database import Document
from models.errors import ForbiddenError, NotFoundError
from models.forms import LiveForm
from models.people import Permission, User
from tests import factories

Store = Database[dict[str, Any]]
FORBIDDEN, UNKNOWN = ForbiddenError, NotFoundError


def people() -> dict[str, User]:
    sleeping = factories.user("sleeping", factories.role("administrator", administrator=True), active=False)
    creator = factories.role("creator", form="sheet", actions=[Action.CREATE, Action.EDIT])
    return {
        "nobody": User(username="nobody"),
        "inactive": sleeping,
        "stranger": factories.stranger(),
        "blind": factories.user("blind", creator),  # may create and edit, but not see
        "reader": factories.reader("sheet"),
        "editor": factories.editor("sheet"),
        "admin": factories.administrator(),
    }


ALLOWED: dict[str, set[Action]] = {
    "nobody": set(),
    "inactive": set(),
    "stranger": set(),
    "blind": set(),
    "reader": set(factories.READER_ACTIONS),
    "editor": set(factories.EDITOR_ACTIONS),
    "admin": set(Action),
}


@pytest.fixture
def live(db: Store) -> LiveForm:
    return factories.form()


@pytest.fixture
def record(live: LiveForm) -> Document:
    return factories.record(live, name="x")


@pytest.mark.parametrize("who", ALLOWED)
@pytest.mark.parametrize("action", [*Action])
def test_every_action_is_open_to_whom_a_role_opens_it(
    live: LiveForm, record: Document, who: str, action: Action
) -> None:
    person = people()[who]
    if action is Action.RESTORE:
        records.delete(factories.actor(), live, record["_id"], revision=1, reason="x")
    assert access.permitted(person, live.key, action) is (action in ALLOWED[who])
    if action in ALLOWED[who]:
        assert access.fetch(person, live, record["_id"], action)["_id"] == record["_id"]
        access.require(person, live.key, action)
        return
    refusal = FORBIDDEN if Action.SEE in ALLOWED[who] else UNKNOWN
    for ask in (
        lambda: access.fetch(person, live, record["_id"], action),
        lambda: access.require(person, live.key, action),
    ):
        with pytest.raises(refusal):
            ask()


def test_every_editor_action_is_tried() -> None:
    assert set(factories.EDITOR_ACTIONS) == set(Action) - {Action.CONFIGURE}
    assert set(factories.READER_ACTIONS) < set(Action)


def test_a_right_to_one_form_opens_no_other(live: LiveForm) -> None:
    other = factories.form(key="other")
    made = factories.record(other, name="x")
    person = factories.editor("sheet")
    assert access.permitted(person, live.key, Action.EDIT)
    with pytest.raises(NotFoundError):
        access.fetch(person, other, made["_id"])


def test_a_record_in_the_bin_is_seen_only_to_restore_it(live: LiveForm, record: Document) -> None:
    records.delete(factories.actor(), live, record["_id"], revision=1, reason="x")
    editor, reader = factories.editor(), factories.reader()
    for action in set(factories.EDITOR_ACTIONS) - {Action.RESTORE}:
        with pytest.raises(NotFoundError):
            access.fetch(editor, live, record["_id"], action)
    assert access.fetch(editor, live, record["_id"], Action.RESTORE)["deleted_at"]
    with pytest.raises(ForbiddenError):
        access.fetch(reader, live, record["_id"], Action.RESTORE)


def test_a_record_that_is_not_in_the_bin_is_not_restored(live: LiveForm, record: Document) -> None:
    with pytest.raises(NotFoundError):
        access.fetch(factories.editor(), live, record["_id"], Action.RESTORE)


@pytest.mark.parametrize(
    "given", ["", "x", "0" * 24, "0" * 23, "\0" * 24, "\ud800", "../..", "字" * 24, "{'$gt': ''}"]
)
def test_an_id_that_names_no_record_is_not_found(live: LiveForm, given: str) -> None:
    with pytest.raises(NotFoundError):
        access.fetch(factories.administrator(), live, given)


@pytest.mark.parametrize("given", [None, 5, {"$gt": ""}, [], True])
def test_an_id_of_another_kind_is_not_found(live: LiveForm, record: Document, given: Any) -> None:
    assert record
    with pytest.raises(NotFoundError):
        access.fetch(factories.administrator(), live, given)


def test_system_permissions_are_given_by_roles_to_active_people(live: LiveForm) -> None:
    maker = factories.form_maker()
    access.require_permission(maker, Permission.CONFIGURE_FORMS)
    access.require_permission(factories.administrator(), Permission.CONFIGURE_FORMS)
    for person, permission in (
        (maker, Permission.CONFIGURE_ROLES),
        (factories.editor(), Permission.CONFIGURE_FORMS),
        (people()["inactive"], Permission.CONFIGURE_FORMS),
    ):
        with pytest.raises(ForbiddenError):
            access.require_permission(person, permission)


def test_a_role_that_is_gone_opens_nothing_and_breaks_nothing(db: Store, live: LiveForm) -> None:
    person = factories.reader()
    db.users.update_one({"_id": person.id}, {"$push": {"roles": ObjectId()}})
    again = User.objects.get(id=person.id)
    assert any(isinstance(role, DBRef) for role in again.roles)
    assert access.permitted(again, live.key, Action.SEE)
    assert not access.permitted(again, live.key, Action.EDIT)
    assert not again.is_administrator
    assert not again.may(Permission.CONFIGURE_FORMS)
