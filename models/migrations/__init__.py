"""Changes to stored data, in dated files, each carried out once per database and recorded with its outcome.

A migration is a module `m<year>_<month>_<day>_<what>` with a docstring that says why and a function
`migrate(database)` written on PyMongo, so that it still works when the documents' classes have moved on.
It must be safe to run twice: the power may fail between its work and its record.
"""

import importlib
import pkgutil
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError

from models.database import Document, db
from models.errors import DomainError
from models.messages import _
from models.times import now

COLLECTION = "migrations"
LOCK = "lock"
LOCK_FOR = timedelta(seconds=15)
WAIT_SECONDS = 60.0
POLL_SECONDS = 0.2
NAME = re.compile(r"m\d{4}_\d{2}_\d{2}_[a-z0-9_]+")
ERROR_CHARACTERS = 2_000


class MigrationRunningError(DomainError):
    """Another process is migrating this database."""

    status = 409


@dataclass(frozen=True)
class Migration:
    """One change: its module's name, why it exists, and the work."""

    name: str
    reason: str
    work: Callable[..., None]


@dataclass(frozen=True)
class Outcome:
    """What became of a migration, and how long it took in seconds."""

    name: str
    seconds: float


def discover(package: str = __name__) -> list[Migration]:
    """Return every migration of a package, oldest first."""
    found = []
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        if NAME.fullmatch(module.name):
            loaded = importlib.import_module(f"{package}.{module.name}")
            found.append(Migration(module.name, (loaded.__doc__ or "").strip(), loaded.migrate))
    return sorted(found, key=lambda migration: migration.name)


def pending(migrations: list[Migration] | None = None) -> list[Migration]:
    """Return the migrations that this database has not seen through."""
    done = {row["_id"] for row in db()[COLLECTION].find({"state": "done"}, {"_id": 1})}
    return [migration for migration in (migrations or discover()) if migration.name not in done]


def unknown() -> list[str]:
    """Return the migrations that this database has seen and this program does not know: it is the older."""
    known = {migration.name for migration in discover()}
    done = db()[COLLECTION].find({"state": "done"}, {"_id": 1}).sort("_id", ASCENDING)
    return [row["_id"] for row in done if row["_id"] not in known]


def run(migrations: list[Migration] | None = None) -> Iterator[Outcome]:
    """Carry out what is pending, one by one, yielding each outcome; one process at a time.

    Raises:
        MigrationRunningError: another process is at it.
        Exception: what a migration raised; it is recorded, and the ones after it are not tried.

    """
    if not pending(migrations):
        return
    with _alone():
        for migration in pending(migrations):
            yield _carry_out(migration)


def _carry_out(migration: Migration) -> Outcome:
    started, clock = now(), time.monotonic()
    _record(migration, state="running", started_at=started, host=socket.gethostname(), error=None)
    try:
        migration.work(db())
    except Exception as error:
        text = f"{type(error).__name__}: {error}"[:ERROR_CHARACTERS]
        _record(migration, state="failed", finished_at=now(), error=text)
        raise
    outcome = Outcome(migration.name, round(time.monotonic() - clock, 3))
    _record(migration, state="done", finished_at=now(), seconds=outcome.seconds)
    return outcome


def _record(migration: Migration, **values: object) -> None:
    content = {"$set": {"reason": migration.reason, **values}}
    db()[COLLECTION].update_one({"_id": migration.name}, content, upsert=True)


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock while the block runs; one that a killed process left behind opens by itself."""
    token, done = secrets.token_hex(8), threading.Event()
    _acquire(token)
    keeper = threading.Thread(target=_keep, args=(token, done), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()
        db()[COLLECTION].delete_one({"_id": LOCK, "token": token})


def _acquire(token: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    mine: Document = {"token": token, "host": socket.gethostname()}
    while True:
        free = {"_id": LOCK, "until": {"$lt": now()}}
        try:
            db()[COLLECTION].update_one(free, {"$set": {**mine, "until": now() + LOCK_FOR}}, upsert=True)
        except DuplicateKeyError:
            if time.monotonic() > deadline:
                raise MigrationRunningError(
                    _("Another process is changing the database. Try again when it is done.")
                ) from None
            time.sleep(POLL_SECONDS)
        else:
            return


def _keep(token: str, done: threading.Event) -> None:
    while not done.wait(LOCK_FOR.total_seconds() / 3):
        db()[COLLECTION].update_one({"_id": LOCK, "token": token}, {"$set": {"until": now() + LOCK_FOR}})
