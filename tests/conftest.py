"""One real MongoDB for all tests, and an empty database for each."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from pymongo import MongoClient
from pymongo.database import Database

from backoffice import texts
from backoffice.mongod import EmbeddedMongo
from models import calendars, database, forms, passwords, sealing, storage
from models.database import Document
from tests.windows import browser

__all__ = ["browser"]

TEST_DATABASE = "backoffice_test"
SHORT_HISTORY_SECONDS = 30
MOST_KEPT = 12
"""Collections of records: to make one with its indexes takes longer than most tests."""
MEMORY, ROOM_BYTES = Path("/dev/shm"), 4 * 2**30  # noqa: S108  (a folder of our own in it)


@pytest.fixture(scope="session", autouse=True)
def catalogs() -> None:
    """Let rules speak both languages and seal what they keep, whichever test comes first."""
    texts.install()
    sealing.set_secret("the tests' own secret, long enough to pass")  # as in tests.web


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> None:
    """Hash in next to no time: the tests make and check passwords by the thousand."""
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session")
def mongodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedMongo]:
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    folder = (
        Path(tempfile.mkdtemp(prefix="mongodb-", dir=MEMORY)) if roomy else tmp_path_factory.mktemp("mongodb")
    )
    server = EmbeddedMongo(folder)
    server.start()
    # MongoDB keeps the files of dropped collections as long as somebody may still read the past.
    remember_for(server.uri, SHORT_HISTORY_SECONDS)
    yield server
    server.stop()
    shutil.rmtree(folder)


def remember_for(uri: str, seconds: int) -> None:
    """Let a MongoDB keep the past for so long."""
    with MongoClient[Document](uri) as client:
        client.admin.command({"setParameter": 1, "minSnapshotHistoryWindowInSeconds": seconds})


@pytest.fixture(scope="session")
def mongodb_uri(mongodb: EmbeddedMongo) -> str:
    return mongodb.uri


@pytest.fixture(scope="session")
def connection(mongodb_uri: str) -> Iterator[None]:
    database.connect(mongodb_uri, TEST_DATABASE)
    storage.ensure_indexes()
    yield
    database.disconnect()


@pytest.fixture
def db(connection: None) -> Database[Document]:
    """Give a database without documents; indexes stay: a form that is published settles its own."""
    current = database.db()
    records = [name for name in current.list_collection_names() if name.startswith("record_")]
    if len(records) > MOST_KEPT:
        for name in records:
            current.drop_collection(name)
    return emptied()


def emptied() -> Database[Document]:
    """Remove every document from the database of the tests, and what this process remembers of it."""
    current = database.db()
    current.drop_collection("system.profile")  # what another test looked at
    for name in _filled(current):
        current[name].delete_many({})
    forms.forget_versions()
    calendars.forget_versions()
    return current


def _filled(current: Database[Document]) -> list[str]:
    """Return which collections hold anything, asked at once: one by one takes longer than most tests."""

    def named(name: str) -> list[Document]:
        return [{"$limit": 1}, {"$project": {"_id": 0, "name": {"$literal": name}}}]

    names = [name for name in current.list_collection_names() if not name.startswith("system.")]
    unions = [{"$unionWith": {"coll": name, "pipeline": named(name)}} for name in names[1:]]
    asked = current[names[0]].aggregate([*named(names[0]), *unions]) if names else ()
    return [found["name"] for found in asked]


_skipped: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything is installed (STRICT_TESTS), a skipped test is a failure."""
    if _skipped and os.environ.get("STRICT_TESTS") and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _skipped and os.environ.get("STRICT_TESTS"):
        terminalreporter.section("skipped, which this run does not allow")
        for name in _skipped:
            terminalreporter.line(name)
