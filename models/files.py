"""Files in GridFS. An uploaded file belongs to whoever sent it, until a record claims it."""

import shutil
from datetime import timedelta
from pathlib import Path, PurePath
from typing import IO, Any

import puremagic
from bson import Int64, ObjectId
from gridfs import GridFSBucket, GridOut
from gridfs.errors import NoFile
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from models.database import Document, db
from models.errors import InvalidError, NotFoundError, TooLargeError
from models.messages import _
from models.times import now

UNCLAIMED_FOR = timedelta(days=1)
IMPORTED_FOR = timedelta(days=7)  # so long a file may be imported again, or at last
MAX_NAME = 200
IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
INLINE_TYPES = IMAGE_TYPES | {"application/pdf"}
UNKNOWN_TYPE = "application/octet-stream"
INCOMING = "incoming"  # the purpose of a file that is still being sent
MADE = "made"  # of one that a job made and did not hand over yet
IMPORT = "import"  # of one that is to be imported
_HEAD = 4096
_CHUNK = 255 * 1024
_CHUNKS_AT_ONCE = 16


def _bucket() -> GridFSBucket:
    return GridFSBucket(db(), bucket_name="files")


def clean_name(name: str) -> str:
    """Return a file name without folders and control characters; Chinese stays."""
    base = PurePath(name.replace("\\", "/")).name
    kept = "".join(filter(str.isprintable, base))
    return kept.strip(". ")[-MAX_NAME:] or "file"


def content_type(head: bytes) -> str:
    """Return the type that the first bytes tell, whatever the name says."""
    try:
        found = puremagic.from_string(head, mime=True)
    except (puremagic.PureError, ValueError):
        return UNKNOWN_TYPE
    return found or UNKNOWN_TYPE


def store(stream: IO[bytes], name: str, owner: ObjectId | None, *, purpose: str, max_bytes: int) -> ObjectId:
    """Keep a file and return its id.

    Args:
        stream: read to its end.
        name: as the sender calls it; cleaned.
        owner: who sent it.
        purpose: `upload` (waits for a record), `made` (waits for the end of a job).
        max_bytes: beyond it TooLargeError is raised and nothing is kept.
    """
    head = _read_fully(stream, _HEAD)
    file_id = ObjectId()
    metadata = {
        "type": content_type(head),
        "owner": owner,
        "purpose": INCOMING,
        "claimed_by": None,
        "at": now(),
    }
    described = {"filename": clean_name(name), "length": Int64(0), "chunkSize": _CHUNK, "uploadDate": now()}
    # written first, so that the sweep finds what a process that dies leaves behind
    _files().insert_one({"_id": file_id, **described, "metadata": metadata})
    try:
        length = _store_chunks(file_id, head + _read_fully(stream, _CHUNK - len(head)), stream, max_bytes)
    except BaseException:
        delete(file_id)
        raise
    complete = {"length": Int64(length), "uploadDate": now(), "metadata.purpose": purpose}
    _files().update_one({"_id": file_id}, {"$set": complete})
    return file_id


def _store_chunks(file_id: ObjectId, first: bytes, stream: IO[bytes], max_bytes: int) -> int:
    """Store a file's pieces as GridFS lays them out; its own writer would hold 48 MB of them in memory."""
    size, waiting, chunk = 0, list[Document](), first
    while chunk:
        if size + len(chunk) > max_bytes:
            raise TooLargeError(_("The file is larger than %(max)s MB.", max=max_bytes // 1024 // 1024))
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


def claim(
    file_ids: set[ObjectId], form: str, record_id: ObjectId, owner: ObjectId | None, session: ClientSession
) -> None:
    """Make uploaded files part of a record, in the transaction that stores it."""
    if not file_ids:
        return
    free: Document = {"metadata.purpose": "upload", "metadata.claimed_by": None}
    if owner is not None:  # the system may take anyone's
        free["metadata.owner"] = owner
    claimed = _files().update_many(
        {"_id": {"$in": list(file_ids)}, **free},
        {"$set": {"metadata.claimed_by": {"form": form, "record": record_id}}},
        session=session,
    )
    if claimed.matched_count != len(file_ids):
        raise InvalidError({"": [_("A file is no longer there. Please attach it again.")]})


def keep(file_id: ObjectId, job_id: ObjectId, session: ClientSession) -> None:
    """Keep what a job made, in the transaction that ends the job; until then the sweep may remove it."""
    kept = {"metadata.purpose": "job", "metadata.claimed_by": {"job": job_id}}
    _files().update_one({"_id": file_id}, {"$set": kept}, session=session)


def touch(file_id: ObjectId) -> None:
    """Keep a file that is still needed from the sweep for another while."""
    _files().update_one({"_id": file_id}, {"$set": {"metadata.at": now()}})


def delete(file_id: ObjectId) -> None:
    """Remove a file that a job kept."""
    try:
        _bucket().delete(file_id)
    except NoFile:
        return


def sweep_unclaimed() -> int:
    """Remove what no record and no job claimed, or what never ended, within a day; return how many."""
    unclaimed: dict[str, Any] = {
        "metadata.purpose": {"$in": ["upload", INCOMING, MADE]},
        "metadata.claimed_by": None,
        "metadata.at": {"$lt": now() - UNCLAIMED_FOR},
    }
    imported = {"metadata.purpose": IMPORT, "metadata.at": {"$lt": now() - IMPORTED_FOR}}
    stale = {"$or": [unclaimed, imported]}
    removed = 0
    # the description goes first and by the same condition, so that a record that claims it now keeps it
    while found := _files().find_one_and_delete(stale, projection={"_id": 1}):
        _chunks().delete_many({"files_id": found["_id"]})
        removed += 1
    return removed
