"""What somebody sends again because the answer was lost is done once.

The sender makes a key for what it sends and keeps it until it has an answer. The key is stored in the very
transaction that does the work, so that there is never one without the other.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from bson import ObjectId
from pymongo import ASCENDING
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from models.changes import Write
from models.database import Document, db
from models.errors import DomainError, InvalidError
from models.messages import _
from models.times import now

KEPT_FOR: Final = timedelta(days=400)
"""So long a telephone may lie in a drawer with something unsent."""
_KEY = re.compile(r"[A-Za-z0-9_-]{16,80}")


@dataclass(frozen=True)
class Sending:
    """Something that a person sent under a key of their own making."""

    person: ObjectId
    key: str

    def __post_init__(self) -> None:
        """Raise InvalidError for a key that is none."""
        if not _KEY.fullmatch(self.key):
            raise InvalidError({"": [_("What was sent carries no valid key. Please load the page again.")]})

    def recall(self) -> Document | None:
        """Return what was remembered when it was done, None if it never was."""
        found = db().sendings.find_one({"_id": self._id})
        return found["about"] if found else None

    def remember(self, about: Document) -> Write:
        """Return the write that remembers it, for the transaction that does it."""

        def write(session: ClientSession) -> None:
            db().sendings.insert_one({"_id": self._id, "about": about, "at": now()}, session=session)

        return write

    @property
    def _id(self) -> str:
        return f"{self.person}:{self.key}"


def once(sending: Sending, work: Callable[[], Document]) -> Document:
    """Do what was sent unless it is done already; return what is remembered of it.

    Args:
        sending: what was sent.
        work: does it, stores `sending.remember(…)` with it, and returns what is remembered. Whatever it
            raises is raised, unless the same thing was done meanwhile: then it was refused only because of
            that.
    """
    known = sending.recall()
    if known is not None:
        return known
    try:
        return work()
    except (DomainError, DuplicateKeyError):
        known = sending.recall()
        if known is None:
            raise
        return known


def ensure_indexes() -> None:
    """Create the index by which what was sent long ago is forgotten."""
    seconds: Any = int(KEPT_FOR.total_seconds())
    db().sendings.create_index([("at", ASCENDING)], expireAfterSeconds=seconds)
