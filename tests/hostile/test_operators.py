"""Operators of the database, arrays, NUL and halves of characters, where a text is expected."""

import json
from collections.abc import Iterator, Mapping
from itertools import cycle, product
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from models import database
from tests.hostile import stage, surface
from tests.hostile.cast import fresh_key
from tests.hostile.stage import Stage, routes
from tests.hostile.surface import Posted
from tests.hostile.unchanged import unchanged
from tests.views.test_api import Program
from tests.web import csrf_token, sign_in

pytestmark = pytest.mark.usefixtures("db")

TEXTS = (
    '{"$gt": ""}', '{"$where": "sleep(9000)"}', '{"$regex": "(a+)+$"}', "[$ne]=1", "$where", "__proto__",
    "a\0b", "\ud800", "[]", '["a", {"$ne": 1}]', "-1", "NaN", "1e999", "9" * 400, "\u202e\u2028", "0" * 24,
    "../../etc/passwd", "true", "1 || 1==1", "null", "%00", "{}", "١٢٣", "9999-99-99", "data.name",
)  # fmt: skip
SUFFIXES = ("[$gt]", "[$ne]", "[$regex]", "[]", "[__proto__]", ".$where", "\0", "[constructor][prototype]")
VALUES: tuple[Any, ...] = (
    {"$gt": ""}, {"$ne": None}, {"$where": "sleep(9000)"}, {"$function": {"body": "f", "args": [],
    "lang": "js"}},
    [{"$gt": 1}], ["no such", {"$ne": 1}], [[1]], {"__proto__": {"a": 1}}, {"$oid": "0" * 24},
    {"$numberLong": "1"}, "a\0b",
    "\ud800", {"a": {"$ref": "users", "$id": 1}}, 10**400,
)  # fmt: skip
# who opens a record has read what was told of it; small pictures are made when they are asked for
READ = ("notifications", "number_reservations", "thumbnails")
WIPED_OUT = ("/logout", "/delete", "/end", "/retire", "/discard", "/leaving", "/password", "/revoke")


@pytest.fixture
def company(app: Flask) -> Stage:
    return stage.build()


@pytest.fixture
def admin(client: FlaskClient, company: Stage) -> FlaskClient:
    sign_in(client, company.admin)
    return client


def operators_stored() -> list[str]:
    """Return where a document has a name that the database would read as an operator."""
    return [
        f"{name}.{path}"
        for name in database.db().list_collection_names(filter={"name": {"$not": {"$regex": "^system"}}})
        for document in database.db()[name].find()
        for path in _paths(document)
        if path.rpartition(".")[2].startswith(("$", "__proto__"))
    ]


def _paths(value: object, above: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield f"{above}.{name}"
            yield from _paths(inner, f"{above}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner, above)


def encoded(text: str) -> bytes | str:
    """Return a value as a hostile client puts it on the wire: halves of characters as they are."""
    return text.encode("utf-8", "surrogatepass")


def test_no_parameter_of_an_address_is_an_operator(app: Flask, admin: FlaskClient, company: Stage) -> None:
    values, suffixes = cycle(TEXTS), cycle(SUFFIXES)
    for rule, method in routes(app):
        if method != "GET" or rule.endpoint.startswith("api."):
            continue
        path = company.path(app, rule)
        names = surface.names_of(app, rule)
        queries = [{name: encoded(next(values)) for name in names}]
        queries.append({f"{name}{next(suffixes)}": "1" for name in names})
        with unchanged(*READ):
            for query in queries:
                answer = admin.get(path, query_string=query)
                answer.close()
                assert answer.status_code < 500 or rule.endpoint == "health.readyz", (path, query)


def test_each_parameter_of_a_list_is_only_a_text(app: Flask, admin: FlaskClient, company: Stage) -> None:
    """One at a time, where one refusal could hide the next."""
    values = cycle(TEXTS)
    asked = {"/records/sheet/", "/records/sheet/options", "/records/sheet/board", "/inbox/", "/search/"}
    with unchanged(*READ):
        for rule, _method in routes(app):
            path = company.path(app, rule)
            for name in surface.names_of(app, rule) if path in asked else ():
                answer = admin.get(path, query_string={"field": "name", name: encoded(next(values))})
                assert answer.status_code < 500, (path, name)


def test_no_part_of_an_address_is_an_operator(app: Flask, admin: FlaskClient, company: Stage) -> None:
    values = cycle([one for one in TEXTS if one not in {"\ud800", "null", "true"}])
    with unchanged("number_reservations"):
        for rule, method in routes(app):
            for part in rule.arguments - {"filename"}:
                if part == "number":
                    continue  # a number by its own route
                path = company.path(app, rule, **{part: next(values)})
                headers = {"X-CSRFToken": csrf_token(admin)}
                answer = admin.open(path, method=method, headers=headers)
                assert answer.status_code < 500, (method, path)


def forms(app: Flask, admin: FlaskClient, company: Stage) -> list[Posted]:
    """Return the forms that can be sent again and again."""
    found = [one for one in surface.forms_of(app, admin, company) if one.method == "POST"]
    return [one for one in found if not one.action.partition("?")[0].endswith(WIPED_OUT)]


def post(client: FlaskClient, action: str, sent: Any) -> TestResponse:
    sent["csrf_token"] = csrf_token(client)
    return client.post(action, data=sent, headers=fresh_key())


def test_what_a_form_holds_is_only_text(app: Flask, admin: FlaskClient, company: Stage) -> None:
    values = cycle(TEXTS)
    for form in forms(app, admin, company):
        # one by one, where a refusal of one name could hide the next; long forms in five parts
        for part in range(min(5, len(form.names))):
            sent: MultiDict[str, Any] = MultiDict(form.sent)
            for name in form.names[part::5]:
                sent.setlist(name, [encoded(next(values)), next(values).encode("utf-8", "replace")])
            answer = post(admin, form.action, sent)
            assert answer.status_code < 500, (form.action, sent)
    assert operators_stored() == []


def test_a_name_with_an_operator_is_no_name(app: Flask, admin: FlaskClient, company: Stage) -> None:
    suffixes = cycle(SUFFIXES)
    for form in forms(app, admin, company):
        for suffix in (next(suffixes), next(suffixes)):
            sent = {f"{name}{suffix}": value for name, value in form.sent.items(multi=True)}
            answer = post(admin, form.action, sent)
            assert answer.status_code < 500, (form.action, suffix)
    assert operators_stored() == []


def program(app: Flask, company: Stage) -> Program:
    """Return a program whose key was used before, for that is noted."""
    made = Program(app, company.admin)
    assert made.ask("GET", "/api/v1/forms").status_code == 200
    return made


def test_no_value_of_the_api_is_an_operator(app: Flask, company: Stage) -> None:
    api, live = program(app, company), company.live
    path = f"/api/v1/records/sheet/{company.record['_id']}"
    revision = company.record["revision"]
    given = [one for one in live.definition.value_fields if one.type not in {"computed", "serial"}]
    fields = [one.key for one in given]  # what is sent for the others is left aside
    with unchanged("number_reservations"):
        for key in fields:
            for value in VALUES:
                data = {"name": "x", key: value}
                body = {"data": data, "revision": revision}
                answers = [
                    api.ask("PATCH", path, body),
                    api.ask("POST", "/api/v1/records/sheet", {"data": data}),
                ]
                assert [one.status_code for one in answers] == [422, 422], (key, value)


def test_no_property_of_a_request_of_the_api_is_an_operator(app: Flask, company: Stage) -> None:
    api = program(app, company)
    path = f"/api/v1/records/sheet/{company.record['_id']}"
    with unchanged("number_reservations"):
        for value in VALUES:
            for method, address, body in (
                ("PATCH", path, {"data": {"name": "x"}, "revision": value}),
                ("PATCH", path, {"data": value, "revision": 1}),
                ("PATCH", path, {"data": {"name": "x"}, "revision": 1, "reason": value}),
                ("DELETE", path, {"revision": value, "reason": "x"}),
                ("POST", f"{path}/transitions/end", {"revision": value, "signature": value}),
                ("POST", "/api/v1/records/sheet", {"data": value}),
                ("POST", "/api/v1/records/sheet", value),
                ("POST", "/api/v1/records/sheet", {"data": {"$where": 1, "name.$gt": 1}}),
            ):
                answer = api.ask(method, address, body)
                assert 400 <= answer.status_code < 500, (method, address, body)


def test_a_rule_in_the_address_compares_with_values_only(app: Flask, company: Stage) -> None:
    api = program(app, company)
    trees: list[Any] = [
        *({"field": "name", "op": "eq", "value": value} for value in VALUES if not isinstance(value, int)),
        *({"field": "name", "op": value, "value": 1} for value in VALUES),
        *({"field": value, "op": "eq", "value": 1} for value in VALUES),
        *({"all": value} for value in VALUES),
        {"field": "name", "op": "eq", "value": "x", "$where": "1"},
        {"$where": "sleep(9000)"},
        {"field": "password", "op": "exists"},
        {"field": "name", "op": "$where", "value": "1"},
    ]
    with unchanged():
        for tree in trees:
            answer = api.ask("GET", "/api/v1/records/sheet", query={"where": json.dumps(tree)})
            assert 400 <= answer.status_code < 500, tree
        for name, value in product(("sort", "search", "cursor", "limit", "order"), VALUES):
            answer = api.ask("GET", "/api/v1/records/sheet", query={name: json.dumps(value)})
            assert answer.status_code < 500, name


def test_scripts_of_our_own_pages_send_only_what_they_mean(admin: FlaskClient, company: Stage) -> None:
    """The JSON that the list, the board and the designer send."""
    base = f"/records/sheet/{company.record['_id']}"
    headers = {"X-CSRFToken": csrf_token(admin)}
    with unchanged("number_reservations"):
        for value in VALUES:
            bodies = [
                (f"{base}/cell", {"field": value, "value": "x", "revision": 1}),
                (f"{base}/cell", {"field": "name", "value": value, "revision": company.record["revision"]}),
                (f"{base}/cell", {"field": "name", "value": "x", "revision": value}),
                (f"{base}/drop", {"transition": value, "revision": value}),
                ("/configure/forms/sheet/draft", {"definition": value, "draft_revision": value}),
                ("/configure/forms/sheet/check", {"definition": value}),
                ("/configure/forms/sheet/workflow/check", value),
                ("/configure/forms/sheet/workflow/try", {"definition": value, "values": value,
                "state": value}),
                ("/configure/calendars/odd/save", {"definition": value, "seen": value}),
                ("/configure/reports/sheet/save", {"definition": value, "draft_revision": value}),
                ("/configure/reports/sheet/check", {"definition": {"label": value, "sources": value}}),
                ("/configure/reports/sheet/preview", {"definition": value, "period": value}),
            ]  # fmt: skip
            for path, body in bodies:
                answer = admin.post(path, json=body, headers=headers)
                assert answer.status_code < 500, (path, body)
                assert answer.status_code != 200 or "check" in path or "try" in path, (path, body)


def test_json_of_any_shape_is_no_form(app: Flask, admin: FlaskClient) -> None:
    """WTForms would take it for one, and fail where it is no object."""
    stranger = app.test_client()
    with unchanged():
        for value in (*VALUES, True, 1, ""):
            for client, path in (
                (stranger, "/forgot"),
                (stranger, "/login"),
                (admin, "/account/"),
                (admin, "/account/password"),
                (admin, "/account/keys"),
            ):
                answer = client.post(path, json=value, headers={"X-CSRFToken": csrf_token(client)})
                assert answer.status_code == 415, (path, value)
