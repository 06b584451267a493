"""Whether this program may work on this database: not on half a backup, nor on data of another version."""

from datetime import datetime
from typing import Final

from pymongo.errors import DuplicateKeyError

from models import migrations
from models.database import db

COLLECTION: Final = "restores"
RUNNING: Final = "running"


class UnusableError(RuntimeError):
    """The database must not be touched; the text says why and what to do."""


def check(*, migrated: bool = True) -> None:
    """Refuse a database that this program would harm or misread.

    Args:
        migrated: also refuse one whose migrations are pending.

    Raises:
        UnusableError: with what to do.

    """
    if incomplete_since() is not None:
        message = (
            "This database holds a backup that was not restored to its end: "
            "run `backoffice db restore DIR --start-over`, or use an empty database."
        )
        raise UnusableError(message)
    if newer := migrations.unknown():
        message = (
            "This database was written by a newer version of the program "
            f"({newer[-1]} is not known here): install that version, or restore an older backup."
        )
        raise UnusableError(message)
    if migrated and migrations.pending():
        message = "This database is not up to date: run `backoffice db migrate` first."
        raise UnusableError(message)


def incomplete_since() -> datetime | None:
    """Return when a restore began that did not come to its end; None when there is none."""
    marker = db()[COLLECTION].find_one({"_id": RUNNING})
    return marker["at"] if marker else None


def mark_incomplete(at: datetime) -> bool:
    """Say that a restore begins; False when another was quicker."""
    try:
        db()[COLLECTION].insert_one({"_id": RUNNING, "at": at})
    except DuplicateKeyError:
        return False
    return True


def mark_complete() -> None:
    """Say that everything is there."""
    db().drop_collection(COLLECTION)
