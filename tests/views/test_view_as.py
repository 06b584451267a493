"""Seeing the program as somebody else: their pages, nothing changed, nothing taken away, all of it noted."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pymongo.database import Database
from werkzeug.test import TestResponse

from backoffice.security import PUBLIC_ENDPOINTS
from models import notifications, times
from models.database import Document
from models.forms import LiveForm
from models.people import Permission, User
from tests import everything, factories, pages
from tests.web import csrf_token, sign_in
from views.view_as import CLOSED_ENDPOINTS, CLOSED_PATHS, OPEN_CHANGES

WRITTEN_ANYWAY = {"audit", "audit_anchors", "sessions", "files.chunks", "files.files"}


@pytest.fixture
def sheet(db: Database[Document]) -> LiveForm:
    factories.administrator()
    everything.customers()
    return everything.form(inline_columns=["name"])


def later(minutes: float) -> AbstractContextManager[None]:
    """Let it be so many minutes later while the block runs."""
    return times.set_clock(times.now() + timedelta(minutes=minutes))


def look_as(client: FlaskClient, other: User) -> TestResponse:
    path = f"/configure/users/{other.id}/view-as"
    return client.post(path, data={"csrf_token": csrf_token(client)})


def end(client: FlaskClient) -> TestResponse:
    return client.post("/view-as/end", data={"csrf_token": csrf_token(client)})


def events(db: Database[Document]) -> list[tuple[str, str, str]]:
    found = db.audit.find({"group": "view_as"}).sort("_id", 1)
    return [(one["event"], one["by_name"], one["subject"]) for one in found]


def test_pages_are_shown_as_the_other_person_sees_them(client: FlaskClient, sheet: LiveForm) -> None:
    factories.record(sheet, name="one")
    sign_in(client, factories.administrator())
    assert look_as(client, factories.stranger()).status_code == 302
    page = pages.open_page(client, "/")
    assert "You see the program as stranger." in page.one(css="seen-as").text
    assert client.get(f"/records/{sheet.key}/").status_code == 404
    assert client.get("/configure/users/").status_code == 403


def test_the_banner_speaks_the_language_of_whoever_reads(client: FlaskClient, sheet: LiveForm) -> None:
    reader = factories.reader()
    reader.update(language="zh")
    sign_in(client, factories.administrator(), language="en")
    look_as(client, reader)
    assert "You see the program as" in client.get("/").text


def test_going_back_is_one_button_and_both_are_noted(
    client: FlaskClient, db: Database[Document], sheet: LiveForm
) -> None:
    reader = factories.reader()
    sign_in(client, factories.administrator())
    look_as(client, reader)
    assert end(client).location == f"/configure/users/{reader.id}"
    assert client.get(f"/configure/users/{reader.id}").status_code == 200
    assert "seen-as" not in client.get("/").text
    assert events(db) == [("view_as.started", "管理员", "读者"), ("view_as.ended", "管理员", "读者")]


def addresses(app: Flask, sheet: LiveForm) -> Iterator[tuple[str, str, str]]:
    """Yield endpoint, method and an address of everything that is not open to the world or to programs."""
    admin = factories.administrator()
    made = factories.record(sheet, admin, name="one")
    known = {
        "form": sheet.key,
        "key": sheet.key,
        "record_id": made["_id"],
        "department_id": admin.department.id,
        "role_id": admin.roles[0].id,
        "user_id": admin.id,
        "calendar_key": "default",
        "template": "task.zh",
    }
    bound = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC_ENDPOINTS or rule.endpoint.startswith("api."):
            continue
        values = {name: known.get(name, "0" * 24) for name in rule.arguments}
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, bound.build(rule.endpoint, values, method=method)


def test_every_change_is_refused(app: Flask, db: Database[Document], sheet: LiveForm) -> None:
    every = [one for one in addresses(app, sheet) if one[1] != "GET" and one[0] not in OPEN_CHANGES]
    assert len(every) > 40
    client = app.test_client()
    second = factories.user("second", factories.role("administrator"))
    sign_in(client, factories.administrator())
    look_as(client, second)  # somebody who may do everything, so that only the looking refuses
    before, wrong = fingerprint(db), []
    for endpoint, method, path in every:
        answer = client.open(path, method=method, headers={"X-CSRFToken": csrf_token(client)})
        if answer.status_code != 403 or "as somebody else" not in answer.text:
            wrong.append((endpoint, method, answer.status_code))
    assert wrong == []
    assert fingerprint(db) == before


def fingerprint(db: Database[Document]) -> dict[str, Any]:
    found: dict[str, str] = db.command("dbhash")["collections"]
    return {name: mark for name, mark in found.items() if name not in WRITTEN_ANYWAY}


def test_no_page_leaves_a_trace(app: Flask, db: Database[Document], sheet: LiveForm) -> None:
    every = [(endpoint, path) for endpoint, method, path in addresses(app, sheet) if method == "GET"]
    second = factories.user("second", factories.role("administrator"))
    client = app.test_client()
    sign_in(client, factories.administrator())
    look_as(client, second)
    client.get("/")
    before, noted = fingerprint(db), db.audit.count_documents({})
    for endpoint, path in every:
        answer = client.get(path)
        assert answer.status_code < 500, (endpoint, answer.status_code)
        assert not answer.headers.get("Content-Disposition", "").startswith("attachment"), endpoint
        if endpoint in CLOSED_ENDPOINTS or path.startswith(CLOSED_PATHS):
            assert answer.status_code == 403, endpoint
        assert fingerprint(db) == before, endpoint
    assert db.audit.count_documents({}) == noted


def test_notices_stay_unread(client: FlaskClient, db: Database[Document], sheet: LiveForm) -> None:
    reader = factories.reader()
    record = factories.record(sheet, name="one")
    notice = {"person": reader.id, "form": sheet.key, "record": record["_id"], "read_at": None, "key": "one"}
    db.notifications.insert_one({**notice, "at": times.now()})
    assert notifications.unread_count(reader) == 1
    sign_in(client, factories.administrator())
    look_as(client, reader)
    assert client.get(f"/records/{sheet.key}/{record['_id']}").status_code == 200
    assert notifications.unread_count(reader) == 1


def test_their_own_account_is_not_shown(client: FlaskClient, sheet: LiveForm) -> None:
    sign_in(client, factories.administrator())
    look_as(client, factories.reader())
    answer = client.get("/account/")
    assert answer.status_code == 403
    assert "not shown to others" in answer.text


def test_it_ends_by_itself(client: FlaskClient, db: Database[Document], sheet: LiveForm) -> None:
    sign_in(client, factories.administrator())
    look_as(client, factories.reader())
    with later(29):
        assert "seen-as" in client.get("/").text
    with later(31):
        assert "You see the program as yourself again." in client.get("/").text
    assert [event for event, _by, _whom in events(db)] == ["view_as.started", "view_as.ended"]


def test_what_was_sent_too_late_is_not_done_as_oneself(
    client: FlaskClient, db: Database[Document], sheet: LiveForm
) -> None:
    record = factories.record(sheet, name="one")
    sign_in(client, factories.administrator())
    look_as(client, factories.editor())
    data = {"csrf_token": csrf_token(client), "_revision": "1", "reason": "x"}
    with later(31):
        assert client.post(f"/records/{sheet.key}/{record['_id']}/delete", data=data).status_code == 403
    stored = db[sheet.collection].find_one({"_id": record["_id"]})
    assert stored is not None
    assert stored["deleted_at"] is None


def test_it_ends_with_the_right_to_it(client: FlaskClient, db: Database[Document], sheet: LiveForm) -> None:
    role = factories.role("viewer", permissions=[Permission.PEOPLE_PREVIEW.value])
    viewer = factories.user("viewer", role)
    plain = factories.user("plain")
    sign_in(client, viewer)
    assert look_as(client, plain).status_code == 302
    role.update(permissions=[])
    assert "seen-as" not in client.get("/").text
    assert events(db)[-1][0] == "view_as.ended"


def test_it_ends_with_the_sign_out(client: FlaskClient, db: Database[Document], sheet: LiveForm) -> None:
    sign_in(client, factories.administrator())
    look_as(client, factories.reader())
    assert client.post("/logout", data={"csrf_token": csrf_token(client)}).status_code == 302
    assert events(db)[-1][0] == "view_as.ended"


@pytest.mark.parametrize("whom", ["administrator", "reader", "disabled", "oneself"])
def test_nobody_looks_as_somebody_with_more_rights(
    client: FlaskClient, db: Database[Document], sheet: LiveForm, whom: str
) -> None:
    role = factories.role("viewer", permissions=[Permission.PEOPLE_PREVIEW.value])
    viewer = factories.user("viewer", role)
    others: dict[str, Callable[[], User]] = {
        "administrator": factories.administrator,
        "reader": factories.reader,
        "disabled": lambda: factories.user("gone", active=False),
        "oneself": lambda: viewer,
    }
    sign_in(client, viewer)
    assert look_as(client, others[whom]()).status_code == 403
    assert "seen-as" not in client.get("/").text
    assert events(db) == []


def test_whoever_lacks_the_right_is_refused(client: FlaskClient, sheet: LiveForm) -> None:
    sign_in(client, factories.editor())
    assert look_as(client, factories.user("plain")).status_code == 403
    assert client.post("/view-as/end", data={"csrf_token": csrf_token(client)}).status_code == 302
