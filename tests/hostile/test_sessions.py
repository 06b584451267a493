"""Whoever should be out is out; and no link that we make or follow leads off this site."""

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pymongo.database import Database

from backoffice.app import create_app
from models import account_access, accounts, api_tokens, edits, outbox, password_changes
from models.channels import Channel
from models.channels.message import Outgoing
from models.database import Document
from models.deliveries import carrying
from models.people import Role, User
from tests import factories
from tests.hostile import stage
from tests.hostile.cast import HOME, attempt, browser, is_in, post, send, somebody
from tests.hostile.stage import routes
from tests.hostile.unchanged import unchanged
from tests.web import csrf_token, settings

EVIL = "evil.example"
ASTRAY = [
    f"//{EVIL}",
    f"///{EVIL}",
    f"/\\{EVIL}",
    f"\\\\{EVIL}",
    f"/\t/{EVIL}",
    f"/%09/{EVIL}",
    f"\n//{EVIL}",
    f"%2f%2f{EVIL}",
    f"https://{EVIL}/",
    f"https:{EVIL}",
    f"http:///{EVIL}",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    f"/x@{EVIL}//{EVIL}".replace("/x", "//x", 1),
    f"//{EVIL}\\@localhost/",
    f"http://localhost@{EVIL}/",
    f"/\r\nLocation: https://{EVIL}",
]


@pytest.fixture
def person(db: Database[Document]) -> User:
    return somebody()


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("session")
    assert found
    return found.value


def with_cookie(app: Flask, value: str) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("session", value)
    return client


@pytest.mark.usefixtures("person")
def test_a_cookie_is_worthless_after_the_sign_out(app: Flask, client: FlaskClient) -> None:
    attempt(client)
    kept = cookie(client)
    thief = with_cookie(app, kept)
    assert is_in(thief)
    post(client, "/logout")
    with unchanged():
        assert not is_in(with_cookie(app, kept))
        assert not is_in(thief)


@pytest.mark.usefixtures("person")
def test_an_id_that_somebody_else_chose_is_not_signed_in(app: Flask, client: FlaskClient) -> None:
    client.set_cookie("session", "chosen-by-the-attacker-0123456789")
    attempt(client)
    assert is_in(client)
    assert cookie(client) != "chosen-by-the-attacker-0123456789"
    assert not is_in(with_cookie(app, "chosen-by-the-attacker-0123456789"))


@pytest.mark.usefixtures("person")
def test_an_id_from_before_the_sign_in_is_not_signed_in(app: Flask, client: FlaskClient) -> None:
    client.get("/login")
    before = cookie(client)
    attempt(client)
    assert cookie(client) != before
    assert not is_in(with_cookie(app, before))


@pytest.mark.parametrize("value", ["", "\0", "a" * 8000, "../../etc", "{'$gt': ''}", "é", "=; x=y"])
def test_an_odd_cookie_is_nobodys(app: Flask, person: User, value: str) -> None:
    with unchanged():
        answer = app.test_client().get("/account/", headers={"Cookie": f"session={quote(value)}"})
        assert answer.status_code == 302


def _take_role(person: User) -> None:
    admin = factories.administrator()
    seen = edits.stamp(person, accounts.USER_ATTRIBUTES)
    person.roles = []
    accounts.save_user(admin, person, seen=seen)


def _narrow_role(person: User) -> None:
    role = Role.objects.get(name="reader")
    seen = edits.stamp(role, accounts.ROLE_ATTRIBUTES)
    role.grants = []
    accounts.save_role(factories.administrator(), role, seen=seen)


def _deactivate(person: User) -> None:
    seen = edits.stamp(person, accounts.USER_ATTRIBUTES)
    person.active = False
    accounts.save_user(factories.administrator(), person, seen=seen)


def _switch_off(person: User) -> None:
    person.update(active=False)


def _reset_password(person: User) -> None:
    accounts.reset_password(factories.administrator(), person)


def _change_password(person: User) -> None:
    password_changes.change(person, factories.PASSWORD, "another sentence of mine", HOME)


def _sign_out(person: User) -> None:
    account_access.end_sessions(factories.administrator(), person)


def _demand_factor(person: User) -> None:
    person.roles[0].update(demands_factor=True)


Ending = Callable[[User], None]
ENDINGS: list[Ending] = [
    _take_role, _narrow_role, _deactivate, _switch_off, _reset_password, _change_password, _sign_out,
    _demand_factor,
]  # fmt: skip


@pytest.mark.parametrize("end", ENDINGS)
def test_a_session_ends_in_its_middle(app: Flask, person: User, end: Ending) -> None:
    live = factories.form()
    here, there = app.test_client(), app.test_client()
    for client in (here, there):
        attempt(client)
    assert here.get(f"/records/{live.key}/").status_code == 200
    end(User.objects.get(id=person.id))
    with unchanged():
        for client in (here, there):
            assert client.get(f"/records/{live.key}/").status_code == 302
            assert send(client, "POST", f"/records/{live.key}/new", name="x").status_code == 401


@pytest.mark.parametrize("end", [_take_role, _narrow_role, _deactivate, _switch_off])
def test_a_key_ends_with_the_rights_of_its_owner(app: Flask, person: User, end: Ending) -> None:
    live, client = factories.form(), app.test_client()
    key = {"Authorization": f"Bearer {api_tokens.create(person, 'program', 30)}"}
    assert client.get(f"/api/v1/records/{live.key}", headers=key).status_code == 200
    end(User.objects.get(id=person.id))
    with unchanged("api_tokens"):
        assert client.get(f"/api/v1/records/{live.key}", headers=key).status_code in {401, 404}


# -- led astray --------------------------------------------------------------------------------------------


def leads_astray(location: str | None) -> bool:
    """Tell whether a browser would leave this site for the target of a redirect."""
    target = re.sub(r"[\t\r\n]", "", location or "").strip().replace("\\", "/")
    return target.startswith("//") or re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", target) is not None


@pytest.mark.parametrize("target", ASTRAY)
def test_nobody_is_led_off_this_site(app: Flask, person: User, target: str) -> None:
    client = app.test_client()
    with unchanged("users"):
        asked = client.get("/login", query_string={"next": target})
        assert EVIL not in re.sub(r'value="[^"]*"', "", asked.text)
        fresh = app.test_client()
        path, known = (
            f"/login?next={quote(target)}",
            {"identity": "wang.fang", "password": factories.PASSWORD},
        )
        answer = post(fresh, path, next=target, **known)
        assert answer.status_code == 302
        assert not leads_astray(answer.location), answer.location
        for path in ("/preferences", f"/preferences?next={quote(target)}"):
            for one in (client, fresh):
                answer = post(one, path, language="en", theme="dark", next=target)
                assert not leads_astray(answer.location), answer.location
        for path in ("/login", "/logout", "/login/factor", "/forgot"):
            answer = fresh.get(path, query_string={"next": target})
            assert not leads_astray(answer.location), (path, answer.location)


@pytest.mark.parametrize("path", [f"//{EVIL}/..", f"/%2f%2f{EVIL}", f"//{EVIL}/login", f"/\\{EVIL}/records"])
def test_no_odd_address_leads_off_this_site(app: Flask, person: User, path: str) -> None:
    signed_in = browser(app, person)
    with unchanged():
        for client in (app.test_client(), signed_in):
            answer = client.get(path)
            assert not leads_astray(answer.location), answer.location


def test_a_forged_host_stands_in_no_redirect_and_on_no_page(app: Flask, db: Database[Document]) -> None:
    company = stage.build()
    client = browser(app, company.admin)
    client.set_cookie("session", cookie(client), domain=EVIL)  # as a browser that was led there would
    assert "Location" not in client.get("/account/", headers={"Host": EVIL}).headers
    with unchanged("notifications"):
        for rule, method in routes(app):
            if method != "GET" or rule.endpoint == "view_as.end":
                continue
            path = company.path(app, rule)
            for asked in {path, path.rstrip("/") or "/"}:
                answer = client.get(asked, headers={"Host": EVIL, "X-Forwarded-Host": EVIL})
                assert EVIL not in answer.headers.get("Location", ""), asked
                if not asked.startswith("/account/factors"):  # where keys answer is asked of the browser
                    assert EVIL.encode() not in answer.data, asked
                answer.close()


def test_a_forged_host_stands_in_no_mail(connection: None, db: Database[Document]) -> None:
    app = create_app(settings(public_url="http://office.example.com"))
    Channel(key="mail", kind="email", name="Mail", host="127.0.0.1", sender="a@example.com").save()
    person = somebody()
    client = app.test_client()
    for headers in ({"Host": EVIL}, {"X-Forwarded-Host": EVIL}, {"X-Original-Host": EVIL}):
        data = {"identity": str(person.username), "csrf_token": csrf_token(client)}
        client.set_cookie("session", cookie(client), domain=EVIL)
        assert client.post("/forgot", data=data, headers=headers).status_code == 200
    outbox.carry_out_due()
    channel = Channel.objects.get(key="mail")
    made = [carrying.compose(channel, one) for one in db.deliveries.find()]
    mails = [one for one in made if isinstance(one, Outgoing)]
    assert mails
    for mail in mails:
        assert EVIL not in str(mail)
        assert mail.link.startswith("http://office.example.com/reset/")


def test_the_picture_for_a_telephone_names_no_host(app: Flask, person: User) -> None:
    client = app.test_client()
    attempt(client)
    client.set_cookie("session", cookie(client), domain=EVIL)
    page = client.get("/account/factors/app", headers={"Host": EVIL})
    assert page.status_code == 200
    assert "otpauth" in page.text or "secret" in page.text
    assert EVIL not in page.text
