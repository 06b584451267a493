"""Every address, generated from the URL map, for everyone who should not get in.

Who is answered what stands in one table, that of `tests.views.test_access` (for programs in that of
`tests.views.test_api`); here it is held against a company with something behind every address, and it is
asked whether whoever is refused left anything behind.
"""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pymongo.database import Database
from werkzeug.routing import Rule

from backoffice.security import PUBLIC_ENDPOINTS
from models import viewing_as
from models.database import Document
from models.people import User
from tests import factories
from tests.hostile import stage
from tests.hostile.cast import Program, browser, neighbour, send
from tests.hostile.stage import Stage, routes
from tests.hostile.unchanged import unchanged
from tests.views.test_access import CAST, NOBODY, TABLE
from tests.views.test_api import ANSWERS
from tests.web import sign_in

# What whoever is not signed in is answered; everything else leads to the sign-in, or is refused.
PUBLIC: dict[tuple[str, str], set[int]] = {
    ("account.preferences", "POST"): {302},
    ("factors.add_app", "GET"): {302},
    ("factors.add_app", "POST"): {401},
    ("factors.add_key", "GET"): {302},
    ("factors.add_key", "POST"): {401},
    ("factors.cancel", "POST"): {302},
    ("factors.step", "GET"): {302},
    ("factors.step", "POST"): {302},
    ("forgotten.ask", "GET"): {200},
    ("forgotten.ask", "POST"): {200},
    ("forgotten.choose", "GET"): {302},
    ("forgotten.choose", "POST"): {302},
    ("forgotten.open_link", "GET"): {302},
    ("health.healthz", "GET"): {200},
    ("health.metrics", "GET"): {200, 404},
    ("health.readyz", "GET"): {200, 503},
    ("health.security_txt", "GET"): {200, 404},
    ("security.login", "GET"): {200},
    ("security.login", "POST"): {200},
}
OF_RECORDS = {"record_id", "check_id", "code"}
REFUSED = {400, 403, 404, 422}


@pytest.fixture
def company(db: Database[Document]) -> Stage:
    return stage.build()


def doors(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Yield what is neither public nor the API."""
    for rule, method in routes(app):
        if rule.endpoint not in PUBLIC_ENDPOINTS and not rule.endpoint.startswith("api."):
            yield rule, method


def test_a_new_address_without_a_rule_fails(app: Flask) -> None:
    ruled = {(endpoint, method) for endpoint, methods in TABLE.items() for method in methods}
    served = {(rule.endpoint, method) for rule, method in routes(app)}
    unruled = {pair for pair in served - ruled - PUBLIC.keys() if not pair[0].startswith("api.")}
    assert not unruled
    api = {(method, rule.rule) for rule, method in routes(app) if rule.endpoint.startswith("api.")}
    assert api == ANSWERS.keys()


def test_who_is_not_signed_in_gets_nowhere(app: Flask, company: Stage) -> None:
    with unchanged():
        for rule, method in routes(app):
            path = company.path(app, rule)
            answer = send(app.test_client(), method, path)
            if rule.endpoint in PUBLIC_ENDPOINTS:
                assert answer.status_code in PUBLIC[rule.endpoint, method], path
            elif rule.endpoint.startswith("api.") or method != "GET":
                assert answer.status_code == 401, (method, path)
            else:
                assert (answer.status_code, answer.location[:6]) == (302, "/login"), path


@pytest.mark.parametrize("name", ["stranger", "reader", "editor"])
def test_whoever_the_table_refuses_changes_nothing(app: Flask, company: Stage, name: str) -> None:
    client = browser(app, CAST[name]())
    with unchanged():
        for rule, method in doors(app):
            answers = TABLE[rule.endpoint][method]
            if answers == NOBODY and name != "stranger":
                continue  # in the table nothing stands there; here something does
            if getattr(answers, name) in {403, 404}:
                path = company.path(app, rule)
                assert send(client, method, path).status_code in REFUSED, (method, path)


def test_someone_of_another_department_finds_no_record(app: Flask, company: Stage) -> None:
    """All actions on every form, but of the records only those of another department."""
    person = neighbour()
    client, program = browser(app, person), Program(app, person)
    with unchanged("api_tokens"):
        for rule, method in routes(app):
            if not rule.arguments & OF_RECORDS or rule.endpoint.startswith("configure"):
                continue
            path = company.path(app, rule)
            if rule.endpoint.startswith("api."):
                body = {"revision": company.record["revision"], "data": {"name": "mine"}, "reason": "x"}
                answer = program.ask(method, path, body if method != "GET" else None)
            else:
                answer = send(client, method, path, **_said(company))
            assert answer.status_code == 404, (method, path, answer.status_code)


def _said(company: Stage) -> dict[str, str]:
    """Return what all the forms on a record's page send."""
    return {
        "_revision": str(company.record["revision"]),
        "revision": str(company.record["revision"]),
        "reason": "because",
        "_reason": "because",
        "text": "hello",
        "name": "mine",
        "to": "done",
        "decision": "approve",
        "people": str(factories.user("neighbour").id),
        "hours": "1",
        "kind": "relocate",
        "slip": "slip",
    }


def test_who_looks_as_somebody_else_sees_as_much_and_changes_nothing(app: Flask, company: Stage) -> None:
    seen = CAST["reader"]()
    own = browser(app, seen)
    looking = _looking(app, company.admin, seen)
    with unchanged():
        for rule, method in doors(app):
            if rule.endpoint in {"view_as.end", "security.logout"}:
                continue  # what ends it
            path = company.path(app, rule)
            answer = send(looking, method, path)
            if method != "GET":
                assert answer.status_code == 403, (method, path)
            elif answer.status_code != 403:
                assert answer.status_code == send(own, method, path).status_code, path
            assert not answer.headers.get("Content-Disposition", "").startswith("attachment"), path


def _looking(app: Flask, person: User, seen: User) -> FlaskClient:
    client = app.test_client()
    sign_in(client, person)
    with client.session_transaction() as session:
        session["view_as"] = viewing_as.start(person, seen)
    return client


def test_a_key_opens_the_api_and_nothing_else(app: Flask, company: Stage) -> None:
    program = Program(app, company.admin)
    with unchanged():
        for rule, method in doors(app):
            path = company.path(app, rule)
            answer = program.ask(method, path)
            assert answer.status_code in {302, 400, 401}, (method, path)
            assert answer.status_code != 302 or answer.location.startswith("/login"), path


@pytest.mark.parametrize("name", ["stranger", "reader"])
def test_a_program_is_refused_like_its_owner(app: Flask, company: Stage, name: str) -> None:
    program = Program(app, CAST[name]())
    with unchanged("api_tokens"):
        for rule, method in routes(app):
            if not rule.endpoint.startswith("api."):
                continue
            path = company.path(app, rule)
            answers = ANSWERS[method, rule.rule]
            if answers == NOBODY and name != "stranger":
                continue  # in the table the form has no stock; here it has
            if getattr(answers, name) in {403, 404}:
                body = None if method == "GET" else {"data": {}, "revision": 1}
                assert program.ask(method, path, body).status_code in {403, 404}, path


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer x", "Basic Ym86", "bearer bo_" + "a" * 43]
)
def test_what_is_no_key_opens_nothing(app: Flask, company: Stage, header: str) -> None:
    client = app.test_client()
    with unchanged():
        answer = client.get(f"/api/v1/records/{company.live.key}", headers={"Authorization": header})
    assert answer.status_code == 401
