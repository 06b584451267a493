"""Accounts as the operator makes them."""

from typing import Any

import pytest
from pymongo.database import Database

from models import passwords, users
from models.errors import InvalidError, NotFoundError

Store = Database[dict[str, Any]]
PASSWORD = "correct horse battery"  # noqa: S105  (of nobody)


@pytest.mark.usefixtures("db")
def test_the_first_administrator_can_be_made_once_and_signs_in() -> None:
    assert not users.administrator_exists()
    made = users.create("Admin", "", PASSWORD, [users.administrator_role()])
    assert (made.username, made.name) == ("admin", "admin")
    assert users.administrator_exists()
    assert passwords.verify_password(PASSWORD, users.find("ADMIN").password)
    with pytest.raises(InvalidError) as refused:
        users.create("admin", "Another", PASSWORD, [])
    assert list(refused.value.errors) == ["username"]


def test_the_role_of_administrators_is_made_once(db: Store) -> None:
    assert users.administrator_role().id == users.administrator_role().id
    assert db.roles.count_documents({}) == 1


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("name", ["", "a", "李娜", "a b", "$where", "a" * 41, "../x", "a\n", "-a"])
def test_a_user_name_that_cannot_be_typed_everywhere_is_refused(name: str) -> None:
    with pytest.raises(InvalidError) as refused:
        users.create(name, "Name", PASSWORD, [])
    assert list(refused.value.errors) == ["username"]


@pytest.mark.usefixtures("db")
def test_an_address_is_one_persons() -> None:
    users.create("one", "One", PASSWORD, [], "one@example.com")
    with pytest.raises(InvalidError) as refused:
        users.create("two", "Two", PASSWORD, [], "one@example.com")
    assert list(refused.value.errors) == ["email"]


@pytest.mark.usefixtures("db")
def test_a_new_password_ends_every_session_and_the_old_one_opens_nothing() -> None:
    before = users.create("one", "One", PASSWORD, [])
    after = users.set_password("one", "another long secret")
    assert after.fs_uniquifier != before.fs_uniquifier
    assert not passwords.verify_password(PASSWORD, users.find("one").password)


@pytest.mark.usefixtures("db")
def test_somebody_who_is_disabled_is_signed_out_but_the_last_administrator_stays() -> None:
    before = users.create("one", "One", PASSWORD, [])
    after = users.disable("one")
    assert not after.active
    assert after.fs_uniquifier != before.fs_uniquifier
    users.create("admin", "", PASSWORD, [users.administrator_role()])
    with pytest.raises(InvalidError):
        users.disable("admin")
    users.create("deputy", "", PASSWORD, [users.administrator_role()])
    assert not users.disable("admin").active


@pytest.mark.usefixtures("db")
def test_a_person_who_does_not_exist_is_said_not_to() -> None:
    with pytest.raises(NotFoundError, match="nobody"):
        users.disable("nobody")
