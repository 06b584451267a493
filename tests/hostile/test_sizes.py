"""More than anybody means to send: a clear refusal, at once, with bounded memory, and nothing written."""

import json
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models.forms import LiveForm
from models.people import User
from tests import everything, factories
from tests.hostile.unchanged import unchanged
from tests.views.test_api import Program
from tests.web import csrf_token, sign_in

pytestmark = pytest.mark.usefixtures("db")

SECONDS = 10.0
MEGABYTE = 2**20
MEMORY = 500 * MEGABYTE
LIST = "/records/sheet/"


@pytest.fixture
def sheet(client: FlaskClient) -> LiveForm:
    everything.customers()
    sign_in(client, factories.editor())
    return everything.form()


@pytest.fixture
def api(app: Flask, sheet: LiveForm) -> Program:
    made = Program(app, factories.editor())
    assert made.ask("GET", "/api/v1/forms").status_code == 200
    return made


@contextmanager
def bounded() -> Iterator[None]:
    """Fail where the block takes too long or too much memory, or changes anything."""
    begun, highest = time.monotonic(), _highest_memory()
    with unchanged("number_reservations"):
        yield
    assert time.monotonic() - begun < SECONDS
    assert _highest_memory() - highest < MEMORY


def _highest_memory() -> int:
    """Return the most memory that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def refused(answer: TestResponse, *statuses: int) -> None:
    assert answer.status_code in (statuses or (400, 413, 422)), answer.status_code
    assert len(answer.data) < 3 * MEGABYTE


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


def send(api: Program, method: str, path: str, text: str | bytes) -> TestResponse:
    headers = {"Authorization": f"Bearer {api.secret}"}
    return api.client.open(path, method=method, data=text, content_type="application/json", headers=headers)


def test_a_document_of_17_megabytes(api: Program, client: FlaskClient) -> None:
    text = "x" * 17 * MEGABYTE
    with bounded():
        refused(send(api, "POST", "/api/v1/records/sheet", json.dumps({"data": {"name": text}})))
        refused(client.post(f"{LIST}new", data={"csrf_token": csrf_token(client), "name": text}))


def test_a_document_that_only_grows_too_large_when_it_is_stored(api: Program) -> None:
    """Each value is allowed, all together are more than the database takes."""
    row = {"part": "件" * 1900, "n": 1}
    with bounded():
        refused(
            send(
                api,
                "POST",
                "/api/v1/records/sheet",
                json.dumps({"data": {"name": "x", "items": [row] * 3000}}),
            )
        )


def test_json_10000_deep(api: Program, client: FlaskClient, sheet: LiveForm) -> None:
    record = factories.record(sheet, factories.editor(), name="x")
    headers = {"X-CSRFToken": csrf_token(client)}
    objects = '{"a":' * 10_000 + "1" + "}" * 10_000
    with bounded():
        for text in (
            deep(10_000),
            objects,
            f'{{"data": {objects}}}',
            f'{{"data": {{"name": {deep(10_000)}}}}}',
        ):
            refused(send(api, "POST", "/api/v1/records/sheet", text))
            answer = client.post(
                f"{LIST}{record['_id']}/cell", data=text, content_type="application/json", headers=headers
            )
            refused(answer)
        for depth in (100, 900, 4_000):
            where = '{"not":' * depth + '{"field":"name","op":"empty"}' + "}" * depth
            refused(api.ask("GET", "/api/v1/records/sheet", query={"where": where}), 400, 414, 422)


def test_the_designer_is_sent_too_much(client: FlaskClient, sheet: LiveForm) -> None:
    sign_in(client, factories.administrator())
    headers = {"X-CSRFToken": csrf_token(client)}
    document = sheet.definition.dump()
    rule: dict[str, object] = {"field": "name", "op": "empty"}
    fields = [factories.field(f"f{at}") for at in range(10_000)]
    wide = {"all": [rule] * 10_000}
    nested = json.loads('{"not":' * 500 + '{"field":"name","op":"empty"}' + "}" * 500)
    with bounded():
        for changes in (
            {"fields": fields},
            {"fields": [{**document["fields"][0], "visible_if": wide}]},
            {"fields": [{**document["fields"][0], "visible_if": nested}]},
            {"fields": [factories.field("a", "choice", options=[{"key": f"a{at}"} for at in range(10_000)])]},
            {"label": {"en": "x" * 5 * MEGABYTE}},
            {"list_columns": ["name"] * 100_000},
        ):
            sent = {"definition": {**document, **changes}, "draft_revision": 1}
            refused(client.post("/configure/forms/sheet/draft", json=sent, headers=headers), 409, 413, 422)
            answer = client.post("/configure/forms/sheet/check", json=sent, headers=headers)
            assert answer.status_code in {200, 413, 422}
            found = answer.get_json()
            assert found.get("problems") or found.get("error"), str(changes)[:100]
            assert len(answer.data) < 3 * MEGABYTE
        text = f'{{"definition": {deep(10_000)}}}'
        answer = client.post(
            "/configure/forms/sheet/check", data=text, content_type="application/json", headers=headers
        )
        refused(answer)


def test_a_hundred_thousand_rows(api: Program, client: FlaskClient) -> None:
    rows = [{"part": "x"}] * 100_000
    with bounded():
        refused(
            send(api, "POST", "/api/v1/records/sheet", json.dumps({"data": {"name": "x", "items": rows}}))
        )
    sent = {"csrf_token": csrf_token(client), "name": "x"}
    sent |= {f"items-{at}-_row": "" for at in range(50_000)} | {
        f"items-{at}-part": "x" for at in range(49_000)
    }
    with bounded():
        refused(client.post(f"{LIST}new", data=sent))


def test_a_hundred_thousand_inputs(client: FlaskClient, sheet: LiveForm) -> None:
    record = factories.record(sheet, factories.editor(), name="x")
    token = csrf_token(client)
    ids = [str(record["_id"])] * 100_001
    with bounded():
        refused(
            client.post(f"{LIST}new", data={"csrf_token": token} | {f"a{at}": "" for at in range(100_001)})
        )
    with bounded():
        answer = client.post(f"{LIST}action", data={"csrf_token": token, "action": "nothing", "ids": ids})
        assert answer.status_code in {302, 400, 413, 422}


def test_a_megabyte_in_an_address_a_header_or_a_cookie(client: FlaskClient, sheet: LiveForm) -> None:
    """In front stands a web server that refuses such a line; the program itself must not mind either."""
    large = "x" * MEGABYTE
    with bounded():
        for name in (
            "search",
            "columns",
            "sort",
            "cursor",
            "view",
            "flt0_name.contains",
            "page_size",
            "unknown",
        ):
            answer = client.get(LIST, query_string={name: large})
            refused(answer, 414)
        for header in (
            "X-Request-ID",
            "Accept",
            "Accept-Language",
            "If-None-Match",
            "Range",
            "X-Forwarded-For",
        ):
            assert client.get(LIST, headers={header: large}).status_code < 500, header
        for header in ("Authorization", "User-Agent", "Referer"):
            assert client.get(LIST, headers={header: large}).status_code < 500, header
        assert client.get(LIST, headers={"Cookie": f"language={large}"}).status_code < 500


def test_ten_thousand_filters(client: FlaskClient, api: Program) -> None:
    with bounded():
        many = {f"flt{at}_name.contains": "x" for at in range(10_000)}
        refused(client.get(LIST, query_string=many), 414)
        values = "|".join(["x"] * 10_000)
        assert client.get(LIST, query_string={"flt0_kind.in": values}).status_code in {200, 302, 400}
        leaf = {"field": "name", "op": "contains", "value": "x"}
        for tree in ({"any": [leaf] * 10_000}, {"field": "name", "op": "in", "value": ["x"] * 100_000}):
            answer = api.ask("GET", "/api/v1/records/sheet", query={"where": json.dumps(tree)})
            refused(answer, 400, 414, 422)


def test_words_of_ten_megabytes(client: FlaskClient, sheet: LiveForm) -> None:
    person: User = factories.editor()
    record = factories.record(sheet, person, name="x")
    words, path = "x" * 10 * MEGABYTE, f"{LIST}{record['_id']}"
    with bounded():
        for address, sent in (
            (f"{path}/comment", {"text": words}),
            (f"{path}/delete", {"_revision": "1", "reason": words}),
            (f"{path}/edit", {"_revision": "1", "name": "y", "_reason": words, "story": words}),
            (f"{LIST}views", {"name": words}),
            (f"{path}/share", {"people": words, "word": words}),
            ("/account/keys", {"name": words, "days": "1"}),
            ("/account/delegations", {"to": words, "first": words, "last": words, "reason": words}),
        ):
            answer = client.post(address, data={"csrf_token": csrf_token(client), **sent})
            assert answer.status_code in {200, 302, 400, 409, 413, 422}, address
            assert len(answer.data) < 2 * len(words), address
