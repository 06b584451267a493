"""Who attacks: people with too few rights, and the ways in which they ask."""

from functools import cache
from typing import Any

from bson import ObjectId
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models import api_tokens, passwords
from models.access import Action
from models.people import Grant, Permission, User
from tests import factories
from tests.web import csrf_token, sign_in

HOME = "203.0.113.7"
EVERY_ACTION = [action.value for action in Action]
PLAIN_ACTIONS = [action for action in EVERY_ACTION if action != Action.CONFIGURE]


def neighbour(*, form: str = "*") -> User:
    """Return someone who may do everything with records, but only with those of another department."""
    role = factories.role("neighbour")
    role.grants = [Grant(form=form, actions=PLAIN_ACTIONS, scope="department")]
    role.save()
    return factories.user("neighbour", role, department=factories.department("HR", "人事部", "HR"))


def staff() -> User:
    """Return someone who administers people and roles without being an administrator."""
    permissions = [Permission.CONFIGURE_PEOPLE.value, Permission.CONFIGURE_ROLES.value]
    role = factories.role("staff", form="sheet", actions=["see"], permissions=permissions)
    return factories.user("staff", role, department=factories.department())


def browser(app: Flask, person: User) -> FlaskClient:
    """Return a browser in which somebody is signed in."""
    client = app.test_client()
    sign_in(client, person)
    return client


class Program:
    """A program with somebody's key."""

    def __init__(self, app: Flask, person: User) -> None:
        """Make the key."""
        self.client = app.test_client()
        self.headers = {"Authorization": f"Bearer {api_tokens.create(person, 'test', 30)}"}

    def ask(self, method: str, path: str, body: Any = None) -> TestResponse:
        """Send a request with the key."""
        return self.client.open(path, method=method, json=body, headers=self.headers)


def send(client: FlaskClient, method: str, path: str, **data: Any) -> TestResponse:
    """Send what a page of this browser would send, its tokens with it; the answer is read to its end."""
    if method in {"GET", "HEAD", "OPTIONS"}:
        answer = client.open(path, method=method)
    else:
        token = csrf_token(client)
        headers = {"X-CSRFToken": token, **fresh_key()}
        answer = client.open(path, method=method, data={"csrf_token": token, **data}, headers=headers)
    answer.get_data()
    answer.close()
    return answer


def fresh_key() -> dict[str, str]:
    """Return the header with which the outbox sends something new."""
    return {"Idempotency-Key": f"key-{ObjectId()}"}


@cache
def _hashed() -> str:
    """Return the hash of the password of everybody here; making it takes its time."""
    return passwords.hash_password(factories.PASSWORD)


def somebody() -> User:
    """Return someone who signs in with a password, as reader of every form."""
    return factories.user(
        "wang.fang",
        factories.role("reader", form="*", actions=factories.READER_ACTIONS),
        name="王芳",
        email="wang@example.com",
        password=_hashed(),
        department=factories.department(),
        language="en",
    )


def post(client: FlaskClient, path: str, *, from_address: str = HOME, **fields: str) -> TestResponse:
    """Send a form of a page outside of the sign-in."""
    data = {"csrf_token": csrf_token(client), **fields}
    return client.post(path, data=data, environ_overrides={"REMOTE_ADDR": from_address})


def attempt(
    client: FlaskClient, identity: str = "wang.fang", password: str = factories.PASSWORD
) -> TestResponse:
    """Try to sign in."""
    return post(client, "/login", identity=identity, password=password)


def is_in(client: FlaskClient) -> bool:
    """Tell whether somebody is signed in."""
    return client.get("/account/").status_code == 200
