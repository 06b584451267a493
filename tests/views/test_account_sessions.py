"""Where a person is signed in: shown to them alone, ended one by one or all at once."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pymongo.database import Database

from models import account_access, accounts, edits, passwords, sessions
from models.database import Document
from models.errors import ForbiddenError
from models.people import Permission, Role, User
from tests import factories
from tests.web import csrf_token, sign_in

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605 Version/18.5 Mobile Safari/604.1"
)
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36 Edg/141.0"
)


@pytest.fixture
def person(db: Database[Document]) -> User:
    return factories.user("wang.fang", factories.role("reader"), name="王芳")


def browser(app: Flask, person: User, agent: str, address: str) -> FlaskClient:
    client = app.test_client()
    client.environ_base |= {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": address}
    sign_in(client, person)
    assert is_signed_in(client)
    return client


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/account/").status_code == 200


@pytest.fixture
def desk(app: Flask, person: User) -> FlaskClient:
    return browser(app, person, WINDOWS, "203.0.113.7")


@pytest.fixture
def phone(app: Flask, person: User) -> FlaskClient:
    return browser(app, person, PHONE, "198.51.100.9")


@pytest.mark.usefixtures("phone")
def test_each_place_is_shown_with_device_and_address(app: Flask, desk: FlaskClient) -> None:
    stranger = browser(app, factories.stranger(), "curl/8.14", "192.0.2.1")
    page = desk.get("/account/sessions").text
    assert page.index("Edge · Windows") < page.index("Safari · iPhone")  # this one comes first
    assert page.count("this one") == 1
    assert "203.0.113.7" in page
    assert "198.51.100.9" in page
    assert "192.0.2.1" not in page
    assert "curl" in stranger.get("/account/sessions").text


def test_one_is_ended_and_the_others_go_on(desk: FlaskClient, phone: FlaskClient, person: User) -> None:
    [other] = [one for one in sessions.sessions_of(person) if "iPhone" in one.agent]
    answer = desk.post(f"/account/sessions/{other.key}/end", data={"csrf_token": csrf_token(desk)})
    assert answer.status_code == 302
    assert not is_signed_in(phone)
    assert is_signed_in(desk)


def test_all_others_are_ended_at_once(
    app: Flask, desk: FlaskClient, phone: FlaskClient, person: User
) -> None:
    third = browser(app, person, "curl/8.14", "192.0.2.1")
    page = desk.post("/account/sessions/end", data={"csrf_token": csrf_token(desk)}, follow_redirects=True)
    assert "Signed out in 2 other places." in page.text
    assert [is_signed_in(client) for client in (desk, phone, third)] == [True, False, False]


def test_nobody_ends_the_session_of_somebody_else(app: Flask, desk: FlaskClient, person: User) -> None:
    stranger = browser(app, factories.stranger(), "curl/8.14", "192.0.2.1")
    [mine] = sessions.sessions_of(person)
    data = {"csrf_token": csrf_token(stranger)}
    assert stranger.post(f"/account/sessions/{mine.key}/end", data=data).status_code == 404
    assert stranger.post("/account/sessions/end", data=data).status_code == 302
    assert is_signed_in(desk)


def test_what_is_shown_makes_no_cookie(app: Flask, desk: FlaskClient, person: User) -> None:
    [mine] = sessions.sessions_of(person)
    assert mine.key not in desk.get("/account/sessions").text  # the own one has no button
    thief = app.test_client()
    thief.set_cookie("session", mine.key)
    assert not is_signed_in(thief)


def test_expired_and_earlier_sessions_are_not_shown(
    db: Database[Document], desk: FlaskClient, phone: FlaskClient, person: User
) -> None:
    assert len(sessions.sessions_of(person)) == 2
    over = {"$set": {"expires": datetime.now(UTC) - timedelta(minutes=1)}}
    db.sessions.update_one({"agent": PHONE}, over)
    assert [one.agent for one in sessions.sessions_of(person)] == [WINDOWS]
    passwords.end_sessions(person)
    passwords.store(person)
    assert sessions.sessions_of(person) == []
    assert not is_signed_in(desk)
    assert not is_signed_in(phone)


def test_an_agent_without_a_name_breaks_nothing(app: Flask, person: User) -> None:
    client = browser(app, person, "<script>" + "x" * 2000, "192.0.2.1")
    page = client.get("/account/sessions").text
    assert "<script>x" not in page
    silent = browser(app, person, "", "192.0.2.1")
    assert "Unknown device" in silent.get("/account/sessions").text


def test_an_administrator_of_people_signs_somebody_out(
    desk: FlaskClient, phone: FlaskClient, person: User, db: Database[Document]
) -> None:
    admin = factories.administrator()
    assert account_access.end_sessions(admin, person) == 2
    assert not is_signed_in(desk)
    assert not is_signed_in(phone)
    [told] = db.audit.find({"event": "session.ended"})
    assert (told["by"], told["subject"], told["details"]["sessions"]) == (admin.id, "wang.fang", 2)
    with pytest.raises(ForbiddenError):
        account_access.end_sessions(person, admin)
    with pytest.raises(ForbiddenError):
        account_access.unlock(person, admin)


def test_people_staff_cannot_sign_out_an_administrator(db: Database[Document]) -> None:
    staff = factories.user("staff", factories.role("staff", permissions=[Permission.CONFIGURE_PEOPLE.value]))
    with pytest.raises(ForbiddenError):
        account_access.end_sessions(staff, factories.administrator())


@pytest.mark.usefixtures("db")
class TestLostRights:
    """Whoever loses a right is signed out at once, in the middle of what they do."""

    @staticmethod
    def seen(role: Role) -> str:
        return edits.stamp(role, accounts.ROLE_ATTRIBUTES)

    def test_a_role_taken_away_ends_the_sessions(self, desk: FlaskClient, person: User) -> None:
        stamp = edits.stamp(person.reload(), accounts.USER_ATTRIBUTES)
        person.roles = []
        accounts.save_user(factories.administrator(), person, seen=stamp)
        assert not is_signed_in(desk)

    def test_a_role_given_does_not(self, desk: FlaskClient, person: User) -> None:
        stamp = edits.stamp(person.reload(), accounts.USER_ATTRIBUTES)
        person.roles = [*person.roles, factories.role("second")]
        accounts.save_user(factories.administrator(), person, seen=stamp)
        assert is_signed_in(desk)

    @pytest.mark.parametrize("loss", ["permission", "grant", "action", "scope", "deny", "administrator"])
    def test_a_role_that_loses_something_ends_the_sessions_of_its_people(self, app: Flask, loss: str) -> None:
        role = factories.role(
            "rich", actions=["see", "edit"], permissions=[Permission.VIEWS_SHARE.value], administrator=True
        )
        holder = factories.user("holder", role)
        client = browser(app, holder, WINDOWS, "192.0.2.1")
        bystander = browser(app, factories.stranger(), WINDOWS, "192.0.2.1")
        stamp = self.seen(role)
        if loss == "permission":
            role.permissions = []
        elif loss == "grant":
            role.grants = []
        elif loss == "action":
            role.grants[0].actions = ["see"]
        elif loss == "administrator":
            role.administrator = False
        else:
            setattr(role.grants[0], loss, "own" if loss == "scope" else True)
        accounts.save_role(factories.administrator(), role, seen=stamp)
        assert not is_signed_in(client)
        assert is_signed_in(bystander)

    def test_a_role_that_gains_something_ends_nothing(self, app: Flask) -> None:
        role = factories.role("poor", actions=["see"])
        client = browser(app, factories.user("holder", role), WINDOWS, "192.0.2.1")
        stamp = self.seen(role)
        role.grants[0].actions = ["see", "edit"]
        role.label.en = "Richer"
        accounts.save_role(factories.administrator(), role, seen=stamp)
        assert is_signed_in(client)
