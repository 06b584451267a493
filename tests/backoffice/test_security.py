"""Who gets in, who stays in, and what is closed to everybody else."""

import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pymongo.database import Database
from werkzeug.test import TestResponse

from backoffice.app import create_app
from backoffice.security import PUBLIC_ENDPOINTS
from models import passwords
from models.database import Document
from models.people import User
from tests import factories
from tests.web import csrf_token, settings, sign_in

PASSWORD = factories.PASSWORD


@pytest.fixture
def person(db: Database[Document]) -> User:
    return factories.user(
        "wang.fang", email="Wang@example.com", password=passwords.hash_password(PASSWORD), language="en"
    )


def attempt(
    client: FlaskClient,
    identity: str = "wang.fang",
    password: str = PASSWORD,
    path: str = "/login",
    **more: str,
) -> TestResponse:
    form = {"identity": identity, "password": password, "csrf_token": csrf_token(client), **more}
    return client.post(path, data=form)


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/account/").status_code == 200


def session_cookie(client: FlaskClient) -> str:
    cookie = client.get_cookie("session")
    return cookie.value if cookie else ""


def test_nothing_but_the_listed_endpoints_answers_a_stranger(app: Flask, client: FlaskClient) -> None:
    opened = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "1", rule.rule)
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            if rule.endpoint not in PUBLIC_ENDPOINTS:
                response = client.open(path, method=method)
                if response.status_code not in {401, 404} and "/login" not in response.headers.get(
                    "Location", ""
                ):
                    opened.append(f"{method} {path}: {response.status}")
    assert opened == []


def test_the_sign_in_library_opens_no_other_address(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("security.")}
    assert rules == {"/login", "/logout"}


@pytest.mark.parametrize("identity", ["wang.fang", " WANG.FANG ", "Wang@example.com"])
def test_people_sign_in_by_user_name_or_mail(client: FlaskClient, person: User, identity: str) -> None:
    response = attempt(client, identity)
    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert is_signed_in(client)
    person.reload()
    assert person.login_count == 1
    assert person.current_login_ip == "127.0.0.1"


@pytest.mark.usefixtures("person")
def test_every_failure_reads_the_same(client: FlaskClient) -> None:
    wrong = attempt(client, "wang.fang", "not the password")
    unknown = attempt(client, "nobody", "not the password")
    factories.user("without.password")
    locked_out = attempt(client, "without.password", "not the password")
    pages = {re.sub(r'(value|content|nonce)="[^"]*"', "", page.text) for page in (wrong, unknown, locked_out)}
    assert {page.status_code for page in (wrong, unknown, locked_out)} == {200}
    assert len(pages) == 1
    assert "密码" in pages.pop()


def test_a_disabled_account_stays_outside(client: FlaskClient, person: User) -> None:
    person.update(active=False)
    assert attempt(client).status_code == 200
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "identity", ["\0", "\ud800", "a@\0", "x" * 100_000, "$ne", "a" * 254 + "@", "admin'--"]
)
def test_nonsense_as_a_user_name_is_only_wrong(client: FlaskClient, identity: str) -> None:
    response = attempt(client, identity.encode("utf-8", "replace").decode())
    assert response.status_code in {200, 429}


@pytest.mark.usefixtures("person")
def test_programs_cannot_use_the_sign_in_page(client: FlaskClient) -> None:
    body = {"identity": {"$ne": None}, "password": PASSWORD}
    response = client.post("/login", json=body, headers={"X-CSRFToken": csrf_token(client)})
    assert response.status_code == 415


@pytest.mark.usefixtures("person")
def test_sign_in_changes_the_session_id(client: FlaskClient) -> None:
    client.get("/login")
    csrf_token(client)
    before = session_cookie(client)
    attempt(client)
    assert before
    assert session_cookie(client) != before
    client.set_cookie("session", before)
    assert not is_signed_in(client)


@pytest.mark.usefixtures("person")
def test_an_invented_session_id_is_never_accepted(client: FlaskClient) -> None:
    client.set_cookie("session", "chosen-by-the-attacker")
    attempt(client)
    assert session_cookie(client) != "chosen-by-the-attacker"


@pytest.mark.usefixtures("person")
def test_the_cookie_is_worthless_after_sign_out(client: FlaskClient, db: Database[Document]) -> None:
    attempt(client)
    kept = session_cookie(client)
    response = client.post("/logout", data={"csrf_token": csrf_token(client)})
    assert response.status_code == 302
    assert db.sessions.count_documents({}) == 0
    client.set_cookie("session", kept)
    assert not is_signed_in(client)


def test_a_request_still_running_does_not_bring_a_session_back(
    app: Flask, client: FlaskClient, db: Database[Document], person: User
) -> None:
    sign_in(client, person)
    cookie = f"session={session_cookie(client)}"
    with app.test_request_context("/account/", headers={"Cookie": cookie}) as slow:
        slow.session["draft"] = "typed before"
        client.post("/logout", data={"csrf_token": csrf_token(client)})
        app.process_response(app.response_class())
    assert db.sessions.count_documents({}) == 0


def test_signing_out_needs_the_token_and_a_post(client: FlaskClient, person: User) -> None:
    sign_in(client, person)
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 400
    assert is_signed_in(client)


def test_a_database_reader_cannot_make_a_cookie_of_a_stored_session(
    client: FlaskClient, db: Database[Document], person: User
) -> None:
    sign_in(client, person)
    stored = db.sessions.find_one({})
    assert stored
    client.set_cookie("session", stored["_id"])
    assert not is_signed_in(client)


def test_an_unused_session_expires_though_the_cleaner_is_late(
    client: FlaskClient, db: Database[Document], person: User
) -> None:
    sign_in(client, person)
    db.sessions.update_many({}, {"$set": {"expires": datetime.now(UTC) - timedelta(seconds=1)}})
    assert not is_signed_in(client)


def test_a_used_session_slides_but_not_past_its_longest_life(
    client: FlaskClient, db: Database[Document], person: User
) -> None:
    sign_in(client, person)
    started = datetime.now(UTC) - timedelta(hours=11, minutes=30)
    soon = datetime.now(UTC) + timedelta(minutes=10)
    db.sessions.update_many({}, {"$set": {"expires": soon, "started": started}})
    assert is_signed_in(client)
    stored = db.sessions.find_one({})
    assert stored
    assert stored["expires"] == pytest.approx(started + timedelta(hours=12), abs=timedelta(seconds=1))


def test_a_page_that_asks_by_itself_keeps_no_session_alive(
    client: FlaskClient, db: Database[Document], person: User
) -> None:
    sign_in(client, person)
    assert client.get("/inbox/").status_code == 200
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=10)
    db.sessions.update_many({}, {"$set": {"expires": soon}})
    assert client.get("/inbox/badge").status_code == 200
    stored = db.sessions.find_one({})
    assert stored
    assert stored["expires"] == soon


def test_old_sessions_are_cleaned_by_the_database(
    client: FlaskClient, db: Database[Document], person: User
) -> None:
    sign_in(client, person)
    assert any(index.get("expireAfterSeconds") == 0 for index in db.sessions.index_information().values())


def test_a_new_password_ends_every_session_at_once(client: FlaskClient, person: User) -> None:
    sign_in(client, person)
    passwords.set_password(person, "another long sentence")
    person.save()
    assert not is_signed_in(client)


def test_a_disabled_account_is_out_at_once(client: FlaskClient, person: User) -> None:
    sign_in(client, person)
    assert is_signed_in(client)
    person.update(active=False)
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
     "///evil.example", "/\r\nX: y", " //evil.example", "/\t/evil.example", "http:evil.example",
     "https:/evil.example"],
)  # fmt: skip
@pytest.mark.usefixtures("person")
def test_sign_in_never_leads_to_another_site(client: FlaskClient, target: str) -> None:
    for place in ({"next": target}, {}):
        response = attempt(client, path=f"/login?{urlencode({'next': target})}", **place)
        landed = urljoin("http://localhost/login", response.headers.get("Location", "").replace("\\", "/"))
        assert urlsplit(landed).netloc == "localhost"
        client.post("/logout", data={"csrf_token": csrf_token(client)})


@pytest.mark.usefixtures("person")
def test_sign_in_leads_back_to_the_page_that_was_wanted(client: FlaskClient) -> None:
    response = client.get("/account/password?x=%E7%94%B5")
    assert response.headers["Location"] == "/login?next=/account/password?x%3D%25E7%2594%25B5"
    page = client.get(response.headers["Location"])
    assert 'value="/account/password?x=%E7%94%B5"' in page.text
    assert (
        attempt(client, next="/account/password?x=%E7%94%B5").headers["Location"]
        == "/account/password?x=%E7%94%B5"
    )


def test_a_program_is_told_to_sign_in_and_not_sent_to_a_page(client: FlaskClient) -> None:
    response = client.get("/account/", headers={"Accept": "application/json"})
    assert response.status_code == 401
    assert json.loads(response.text)["error"]["status"] == 401


def test_a_change_without_the_token_is_refused(client: FlaskClient, person: User) -> None:
    sign_in(client, person)
    form = {"language": "zh", "theme": "dark", "timezone": "UTC"}
    assert client.post("/account/", data=form).status_code == 400
    assert client.post("/account/", data={**form, "csrf_token": "x"}).status_code == 400
    assert client.post("/account/", data=form, headers={"X-CSRFToken": csrf_token(client)}).status_code == 302
    assert person.reload().theme == "dark"


def test_the_token_lives_as_long_as_the_session(app: Flask) -> None:
    assert app.config["WTF_CSRF_TIME_LIMIT"] is None


@pytest.mark.usefixtures("person")
def test_guessing_is_slowed_down_and_says_until_when(client: FlaskClient) -> None:
    statuses = [attempt(client, "wang.fang", f"guess {number}").status_code for number in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    refused = attempt(client, "wang.fang", PASSWORD)
    assert int(refused.headers["Retry-After"]) > 0
    assert attempt(client, "somebody.else", "guess").status_code == 200


@pytest.mark.usefixtures("person")
def test_a_whole_office_can_sign_in_from_one_address(client: FlaskClient) -> None:
    for _arrival in range(3):
        assert attempt(client).status_code == 302
        client.post("/logout", data={"csrf_token": csrf_token(client)})


def test_scripts_need_our_origin_or_the_nonce(client: FlaskClient) -> None:
    first, second = (client.get("/login") for _ in range(2))
    policy = first.headers["Content-Security-Policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert re.fullmatch(r"script-src 'self' 'nonce-[\w-]{20,}'", scripts)
    assert policy != second.headers["Content-Security-Policy"]
    assert "object-src 'none'" in policy
    assert "report-" not in policy


@pytest.mark.usefixtures("connection")
def test_cookies_and_headers_are_strict_behind_https() -> None:
    strict = create_app(settings(public_url="https://office.example.com"))
    response = strict.test_client().get("/login", base_url="https://office.example.com")
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_pages_are_not_kept_by_caches(client: FlaskClient, person: User) -> None:
    sign_in(client, person)
    assert "no-store" in client.get("/account/").headers["Cache-Control"]


@pytest.mark.usefixtures("connection")
def test_a_client_cannot_choose_its_own_address(person: User) -> None:
    client = create_app(settings()).test_client()
    form = {"identity": "wang.fang", "password": PASSWORD, "csrf_token": csrf_token(client)}
    client.post("/login", data=form, headers={"X-Forwarded-For": "6.6.6.6"})
    assert person.reload().current_login_ip == "127.0.0.1"
