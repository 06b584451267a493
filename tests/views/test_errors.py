"""Every refusal and failure as a page and as JSON, in the reader's language, without a trace."""

import json
import logging
from collections.abc import Iterator

import mongoengine
import pytest
from flask import Flask, abort, request
from flask.testing import FlaskClient
from pymongo.errors import OperationFailure
from werkzeug.test import encode_multipart

from backoffice.app import create_app
from models import database
from models.database import db as current_db
from models.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    TooLargeError,
)
from models.messages import _
from tests import factories
from tests.conftest import TEST_DATABASE
from tests.web import csrf_token, settings, sign_in

JSON = {"Accept": "application/json"}
REFUSALS: dict[str, DomainError] = {
    "403": ForbiddenError(),
    "404": NotFoundError(),
    "409": ConflictError(),
    "413": TooLargeError(_("This is too large.")),
    "422": InvalidError({"qty": [_("At most %(max)s characters.", max=5)]}),
}


def misbehave(how: str) -> str:
    if how == "form":
        return str(len(request.form))
    if how in REFUSALS:
        raise REFUSALS[how]
    if how == "bug":
        raise ValueError(how)
    if how == "overtaken":  # a write conflict that lasted; the driver has given up
        raise OperationFailure(how, 112, {"errorLabels": ["TransientTransactionError"]})
    if how == "too-large":
        current_db().anything.insert_one({"text": "x" * (17 * 1024 * 1024)})
    return abort(int(how))


@pytest.fixture(scope="module")
def app(connection: None) -> Flask:
    app = create_app(settings())
    app.add_url_rule("/misbehave/<how>", "misbehave", misbehave, methods=["GET", "POST"])
    return app


@pytest.fixture
def reader(client: FlaskClient) -> FlaskClient:
    sign_in(client, factories.reader())
    return client


@pytest.fixture
def no_database(mongodb_uri: str) -> Iterator[None]:
    database.disconnect()
    mongoengine.connect(
        TEST_DATABASE,
        host="mongodb://127.0.0.1:1",
        serverSelectionTimeoutMS=50,
        uuidRepresentation="standard",
        tz_aware=True,
    )
    yield
    database.connect(mongodb_uri, TEST_DATABASE)


@pytest.mark.parametrize("how", ["400", "403", "404", "405", "409", "413", "422", "429", "503"])
def test_every_refusal_is_a_page_and_json(reader: FlaskClient, how: str) -> None:
    page = reader.get(f"/misbehave/{how}")
    assert page.status_code == int(how)
    assert page.content_type.startswith("text/html")
    assert page.headers["X-Request-Id"] in page.text
    told = reader.get(f"/misbehave/{how}", headers=JSON)
    assert told.status_code == int(how)
    assert told.json
    assert told.json["error"]["status"] == int(how)
    assert told.json["error"]["request_id"] == told.headers["X-Request-Id"]


def test_refused_values_stand_beside_their_fields(reader: FlaskClient) -> None:
    told = reader.get("/misbehave/422", headers=JSON).json
    assert told
    assert told["error"]["errors"] == {"qty": ["At most 5 characters."]}


def test_an_unknown_address_says_so_to_strangers_too(client: FlaskClient) -> None:
    assert client.get("/no/such/page").status_code == 404
    assert client.get("/no/such/page", headers={"X-Requested-With": "XMLHttpRequest"}).is_json


def test_a_wrong_method_names_the_right_ones(reader: FlaskClient) -> None:
    response = reader.get("/logout")
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


def test_a_bug_is_recorded_and_shows_a_number_instead_of_a_trace(
    reader: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        page = reader.get("/misbehave/bug", headers={"X-Request-Id": "my-request-1"})
    assert page.status_code == 500
    assert "Traceback" not in page.text
    assert "ValueError" not in page.text
    assert "my-request-1" in page.text
    assert caplog.text.count("ValueError: bug") == 1


def test_a_text_of_17_megabytes_is_too_large_and_not_a_failure(reader: FlaskClient) -> None:
    text = "x" * (17 * 1024 * 1024)
    form = {"csrf_token": csrf_token(reader), "text": text}
    assert reader.post("/misbehave/form", data=form).status_code == 413
    boundary, body = encode_multipart(form)
    kind = f"multipart/form-data; boundary={boundary}"
    assert reader.post("/misbehave/form", data=body, content_type=kind).status_code == 413
    assert reader.post("/misbehave/form", json=form).status_code == 413


def test_a_document_of_17_megabytes_is_too_large_and_not_a_failure(reader: FlaskClient) -> None:
    assert reader.get("/misbehave/too-large").status_code == 413


def test_a_table_of_2000_rows_passes(reader: FlaskClient) -> None:
    form = {f"items.{row}.{column}": "电子电器" for row in range(2000) for column in range(10)}
    form["csrf_token"] = csrf_token(reader)
    boundary, body = encode_multipart(form)
    kind = f"multipart/form-data; boundary={boundary}"
    assert reader.post("/misbehave/form", data=form).text == "20001"
    assert reader.post("/misbehave/form", data=body, content_type=kind).text == "20001"


def test_what_the_database_may_do_later_is_not_called_a_fault_of_ours(reader: FlaskClient) -> None:
    answer = reader.post("/misbehave/overtaken", data={"csrf_token": csrf_token(reader)})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


@pytest.mark.usefixtures("no_database")
def test_without_a_database_people_get_a_page_and_no_trace(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie("session", "somebody")
    for path in ("/", "/account/", "/login", "/no/such/page"):
        page = client.get(path)
        assert page.status_code == 503
        assert page.headers["Retry-After"]
        assert "Traceback" not in page.text
    assert json.loads(client.get("/account/", headers=JSON).text)["error"]["status"] == 503


@pytest.mark.usefixtures("no_database")
def test_without_a_database_a_stranger_can_still_read_the_sign_in_page(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/login").status_code == 200
    assert client.post("/login", data={"identity": "a", "password": "b"}).status_code in {400, 503}


@pytest.mark.usefixtures("no_database")
def test_static_files_need_no_database(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie("session", "somebody")
    with client.get("/static/css/base.css") as response:
        assert response.status_code == 200


def test_errors_are_told_in_the_readers_language(app: Flask) -> None:
    client = app.test_client()
    sign_in(client, factories.reader(), language="zh")
    assert '<html lang="zh-CN"' in client.get("/misbehave/404").text
