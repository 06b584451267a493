"""Restores a backup into an empty database, and proves that every document is there."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from backoffice import usable
from backoffice.backups.content import Content, batches
from backoffice.backups.manifest import SECRET_FILE, BackupError, Manifest, Stored, checksum
from models import migrations
from models.database import Document
from models.times import now

BATCH_DOCUMENTS: Final = 1000
BATCH_BYTES: Final = 8 * 1024 * 1024
SMALLEST_DOCUMENT: Final = 5
LARGEST_DOCUMENT: Final = 16 * 1024 * 1024 + 16 * 1024  # MongoDB's limit and what it adds itself

Say = Callable[[str], None]


def verify(folder: Path) -> Manifest:
    """Return the manifest of a backup of which every file is whole.

    Raises:
        BackupError: something is missing or damaged, or a newer version of the program made it.

    """
    manifest = Manifest.read(folder)
    known = {migration.name for migration in migrations.discover()}
    if newer := sorted(set(manifest.migrations) - known):
        message = (
            f"This backup was made by a newer version of the program, {manifest.product} "
            f"({newer[-1]} is not known here): restore it with that version."
        )
        raise BackupError(message)
    for stored in manifest.collections:
        _verify_file(folder / stored.file, stored)
    return manifest


def _verify_file(path: Path, stored: Stored) -> None:
    if not path.is_file():
        message = f"{path} is missing."
        raise BackupError(message)
    if checksum(path) != stored.checksum:
        message = f"{path} is damaged: its checksum is another than when the backup was made."
        raise BackupError(message)
    content = Content()
    for document in _documents(path):
        content.add(document)
    if (content.count, content.digest) != (stored.count, stored.content):
        message = f"{path} does not hold what the manifest says."
        raise BackupError(message)


def _documents(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path, "rb") as file:
            while document := _next_document(file):
                yield document
    except (EOFError, gzip.BadGzipFile, zlib.error, ValueError) as error:
        message = f"{path} is damaged: {error}."
        raise BackupError(message) from None


def _next_document(file: gzip.GzipFile) -> bytes:
    head = file.read(4)
    if not head:
        return b""
    size = int.from_bytes(head, "little")
    if not SMALLEST_DOCUMENT <= size <= LARGEST_DOCUMENT:
        message = f"a document of {size} bytes"
        raise ValueError(message)
    document = head + file.read(size - 4)
    if len(document) < size:
        message = "a document ends too early"
        raise EOFError(message)
    return document


def restore(database: Database[Document], folder: Path, say: Say, *, start_over: bool = False) -> Manifest:
    """Bring a backup into an empty database. Until it is whole, no program of ours works on it.

    Args:
        database: the connected one.
        folder: of the backup.
        say: is told of the progress, line by line.
        start_over: remove what an interrupted restore left.

    Raises:
        BackupError: the backup is not whole, the database is not empty, or something was lost on the way.

    """
    manifest = verify(folder)
    say(f"{manifest.count:,} documents of {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC: the backup is whole")
    if start_over and usable.incomplete_since() is not None:
        database.client.drop_database(database.name)
    _claim(database)
    for stored in manifest.collections:
        _bring_in(database, folder / stored.file, stored)
        _compare(database, stored)
        _build_indexes(database, stored)
        if stored.count:
            say(f"{stored.name}: {stored.count:,} documents, each compared")
    for outcome in migrations.run():
        say(f"migrated {outcome.name} in {outcome.seconds:.1f} s")
    return manifest


def finish() -> None:
    """Let the program work on what was restored."""
    usable.mark_complete()


def _claim(database: Database[Document]) -> None:
    """Mark an empty database as one that is being restored."""
    if usable.incomplete_since() is not None:
        message = (
            "Another restore is at work on this database, or was interrupted. If it was interrupted, add "
            "--start-over: what it left is removed first."
        )
        raise BackupError(message)
    there = [name for name in database.list_collection_names() if not name.startswith("system.")]
    if there and there != [usable.COLLECTION]:
        message = (
            f"The database {database.name} is not empty ({len(there)} collections, such as "
            f"{min(there)}): a backup is only restored into an empty one."
        )
        raise BackupError(message)
    if not usable.mark_incomplete(now()):
        message = "Another restore has just begun on this database."
        raise BackupError(message)


def _bring_in(database: Database[Document], path: Path, stored: Stored) -> None:
    collection = database.create_collection(stored.name, **stored.options)
    batch: list[RawBSONDocument] = []
    size = 0
    for document in _documents(path):
        batch.append(RawBSONDocument(document))
        size += len(document)
        if len(batch) >= BATCH_DOCUMENTS or size >= BATCH_BYTES:
            collection.insert_many(batch, ordered=False)
            batch, size = [], 0
    if batch:
        collection.insert_many(batch, ordered=False)


def _compare(database: Database[Document], stored: Stored) -> None:
    """Read everything back as the backup read it: the same documents are the same bytes."""
    content = Content()
    for batch in batches(database[stored.name]):
        content.add(batch)
    if (content.count, content.digest) != (stored.count, stored.content):
        message = (
            f"{stored.name} is not what was brought in ({content.count:,} of {stored.count:,} documents)."
        )
        raise BackupError(message)


def _build_indexes(database: Database[Document], stored: Stored) -> None:
    """Build the indexes as they were; last, because some let MongoDB remove what is old."""
    specifications = [index for index in stored.indexes if index["name"] != "_id_"]
    if specifications:
        database.command("createIndexes", stored.name, indexes=specifications)


def secret_of(folder: Path) -> str | None:
    """Return the secret that was put into a backup; None when it was left out."""
    path = folder / SECRET_FILE
    return path.read_text(encoding="utf-8").strip() if path.is_file() else None
