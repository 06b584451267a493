"""How much space files take, counted as they come and go."""

from bson import Int64, ObjectId
from pymongo import ASCENDING
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from models.database import Document, db
from models.errors import TooLargeError
from models.files.limits import MEGABYTE, limits
from models.messages import _

_ALL = "files"
_WAITING = {"metadata.claimed_by": None, "metadata.purpose": {"$in": ["upload", "import"]}}


class NoSpaceError(TooLargeError):
    """There is no space left for a file."""

    status = 507


def ensure_indexes() -> None:
    """Create the index behind a person's waiting files, and count once what was there before."""
    db()["files.files"].create_index(
        [("metadata.owner", ASCENDING), ("metadata.claimed_by", ASCENDING), ("length", ASCENDING),
         ("metadata.purpose", ASCENDING)],
    )  # fmt: skip
    ensure_counted()


def ensure_counted() -> None:
    """Make the counter where there is none yet."""
    if db().file_usage.find_one({"_id": _ALL}, {"_id": 1}) is None:
        try:
            db().file_usage.insert_one({"_id": _ALL, "bytes": Int64(_summed({}))})
        except DuplicateKeyError:
            return  # another process was faster


def count(more: int, session: ClientSession) -> None:
    """Add to what all files take (bytes, negative for one that goes), with the change of the file itself."""
    db().file_usage.update_one({"_id": _ALL}, {"$inc": {"bytes": Int64(more)}}, session=session)


def used() -> int:
    """Return the bytes that all files take."""
    found = db().file_usage.find_one({"_id": _ALL})
    return int(found["bytes"]) if found else 0


def recounted() -> int:
    """Return the bytes that all files take by looking at each; for checks."""
    return _summed({})


def waiting(owner: ObjectId) -> int:
    """Return the bytes that a person has sent and no record holds yet."""
    return _summed({"metadata.owner": owner, **_WAITING})


def _summed(which: Document) -> int:
    total: Document = {"$group": {"_id": None, "bytes": {"$sum": "$length"}}}
    found = next(iter(db()["files.files"].aggregate([{"$match": which}, total])), {"bytes": 0})
    return int(found["bytes"])


def require_room(owner: ObjectId | None, purpose: str) -> None:
    """Refuse a file before it comes. Raises NoSpaceError where everything is full already."""
    _require(owner, purpose, full_from=0)


def require_kept(owner: ObjectId | None, purpose: str) -> None:
    """Look again when a file has come. Raises NoSpaceError where it is one too many."""
    _require(owner, purpose, full_from=1)


def _require(owner: ObjectId | None, purpose: str, *, full_from: int) -> None:
    allowed = limits()
    if allowed.company_bytes and used() >= allowed.company_bytes + full_from:
        raise NoSpaceError(_("The space for files is used up. Please tell an administrator."))
    if owner is None or purpose not in {"upload", "import"}:
        return
    if waiting(owner) >= allowed.waiting_bytes + full_from:
        size = allowed.waiting_bytes // MEGABYTE
        raise NoSpaceError(
            _(
                "You sent more than %(max)s MB that no record holds yet. Please save your records first.",
                max=size,
            )
        )
