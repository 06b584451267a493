"""Forgotten passwords: the same answer for everybody, a link for one, good once and for half an hour."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pymongo.database import Database
from werkzeug.test import TestResponse

from backoffice.app import create_app
from models import outbox, passwords, throttle
from models.channels import Channel
from models.channels.message import Outgoing
from models.database import Document
from models.deliveries import carrying
from models.people import User
from models.times import now, set_clock
from tests import factories
from tests.web import csrf_token, settings, sign_in

SITE = "http://office.example.com"
NEW = "a new and longer sentence"
# Later than today, so that MongoDB does not clear away by its own clock what expires.
NOON = datetime(2046, 11, 2, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def app(connection: None) -> Flask:
    return create_app(settings(public_url=SITE))


@pytest.fixture(autouse=True)
def surroundings(app: Flask) -> None:
    """Let this module's address be the one in mails, whichever application was made last."""
    create_app(settings(public_url=SITE))


@pytest.fixture
def person(db: Database[Document]) -> User:
    fields = {"kind": "email", "name": "Mail", "host": "127.0.0.1", "sender": "office@example.com"}
    Channel(key="mail", **fields).save()
    return factories.member()


def ask(client: FlaskClient, identity: str = "wang.fang") -> TestResponse:
    return client.post("/forgot", data={"identity": identity, "csrf_token": csrf_token(client)})


def mails(db: Database[Document]) -> list[Outgoing]:
    """Return what would be sent, in the words of the channel."""
    outbox.carry_out_due()
    channel = Channel.objects.get(key="mail")
    made = [carrying.compose(channel, one) for one in db.deliveries.find().sort("_id")]
    return [one for one in made if isinstance(one, Outgoing)]


def link(client: FlaskClient, db: Database[Document]) -> str:
    ask(client)
    return urlsplit(mails(db)[-1].link).path


def choose(client: FlaskClient, password: str = NEW, repeat: str | None = None) -> TestResponse:
    form = {"password": password, "repeat": repeat or password, "csrf_token": csrf_token(client)}
    return client.post("/reset", data=form)


def is_now(person: User, password: str) -> bool:
    return passwords.verify_password(password, person.reload().password)


@pytest.mark.parametrize("identity", ["wang.fang", "WANG@example.com"])
def test_a_forgotten_password_is_replaced_by_mail(
    app: Flask, client: FlaskClient, db: Database[Document], person: User, identity: str
) -> None:
    open_session = app.test_client()
    sign_in(open_session, person)
    ask(client, identity)
    [mail] = mails(db)
    assert mail.to == "wang@example.com"
    assert mail.link.startswith(f"{SITE}/reset/")
    assert "30 minutes" in mail.body
    opened = client.get(urlsplit(mail.link).path)
    assert (opened.status_code, opened.headers["Location"]) == (302, "/reset")
    assert opened.headers["Referrer-Policy"] == "no-referrer"
    assert "wang.fang" in client.get("/reset").text
    assert choose(client).headers["Location"] == "/login"
    assert is_now(person, NEW)
    assert client.get("/account/").status_code == 302  # nobody was signed in by it
    assert open_session.get("/account/").status_code == 302
    events = db.audit.distinct("event")
    assert {"password.reset_asked", "password.reset"} <= set(events)
    told = [one for one in mails(db) if "was changed" in one.subject]
    assert [one.to for one in told] == ["wang@example.com"]
    assert db.notifications.count_documents({"person": person.id}) == 1


def test_a_link_works_once(client: FlaskClient, db: Database[Document], person: User) -> None:
    path = link(client, db)
    client.get(path)
    choose(client)
    again = client.get(path, follow_redirects=True)
    assert "does not work any more" in again.text or "已失效" in again.text
    client.get(path)
    choose(client, "yet another sentence")
    assert is_now(person, NEW)


def test_looking_at_a_link_does_not_use_it_up(
    app: Flask, client: FlaskClient, db: Database[Document], person: User
) -> None:
    path = link(client, db)
    scanner = app.test_client()
    scanner.get(path, follow_redirects=True)
    scanner.head(path)
    client.get(path)
    choose(client)
    assert is_now(person, NEW)


def test_a_link_works_for_half_an_hour(client: FlaskClient, db: Database[Document], person: User) -> None:
    with set_clock(NOON):
        path = link(client, db)
        client.get(path)
    with set_clock(NOON + timedelta(minutes=30)):
        assert client.get(path).headers["Location"] == "/forgot"
        assert choose(client).headers["Location"] == "/forgot"
    assert is_now(person, factories.PASSWORD)


def test_another_links_end_with_the_first_that_is_used(
    client: FlaskClient, db: Database[Document], person: User
) -> None:
    first, second = link(client, db), link(client, db)
    assert first != second
    client.get(first)
    choose(client)
    assert client.get(second).headers["Location"] == "/forgot"


def test_a_password_change_ends_open_links(client: FlaskClient, db: Database[Document], person: User) -> None:
    path = link(client, db)
    passwords.set_password(person, "changed in the meantime")
    passwords.store(person)
    assert client.get(path).headers["Location"] == "/forgot"


def test_a_link_of_somebody_disabled_opens_nothing(
    client: FlaskClient, db: Database[Document], person: User
) -> None:
    path = link(client, db)
    person.update(active=False)
    assert client.get(path).headers["Location"] == "/forgot"


@pytest.mark.usefixtures("person")
def test_a_forged_link_opens_nothing(client: FlaskClient, db: Database[Document]) -> None:
    path = link(client, db)
    number = path.removeprefix("/reset/").partition(".")[0]
    forged = [
        path[:-1] + ("0" if path[-1] != "0" else "1"),
        f"/reset/{number}",
        f"/reset/{number}.",
        "/reset/.",
        f"/reset/{number}.{'0' * 64}",
        f"/reset/{'x' * 5000}",
    ]
    answers = {one[:90]: client.get(one).headers.get("Location") for one in forged}
    assert set(answers.values()) == {"/forgot"}, answers
    assert client.get("/reset/%00%ff").status_code in {302, 400, 404}
    assert choose(client).headers["Location"] == "/forgot"


@pytest.mark.usefixtures("person")
def test_nothing_stored_opens_the_account(client: FlaskClient, db: Database[Document]) -> None:
    path = link(client, db)
    client.get(path)
    signature = path.rpartition(".")[2]
    names = [name for name in db.list_collection_names() if not name.startswith("system.")]
    assert signature not in str([list(db[name].find()) for name in names])


@pytest.mark.usefixtures("person")
def test_a_forged_host_does_not_reach_the_mail(client: FlaskClient, db: Database[Document]) -> None:
    evil = "http://evil.example"
    headers = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    page = client.get("/forgot", base_url=evil, headers=headers).text
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    form = {"identity": "wang.fang", "csrf_token": found[1]}
    assert client.post("/forgot", base_url=evil, headers=headers, data=form).status_code == 200
    [mail] = mails(db)
    assert mail.link.startswith(f"{SITE}/reset/")
    assert "evil" not in f"{mail.subject}{mail.body}{mail.link}"


@pytest.mark.usefixtures("person")
def test_the_answer_is_the_same_for_every_name(client: FlaskClient, db: Database[Document]) -> None:
    factories.user("no.mail")
    factories.user("disabled.", email="d@example.com", active=False)
    names = ["wang.fang", "nobodyyyy", "no.mail", "disabled.", "a@b.example", "$ne", "\0"]
    answers = [ask(client, name) for name in names]
    pages = {re.sub(r'(value|content|nonce)="[^"]*"', "", answer.text) for answer in answers}
    assert len(pages) == 1
    assert {answer.status_code for answer in answers} == {200}
    assert [mail.to for mail in mails(db)] == ["wang@example.com"]


@pytest.mark.usefixtures("person")
def test_asking_again_and_again_sends_three_mails(client: FlaskClient, db: Database[Document]) -> None:
    with set_clock(NOON):
        answers = {ask(client).status_code for _turn in range(8)}
        assert answers == {200}
        assert len(mails(db)) == 3
    with set_clock(NOON + timedelta(hours=1)):
        ask(client)
        assert len(mails(db)) == 4


@pytest.mark.usefixtures("person")
def test_a_mail_is_made_once_though_its_effect_runs_twice(
    client: FlaskClient, db: Database[Document]
) -> None:
    ask(client)
    assert len(mails(db)) == 1
    again = {"$set": {"next_attempt_at": now()}, "$unset": {"done_at": ""}}
    db.outbox.update_many({"kind": "password_reset"}, again)
    assert len(mails(db)) == 1


@pytest.mark.parametrize(
    ("password", "repeat", "said"),
    [
        ("short", None, "Use at least 10 characters."),
        ("password123", None, "This password is too easy to guess."),
        (NEW, NEW + "!", "The two new passwords differ."),
        ("", "", "This field is required."),
    ],
)
def test_a_refused_password_leaves_the_link_good(
    client: FlaskClient, db: Database[Document], person: User, password: str, repeat: str | None, said: str
) -> None:
    client.set_cookie("language", "en")
    client.get(link(client, db))
    assert said in choose(client, password, repeat).text
    choose(client)
    assert is_now(person, NEW)


def test_a_new_password_ends_the_lock(client: FlaskClient, db: Database[Document], person: User) -> None:
    for _turn in range(11):
        throttle.attempt(throttle.SIGN_IN, "wang.fang", "127.0.0.1")
    client.get(link(client, db))
    choose(client)
    assert throttle.wait(throttle.SIGN_IN, "wang.fang", "127.0.0.1") is None
    assert is_now(person, NEW)


@pytest.mark.usefixtures("person")
def test_without_the_link_there_is_no_page(client: FlaskClient) -> None:
    assert client.get("/reset").headers["Location"] == "/forgot"
    assert choose(client).headers["Location"] == "/forgot"


@pytest.mark.usefixtures("db")
def test_where_no_mail_goes_out_the_page_says_whom_to_ask(
    client: FlaskClient, db: Database[Document]
) -> None:
    client.set_cookie("language", "en")
    assert "Please ask an administrator" in client.get("/forgot").text
    assert "Please ask an administrator" in ask(client).text
    assert db.outbox.count_documents({}) == 0


@pytest.mark.usefixtures("person")
def test_without_a_configured_address_no_link_is_made(db: Database[Document]) -> None:
    client = create_app(settings()).test_client()
    client.set_cookie("language", "en")
    assert "Please ask an administrator" in ask(client).text
    assert db.outbox.count_documents({}) == 0


@pytest.mark.usefixtures("person")
def test_the_pages_need_the_token_of_the_session(client: FlaskClient, db: Database[Document]) -> None:
    assert client.post("/forgot", data={"identity": "wang.fang"}).status_code == 400
    client.get(link(client, db))
    assert client.post("/reset", data={"password": NEW, "repeat": NEW}).status_code == 400
