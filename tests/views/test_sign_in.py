"""The sign-in page against whoever guesses, and what it leaves behind for whoever gets in."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from pymongo.database import Database
from werkzeug.test import TestResponse

from backoffice.app import create_app
from models import api_tokens, passwords, sign_in
from models.database import Document
from models.people import Actor, User
from tests import factories
from tests.web import csrf_token, settings
from tests.web import sign_in as enter

HOME, AWAY = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def person(db: Database[Document]) -> User:
    return factories.member()


def attempt(
    client: FlaskClient,
    identity: str = "wang.fang",
    password: str = factories.PASSWORD,
    address: str = HOME,
    **headers: str,
) -> TestResponse:
    form = {"identity": identity, "password": password, "csrf_token": csrf_token(client)}
    return client.post("/login", data=form, headers=headers, environ_overrides={"REMOTE_ADDR": address})


def statuses(client: FlaskClient, times: int, identity: str = "wang.fang", **more: Any) -> list[int]:
    return [attempt(client, identity, f"guess {turn}", **more).status_code for turn in range(times)]


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/account/").status_code == 200


@pytest.mark.usefixtures("person")
def test_of_thirty_wrong_passwords_ten_are_looked_at(client: FlaskClient, db: Database[Document]) -> None:
    assert statuses(client, 30) == [200] * 10 + [429] * 20
    refused = attempt(client)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 15 * 60
    assert "次数过多" in refused.text or "Too many wrong attempts" in refused.text
    assert not is_signed_in(client)
    assert db.audit.count_documents({"event": "session.refused", "subject": "wang.fang"}) == 10
    [lock] = db.audit.find({"event": "account.locked"})
    assert (lock["subject"], lock["address"]) == ("wang.fang", HOME)


@pytest.mark.usefixtures("person")
def test_a_lock_from_one_address_does_not_shut_the_owner_out(app: Flask, client: FlaskClient) -> None:
    statuses(client, 12, address=AWAY)
    assert attempt(app.test_client()).status_code == 302


def test_an_open_session_goes_on_while_the_account_is_locked(
    app: Flask, client: FlaskClient, person: User
) -> None:
    enter(client, person)
    other = app.test_client()
    assert statuses(other, 11)[-1] == 429
    assert is_signed_in(client)


@pytest.mark.usefixtures("person")
def test_another_forwarded_address_each_time_changes_nothing(client: FlaskClient) -> None:
    answers = []
    for turn in range(12):
        headers = {"X-Forwarded-For": f"192.0.2.{turn}", "X-Real-IP": f"192.0.2.{turn}"}
        answers.append(attempt(client, password=f"guess {turn}", **headers).status_code)
    assert answers == [200] * 10 + [429] * 2


@pytest.mark.usefixtures("person", "connection")
def test_behind_our_own_proxy_the_address_that_it_saw_counts() -> None:
    client = create_app(settings(trusted_proxies=1)).test_client()
    answers = []
    for turn in range(12):
        seen = f"10.9.9.{turn}, {AWAY}"  # the first is what the guesser claims
        answers.append(attempt(client, password=f"guess {turn}", **{"X-Forwarded-For": seen}).status_code)
    assert answers == [200] * 10 + [429] * 2
    assert attempt(client, **{"X-Forwarded-For": HOME}).status_code == 302


@pytest.mark.usefixtures("person")
def test_unknown_people_are_locked_out_like_known_ones(client: FlaskClient) -> None:
    known = [attempt(client, "wang.fang", "guess") for _turn in range(12)]
    unknown = [attempt(client, "nobody.ab", "guess") for _turn in range(12)]
    assert [one.status_code for one in known] == [one.status_code for one in unknown]
    assert [len(one.text) for one in known] == [len(one.text) for one in unknown]


def test_each_failure_costs_one_look_at_a_hash(
    client: FlaskClient, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.user("without.password")
    factories.user("gone", password=passwords.hash_password(factories.PASSWORD), active=False)
    attempt(client, "nobody", "warming up")
    looks: list[str] = []
    verify = PasswordHasher.verify

    def counted(hasher: PasswordHasher, *arguments: Any) -> bool:
        looks.append("look")
        return verify(hasher, *arguments)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    counts = []
    for identity in (str(person.username), "nobody", "without.password", "gone", "a@b.example", ""):
        looks.clear()
        attempt(client, identity, factories.PASSWORD if identity == "gone" else "wrong")
        counts.append(len(looks))
    assert counts == [1] * 6


@pytest.mark.usefixtures("person")
def test_an_unknown_name_takes_as_long_as_a_known_one(client: FlaskClient) -> None:
    attempt(client, "nobody", "warming up")
    times: dict[str, list[float]] = {"wang.fang": [], "nobody.here": []}
    for _turn in range(8):
        for identity, taken in times.items():
            begun = time.perf_counter()
            attempt(client, identity, "wrong")
            taken.append(time.perf_counter() - begun)
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert 0.5 < known / unknown < 2


@pytest.mark.usefixtures("person")
def test_many_guesses_at_the_same_moment_are_counted_one_by_one(app: Flask) -> None:
    def guess(turn: int) -> int:
        return attempt(app.test_client(), password=f"guess {turn}").status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(guess, range(16))) == [200] * 10 + [429] * 6


def test_an_administrator_unlocks(app: Flask, client: FlaskClient, person: User) -> None:
    statuses(client, 11)
    sign_in.unlock(Actor.of(factories.administrator()), person)
    assert attempt(app.test_client()).status_code == 302


def test_no_password_ever_stands_in_the_log(
    client: FlaskClient, db: Database[Document], capfd: pytest.CaptureFixture[str]
) -> None:
    for identity in ("nobody", "my secret password"):
        attempt(client, identity, "my secret password")
    told = str(list(db.audit.find())) + str(list(db.throttles.find())) + "".join(capfd.readouterr())
    assert "session.refused" in told
    assert "secret password" not in told


def test_coming_and_going_is_told(client: FlaskClient, db: Database[Document], person: User) -> None:
    attempt(client)
    client.post("/logout", data={"csrf_token": csrf_token(client)})
    told = [
        (one["event"], one["by"], one["subject"], one["address"])
        for one in db.audit.find({"event": {"$regex": "^session"}}).sort("_id")
    ]
    assert told == [
        ("session.started", person.id, "wang.fang", HOME),
        ("session.ended", person.id, "wang.fang", "127.0.0.1"),
    ]


def test_my_page_says_when_and_from_where_i_came_last(app: Flask, client: FlaskClient, person: User) -> None:
    attempt(app.test_client(), address=AWAY)
    attempt(client)
    assert f"from {AWAY}" in client.get("/account/").text
    assert person.reload().login_count == 2


def test_the_language_chosen_before_the_sign_in_stays(client: FlaskClient, person: User) -> None:
    person.update(language="zh")
    client.post("/preferences", data={"language": "en", "next": "/login", "csrf_token": csrf_token(client)})
    attempt(client)
    assert '<html lang="en"' in client.get("/account/").text
    assert person.reload().language == "en"
    client.post("/logout", data={"csrf_token": csrf_token(client)})
    assert '<html lang="en"' in client.get("/login").text


def test_the_language_of_who_sat_here_before_is_not_forced_on_me(client: FlaskClient, person: User) -> None:
    client.set_cookie("language", "zh")
    attempt(client)
    assert person.reload().language == "en"
    client.post("/logout", data={"csrf_token": csrf_token(client)})
    assert '<html lang="en"' in client.get("/login").text


class TestPasswordsOfSomebodyElse:
    """A password that an administrator gave opens nothing but the page to change it."""

    @pytest.fixture
    def person(self, client: FlaskClient, person: User) -> User:
        person.update(password_must_change=True)
        attempt(client)
        return person

    @pytest.mark.usefixtures("person")
    @pytest.mark.parametrize("path", ["/", "/account/", "/inbox/", "/account/sessions", "/jobs/"])
    def test_every_page_leads_to_the_change(self, client: FlaskClient, path: str) -> None:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/account/password")

    @pytest.mark.usefixtures("person")
    def test_nothing_can_be_sent_and_programs_are_refused(self, client: FlaskClient) -> None:
        token = csrf_token(client)
        assert client.post("/account/", data={"theme": "dark", "csrf_token": token}).status_code == 403
        assert client.get("/inbox/badge", headers={"Accept": "application/json"}).status_code == 403

    def test_keys_of_programs_rest_meanwhile(self, app: Flask, person: User) -> None:
        key = {"Authorization": f"Bearer {api_tokens.create(person, 'program', 30)}"}
        assert app.test_client().get("/api/v1/forms", headers=key).status_code == 403

    def test_after_the_change_everything_opens(self, client: FlaskClient, person: User) -> None:
        page = client.get("/account/password")
        assert "Choose a password of your own" in page.text
        new = "another sentence of mine"
        form = {"current": factories.PASSWORD, "password": new, "repeat": new}
        answer = client.post("/account/password", data={**form, "csrf_token": csrf_token(client)})
        assert answer.status_code == 302
        assert not person.reload().password_must_change
        attempt(client, password=new)
        assert is_signed_in(client)

    @pytest.mark.usefixtures("person")
    def test_the_same_password_again_is_no_change(self, client: FlaskClient) -> None:
        form = {"current": factories.PASSWORD, "password": factories.PASSWORD, "repeat": factories.PASSWORD}
        page = client.post("/account/password", data={**form, "csrf_token": csrf_token(client)})
        assert "This is your password already" in page.text

    @pytest.mark.usefixtures("person")
    def test_signing_out_is_open(self, client: FlaskClient) -> None:
        assert client.post("/logout", data={"csrf_token": csrf_token(client)}).status_code == 302


def test_guesses_at_the_current_password_count_too(client: FlaskClient, person: User) -> None:
    enter(client, person)
    new = "another sentence of mine"

    def change(current: str) -> str:
        form = {"current": current, "password": new, "repeat": new, "csrf_token": csrf_token(client)}
        return client.post("/account/password", data=form).text

    for turn in range(10):
        assert "This is not your current password." in change(f"guess {turn}")
    assert "Too many wrong attempts" in change(factories.PASSWORD)
    assert passwords.verify_password(factories.PASSWORD, person.reload().password)


@pytest.mark.parametrize(("values", "goes_on"), [(50, 1), (400, 0)])
def test_whoever_is_signed_out_can_sign_in_from_ever_so_long_an_address(
    client: FlaskClient, values: int, goes_on: int
) -> None:
    where = "%22T0001%22%2C" * values
    way = client.get(f"/reports/monthly/records?where={where}").location
    assert way.startswith("/login")
    assert way.count("next=") == goes_on
    assert len(way) < 8_190
