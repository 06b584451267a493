"""The step after the password: who is asked for a second factor, and what opens without one."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models import api_tokens, passwords, times
from models.database import db
from models.factors import apps, keeping, recovery
from models.people import User
from tests import factories
from tests.authenticators import START, add_app, code_of, still_clock
from tests.web import csrf_token, sign_in

__all__ = ["still_clock"]

PAGE = "/login/factor"

pytestmark = pytest.mark.usefixtures("still_clock")


@pytest.fixture
def person(client: FlaskClient) -> User:
    client.set_cookie("language", "en")
    return factories.member()


@pytest.fixture
def secret(person: User) -> str:
    return add_app(person)


def demand(person: User) -> None:
    person.roles[0].update(demands_factor=True)


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    return client.post(path, data={**fields, "csrf_token": csrf_token(client)})


def show_password(client: FlaskClient, target: str = "") -> TestResponse:
    return post(client, "/login", identity="wang.fang", password=factories.PASSWORD, next=target)


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("session")
    assert found is not None
    return found.value


def test_without_a_factor_the_password_is_enough(client: FlaskClient, person: User) -> None:
    assert show_password(client).location == "/"
    assert client.get("/account/").status_code == 200


def test_after_the_password_nothing_opens_but_the_factor(client: FlaskClient, secret: str) -> None:
    assert show_password(client, "/inbox/").location == PAGE
    assert client.get(PAGE).status_code == 200
    for path in ("/", "/account/", "/account/factors", "/account/password", "/jobs/", "/account/keys"):
        assert client.get(path).location.startswith("/login?"), path
    assert client.get("/account/factors/app").location == "/login"
    assert client.get("/account/factors/key").location == "/login"
    assert post(client, "/account/factors/codes").status_code == 401
    assert post(client, "/account/factors/app", code="123456").status_code == 401
    with client.session_transaction() as session:
        assert "_user_id" not in session


def test_the_right_code_signs_in_and_leads_on(client: FlaskClient, secret: str, person: User) -> None:
    show_password(client, "/inbox/")
    between = cookie(client)
    assert post(client, PAGE, code=code_of(secret)).location == "/inbox/"
    assert client.get("/account/").status_code == 200
    assert cookie(client) != between
    assert person.reload().login_count == 1


def test_a_new_session_id_comes_with_the_password_and_with_the_factor(
    client: FlaskClient, secret: str
) -> None:
    client.get("/login")
    csrf_token(client)
    first = cookie(client)
    show_password(client)
    second = cookie(client)
    post(client, PAGE, code=code_of(secret))
    assert len({first, second, cookie(client)}) == 3
    for old in (first, second):
        stale = client.application.test_client()
        stale.set_cookie("session", old)
        assert stale.get("/account/").status_code == 302


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "javascript:alert(1)", "https://evil.example"]
)
def test_the_factor_leads_nowhere_else(client: FlaskClient, secret: str, target: str) -> None:
    assert show_password(client, target).location == PAGE
    assert post(client, PAGE, code=code_of(secret)).location == "/"


@pytest.mark.parametrize("typed", ["", "000000", "12345", "abcdef", "１", "\ud800", "9" * 10_000, "\0"])
def test_a_wrong_code_is_refused_in_the_same_words(client: FlaskClient, secret: str, typed: str) -> None:
    show_password(client)
    answer = post(client, PAGE, code=typed.encode("utf-8", "replace").decode())
    assert answer.status_code == 422
    assert "This is not right, or was used before." in answer.text
    assert client.get("/account/").status_code == 302


def test_a_code_lets_in_once(client: FlaskClient, app: Flask, secret: str) -> None:
    code = code_of(secret)
    show_password(client)
    assert post(client, PAGE, code=code).status_code == 302
    other = app.test_client()
    other.set_cookie("language", "en")
    show_password(other)
    answer = post(other, PAGE, code=code)
    assert answer.status_code == 422
    assert "This is not right, or was used before." in answer.text


def test_a_hundred_guesses_are_locked_long_before(client: FlaskClient, app: Flask, secret: str) -> None:
    show_password(client)
    answers = [post(client, PAGE, code=f"{guess:06}").status_code for guess in range(100)]
    assert answers.count(422) <= 10
    assert answers[-1] == 429
    assert post(client, PAGE, code=code_of(secret)).status_code == 429  # even the right one
    assert db().audit.count_documents({"event": "factor.refused"}) == answers.count(422)
    assert db().audit.count_documents({"event": "account.locked"}) >= 1
    with times.set_clock(START + timedelta(hours=5)):
        show_password(other := app.test_client())
        assert post(other, PAGE, code=code_of(secret)).status_code == 302


def test_five_minutes_after_the_password_it_is_asked_again(client: FlaskClient, secret: str) -> None:
    show_password(client)
    with times.set_clock(START + timedelta(minutes=5, seconds=1)):
        assert post(client, PAGE, code=code_of(secret)).location == "/login"
        assert client.get(PAGE).location == "/login"


def test_a_changed_password_ends_the_waiting(client: FlaskClient, secret: str, person: User) -> None:
    show_password(client)
    passwords.end_sessions(person)
    person.save()
    assert post(client, PAGE, code=code_of(secret)).location == "/login"


def test_an_account_that_was_disabled_in_between_stays_out(
    client: FlaskClient, secret: str, person: User
) -> None:
    show_password(client)
    person.update(active=False)
    assert post(client, PAGE, code=code_of(secret)).location == "/login"


def test_nobody_gets_to_the_step_without_the_password(client: FlaskClient, secret: str) -> None:
    assert client.get(PAGE).location == "/login"
    assert post(client, PAGE, code=code_of(secret)).location == "/login"


def test_somebody_else_can_sign_in_instead(client: FlaskClient, secret: str) -> None:
    show_password(client)
    assert client.get("/login").location == PAGE
    assert post(client, PAGE + "/cancel").location == "/login"
    assert client.get("/login").status_code == 200


def test_a_recovery_code_lets_in_once(client: FlaskClient, app: Flask, secret: str, person: User) -> None:
    [code, *_rest] = recovery.renew(person)
    show_password(client)
    assert post(client, PAGE, recovery=f" {code.upper()} ").status_code == 302
    show_password(other := app.test_client())
    assert post(other, PAGE, recovery=code).status_code == 422
    assert keeping.codes_left(person) == 9


def test_who_needs_a_factor_gets_one_first(client: FlaskClient, person: User) -> None:
    demand(person)
    assert show_password(client, "/inbox/").location == PAGE
    assert "Your role needs a second factor" in client.get(PAGE).text
    assert client.get("/account/").status_code == 302
    page = client.get("/account/factors/app")
    assert page.status_code == 200
    new = page.text.split('id="secret">')[1].split("<")[0].replace(" ", "")
    assert post(client, "/account/factors/app", code="000000").status_code == 422
    answer = post(client, "/account/factors/app", code=code_of(new), name="mine")
    assert "Keep them now" in answer.text
    assert 'href="/inbox/"' in answer.text
    assert client.get("/account/").status_code == 200
    assert keeping.codes_left(person) == 10


def test_who_has_a_factor_cannot_enrol_another_with_the_password_alone(
    client: FlaskClient, secret: str, person: User
) -> None:
    demand(person)
    show_password(client)
    new = apps.new_secret()
    assert client.get("/account/factors/app").location == "/login"
    assert post(client, "/account/factors/app", code=code_of(new)).status_code == 401
    assert len(keeping.of_person(person)) == 1


def test_a_session_from_before_the_demand_is_led_to_enrol(client: FlaskClient, person: User) -> None:
    sign_in(client, person)
    assert client.get("/account/").status_code == 200
    demand(person)
    assert client.get("/jobs/").location == "/login?next=/jobs/"
    assert client.get("/inbox/badge", headers={"Accept": "application/json"}).status_code == 401
    assert client.get("/login?next=/jobs/").location == PAGE
    assert "Your role needs a second factor" in client.get(PAGE).text


def test_a_session_from_before_the_first_factor_must_show_it(client: FlaskClient, person: User) -> None:
    sign_in(client, person)
    assert client.get("/account/").status_code == 200
    secret = add_app(person)
    assert client.get("/jobs/").location == "/login?next=/jobs/"
    assert client.get("/login?next=/jobs/").location == PAGE
    assert post(client, PAGE, code=code_of(secret)).location == "/jobs/"
    assert client.get("/jobs/").status_code == 200


def test_a_program_with_a_key_is_not_asked(client: FlaskClient, secret: str, person: User) -> None:
    key = api_tokens.create(person, "program", 30)
    assert client.get("/api/v1/forms", headers={"Authorization": f"Bearer {key}"}).status_code in {200, 404}
