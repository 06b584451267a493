"""Health, readiness, figures, request ids and log lines."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from pymongo.database import Database
from pymongo.errors import AutoReconnect

from backoffice import logs, operations
from backoffice.app import create_app
from models import migrations
from models.migrations import Migration
from models.times import set_clock
from tests.web import settings

Store = Database[dict[str, Any]]


def test_a_database_without_its_migrations_is_not_ready(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert "m2026_11_21_first_indexes" in answer.json["parts"]["migrations"]
    assert answer.json["parts"]["administrator"].startswith("missing")
    list(migrations.run())
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["parts"]["migrations"] == "ok"


def test_a_database_that_is_away_is_named_and_the_process_stays_alive(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> list[Migration]:
        raise AutoReconnect

    monkeypatch.setattr(operations, "client", away)
    monkeypatch.setattr(migrations, "pending", away)
    monkeypatch.setattr(operations, "administrator_exists", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["parts"]["database"] == "cannot be reached"
    assert client.get("/healthz").status_code == 200


def test_the_figures_need_the_token_where_there_is_one(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(client.application.config, "SETTINGS", settings(metrics_token="figures"))  # noqa: S106
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer figurés"}).status_code == 404
    answer = client.get("/metrics", headers={"Authorization": "Bearer figures"})
    assert answer.status_code == 200
    assert 'backoffice_jobs{state="queued"} 0.0' in answer.text


def test_the_figures_are_closed_to_other_machines(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": ""}).status_code == 404


def test_requests_are_counted_by_rule_and_never_by_address(client: FlaskClient) -> None:
    client.get("/nothing/here?secret=1")
    client.open("/healthz", method="BREW")
    text = client.get("/metrics").text
    assert "nothing" not in text
    assert "BREW" not in text


def test_a_request_keeps_a_good_id_and_gets_one_for_a_bad_one(client: FlaskClient) -> None:
    kept = client.get("/healthz", headers={"X-Request-ID": "abcd-1234"})
    assert kept.headers["X-Request-ID"] == "abcd-1234"
    for bad in ("short", "x" * 65, "with space in", "<script>alert"):
        given = client.get("/healthz", headers={"X-Request-ID": bad}).headers["X-Request-ID"]
        assert given != bad
        assert len(given) >= 8


def test_a_line_is_json_with_the_request_and_without_the_query(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    logs.configure("json", "INFO")
    try:
        client.get("/login?next=/confidential", headers={"X-Request-ID": "abcd-1234"})
        logging.getLogger("of.a.library").warning("said %s", "中文")
    finally:
        logging.basicConfig(handlers=before[0], level=before[1], force=True)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    [line] = [line for line in lines if line["event"] == "request"]
    assert (line["rule"], line["request_id"], line["method"]) == ("/login", "abcd-1234", "GET")
    assert lines[-1]["event"] == "said 中文"
    assert "confidential" not in json.dumps(lines)


def test_where_weaknesses_are_reported_is_told_to_everybody_if_anywhere(db: Store) -> None:
    contact = {"security_contact": "mailto:security@example.com", "public_url": "https://office.example.com"}
    with set_clock(datetime(2026, 11, 20, 8, tzinfo=UTC)):
        told = create_app(settings(**contact)).test_client().get("/.well-known/security.txt")
    assert told.status_code == 200
    assert told.get_data(as_text=True).splitlines() == [
        "Contact: mailto:security@example.com",
        "Expires: 2027-05-19T08:00:00Z",
        "Preferred-Languages: zh, en",
        "Canonical: https://office.example.com/.well-known/security.txt",
    ]
    assert "Set-Cookie" not in told.headers
    assert create_app(settings()).test_client().get("/.well-known/security.txt").status_code == 404
