"""Files in GridFS. An uploaded file belongs to whoever sent it, until a record claims it."""

from datetime import timedelta
from pathlib import PurePath
from typing import IO, Any

import puremagic
from bson import ObjectId
from gridfs import GridFSBucket, GridOut
from gridfs.errors import NoFile
from pymongo.client_session import ClientSession

from models.database import Document, db
from models.errors import InvalidError, NotFoundError, TooLargeError
from models.messages import _
from models.times import now

UNCLAIMED_FOR = timedelta(days=1)
MAX_NAME = 200
IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
INLINE_TYPES = IMAGE_TYPES | {"application/pdf"}
UNKNOWN_TYPE = "application/octet-stream"
_HEAD = 4096


def _bucket() -> GridFSBucket:
    return GridFSBucket(db(), bucket_name="files")


def clean_name(name: str) -> str:
    """Return a file name without folders and control characters; Chinese stays."""
    base = PurePath(name.replace("\\", "/")).name
    kept = "".join(c for c in base if c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF)
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
        purpose: `upload` (waits for a record), `job` (kept by a job).
        max_bytes: beyond it TooLargeError is raised and nothing is kept.
    """
    head = stream.read(_HEAD)
    metadata = {
        "type": content_type(head),
        "owner": owner,
        "purpose": purpose,
        "claimed_by": None,
        "at": now(),
    }
    with _bucket().open_upload_stream(clean_name(name), metadata=metadata) as target:
        size = 0
        chunk = head
        while chunk:
            size += len(chunk)
            if size > max_bytes:
                target.abort()
                raise TooLargeError(_("The file is larger than %(max)s MB.", max=max_bytes // 1024 // 1024))
            target.write(chunk)
            chunk = stream.read(255 * 1024)
        file_id: ObjectId = target._id  # noqa: SLF001  (GridIn offers the id under this name only)
    return file_id


def open_file(file_id: ObjectId) -> GridOut:
    """Open a stored file for reading. The caller has checked that the person may."""
    try:
        return _bucket().open_download_stream(file_id)
    except NoFile:
        raise NotFoundError from None


def info(file_id: ObjectId) -> Document:
    """Return name, size, type, owner, claimed_by of a file. Raises NotFoundError."""
    found = db()["files.files"].find_one({"_id": file_id})
    if found is None:
        raise NotFoundError
    return {"name": found["filename"], "size": found["length"], **found["metadata"]}


def claim(
    file_ids: set[ObjectId], form: str, record_id: ObjectId, owner: ObjectId | None, session: ClientSession
) -> None:
    """Make uploaded files part of a record, in the transaction that stores it."""
    if not file_ids:
        return
    claimed = db()["files.files"].update_many(
        {"_id": {"$in": list(file_ids)}, "metadata.claimed_by": None, "metadata.owner": owner},
        {"$set": {"metadata.claimed_by": {"form": form, "record": record_id}}},
        session=session,
    )
    if claimed.matched_count != len(file_ids):
        raise InvalidError({"": [_("A file is no longer there. Please attach it again.")]})


def delete(file_id: ObjectId) -> None:
    """Remove a file that a job kept."""
    try:
        _bucket().delete(file_id)
    except NoFile:
        return


def sweep_unclaimed() -> int:
    """Remove uploads that no record claimed within a day; return how many."""
    query: dict[str, Any] = {
        "metadata.purpose": "upload",
        "metadata.claimed_by": None,
        "metadata.at": {"$lt": now() - UNCLAIMED_FOR},
    }
    stale = [found["_id"] for found in db()["files.files"].find(query, {"_id": 1})]
    for file_id in stale:
        delete(file_id)
    return len(stale)
