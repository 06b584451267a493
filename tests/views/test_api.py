"""The JSON API: keys instead of cookies, and the same rights and rules as on the screens."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pymongo.database import Database
from werkzeug.test import TestResponse

from models import api_tokens, times
from models.database import Document
from models.forms import LiveForm
from models.people import User
from tests import everything, factories
from tests.views.test_access import CAST, Answers
from tests.web import csrf_token, sign_in

READS = Answers(404, 200, 200, 200)
ANSWERS: dict[tuple[str, str], Answers] = {
    ("GET", "/api/v1/forms"): Answers(200, 200, 200, 200),
    ("GET", "/api/v1/forms/<key>"): READS,
    ("GET", "/api/v1/records/<key>"): READS,
    ("POST", "/api/v1/records/<key>"): Answers(404, 403, 201, 201),
    ("GET", "/api/v1/records/<key>/<record_id>"): READS,
    ("PATCH", "/api/v1/records/<key>/<record_id>"): Answers(404, 403, 200, 200),
    ("DELETE", "/api/v1/records/<key>/<record_id>"): Answers(404, 403, 204, 204),
    ("GET", "/api/v1/records/<key>/<record_id>/history"): READS,
    # the form is no ledger
    ("GET", "/api/v1/records/<key>/<record_id>/stock"): Answers(404, 404, 404, 404),
    ("GET", "/api/v1/records/<key>/<record_id>/movements"): Answers(404, 404, 404, 404),
    ("POST", "/api/v1/records/<key>/<record_id>/movements"): Answers(404, 404, 404, 404),
    ("POST", "/api/v1/records/<key>/<record_id>/movements/<movement_id>/undo"): Answers(404, 404, 404, 404),
    # the form has no workflow
    ("POST", "/api/v1/records/<key>/<record_id>/transitions/<transition>"): Answers(404, 400, 400, 400),
}
BODIES: dict[str, Document] = {
    "POST": {"data": {"name": "new"}},
    "PATCH": {"data": {"name": "changed"}, "revision": 1},
    "DELETE": {"revision": 1, "reason": "twice"},
}


class Program:
    """A program that acts for a person."""

    def __init__(self, app: Flask, person: User) -> None:
        person.update(language="en")
        self.client = app.test_client()
        self.secret = api_tokens.create(person, "test", 30)

    def ask(
        self, method: str, path: str, body: Document | None = None, query: Document | None = None
    ) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.secret}"}
        return self.client.open(path, method=method, json=body, headers=headers, query_string=query)


@pytest.fixture
def sheet(db: Database[Document]) -> LiveForm:
    return factories.form()


@pytest.fixture
def program(app: Flask, sheet: LiveForm) -> Program:
    return Program(app, factories.editor())


def test_every_route_of_the_api_is_tried(app: Flask) -> None:
    served = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == set(ANSWERS)


@pytest.mark.parametrize(("method", "rule"), ANSWERS)
def test_everyone_is_answered_as_on_the_screens(app: Flask, sheet: LiveForm, method: str, rule: str) -> None:
    for name, expected in ANSWERS[method, rule]._asdict().items():
        record = factories.record(sheet, name="one")
        path = rule.replace("<key>", sheet.key).replace("<record_id>", str(record["_id"]))
        body = {"revision": 1} if "<transition>" in path else BODIES.get(method)
        answer = Program(app, CAST[name]()).ask(method, path.replace("<transition>", "go"), body)
        assert answer.status_code == expected, (name, answer.text)


@pytest.mark.parametrize(("method", "rule"), ANSWERS)
def test_cookies_count_for_nothing(app: Flask, sheet: LiveForm, method: str, rule: str) -> None:
    record = factories.record(sheet, name="one")
    client = app.test_client()
    sign_in(client, factories.administrator())
    path = rule.replace("<key>", sheet.key).replace("<record_id>", str(record["_id"]))
    headers = {"X-CSRFToken": csrf_token(client)}
    answer = client.open(path, method=method, json=BODIES.get(method), headers=headers)
    assert answer.status_code == 401
    assert sheet.records().find_one({"_id": record["_id"]}) == record
    assert sheet.records().count_documents({}) == 1


def test_a_key_opens_only_the_api(program: Program, sheet: LiveForm) -> None:
    assert program.ask("GET", f"/records/{sheet.key}/").status_code == 302


def test_a_record_makes_its_way_through_the_api(program: Program, sheet: LiveForm) -> None:
    made = program.ask("POST", f"/api/v1/records/{sheet.key}", {"data": {"name": "a", "qty": 3}}).get_json()
    assert made["data"] == {"name": "a", "qty": 3}
    path = f"/api/v1/records/{sheet.key}/{made['id']}"
    body = {"data": {"qty": 4}, "revision": 1, "reason": "counted again"}
    assert program.ask("PATCH", path, body).get_json()["data"] == {"name": "a", "qty": 4}
    assert program.ask("GET", path).get_json()["revision"] == 2
    newest = program.ask("GET", f"{path}/history").get_json()["history"][0]
    assert (newest["source"], newest["reason"]) == ("api", "counted again")
    assert newest["changes"] == [{"field": "qty", "before": 3, "after": 4}]


def test_a_stale_revision_is_a_conflict_that_shows_what_is_stored(program: Program, sheet: LiveForm) -> None:
    record = factories.record(sheet, name="a")
    path = f"/api/v1/records/{sheet.key}/{record['_id']}"
    assert program.ask("PATCH", path, {"data": {"name": "b"}, "revision": 1}).status_code == 200
    late = program.ask("PATCH", path, {"data": {"name": "c"}, "revision": 1})
    assert late.status_code == 409
    assert late.get_json()["error"]["current"]["data"]["name"] == "b"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"data": {"name": ""}}, "name"),
        ({"data": {"qty": "many", "name": "a"}}, "qty"),
        ({"data": {"$where": "1"}}, "$where"),
        ({"data": []}, "data"),
        ({"data": {"name": "a"}, "state": "done"}, "state"),
        ({"data": {"name": "a"}, "reason": {"$gt": ""}}, "reason"),
    ],
)
def test_what_does_not_fit_is_refused_beside_its_field(
    program: Program, sheet: LiveForm, body: Document, path: str
) -> None:
    answer = program.ask("POST", f"/api/v1/records/{sheet.key}", body)
    assert answer.status_code == 422
    assert path in answer.get_json()["error"]["errors"]
    assert sheet.records().count_documents({}) == 0


@pytest.mark.parametrize("revision", [None, "1", True, {"$gt": 0}])
def test_a_change_names_the_revision_it_saw(program: Program, sheet: LiveForm, revision: Any) -> None:
    record = factories.record(sheet, name="a")
    body = {"data": {"name": "b"}, "revision": revision}
    answer = program.ask("PATCH", f"/api/v1/records/{sheet.key}/{record['_id']}", body)
    assert answer.status_code == 422
    assert sheet.records().find_one({"_id": record["_id"]}) == record


@pytest.mark.parametrize(
    "text", ["[", "[]", '{"field": "$where", "op": "eq", "value": 1}', '{"$where": "1"}']
)
def test_a_condition_is_a_rule_or_nothing(program: Program, sheet: LiveForm, text: str) -> None:
    assert program.ask("GET", f"/api/v1/records/{sheet.key}", query={"where": text}).status_code in {400, 422}


def test_a_list_is_filtered_and_paged(program: Program, sheet: LiveForm) -> None:
    for number in range(5):
        factories.record(sheet, name=f"n{number}", qty=number)
    rule = json.dumps({"field": "qty", "op": "gte", "value": 1})
    seen, cursor = [], ""
    while True:
        query = {"where": rule, "limit": "3", "sort": "qty", "order": "asc", "cursor": cursor}
        page = program.ask("GET", f"/api/v1/records/{sheet.key}", query=query).get_json()
        seen += [one["data"]["qty"] for one in page["records"]]
        cursor = page["next"]
        if not cursor:
            break
    assert seen == [1, 2, 3, 4]


def test_every_type_of_field_is_read_and_written(app: Flask, db: Database[Document]) -> None:
    everything.customers()
    live = everything.form()
    program = Program(app, factories.administrator())
    record = factories.record(live, name="one", whole=7, price={"amount": "2.50", "currency": "CNY"})
    path = f"/api/v1/records/{live.key}/{record['_id']}"
    shown = program.ask("GET", path).get_json()
    assert shown["data"]["price"] == {"amount": "2.50", "currency": "CNY"}
    written = {key: shown["data"][key] for key in ("name", "whole", "price")}
    again = program.ask("POST", f"/api/v1/records/{live.key}", {"data": written})
    assert again.get_json()["data"]["price"] == shown["data"]["price"]


def test_a_key_works_until_it_is_ended_or_expires_or_its_person_leaves(
    program: Program, sheet: LiveForm
) -> None:
    person, path = factories.editor(), f"/api/v1/records/{sheet.key}"
    assert program.ask("GET", path).status_code == 200
    with times.set_clock(times.now() + timedelta(days=31)):
        assert program.ask("GET", path).status_code == 401
    person.update(active=False)
    assert program.ask("GET", path).status_code == 401
    person.update(active=True)
    api_tokens.end(person, api_tokens.of_person(person)[0]["_id"])
    assert program.ask("GET", path).status_code == 401


@pytest.mark.parametrize("secret", ["", "bo_", "bo_guess", "Basic", "bo_" + "x" * 5000])
def test_a_wrong_key_is_nobody(program: Program, secret: str) -> None:
    program.secret = secret
    assert program.ask("GET", "/api/v1/forms").status_code == 401


def test_a_key_is_shown_once_and_kept_as_a_hash(
    client: FlaskClient, db: Database[Document], sheet: LiveForm
) -> None:
    sign_in(client, factories.editor())
    form = {"name": "Warehouse", "days": "90", "csrf_token": csrf_token(client)}
    page = client.post("/account/keys", data=form).text
    secret = page.split('id="new-key">')[1].split("<")[0]
    assert api_tokens.person_of(secret) == factories.editor()
    assert secret not in client.get("/account/keys").text
    assert secret not in str(list(db.api_tokens.find()))
    [kept] = api_tokens.of_person(factories.editor())
    assert client.post(
        f"/account/keys/{kept['_id']}/end", data={"csrf_token": csrf_token(client)}
    ).status_code == 302  # fmt: skip
    assert api_tokens.person_of(secret) is None


def test_somebody_elses_key_is_not_there(client: FlaskClient, sheet: LiveForm) -> None:
    api_tokens.create(factories.editor(), "mine", 30)
    [kept] = api_tokens.of_person(factories.editor())
    sign_in(client, factories.administrator())
    path = f"/account/keys/{kept['_id']}/end"
    assert client.post(path, data={"csrf_token": csrf_token(client)}).status_code == 404
    assert api_tokens.of_person(factories.editor()) == [kept]


@pytest.mark.parametrize(("name", "days"), [("", "30"), ("x" * 81, "30"), ("a", "0"), ("a", "9999")])
def test_a_key_needs_a_name_and_an_end(client: FlaskClient, sheet: LiveForm, name: str, days: str) -> None:
    sign_in(client, factories.editor())
    form = {"name": name, "days": days, "csrf_token": csrf_token(client)}
    assert "new-key" not in client.post("/account/keys", data=form).text
    assert api_tokens.of_person(factories.editor()) == []


def test_a_program_moves_a_record_as_a_person_would(app: Flask, db: Database[Document]) -> None:
    live = factories.form(
        workflow={
            "initial": "new",
            "states": [
                {"key": "new", "label": {"en": "New"}},
                {"key": "done", "label": {"en": "Done"}, "category": "done"},
            ],
            "transitions": [
                {
                    "key": "finish",
                    "label": {"en": "Finish"},
                    "sources": ["new"],
                    "to": "done",
                    "fields": ["qty"],
                    "required": ["qty"],
                }
            ],
        }
    )
    program = Program(app, factories.editor())
    record = factories.record(live, name="a")
    path = f"/api/v1/records/{live.key}/{record['_id']}"
    [offer] = program.ask("GET", path).get_json()["transitions"]
    assert (offer["key"], offer["label"]) == ("finish", "Finish")
    refused = program.ask("POST", f"{path}/transitions/finish", {"revision": 1})
    assert refused.status_code == 422
    assert "qty" in refused.get_json()["error"]["errors"]
    done = program.ask("POST", f"{path}/transitions/finish", {"revision": 1, "data": {"qty": 2}})
    assert done.get_json()["state"] == "done"
    again = program.ask("POST", f"{path}/transitions/finish", {"revision": 1, "data": {"qty": 3}})
    assert again.status_code == 409
    stored = live.records().find_one({"_id": record["_id"]})
    assert stored
    assert (stored["state"], stored["revision"], stored["data"]["qty"]) == ("done", 2, 2)


def test_a_program_signs_with_the_name_of_its_person(app: Flask, db: Database[Document]) -> None:
    states = [
        {"key": "new", "label": {"en": "New"}},
        {"key": "done", "label": {"en": "Done"}, "category": "done"},
    ]
    step = {"key": "sign", "label": {"en": "Sign"}, "sources": ["new"], "to": "done", "signature": "typed"}
    live = factories.form(workflow={"initial": "new", "states": states, "transitions": [step]})
    program = Program(app, factories.editor())
    record = factories.record(live, name="a")
    path = f"/api/v1/records/{live.key}/{record['_id']}/transitions/sign"
    for wrong in ("", "somebody else", {"$ne": ""}, 7):
        refused = program.ask("POST", path, {"revision": 1, "signature": wrong})
        assert refused.status_code == 422
        assert "signature" in refused.get_json()["error"]["errors"]
    signed = program.ask("POST", path, {"revision": 1, "signature": str(factories.editor())})
    assert signed.get_json()["state"] == "done"
    [entry, _created] = db.history.find({"record": record["_id"]}).sort("revision", -1)
    assert entry["signature"]["name"] == str(factories.editor())
