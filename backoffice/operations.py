"""What the people who run the program ask it: is it alive, may it get requests, how is it doing."""

import ipaddress
import os
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

import pymongo
from flask import Blueprint, Flask, Response, current_app, g, jsonify, request
from flask.typing import ResponseReturnValue
from kombu.exceptions import OperationalError
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily
from pymongo.errors import PyMongoError

from backoffice.settings import Settings
from models import calendars, jobs, migrations
from models.database import client, db
from models.files import quota, scanning
from models.files.limits import limits
from models.times import now
from models.users import administrator_exists
from tasks.app import celery

OK: Final = "ok"
PATIENCE_SECONDS: Final = 2
MANY: Final = 100_000
SECURITY_TEXT_HOLDS: Final = timedelta(days=180)  # a year at most, by the RFC
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
VENDOR: Final = Path(__file__).parent / "static" / "vendor"

REQUESTS = Counter("backoffice_http_requests", "Answered requests.", ["method", "rule", "status"])
SECONDS = Histogram("backoffice_http_request_seconds", "Time to an answer.", ["rule"])

blueprint = Blueprint("health", __name__)


class Part(NamedTuple):
    """Something the program needs; without a `needed` one it should get no requests."""

    check: Callable[[], str]
    needed: bool


def init_app(app: Flask) -> None:
    """Add `/healthz`, `/readyz` and `/metrics`, and count every request."""
    app.register_blueprint(blueprint)
    app.before_request(_begin)
    app.after_request(_count)


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Answer as long as the process can."""
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Say of each part whether it is there; 503 while one is missing without which nothing works."""
    with pymongo.timeout(PATIENCE_SECONDS):
        found = {name: (part, part.check()) for name, part in PARTS.items()}
    ready = all(said == OK or not part.needed for part, said in found.values())
    answer = jsonify(ready=ready, parts={name: said for name, (_, said) in found.items()})
    answer.headers["Cache-Control"] = "no-store"
    return answer, 200 if ready else 503


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Give the figures in Prometheus' format to who has the token, or is on this machine."""
    if not _may_read_metrics():
        return Response(status=404)
    registry: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # the figures of all processes of this server together
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    body = generate_latest(registry) + generate_latest(_stored_figures())
    return Response(body, content_type=CONTENT_TYPE_LATEST)


@blueprint.get("/.well-known/security.txt")
def security_txt() -> ResponseReturnValue:
    """Say where a weakness is reported (RFC 9116); nothing where no place was named."""
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.security_contact:
        return Response(status=404)
    until = (now() + SECURITY_TEXT_HOLDS).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [f"Contact: {settings.security_contact}", f"Expires: {until}", "Preferred-Languages: zh, en"]
    if settings.public_url:
        lines.append(f"Canonical: {settings.public_url}{request.path}")
    return Response("\n".join([*lines, ""]), mimetype="text/plain")


def _may_read_metrics() -> bool:
    settings: Settings = current_app.config["SETTINGS"]
    if settings.metrics_token:
        expected = f"Bearer {settings.metrics_token}"
        return secrets.compare_digest(request.headers.get("Authorization", "").encode(), expected.encode())
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback and not forwarded
    except ValueError:
        return False


def _database() -> str:
    try:
        return OK if client().admin.command("hello").get("isWritablePrimary") else "has no primary"
    except PyMongoError:
        return "cannot be reached"


def _migrations() -> str:
    try:
        left = [migration.name for migration in migrations.pending()]
    except PyMongoError:
        return "unknown"
    return f"missing: {', '.join(left)} (backoffice db migrate)" if left else OK


def _administrator() -> str:
    try:
        return OK if administrator_exists() else "missing (backoffice user create NAME --administrator)"
    except PyMongoError:
        return "unknown"


def _broker() -> str:
    try:
        with celery.connection_for_write(connect_timeout=PATIENCE_SECONDS) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=PATIENCE_SECONDS)
    except (OperationalError, PyMongoError, OSError):
        return "cannot be reached; jobs wait"
    return OK


def _calendars() -> str:
    try:
        missing = calendars.missing_years(now().date())
    except PyMongoError:
        return "unknown"
    return f"holidays not known: {', '.join(f'{key} {year}' for key, year in missing)}" if missing else OK


def _browser_libraries() -> str:
    return OK if VENDOR.is_dir() and any(VENDOR.iterdir()) else "missing (build the package)"


def _virus_scanner() -> str:
    if not limits().clamav:
        return "not set; files are not checked"
    return OK if scanning.answers() else "cannot be reached; files are refused"


PARTS: Final = {
    "database": Part(_database, needed=True),
    "migrations": Part(_migrations, needed=True),
    "administrator": Part(_administrator, needed=False),
    "broker": Part(_broker, needed=False),
    "calendars": Part(_calendars, needed=False),
    "virus_scanner": Part(_virus_scanner, needed=False),
    "browser_libraries": Part(_browser_libraries, needed=False),
}


class _Stored:
    """Figures that stand in the database, the same for every process."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        waiting = GaugeMetricFamily("backoffice_jobs", "Jobs that wait or run.", labels=["state"])
        due = GaugeMetricFamily("backoffice_effects_due", "Effects whose time has come.")
        stored = GaugeMetricFamily("backoffice_file_bytes", "Space that all files take.")
        reached = GaugeMetricFamily("backoffice_database_up", "Whether the database answers.")
        try:
            with pymongo.timeout(PATIENCE_SECONDS):
                for state in jobs.OPEN_STATES:
                    waiting.add_metric([state], db().jobs.count_documents({"state": state}, limit=MANY))
                late = {"next_attempt_at": {"$lte": now(), "$type": "date"}}
                due.add_metric([], db().outbox.count_documents(late, limit=MANY))
                stored.add_metric([], quota.used())
        except PyMongoError:
            reached.add_metric([], 0)
            yield reached
            return
        reached.add_metric([], 1)
        yield from (reached, waiting, due, stored)


def _stored_figures() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Stored())
    return registry


def _begin() -> None:
    g.measured_from = time.perf_counter()


def _count(response: Response) -> Response:
    # By the rule, not the path: one series per screen, however many records there are.
    rule = request.url_rule.rule if request.url_rule else "-"
    method = request.method if request.method in METHODS else "OTHER"
    REQUESTS.labels(method, rule, response.status_code).inc()
    if "measured_from" in g:
        SECONDS.labels(rule).observe(time.perf_counter() - g.measured_from)
    return response
