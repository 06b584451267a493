"""Keeping files in GridFS under their own ids, and knowing whose they are."""

import shutil
from collections.abc import Collection as Several
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from bson import Int64, ObjectId
from gridfs import GridFSBucket, GridOut
from gridfs.errors import NoFile
from pymongo import ASCENDING
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from models.database import Document, db, in_transaction
from models.errors import InvalidError, NotFoundError, TooLargeError
from models.files import quota, scanning
from models.files.kinds import HEAD, IMAGE_TYPES, content_type
from models.files.names import clean_name
from models.messages import _
from models.times import now

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
UNCLAIMED_FOR = timedelta(days=1)
IMPORTED_FOR = timedelta(days=7)  # so long a file may be imported again, or at last
UPLOAD = "upload"  # the purpose of a file that waits for a record, or belongs to one
INCOMING = "incoming"  # of one that is still being sent
MADE = "made"  # of one that a job made and did not hand over yet
IMPORT = "import"  # of one that is to be imported
_FROM_OUTSIDE = frozenset({UPLOAD, IMPORT})
_CHUNK = 255 * 1024
_CHUNKS_AT_ONCE = 16


def ensure_indexes() -> None:
    """Create the indexes; safe to run at every start."""
    _chunks().create_index([("files_id", ASCENDING), ("n", ASCENDING)], unique=True)
    _files().create_index([("metadata.purpose", ASCENDING), ("metadata.at", ASCENDING)])
    _files().create_index(
        [("metadata.claimed_by.record", ASCENDING)],
        partialFilterExpression={"metadata.claimed_by.record": {"$exists": True}},
        name="of_record",
    )
    quota.ensure_indexes()


def store(stream: IO[bytes], name: str, owner: ObjectId | None, *, purpose: str, max_bytes: int) -> ObjectId:
    """Keep a file and return its id. What comes from outside is looked at for viruses on its way.

    Args:
        stream: read to its end.
        name: as the sender calls it; cleaned.
        owner: who sent it.
        purpose: `upload` (waits for a record), `import`, `made` (waits for the end of a job).
        max_bytes: beyond it TooLargeError is raised.

    Raises:
        TooLargeError: it is too large, or there is no space left. Whatever is raised, nothing is kept.
        InfectedError: it carries a virus.
        ScannerError: it cannot be looked at for viruses at the moment.
    """
    kept_as = clean_name(name)
    head = _read_fully(stream, HEAD)
    quota.require_room(owner, purpose)
    file_id = _announce(kept_as, owner, content_type(head))
    try:
        with scanning.scan(kept_as, wanted=purpose in _FROM_OUTSIDE) as scan:
            length = _store_chunks(
                file_id, head + _read_fully(stream, _CHUNK - len(head)), stream, max_bytes, scan
            )
        _complete(file_id, purpose, length)
        quota.require_kept(owner, purpose)
    except BaseException:
        delete(file_id)
        raise
    return file_id


def _announce(name: str, owner: ObjectId | None, media_type: str) -> ObjectId:
    """Describe a file before it comes, so that the sweep finds what a process that dies leaves behind."""
    file_id = ObjectId()
    metadata = {"type": media_type, "owner": owner, "purpose": INCOMING, "claimed_by": None, "at": now()}
    described = {"filename": name, "length": Int64(0), "chunkSize": _CHUNK, "uploadDate": now()}
    _files().insert_one({"_id": file_id, **described, "metadata": metadata})
    return file_id


def _complete(file_id: ObjectId, purpose: str, length: int) -> None:
    complete = {"length": Int64(length), "uploadDate": now(), "metadata.purpose": purpose}

    def write(session: ClientSession) -> None:
        _files().update_one({"_id": file_id}, {"$set": complete}, session=session)
        quota.count(length, session)

    quota.ensure_counted()
    in_transaction(write)


def _store_chunks(
    file_id: ObjectId, first: bytes, stream: IO[bytes], max_bytes: int, scan: scanning.Scan
) -> int:
    """Store a file's pieces as GridFS lays them out; its own writer would hold 48 MB of them in memory."""
    size, waiting, chunk = 0, list[Document](), first
    while chunk:
        if size + len(chunk) > max_bytes:
            raise TooLargeError(_("The file is larger than %(max)s MB.", max=max_bytes // 1024 // 1024))
        scan.feed(chunk)
        waiting.append({"files_id": file_id, "n": size // _CHUNK, "data": chunk})
        size += len(chunk)
        if len(waiting) >= _CHUNKS_AT_ONCE:
            _chunks().insert_many(waiting)
            waiting = []
        chunk = _read_fully(stream, _CHUNK)
    if waiting:
        _chunks().insert_many(waiting)
    return size


def _read_fully(stream: IO[bytes], missing: int) -> bytes:
    """Read so many bytes unless the stream ends; it may give fewer at a time."""
    parts = []
    while missing and (part := stream.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _bucket() -> GridFSBucket:
    return GridFSBucket(db(), bucket_name="files")


def _chunks() -> Collection[Document]:
    return db()["files.chunks"]


def _files() -> Collection[Document]:
    return db()["files.files"]


def open_file(file_id: ObjectId) -> GridOut:
    """Open a stored file for reading. The caller has checked that the person may."""
    try:
        return _bucket().open_download_stream(file_id)
    except NoFile:
        raise NotFoundError from None


def copy_to(file_id: ObjectId, path: Path) -> None:
    """Write a stored file to a path of this machine. Raises NotFoundError."""
    with path.open("wb") as target:
        shutil.copyfileobj(open_file(file_id), target)


def info(file_id: ObjectId) -> Document:
    """Return name, size, type, owner, claimed_by of a file. Raises NotFoundError."""
    found = _files().find_one({"_id": file_id})
    if found is None:
        raise NotFoundError
    return {"name": found["filename"], "size": found["length"], **found["metadata"]}


def describe(file_id: ObjectId, *, name: str, media_type: str) -> None:
    """Correct the name and the type of a file that was just sent."""
    _files().update_one({"_id": file_id}, {"$set": {"filename": name, "metadata.type": media_type}})


def claim(
    file_ids: set[ObjectId], form: str, record_id: ObjectId, owner: ObjectId | None, session: ClientSession
) -> None:
    """Make uploaded files part of a record, in the transaction that stores it."""
    if not file_ids:
        return
    claimed = _files().update_many(
        _waiting(file_ids, owner),
        {"$set": {"metadata.claimed_by": {"form": form, "record": record_id}}},
        session=session,
    )
    if claimed.matched_count != len(file_ids):
        raise InvalidError({"": [_("A file is no longer there. Please attach it again.")]})


def waiting_pictures(file_ids: set[ObjectId], owner: ObjectId) -> set[ObjectId]:
    """Return those of some files that are pictures and wait for a record of a person."""
    if not file_ids:
        return set()
    pictures = {**_waiting(file_ids, owner), "metadata.type": {"$in": list(IMAGE_TYPES)}}
    return {one["_id"] for one in _files().find(pictures, {"_id": 1})}


def _waiting(file_ids: set[ObjectId], owner: ObjectId | None) -> Document:
    free: Document = {"metadata.purpose": UPLOAD, "metadata.claimed_by": None}
    if owner is not None:  # the system may take anyone's
        free["metadata.owner"] = owner
    return {"_id": {"$in": list(file_ids)}, **free}


def keep(file_id: ObjectId, job_id: ObjectId, session: ClientSession) -> None:
    """Keep what a job made, in the transaction that ends the job; until then the sweep may remove it."""
    kept = {"metadata.purpose": "job", "metadata.claimed_by": {"job": job_id}}
    _files().update_one({"_id": file_id}, {"$set": kept}, session=session)


def retain(file_ids: Several[ObjectId], holder: Document, session: ClientSession) -> None:
    """Keep what was made for good, in the transaction that stores what holds it (`holder` names that)."""
    held = {"metadata.purpose": "held", "metadata.claimed_by": holder}
    _files().update_many({"_id": {"$in": list(file_ids)}}, {"$set": held}, session=session)


def give_up(form: str, record_ids: Several[ObjectId], session: ClientSession) -> None:
    """Leave the files of records that are removed for good to the sweep, in the transaction that does so."""
    theirs = {"metadata.claimed_by.record": {"$in": list(record_ids)}, "metadata.claimed_by.form": form}
    left = {"metadata.purpose": MADE, "metadata.claimed_by": None, "metadata.at": LONG_AGO}
    _files().update_many(theirs, {"$set": left}, session=session)


def touch(file_id: ObjectId) -> None:
    """Keep a file that is still needed from the sweep for another while."""
    _files().update_one({"_id": file_id}, {"$set": {"metadata.at": now()}})


def delete(file_id: ObjectId) -> None:
    """Remove a file with what was made of it; nothing happens where there is none."""
    _remove({"_id": file_id})


def sweep_unclaimed() -> int:
    """Remove what no record and no job claimed, or what never ended, within a day; return how many."""
    unclaimed: dict[str, Any] = {
        "metadata.purpose": {"$in": [UPLOAD, INCOMING, MADE]},
        "metadata.claimed_by": None,
        "metadata.at": {"$lt": now() - UNCLAIMED_FOR},
    }
    imported = {"metadata.purpose": IMPORT, "metadata.at": {"$lt": now() - IMPORTED_FOR}}
    stale = {"$or": [unclaimed, imported]}
    removed = 0
    while _remove(stale):
        removed += 1
    return removed


def _remove(which: Document) -> bool:
    """Remove one file that meets a condition; tell whether there was one.

    The description goes first and by that condition, so that a record that claims it now keeps it.
    """

    def write(session: ClientSession) -> Document | None:
        found = _files().find_one_and_delete(which, projection={"length": 1}, session=session)
        if found is not None and found["length"]:
            quota.count(-found["length"], session)
        return found

    quota.ensure_counted()
    removed = in_transaction(write)
    if removed is None:
        return False
    _chunks().delete_many({"files_id": removed["_id"]})
    db().thumbnails.delete_one({"_id": removed["_id"]})
    return True
