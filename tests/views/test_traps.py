"""What Flask-Admin 2.2.1 does when left alone, and that ours does not. Each test names its trap.

More of them are closed in `test_record_list`, `test_record_inputs`, `test_record_pages` and `test_access`.
"""

import logging
import time
from importlib.metadata import version
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_admin import expose
from flask_admin.model import BaseModelView
from itsdangerous import TimestampSigner

from models import forms, jobs, records
from models.people import User
from tests import everything, factories
from tests.factories import field
from tests.pages import Element, assert_safe, open_page, submit
from tests.web import csrf_token, sign_in
from views.admin import Screen
from views.records.screen import RecordScreen

SCRIPT = "<script>alert(1)</script>"
EVIL = f'{SCRIPT}"><img src=x onerror=alert(2)>'
LIST = "/records/sheet/"


@pytest.fixture
def editor(client: FlaskClient) -> User:
    return sign_in(client, factories.editor())


def inputs(page: Element) -> Element:
    [form] = [form for form in page.all("form") if "data-record-form" in form]
    return form


def test_the_versions_are_those_whose_traps_are_known() -> None:
    assert version("flask-admin") == "2.2.1"
    assert tuple(int(part) for part in version("wtforms").split(".")[:2]) < (3, 4)


def test_no_route_of_flask_admin_is_served_that_is_not_ours(app: Flask) -> None:
    """contrib.mongoengine brings `/api/file/`; BaseModelView `/edit/`, `/delete/`, `/details/`…"""
    paths = {rule.rule for rule in app.url_map.iter_rules()}
    assert not [path for path in paths if "/api/file" in path]
    own = {path.removeprefix("/records/<form>") for path in paths if path.startswith("/records/<form>/")}
    assert not own & {"/new/", "/edit/", "/delete/", "/details/", "/action/", "/export/"}


def test_a_screen_is_closed_until_somebody_signs_in(app: Flask) -> None:
    """`is_accessible` is open by default."""

    class Opened(Screen):
        @expose("/")
        def index(self) -> str:
            return "open"

    assert BaseModelView.is_accessible is not RecordScreen.is_accessible
    with app.test_request_context():
        assert Opened(name="x", endpoint="x", url="/x").is_accessible() is False


@pytest.mark.parametrize("error", [KeyError("qty"), TypeError("takes 2"), ValueError("bad")])
def test_a_fault_during_a_change_is_a_fault(
    app: Flask,
    client: FlaskClient,
    editor: User,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    """A KeyError inside `on_model_change` becomes a flash with status 200; a TypeError is tried again."""
    live = everything.form(inline_columns=["name"])
    record = factories.record(live, editor, name="lamp")
    calls = []

    def fail(*_arguments: object, **_named: object) -> None:
        calls.append(1)
        raise error

    monkeypatch.setattr(records, "update", fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", value=False)
    path = f"{LIST}{record['_id']}"
    form = inputs(open_page(client, f"{path}/edit"))
    headers = {"X-CSRFToken": csrf_token(client)}
    with caplog.at_level(logging.ERROR):
        assert submit(client, form, f"{path}/edit", name="door").status_code == 500
        sent = {"field": "name", "value": "door", "revision": 1}
        assert client.post(f"{path}/cell", json=sent, headers=headers).status_code == 500
    assert len(calls) == 2
    assert [one.exc_info[1] for one in caplog.records if one.exc_info] == [error, error]


def test_the_token_of_a_page_lives_as_long_as_the_session(
    client: FlaskClient, editor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SecureForm's tokens expire after 30 minutes."""
    everything.form()
    form = inputs(open_page(client, f"{LIST}new"))
    later = int(time.time()) + 8 * 3600
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self: later)
    assert submit(client, form, f"{LIST}new", name="typed all day").status_code == 302


def test_every_row_of_a_list_is_exported(client: FlaskClient, editor: User) -> None:
    """`export_max_rows=0` means unlimited inside a request; a job writes as many piece by piece."""
    everything.form()
    headers = {"X-CSRFToken": csrf_token(client)}
    client.post(f"{LIST}export?page_size=20&cursor=x", headers=headers)
    query = jobs.of_owner(editor)[0].params["query"]
    assert not {"page_size", "cursor", "limit"} & set(query)


def test_a_catastrophic_pattern_does_not_hang(client: FlaskClient, editor: User) -> None:
    live = factories.form(field("name", pattern="^(a+)+$"), field("story", "long_text", searchable=True))
    evil = "a" * 40 + "!"
    before = time.monotonic()
    form = inputs(open_page(client, f"{LIST}new"))
    assert submit(client, form, f"{LIST}new", name=evil).status_code == 422
    factories.record(live, editor, story=evil)
    for words in ("(a+)+$", "^(a|a)*$", "(?=a)*", "["):
        assert client.get(LIST, query_string={"search": words}).status_code == 200
        assert client.get("/search/", query_string={"q": words}).status_code == 200
        assert client.get(f"{LIST}mentions", query_string={"q": words}).status_code == 200
    assert time.monotonic() - before < 10


def hostile_form() -> None:
    texts = {"zh": SCRIPT, "en": EVIL}
    every = {"label": texts, "help": texts}
    fields = [{**one, **every} for one in everything.FIELDS]
    for one in fields:
        if "options" in one:
            one["options"] = [{"key": "a", "label": texts, "color": "red"}]
        if "fields" in one:
            one["fields"] = [{**column, "label": texts} for column in one["fields"]]
        if "unit" in one:
            one["unit"] = texts
        one["filterable"] = one["type"] not in everything.UNFILTERED
    listed = [one["key"] for one in fields if one["type"] not in {"section", "help", "signature"}]
    names: dict[str, Any] = {"form_number": SCRIPT, "form_revision": "<b>", "description": texts}
    factories.form(*fields, label=texts, list_columns=listed, inline_columns=["name", "kind"], **names)


def test_markup_in_any_text_stays_text_on_every_page(client: FlaskClient) -> None:
    """Descriptions are rendered unescaped."""
    everything.customers()
    admin = factories.administrator()
    admin.update(name=SCRIPT)
    admin.department.update(name={"zh": SCRIPT, "en": SCRIPT})
    admin.reload()
    sign_in(client, admin)
    hostile_form()
    file = everything.upload(client, csrf_token(client), "papers", b"x", f"{SCRIPT}.txt").get_json()["file"]
    picture = everything.upload(
        client, csrf_token(client), "pictures", everything.PNG, "<img>.png"
    ).get_json()
    live = forms.current("sheet")
    customer = factories.record(forms.current("customers"), name=EVIL)
    record = factories.record(
        live, admin, name=EVIL, story=EVIL, kind="a", kinds=["a"], who=str(admin.id), papers=[file],
        where=str(admin.department.id), customer=str(customer["_id"]), pictures=[picture],
        items=[{"part": EVIL, "n": 1, "sort": "a"}], site="https://example.com/?a='b",
    )  # fmt: skip
    data = {"csrf_token": csrf_token(client)}
    base = f"{LIST}{record['_id']}"
    client.post(f"{base}/comment", data={**data, "text": f"@admin {EVIL}"})
    client.post(f"{LIST}views?flt0_name.contains={SCRIPT}", data={**data, "name": EVIL[:60]})
    client.post(f"{LIST}export", data=data)
    job = jobs.of_owner(admin)[0]
    job.update(file_name=EVIL, result={"notes": [EVIL], "rows": 1}, error={"msgid": EVIL})
    change = {"name": f"{EVIL}!"}
    records.update(factories.actor(admin), live, record["_id"], change, revision=1, partial=True, reason=EVIL)
    pages = [
        "/", LIST, f"{LIST}?search={SCRIPT}&flt0_name.contains={SCRIPT}", f"{LIST}?flt0_who.eq={admin.id}",
        f"{LIST}?flt0_whole.eq={SCRIPT}", f"{LIST}new",
        base, f"{base}/edit", f"{base}/history", f"{base}/print",
        f"{LIST}filters?flt0_name.contains={SCRIPT}", f"{LIST}set-field?field=kind", f"/search/?q={SCRIPT}",
        "/inbox/", "/jobs/", f"/jobs/{job.id}", f"{LIST}import", "/account/", "/configure/forms/sheet/",
        "/configure/forms/sheet/preview", "/configure/forms/", "/configure/departments/", "/configure/users/",
        f"/records/customers/{customer['_id']}", f"/records/{SCRIPT}/",
    ]  # fmt: skip
    for path in pages:
        for language in ("en", "zh"):
            admin.update(language=language)
            page = open_page(client, path, 404 if path.endswith(f"{SCRIPT}/") else 200)
            assert_safe(page)
            assert not [one for one in page.all("img") if one.attributes.get("src") == "x"], path
            assert not [one for one in page if "onerror" in one or "alert(1)" in one.attributes], path


def test_messages_with_what_was_typed_stay_text(client: FlaskClient, editor: User) -> None:
    everything.form()
    form = inputs(open_page(client, f"{LIST}new"))
    page = open_page(client, submit(client, form, f"{LIST}new", name=SCRIPT).headers["Location"])
    assert_safe(page)
    client.post(f"{LIST}views", data={"csrf_token": csrf_token(client), "name": SCRIPT})
    page = open_page(client, LIST)
    assert_safe(page)
    assert SCRIPT in page.one(css="toast-text").text
