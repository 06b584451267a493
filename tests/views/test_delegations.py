"""Standing in, on screen: arranged, shown to both, taken back, and by administrators for others."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from pymongo.database import Database
from werkzeug.test import TestResponse

from models import delegations, times
from models.database import Document
from models.delegations import Delegation
from models.people import Permission, User
from tests import factories
from tests.models.approvals.cases import form, person
from tests.pages import Element, open_page, read
from tests.web import csrf_token, sign_in

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
PATH = "/account/delegations"
WEEK = {"first": "2026-11-25", "last": "2026-12-01"}


@pytest.fixture(autouse=True)
def present(db: Database[Document]) -> Iterator[None]:
    with times.set_clock(NOW):
        form()
        person("bob", name="Bob")
        yield


@pytest.fixture
def amy(client: FlaskClient) -> User:
    return sign_in(client, person("amy", name="Amy"))


def send(client: FlaskClient, path: str = PATH, **values: str) -> TestResponse:
    return client.post(path, data={"csrf_token": csrf_token(client), **values})


def arrange(client: FlaskClient, **more: str) -> TestResponse:
    return send(client, **{"to": str(person("bob").id), **WEEK, **more})


def only(user: User) -> Delegation:
    [found] = delegations.given_by(user.id)
    return found


def lines(page: Element) -> list[str]:
    return [one.text for one in page.all("li", css="standing")]


def test_somebody_is_named_for_some_days_and_forms_and_both_see_it(client: FlaskClient, amy: User) -> None:
    assert arrange(client, forms="request", reason="Holiday").status_code == 302
    made = only(amy)
    assert (made.forms, made.reason, str(made.last)) == (("request",), "Holiday", "2026-12-01")
    [line] = lines(open_page(client, PATH))
    assert all(word in line for word in ("Bob", "in force", "2026-12-01", "Test sheet", "Holiday"))
    sign_in(client, person("bob"))
    page = open_page(client, PATH)
    assert "Amy" in lines(page)[0]
    assert "Take back" not in lines(page)[0]


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({"to": ""}, "to"),
        ({"to": "nonsense"}, "to"),
        ({"to": "self"}, "to"),
        ({"first": ""}, "first"),
        ({"last": "31.12.2026"}, "last"),
        ({"last": "2026-11-24"}, "last"),
        ({"first": "2026-11-01", "last": "2026-11-02"}, "last"),
        ({"last": "2028-01-01"}, "last"),
        ({"forms": "nothing"}, "forms"),
        ({"reason": "a" * 501}, "reason"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(
    client: FlaskClient, amy: User, sent: dict[str, str], path: str
) -> None:
    sent = {key: str(amy.id) if value == "self" else value for key, value in sent.items()}
    answer = arrange(client, **{"reason": "Holiday", **sent})
    assert answer.status_code == 422
    page = read(answer.text)
    assert page.one("p", id=f"error-{path}").text
    assert page.one("input", id="field-reason")["value"] == sent.get("reason", "Holiday")
    assert not delegations.given_by(amy.id)


def test_it_is_taken_back_once(client: FlaskClient, amy: User) -> None:
    arrange(client)
    path = f"{PATH}/{only(amy).id}/revoke"
    assert send(client, path).status_code == 302
    assert only(amy).revoked_at == NOW
    assert "taken back" in lines(open_page(client, PATH))[0]
    with times.set_clock(NOW + timedelta(hours=1)):
        assert "This is over already." in client.get(send(client, path).location).text
    assert only(amy).revoked_at == NOW


def test_nobody_else_takes_it_back_or_arranges_it(client: FlaskClient, amy: User) -> None:
    arrange(client)
    sign_in(client, person("bob"))
    assert send(client, f"{PATH}/{only(amy).id}/revoke").status_code == 403
    assert client.get(f"{PATH}?person={amy.id}").status_code == 403
    assert arrange(client, person=str(amy.id)).status_code == 403
    assert only(amy).revoked_at is None


def test_whoever_looks_after_people_arranges_it_for_others(client: FlaskClient, amy: User) -> None:
    permissions = [Permission.CONFIGURE_PEOPLE.value]
    sign_in(client, factories.user("personnel", factories.role("personnel", permissions=permissions)))
    answer = arrange(client, person=str(amy.id))
    assert answer.status_code == 302
    page = open_page(client, answer.location)
    assert "Amy" in page.one("h1").text
    assert "Bob" in lines(page)[0]
    assert "Amy → Bob" in lines(open_page(client, PATH))[0]
    send(client, f"{PATH}/{only(amy).id}/revoke")
    assert only(amy).revoked_at == NOW


@pytest.mark.parametrize(
    "path", [f"{PATH}?person=nonsense", f"{PATH}?person={'0' * 24}", f"{PATH}?person=%00"]
)
def test_an_unknown_person_is_not_found(client: FlaskClient, path: str) -> None:
    sign_in(client, factories.administrator())
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("wanted", ["nonsense", "0" * 24])
def test_an_unknown_delegation_is_not_found(client: FlaskClient, amy: User, wanted: str) -> None:
    assert send(client, f"{PATH}/{wanted}/revoke").status_code == 404
