"""A person's own pages: how it looks, and the password."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from models import identities, passwords
from models.people import User
from tests import factories
from tests.web import csrf_token, sign_in

NEW = "a new and longer sentence"


@pytest.fixture
def person(client: FlaskClient) -> User:
    return sign_in(client, factories.member())


def change(client: FlaskClient, current: str, password: str, repeat: str | None = None) -> int:
    form = {"current": current, "password": password, "repeat": repeat or password}
    return client.post("/account/password", data={**form, "csrf_token": csrf_token(client)}).status_code


@pytest.mark.usefixtures("person")
def test_my_page_shows_me(client: FlaskClient) -> None:
    page = client.get("/account/").text
    assert "王芳" in page
    assert "wang.fang" in page


def test_i_end_the_link_with_the_sign_in_service(client: FlaskClient, person: User) -> None:
    assert "End the link" not in client.get("/account/").text
    identities.person_of("https://login.example.com", "s-1", str(person.email), verified=True)
    assert "https://login.example.com" in client.get("/account/").text
    client.post("/account/unlink", data={"csrf_token": csrf_token(client)})
    assert identities.links_of(person) == []


def test_language_colours_and_time_zone_are_kept(client: FlaskClient, person: User) -> None:
    form = {"language": "zh", "theme": "dark", "timezone": "Europe/Berlin", "csrf_token": csrf_token(client)}
    assert client.post("/account/", data=form).status_code == 302
    person.reload()
    assert (person.language, person.theme, person.timezone) == ("zh", "dark", "Europe/Berlin")
    page = client.get("/account/").text
    assert '<html lang="zh-CN" data-theme="dark"' in page


@pytest.mark.parametrize(
    "wrong", [{"language": "xx"}, {"theme": "<script>"}, {"timezone": "Mars/Base"}, {"timezone": "../etc"}]
)
def test_choices_that_are_not_offered_are_refused(
    client: FlaskClient, person: User, wrong: dict[str, str]
) -> None:
    form = {"language": "en", "theme": "dark", "timezone": "UTC", "csrf_token": csrf_token(client), **wrong}
    page = client.post("/account/", data=form)
    assert page.status_code == 200
    assert "Not a valid choice" in page.text
    assert person.reload().theme == "auto"


def test_a_page_cannot_make_me_an_administrator(client: FlaskClient, person: User) -> None:
    form = {"language": "en", "theme": "dark", "timezone": "UTC", "roles": "administrator", "active": ""}
    client.post("/account/", data={**form, "csrf_token": csrf_token(client)})
    person.reload()
    assert person.active
    assert not person.is_administrator


def test_a_changed_password_signs_out_everywhere(app: Flask, client: FlaskClient, person: User) -> None:
    other = app.test_client()
    sign_in(other, person)
    assert change(client, factories.PASSWORD, NEW) == 302
    assert client.get("/account/").status_code == 302
    assert other.get("/account/").status_code == 302
    person.reload()
    assert passwords.verify_password(NEW, person.password)
    assert "Please sign in with the new one" in client.get("/login").text or person.language == "en"


@pytest.mark.parametrize(
    ("current", "password", "repeat", "said"),
    [
        ("wrong", NEW, None, "This is not your current password."),
        (factories.PASSWORD, NEW, NEW + "!", "The two new passwords differ."),
        (factories.PASSWORD, "short", None, "Use at least 10 characters."),
        (factories.PASSWORD, "aaaaaaaaaaaa", None, "This password is too easy to guess."),
        (factories.PASSWORD, "wang.fang2026", None, "This password is too easy to guess."),
        ("", "", None, "This field is required."),
        (factories.PASSWORD, "x" * 100_000, None, "200"),
    ],
)
def test_a_password_is_not_changed_when(
    client: FlaskClient, person: User, current: str, password: str, repeat: str | None, said: str
) -> None:
    form = {"current": current, "password": password, "repeat": repeat or password}
    page = client.post("/account/password", data={**form, "csrf_token": csrf_token(client)})
    assert page.status_code == 200
    assert said in page.text
    assert passwords.verify_password(factories.PASSWORD, person.reload().password)


def test_anyone_can_switch_the_language_and_goes_on_where_they_were(
    client: FlaskClient,
) -> None:
    form = {"language": "en", "next": "/login?next=/account/", "csrf_token": csrf_token(client)}
    response = client.post("/preferences", data=form)
    assert response.headers["Location"] == "/login?next=/account/"
    assert '<html lang="en"' in client.get("/login").text


def test_a_switched_language_follows_the_person(client: FlaskClient, person: User) -> None:
    client.post(
        "/preferences", data={"language": "zh", "appearance": "dark", "csrf_token": csrf_token(client)}
    )
    person.reload()
    assert (person.language, person.theme) == ("zh", "dark")


@pytest.mark.parametrize("form", [{"language": "de"}, {"language": ""}, {}, {"appearance": "pink"}])
def test_an_unknown_language_changes_nothing(client: FlaskClient, person: User, form: dict[str, str]) -> None:
    form = {**form, "next": "//evil.example", "csrf_token": csrf_token(client)}
    response = client.post("/preferences", data=form)
    assert response.headers["Location"] == "/"
    assert (person.reload().language, person.theme) == ("en", "auto")


@pytest.mark.usefixtures("person")
def test_preferences_need_the_token(client: FlaskClient) -> None:
    assert client.post("/preferences", data={"language": "zh"}).status_code == 400
