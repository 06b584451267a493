"""The front door: guessed at by people and programs, and its second step replayed."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from flask import Flask
from pymongo.database import Database
from werkzeug.test import TestResponse

from models import times
from models.database import Document
from models.factors import apps, keeping, recovery
from models.people import User
from tests import factories
from tests.hostile.cast import attempt, is_in, post, somebody
from tests.hostile.unchanged import unchanged
from tests.pages import read
from tests.web import csrf_token

# Later than today, so that MongoDB does not clear away by its own clock what expires.
NOON = datetime(2046, 11, 2, 4, 0, tzinfo=UTC)


@pytest.fixture
def person(db: Database[Document]) -> User:
    return somebody()


def add_app(person: User) -> str:
    secret = apps.new_secret()
    with times.set_clock(times.now() - timedelta(minutes=5)):
        apps.enrol(person, secret, code_of(secret), "telephone")
    return secret


def code_of(secret: str, seconds: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(times.now().timestamp()) + seconds)


# -- guessing ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("person")
def test_thirty_wrong_passwords_let_nobody_in_and_change_nothing(app: Flask) -> None:
    client = app.test_client()
    with unchanged():
        answers = [attempt(client, password=f"guess {turn}").status_code for turn in range(30)]
        assert answers == [200] * 10 + [429] * 20
        assert attempt(client).status_code == 429  # even the right one
    assert not is_in(client)


@pytest.mark.usefixtures("person")
@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
def test_no_header_makes_a_new_guesser(app: Flask, header: str) -> None:
    client = app.test_client()
    answers = []
    for turn in range(12):
        data = {"identity": "wang.fang", "password": f"guess {turn}", "csrf_token": csrf_token(client)}
        value = f"for=192.0.2.{turn}" if header == "Forwarded" else f"192.0.2.{turn}"
        answers.append(client.post("/login", data=data, headers={header: value}).status_code)
    assert answers[-1] == 429


@pytest.mark.usefixtures("person")
@pytest.mark.parametrize("spelling", [" WANG.FANG\t", "wang@example.com"])
def test_another_spelling_lets_nobody_guess_longer_than_its_own_count(app: Flask, spelling: str) -> None:
    client = app.test_client()
    for turn in range(10):
        attempt(client, password=f"guess {turn}")
    with unchanged():
        answers = [attempt(client, spelling, f"guess {turn}").status_code for turn in range(12)]
    assert answers[-1] == 429
    if "@" not in spelling:
        assert answers[0] == 429


@pytest.mark.usefixtures("person")
def test_unknown_people_get_the_same_words_in_the_same_time(app: Flask) -> None:
    client = app.test_client()
    attempt(client, "nobody", "warming up")
    taken: dict[str, list[float]] = {"wang.fang": [], "nobody.ever": []}
    pages = {}
    with unchanged():
        for turn in range(5):
            for identity, found in taken.items():
                begun = time.perf_counter()
                answer = attempt(client, identity, f"guess {turn}")
                found.append(time.perf_counter() - begun)
                pages[identity] = _words(answer)
    assert len(set(pages.values())) == 1
    known, unknown = (statistics.median(found) for found in taken.values())
    assert 1 / 3 < known / unknown < 3  # the look at the hash alone takes ten times as long as the rest


def _words(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, read(answer.text).text


@pytest.mark.parametrize("identity", ["", "\0", "a" * 10_000, "{'$gt': ''}", "wang.fang\r\nX", "\u202egnaf"])
def test_odd_names_are_nobody(app: Flask, person: User, identity: str) -> None:
    client = app.test_client()
    with unchanged():
        for password in ("\0" * 100_000, factories.PASSWORD):
            assert attempt(client, identity, password).status_code in {200, 400, 413, 429}
    assert not is_in(client)


# -- second factors ----------------------------------------------------------------------------------------


def test_a_code_counts_once_however_often_it_is_sent(app: Flask, person: User) -> None:
    with times.set_clock(NOON):
        code = code_of(add_app(person))
        clients = [app.test_client() for _turn in range(4)]
        for client in clients:
            assert attempt(client).location == "/login/factor"
        with ThreadPoolExecutor(4) as pool:  # at the same moment
            answers = list(pool.map(lambda one: post(one, "/login/factor", code=code).status_code, clients))
        assert sorted(answers) == [302, 422, 422, 422]
        with unchanged():
            attempt(later := app.test_client())
            assert post(later, "/login/factor", code=code).status_code == 422


def test_a_hundred_codes_are_not_looked_at(app: Flask, person: User) -> None:
    with times.set_clock(NOON):
        secret, client = add_app(person), app.test_client()
        attempt(client)
        right = code_of(secret)
        wrong = [code for code in (f"{turn:06}" for turn in range(102)) if code != right][:100]
        with unchanged():
            answers = [post(client, "/login/factor", code=code).status_code for code in wrong]
            assert answers.count(422) <= 10
            assert post(client, "/login/factor", code=right).status_code == 429
        assert not is_in(client)


def test_guesses_go_on_counting_under_a_new_password_step(app: Flask, person: User) -> None:
    with times.set_clock(NOON):
        add_app(person)
        answers = []
        for turn in range(15):
            attempt(client := app.test_client())
            answers.append(post(client, "/login/factor", code=f"{turn:06}").status_code)
        assert answers[-1] == 429


def test_a_recovery_code_counts_once(app: Flask, person: User) -> None:
    with times.set_clock(NOON):
        add_app(person)
        [code, *_others] = recovery.renew(person)
        clients = [app.test_client() for _turn in range(3)]
        for client in clients:
            attempt(client)
        with ThreadPoolExecutor(3) as pool:
            answers = list(
                pool.map(lambda one: post(one, "/login/factor", recovery=code).status_code, clients)
            )
        assert sorted(answers) == [302, 422, 422]
        assert keeping.codes_left(person) == 9


@pytest.mark.parametrize(
    "value", ["", "0", "\0", "١٢٣٤٥٦", "{'$gt': ''}", "null", "[]", "9" * 5000, "-00001"]
)
def test_what_is_no_code_lets_nobody_in(app: Flask, person: User, value: str) -> None:
    add_app(person)
    recovery.renew(person)
    attempt(client := app.test_client())
    with unchanged():
        for what in ("code", "recovery", "answer", "question"):
            assert post(client, "/login/factor", **{what: value}).status_code in {400, 422}, what
    assert not is_in(client)
