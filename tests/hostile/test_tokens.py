"""Pages of other sites, which can send a browser here but do not know its token."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from pymongo.database import Database
from werkzeug.test import TestResponse

from models.database import Document
from tests import factories
from tests.hostile import stage
from tests.hostile.cast import browser
from tests.hostile.stage import Stage, routes
from tests.hostile.unchanged import unchanged
from tests.web import SECRET_KEY, csrf_token

FORGED = URLSafeTimedSerializer("another secret of somebody else", salt="wtf-csrf-token").dumps("0" * 40)
OTHER_SALT = URLSafeTimedSerializer(SECRET_KEY, salt="cookie-session").dumps("0" * 40)


@pytest.fixture
def company(db: Database[Document]) -> Stage:
    return stage.build()


@pytest.fixture
def admin(app: Flask, company: Stage) -> FlaskClient:
    return browser(app, company.admin)


def changing(app: Flask, company: Stage) -> list[tuple[str, str]]:
    """Return the method and address of everything that changes something; programs bring keys instead."""
    return [
        (method, company.path(app, rule))
        for rule, method in routes(app)
        if method != "GET" and not rule.endpoint.startswith("api.")
    ]


def send(client: FlaskClient, method: str, path: str, token: str | None) -> TestResponse:
    data = {} if token is None else {"csrf_token": token}
    headers = {} if token is None else {"X-CSRFToken": token}
    return client.open(path, method=method, data=data, headers=headers)


def foreign(app: Flask) -> str:
    """Return the token of somebody else's session."""
    client = browser(app, factories.stranger())
    with client.session_transaction() as session:
        session["csrf_token"] = "1" * 40
    return csrf_token(client)


@pytest.mark.parametrize("kind", ["none", "empty", "foreign", "forged"])
def test_nothing_changes_without_the_token_of_this_session(
    app: Flask, company: Stage, admin: FlaskClient, kind: str
) -> None:
    csrf_token(admin)  # the session has one of its own
    token = {"none": None, "empty": "", "foreign": foreign(app), "forged": FORGED}[kind]
    with unchanged():
        for method, path in changing(app, company):
            assert send(admin, method, path, token).status_code == 400, (method, path)


@pytest.mark.parametrize(
    "token",
    [OTHER_SALT, "0" * 40, "a.b.c", "\u202e", "x" * 5000],
    ids=["salt", "digits", "parts", "turned", "long"],
)
def test_what_is_no_token_is_refused(admin: FlaskClient, company: Stage, token: str) -> None:
    path = f"/records/{company.live.key}/{company.record['_id']}/comment"
    with unchanged():
        answer = admin.post(path, data={"csrf_token": token, "text": "hello"})
        assert answer.status_code == 400


def test_a_token_in_the_address_counts_for_nothing(admin: FlaskClient, company: Stage) -> None:
    path = f"/records/{company.live.key}/{company.record['_id']}/comment"
    with unchanged():
        assert admin.post(path, query_string={"csrf_token": csrf_token(admin)}).status_code == 400


def test_the_token_of_before_the_sign_in_is_worthless_after(app: Flask, company: Stage) -> None:
    client = app.test_client()
    before = csrf_token(client)
    with client.session_transaction() as session:
        session.update({"_user_id": company.admin.fs_uniquifier, "_fresh": True, "csrf_token": "2" * 40})
    with unchanged():
        assert send(client, "POST", "/account/", before).status_code == 400


def test_no_address_that_changes_something_answers_a_link(
    app: Flask, company: Stage, admin: FlaskClient
) -> None:
    """What takes POST alone refuses GET and HEAD; where a page stands, too, looking at it changes nothing."""
    reading = {rule.rule for rule, method in routes(app) if method == "GET"}
    with unchanged():
        for rule, method in routes(app):
            if method == "GET" or rule.endpoint.startswith("api."):
                continue
            answer = admin.get(company.path(app, rule))
            answer.close()
            if rule.rule not in reading:
                assert answer.status_code in {404, 405}, rule.rule


def test_looking_at_every_page_changes_nothing(app: Flask, company: Stage, admin: FlaskClient) -> None:
    with unchanged("notifications"):  # what is seen counts as read
        for rule, method in routes(app):
            if method == "GET" and not rule.endpoint.startswith("health."):
                path = company.path(app, rule)
                for asked in ("GET", "HEAD"):
                    answer = admin.open(path, method=asked)
                    answer.close()
                    assert answer.status_code < 500, path


def test_a_method_in_the_form_or_a_header_is_not_believed(admin: FlaskClient, company: Stage) -> None:
    path = f"/records/{company.live.key}/{company.record['_id']}"
    told = {"X-HTTP-Method-Override": "DELETE", "X-HTTP-Method": "DELETE", "X-Method-Override": "POST"}
    with unchanged("notifications"):
        assert admin.get(f"{path}?_method=DELETE", headers=told).status_code == 200
        assert admin.get(f"{path}/delete?_method=POST", headers=told).status_code in {404, 405}
