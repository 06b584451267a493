"""A person's own factors: added, removed, and asked for again before anything delicate."""

import time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backoffice.app import create_app
from models import factors
from models.database import db
from models.factors import apps, keys, recovery
from models.people import User
from tests import factories
from tests.authenticators import SoftKey, add_app, code_of
from tests.views.test_factors import demand, post, show_password
from tests.web import settings, sign_in
from views.factors.base import keys_work, site

ORIGIN = "http://localhost"
SITE = keys.Site(ORIGIN, "Backoffice")


@pytest.fixture
def person(client: FlaskClient) -> User:
    return factories.member()


@pytest.fixture
def signed_in(client: FlaskClient, person: User) -> User:
    """Sign somebody in who has just shown the password."""
    sign_in(client, person)
    be_sure(client)
    return person


def be_sure(client: FlaskClient, seconds_ago: float = 0) -> None:
    with client.session_transaction() as session:
        session["fs_paa"] = time.time() - seconds_ago


def secret_on(client: FlaskClient) -> str:
    page = client.get("/account/factors/app").text
    return page.split('id="secret">')[1].split("<")[0].replace(" ", "")


def show_factor(client: FlaskClient, person: User) -> None:
    """Let the session have passed with a factor of the person."""
    with client.session_transaction() as session:
        session["factor"] = {"person": str(person.id), "by": "app"}


def test_the_page_says_that_there_is_none(client: FlaskClient, signed_in: User) -> None:
    assert "No second factor yet" in client.get("/account/factors").text
    assert "/account/factors" in client.get("/account/").text


def test_an_app_is_added_and_its_secret_never_shown_again(client: FlaskClient, signed_in: User) -> None:
    secret = secret_on(client)
    assert secret_on(client) == secret  # loading the page again does not spoil what was scanned
    answer = post(client, "/account/factors/app", code=code_of(secret), name="<b>telephone</b>")
    assert "Keep them now" in answer.text
    page = client.get("/account/factors").text
    assert "&lt;b&gt;telephone&lt;/b&gt;" in page
    assert "10 codes left" in page
    assert secret not in page
    assert secret_on(client) != secret
    assert client.get("/jobs/").status_code == 200  # the session goes on


def test_a_second_factor_brings_no_new_codes(client: FlaskClient, signed_in: User) -> None:
    post(client, "/account/factors/app", code=code_of(secret_on(client)))
    before = db().factors.find_one({"kind": "recovery"})
    assert (
        post(client, "/account/factors/app", code=code_of(secret_on(client))).location == "/account/factors"
    )
    assert db().factors.find_one({"kind": "recovery"}) == before


def test_a_key_is_added_and_proves(client: FlaskClient, signed_in: User) -> None:
    key = SoftKey()
    page = client.get("/account/factors/key").text
    asked = keys.ask_for_new(signed_in, SITE)
    assert "data-options" in page
    fields = {"question": str(asked.id), "answer": key.make(asked.options, ORIGIN), "name": "ring"}
    assert "Keep them now" in post(client, "/account/factors/key", **fields).text
    other = client.application.test_client()
    show_password(other)
    question = keys.ask(signed_in, SITE)
    fields = {"question": str(question.id), "answer": key.prove(question.options, ORIGIN)}
    assert post(other, "/login/factor", **fields).location == "/"
    assert post(other, "/login/factor", **fields).location == "/login"


@pytest.mark.parametrize("answer", ["", "{}", "null", "[" * 15_000, "\0"])
def test_a_key_that_answers_nonsense_is_refused(client: FlaskClient, signed_in: User, answer: str) -> None:
    asked = keys.ask_for_new(signed_in, SITE)
    refused = post(client, "/account/factors/key", question=str(asked.id), answer=answer)
    assert refused.status_code == 422
    assert "could not be added" in refused.text
    assert not factors.of_person(signed_in)


def test_a_forged_host_does_not_move_where_keys_answer(connection: None) -> None:
    app = create_app(settings(public_url="https://Office.example.com"))
    with app.test_request_context(base_url="https://evil.example"):
        assert site().origin == "https://office.example.com"
        assert site().host == "office.example.com"


@pytest.mark.parametrize(
    ("origin", "possible"),
    [
        ("https://office.example.com", True),
        ("http://localhost:8000", True),
        ("http://office.example.com", False),
        ("http://127.0.0.1:8000", False),
        ("https://192.0.2.7", False),
    ],
)
def test_keys_are_offered_where_browsers_answer(app: Flask, origin: str, possible: bool) -> None:  # noqa: FBT001
    with app.test_request_context(base_url=origin):
        assert keys_work() is possible


def test_ten_minutes_later_the_person_is_asked_again(client: FlaskClient, signed_in: User) -> None:
    add_app(signed_in)
    show_factor(client, signed_in)
    be_sure(client, 601)
    [one] = factors.of_person(signed_in)
    sure = "/account/factors/sure?next=/account/factors"
    assert client.get("/account/factors/app").location == sure + "/app"
    assert client.get("/account/factors/key").location == sure + "/key"
    assert post(client, "/account/factors/app", code="1").location == sure
    assert post(client, "/account/factors/codes").location == sure
    assert post(client, f"/account/factors/{one.id}/remove").location == sure
    assert len(factors.of_person(signed_in)) == 1


def test_the_password_makes_sure(client: FlaskClient, signed_in: User) -> None:
    be_sure(client, 601)
    path = "/account/factors/sure?next=/account/factors/app"
    refused = post(client, path, password="wrong")  # noqa: S106
    assert refused.status_code == 422
    assert "not your current password" in refused.text
    assert client.get("/account/factors/app").status_code == 302
    assert post(client, path, password=factories.PASSWORD).location == "/account/factors/app"
    assert client.get("/account/factors/app").status_code == 200


def test_a_factor_makes_sure(client: FlaskClient, signed_in: User) -> None:
    secret = add_app(signed_in)
    show_factor(client, signed_in)
    be_sure(client, 601)
    assert "Or your second factor" in client.get("/account/factors/sure").text
    assert post(client, "/account/factors/sure", code=code_of(secret)).location == "/account/factors"
    assert client.get("/account/factors/app").status_code == 200


def test_making_sure_is_locked_for_guessers_and_leads_nowhere_else(
    client: FlaskClient, signed_in: User
) -> None:
    target = "/account/factors/sure?next=//evil.example"
    assert post(client, target, password=factories.PASSWORD).location == "/account/factors"
    answers = [post(client, target, password=f"guess {each}").status_code for each in range(15)]
    assert answers[-1] == 429


def test_a_factor_is_removed(client: FlaskClient, signed_in: User) -> None:
    post(client, "/account/factors/app", code=code_of(secret_on(client)))
    [one] = factors.of_person(signed_in)
    assert post(client, f"/account/factors/{one.id}/remove").location == "/account/factors"
    assert factors.of_person(signed_in) == []
    assert client.get("/account/factors").status_code == 200


def test_the_last_one_stays_while_a_role_demands_it(client: FlaskClient, signed_in: User) -> None:
    post(client, "/account/factors/app", code=code_of(secret_on(client)))
    demand(signed_in)
    [one] = factors.of_person(signed_in)
    post(client, f"/account/factors/{one.id}/remove")
    assert "Your role needs a second factor. Add another one" in client.get("/account/factors").text
    assert len(factors.of_person(signed_in)) == 1


def test_nobody_removes_anothers(client: FlaskClient, signed_in: User) -> None:
    other = factories.editor()
    add_app(other)
    [one] = factors.of_person(other)
    assert post(client, f"/account/factors/{one.id}/remove").status_code == 404
    assert post(client, "/account/factors/nonsense/remove").status_code == 404
    assert len(factors.of_person(other)) == 1


def test_new_codes_replace_the_old_ones(client: FlaskClient, signed_in: User) -> None:
    post(client, "/account/factors/app", code=code_of(secret_on(client)))
    [old, *_rest] = recovery.renew(signed_in)
    page = post(client, "/account/factors/codes")
    assert "Keep them now" in page.text
    assert not recovery.accept(signed_in, old)
    [new, *_others] = [part.split("<")[0] for part in page.text.split('<code class="mono">')[1:]]
    assert recovery.accept(signed_in, new)


def test_there_are_no_codes_without_a_factor(client: FlaskClient, signed_in: User) -> None:
    assert post(client, "/account/factors/codes").location == "/account/factors"
    assert factors.codes_left(signed_in) == 0


def test_an_administrator_helps_whoever_lost_the_telephone(client: FlaskClient, person: User) -> None:
    add_app(person)
    lost = client.application.test_client()
    sign_in(lost, person)
    show_factor(lost, person)
    assert lost.get("/account/").status_code == 200
    sign_in(client, factories.administrator())
    path = f"/configure/users/{person.id}/factors"
    assert post(client, path).location == f"/configure/users/{person.id}"
    assert factors.of_person(person) == []
    assert lost.get("/account/").status_code == 302
    assert show_password(client.application.test_client()).location == "/"


@pytest.mark.parametrize("asking", [factories.stranger, factories.reader, factories.editor])
def test_others_take_no_factors_away(client: FlaskClient, person: User, asking: object) -> None:
    add_app(person)
    sign_in(client, asking())  # type: ignore[operator]
    assert post(client, f"/configure/users/{person.id}/factors").status_code == 403
    assert post(client, "/configure/users/nobody/factors").status_code == 403
    assert len(factors.of_person(person)) == 1


def test_a_demand_lifted_in_between_lets_in(client: FlaskClient, person: User) -> None:
    demand(person)
    show_password(client)
    person.roles[0].update(demands_factor=False)
    assert client.get("/login/factor").location == "/"
    assert client.get("/account/").status_code == 200


def test_removing_the_factor_of_one_session_does_not_free_it_from_a_later_demand(
    client: FlaskClient, signed_in: User
) -> None:
    post(client, "/account/factors/app", code=code_of(secret_on(client)))
    [one] = factors.of_person(signed_in)
    post(client, f"/account/factors/{one.id}/remove")
    demand(signed_in)
    assert client.get("/account/").status_code == 302
    assert client.get("/login").location == "/login/factor"


def test_an_app_of_the_page_is_not_added_for_somebody_else(client: FlaskClient, signed_in: User) -> None:
    secret = secret_on(client)
    other = factories.editor()
    with client.session_transaction() as session:
        session["_user_id"] = other.fs_uniquifier
    assert post(client, "/account/factors/app", code=code_of(secret)).status_code == 422
    assert apps.accept(other, code_of(secret)) is False
