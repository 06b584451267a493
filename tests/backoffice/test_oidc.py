"""Signing in through a company's own service: whom it vouches for gets in, and nothing forged does."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import OctKey, RSAKey
from pymongo.database import Database
from werkzeug.test import TestResponse

from backoffice.app import create_app
from backoffice.settings import SettingsError, load
from models.database import Document
from models.factors import apps
from models.people import User
from models.times import now
from tests import factories
from tests.authenticators import code_of
from tests.backoffice.providers import CLIENT, SECRET, Provider, running
from tests.web import csrf_token, settings

MAIL = "wang.fang@example.com"


@pytest.fixture(scope="module")
def one_provider() -> Iterator[Provider]:
    with running(Provider()) as provider:
        yield provider


@pytest.fixture(scope="module")
def app(one_provider: Provider, connection: None) -> Flask:
    return create_app(settings(**chosen(one_provider), public_url="http://localhost"))


def chosen(provider: Provider) -> dict[str, str]:
    return {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "oidc_label": "Our house",
    }


@pytest.fixture
def provider(one_provider: Provider) -> Provider:
    issuer, published = one_provider.issuer, one_provider.published
    one_provider.__init__()  # type: ignore[misc]  # (everything right again)
    one_provider.issuer, one_provider.key, one_provider.published = issuer, published, published
    one_provider.claims = {"email": MAIL, "email_verified": True}
    return one_provider


@pytest.fixture
def person(db: Database[Document]) -> User:
    role = factories.role("reader", actions=factories.READER_ACTIONS)
    return factories.user("wang.fang", role, email=MAIL, language="en")


@pytest.fixture
def client(app: Flask, person: User) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("language", "en")
    return client


def go(client: FlaskClient, target: str = "") -> dict[str, str]:
    """Begin to sign in; return what the browser carries to the service."""
    away = client.get("/login/oidc", query_string={"next": target} if target else {})
    assert away.status_code == 302, away.text
    return dict(parse_qsl(urlsplit(away.location).query))


def come_back(client: FlaskClient, provider: Provider, asked: dict[str, str]) -> TestResponse:
    return client.get(
        "/login/oidc/back", query_string={"code": provider.authorize(asked), "state": asked["state"]}
    )


def sign_in(client: FlaskClient, provider: Provider, target: str = "") -> TestResponse:
    return come_back(client, provider, go(client, target))


def assert_refused(client: FlaskClient, answer: TestResponse, words: str, db: Database[Document]) -> None:
    assert answer.status_code == 403
    assert words in answer.text
    assert client.get("/account/").status_code == 302
    assert db.audit.count_documents({"event": "session.refused"}) == 1


def test_the_button_leads_to_the_service(client: FlaskClient, provider: Provider) -> None:
    page = client.get("/login?next=/jobs/").text
    assert "Sign in with Our house" in page
    assert "/login/oidc?next=/jobs/" in page
    asked = go(client)
    assert asked["client_id"] == CLIENT
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://localhost/login/oidc/back"
    assert asked["nonce"]


def test_whom_the_service_vouches_for_gets_in(
    client: FlaskClient, provider: Provider, person: User, db: Database[Document]
) -> None:
    assert sign_in(client, provider, "/inbox/").location == "/inbox/"
    assert client.get("/account/").status_code == 200
    assert db.identities.find_one({"subject": "s-1"})["person"] == person.id  # type: ignore[index]
    assert db.audit.count_documents({"event": "account.linked"}) == 1


def test_a_new_session_id_comes_with_the_sign_in(client: FlaskClient, provider: Provider) -> None:
    asked = go(client)
    before = client.get_cookie("session")
    come_back(client, provider, asked)
    after = client.get_cookie("session")
    assert before and after and before.value != after.value  # noqa: PT018


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"]
)
def test_it_leads_nowhere_else(client: FlaskClient, provider: Provider, target: str) -> None:
    assert sign_in(client, provider, target).location == "/"


def test_a_forged_host_does_not_move_the_way_back(client: FlaskClient, provider: Provider) -> None:
    away = client.get("/login/oidc", headers={"Host": "evil.example"})
    asked = dict(parse_qsl(urlsplit(away.location).query))
    assert asked["redirect_uri"] == "http://localhost/login/oidc/back"


WRONG_CLAIMS = [
    {"nonce": "another"},
    {"nonce": None},
    {"aud": "another program"},
    {"aud": "another program", "azp": CLIENT},
    {"aud": None},
    {"iss": "https://evil.example"},
    {"iss": None},
    {"exp": 1_000_000_000},
    {"exp": None},
    {"sub": None},
]


@pytest.mark.parametrize("wrong", WRONG_CLAIMS, ids=str)
def test_a_token_that_is_not_meant_for_this_sign_in_is_refused(
    client: FlaskClient, provider: Provider, wrong: dict[str, object], db: Database[Document]
) -> None:
    provider.wrong = wrong
    assert_refused(client, sign_in(client, provider), "could not be checked", db)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_anybody_could_make_is_refused_even_if_offered(
    algorithm: str, person: User, db: Database[Document]
) -> None:
    with running(Provider()) as weak:
        weak.claims = {"email": MAIL, "email_verified": True}
        weak.algorithm, weak.offered = algorithm, [algorithm, "RS256"]
        weak.key = OctKey.import_key(SECRET)  # type: ignore[assignment]
        client = create_app(settings(**chosen(weak), public_url="http://localhost")).test_client()
        client.set_cookie("language", "en")
        assert_refused(client, sign_in(client, weak), "could not be checked", db)


def test_a_token_signed_by_another_is_refused(
    client: FlaskClient, provider: Provider, db: Database[Document]
) -> None:
    provider.key = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
    assert_refused(client, sign_in(client, provider), "could not be checked", db)


def test_a_state_counts_once(client: FlaskClient, provider: Provider, person: User) -> None:
    asked = go(client)
    assert come_back(client, provider, asked).status_code == 302
    client.post("/logout", data={"csrf_token": csrf_token(client)})
    assert come_back(client, provider, asked).status_code == 403
    assert client.get("/account/").status_code == 302


def test_anothers_answer_signs_nobody_in(client: FlaskClient, app: Flask, provider: Provider) -> None:
    asked = go(app.test_client())
    assert come_back(client, provider, asked).status_code == 403
    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?state=x", "?code=x&state=x", "?error=access_denied", "?state[]=x"]
)
def test_an_answer_that_is_none_is_refused(client: FlaskClient, provider: Provider, query: str) -> None:
    assert client.get(f"/login/oidc/back{query}").status_code == 403
    go(client)
    assert client.get(f"/login/oidc/back{query}").status_code == 403


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_is_not_verified_finds_nobody(
    client: FlaskClient, provider: Provider, verified: object, db: Database[Document]
) -> None:
    provider.wrong = {"email_verified": verified}
    assert_refused(client, sign_in(client, provider), "has not verified your e-mail address", db)
    assert db.identities.count_documents({}) == 0


def test_somebody_unknown_is_told_so_and_gets_no_account(
    client: FlaskClient, provider: Provider, db: Database[Document]
) -> None:
    provider.wrong = {"email": "stranger@example.com"}
    people = db.users.count_documents({})
    assert_refused(client, sign_in(client, provider), "there is no account for you here", db)
    assert db.users.count_documents({}) == people


@pytest.mark.parametrize("linked", [False, True])
def test_a_disabled_account_stays_out(
    client: FlaskClient,
    app: Flask,
    provider: Provider,
    person: User,
    linked: bool,  # noqa: FBT001
    db: Database[Document],
) -> None:
    if linked:
        sign_in(app.test_client(), provider)
    person.update(active=False)
    assert_refused(client, sign_in(client, provider), "Your account is disabled", db)


def test_once_linked_the_subject_counts_not_the_address(
    client: FlaskClient, app: Flask, provider: Provider, person: User
) -> None:
    sign_in(app.test_client(), provider)
    provider.wrong = {"email": "renamed@example.com", "email_verified": False}
    assert sign_in(client, provider).status_code == 302
    assert "wang.fang" in client.get("/account/").text


def test_whoever_gets_the_address_later_is_not_let_in(
    client: FlaskClient, app: Flask, provider: Provider, db: Database[Document]
) -> None:
    sign_in(app.test_client(), provider)
    provider.wrong = {"sub": "s-2"}
    assert_refused(client, sign_in(client, provider), "belongs to somebody else", db)


def test_our_factor_is_asked_unless_the_service_asked_for_one(
    client: FlaskClient, app: Flask, provider: Provider, person: User
) -> None:
    secret = apps.new_secret()
    apps.enrol(person, secret, code_of(secret, -30), "")
    assert sign_in(client, provider, "/jobs/").location == "/login/factor"
    assert client.get("/jobs/").status_code == 302
    fields = {"code": code_of(secret), "csrf_token": csrf_token(client)}
    assert client.post("/login/factor", data=fields).location == "/jobs/"
    provider.claims["amr"] = ["pwd", "mfa"]
    other = app.test_client()
    assert sign_in(other, provider, "/jobs/").location == "/jobs/"
    assert other.get("/jobs/").status_code == 200


def test_a_role_that_demands_a_factor_leads_to_enrol(
    client: FlaskClient, provider: Provider, person: User
) -> None:
    person.roles[0].update(demands_factor=True)
    assert sign_in(client, provider).location == "/login/factor"
    assert "Your role needs a second factor" in client.get("/login/factor").text


def test_a_service_that_names_itself_otherwise_is_not_asked(provider: Provider, person: User) -> None:
    with running(Provider()) as other:
        other.named = provider.issuer
        client = create_app(settings(**chosen(other))).test_client()
        assert client.get("/login/oidc").status_code == 403


def test_a_service_that_is_away_is_said(person: User) -> None:
    with running(Provider()) as gone:
        app = create_app(settings(**chosen(gone)))
    client = app.test_client()
    client.set_cookie("language", "en")
    answer = client.get("/login/oidc")
    assert answer.status_code == 403
    assert "cannot be reached" in answer.text


def test_without_the_setting_there_is_no_such_page(db: Database[Document]) -> None:
    client = create_app(settings()).test_client()
    assert client.get("/login/oidc").status_code == 404
    assert "oidc" not in client.get("/login").text


def test_a_service_without_a_client_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKOFFICE_OIDC_ISSUER", "https://id.example.com")
    with pytest.raises(SettingsError, match="BACKOFFICE_OIDC_CLIENT_ID, BACKOFFICE_OIDC_CLIENT_SECRET"):
        load()


@pytest.mark.parametrize("address", ["http://id.example.com", "id.example.com", "https://id.example.com?x=1"])
def test_a_service_is_asked_by_https_alone(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("BACKOFFICE_OIDC_ISSUER", address)
    with pytest.raises(SettingsError, match="BACKOFFICE_OIDC_ISSUER"):
        load()


def test_the_link_names_when(client: FlaskClient, provider: Provider, db: Database[Document]) -> None:
    sign_in(client, provider)
    [link] = db.identities.find()
    assert link["at"] <= now()
