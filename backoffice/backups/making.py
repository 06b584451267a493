"""Makes a backup while the product runs: every collection as it stood at one moment."""

import gzip
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from bson import Timestamp
from pymongo import ASCENDING
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import OperationFailure

import backoffice
from backoffice.backups.content import Content, batches
from backoffice.backups.manifest import (
    LEFT_OUT,
    SECRET_FILE,
    BackupError,
    Manifest,
    Stored,
    checksum,
    file_name,
    fingerprint,
    write_private,
)
from backoffice.backups.window import PARAMETER, Window
from models import migrations
from models.database import Document

ATTEMPTS: Final = 20
PAUSE_SECONDS: Final = 0.25
SAY_SECONDS: Final = 10.0
COMPRESSION: Final = 1  # the disk is the narrow place, and a backup must not slow down the product
_TOO_OLD: Final = 239
_UNAVAILABLE: Final = 246

Say = Callable[[str], None]


class _ChangedError(Exception):
    """A collection was made, dropped or indexed while we looked at it."""


def make(database: Database[Document], target: Path, secret: str, say: Say, *, with_secret: bool) -> Manifest:
    """Write a backup of a database into a folder that is not there or empty, and return its manifest.

    Args:
        database: read at one moment, whatever is written meanwhile; the broker's is another.
        target: appears when the backup is whole, never before.
        secret: the program's; only its fingerprint is kept unless `with_secret`.
        say: is told of the progress, line by line.
        with_secret: put the secret into the folder.

    Raises:
        BackupError: the folder is taken, the disk is full, or MongoDB does not keep the past long enough.

    """
    _refuse_taken(target)
    try:
        with _unfinished(target) as folder, Window(database.client) as window:
            manifest = _read_all(database, folder, secret, say, window)
            if with_secret:
                write_private(folder / SECRET_FILE, secret)
            manifest.write(folder)
            _finish(folder, target)
    except OSError as error:
        message = f"{target} cannot be written: {error.strerror}."
        raise BackupError(message) from None
    return manifest


def _refuse_taken(target: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        message = f"{target} is not an empty folder."
        raise BackupError(message)


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """Give a private folder beside the target; what a failure leaves in it is removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.unfinished-", dir=target.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _finish(folder: Path, target: Path) -> None:
    """Let the backup appear under its name once it is on the disk."""
    for path in (*folder.iterdir(), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    folder.rename(target)


def _read_all(database: Database[Document], folder: Path, secret: str, say: Say, window: Window) -> Manifest:
    """Read everything at one moment; anew when a form was published in that very time."""
    for _attempt in range(ATTEMPTS):
        try:
            return _read_at_once(database, folder, secret, say, window)
        except _ChangedError:
            say("A collection was made or changed meanwhile: beginning again.")
            for path in folder.iterdir():
                path.unlink()
            time.sleep(PAUSE_SECONDS)
    message = "Collections are being made or changed all the time: try again later."
    raise BackupError(message)


def _read_at_once(
    database: Database[Document], folder: Path, secret: str, say: Say, window: Window
) -> Manifest:
    before = _collections(database)
    if migrations.COLLECTION not in before:  # what is not there has no past that could be read
        message = f"The database {database.name} was never set up: there is nothing to back up."
        raise BackupError(message)
    with database.client.start_session(snapshot=True) as session, _failures_in_words(window):
        done, taken_at, moment = _begin(database, session)
        # What stood there before and after the moment stood there at the moment.
        if _collections(database) != before:
            raise _ChangedError
        stored = [
            _Reader(database, name, session, say, window.keep_open).read(folder, options, indexes)
            for name, (_uuid, options, indexes) in sorted(before.items())
        ]
    after = _collections(database)
    if any(name not in after or after[name][0] != found[0] for name, found in before.items()):
        raise _ChangedError  # one that was dropped would have been read as empty
    return Manifest(
        product=backoffice.__version__,
        migrations=done,
        taken_at=taken_at,
        cluster_time=moment,
        secret=fingerprint(secret),
        collections=stored,
    )


def _collections(database: Database[Document]) -> dict[str, tuple[str, Document, list[Document]]]:
    """Return identity, options and indexes of every collection."""
    return {
        found["name"]: (
            str(found["info"]["uuid"]),
            dict(found["options"]),
            [dict(index) for index in database[found["name"]].list_indexes()],
        )
        for found in database.list_collections()
        if found["type"] == "collection" and not found["name"].startswith("system.")
    }


def _begin(database: Database[Document], session: ClientSession) -> tuple[list[str], datetime, Timestamp]:
    """Choose the moment by the first read; return the migrations done by then, and when it was."""
    done = database[migrations.COLLECTION].find({"state": "done"}, session=session).sort("_id", ASCENDING)
    names = [row["_id"] for row in done]
    answer = database.client.admin.command("hello")
    moment = session._snapshot_time  # noqa: SLF001  (the driver tells it nowhere else)
    if moment is None:
        message = "MongoDB names no moment to read at: a replica set of version 6.0 or newer is needed."
        raise BackupError(message)
    return names, answer["localTime"], moment


@contextmanager
def _failures_in_words(window: Window) -> Iterator[None]:
    try:
        yield
    except OperationFailure as error:
        if error.code == _UNAVAILABLE:
            raise _ChangedError from None
        if error.code != _TOO_OLD:
            raise
        kept = f" ({window.seconds} s)" if window.seconds is not None else ""
        message = (
            f"The backup takes longer than MongoDB keeps the past{kept}: set {PARAMETER} higher on every "
            "member, or let the account that makes backups do so (the role `clusterManager`)."
        )
        raise BackupError(message) from None


class _Reader:
    """Streams one collection into its file."""

    def __init__(
        self,
        database: Database[Document],
        name: str,
        session: ClientSession,
        say: Say,
        keep_open: Callable[[], None],
    ) -> None:
        """Take where to read, and whom to tell."""
        self.collection = database[name]
        self.session = session
        self.say = say
        self.keep_open = keep_open
        self.content = Content()

    def read(self, folder: Path, options: Document, indexes: list[Document]) -> Stored:
        """Write every document, and return what was written."""
        name, content = self.collection.name, self.content
        path = folder / file_name(name)
        path.touch(mode=0o600)
        with gzip.open(path, "wb", COMPRESSION) as file:
            for batch in self._batches() if name not in LEFT_OUT else ():
                file.write(batch)
        if content.count:
            self.say(f"{name}: {content.count:,} documents, {path.stat().st_size / 1024 / 1024:,.1f} MB")
        return Stored(name, options, indexes, content.count, content.size, content.digest, checksum(path))

    def _batches(self) -> Iterator[bytes]:
        said = time.monotonic()
        for batch in batches(self.collection, self.session):
            self.content.add(batch)
            yield batch
            self.keep_open()
            if time.monotonic() - said > SAY_SECONDS:
                said = time.monotonic()
                self.say(f"{self.collection.name}: {self.content.count:,} documents so far")
