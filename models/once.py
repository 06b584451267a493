"""What somebody sends again because the answer was lost is done once.

The sender makes a key for what it sends and keeps it until it has an answer. The key is stored in the very
transaction that does the work, so that there is never one without the other. A refusal is counted under the
key: what was sent before, and is still under way somewhere, comes to nothing once its sender was refused.
A key stands for what was sent with it first; whoever sends something else with it is told so.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
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


def digest(*said: Any) -> str:  # noqa: ANN401  (any JSON)
    """Return a short text that is the same for the same things, and for nothing else."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@dataclass
class Sending:
    """Something that a person sent under a key of their own making; `said` is its digest."""

    person: ObjectId
    key: str
    said: str = ""
    _refused: int = field(default=0, init=False)
    """How often it had been refused when this attempt began."""

    def __post_init__(self) -> None:
        """Raise InvalidError for a key that is none."""
        if not _KEY.fullmatch(self.key):
            raise InvalidError({"": [_("What was sent carries no valid key. Please load the page again.")]})

    def recall(self) -> Document | None:
        """Return what was remembered when it was done, None if it never was.

        Raises InvalidError where something else was done under this key.
        """
        found = db().sendings.find_one({"_id": self._id}) or {}
        self._refused = found.get("refused", 0)
        about: Document | None = found.get("about")
        if about is not None and found.get("said", self.said) != self.said:
            raise InvalidError({"": [_("This key was used for something else.")]})
        return about

    def remember(self, about: Document) -> Write:
        """Return the write that remembers it, for the transaction that does it.

        It raises DuplicateKeyError when the same was done, or refused, since this attempt began.
        """

        def write(session: ClientSession) -> None:
            as_it_was = {**self._undone, "refused": self._refused}
            done = {"$set": {"about": about, "at": now(), "said": self.said}}
            db().sendings.update_one(as_it_was, done, upsert=True, session=session)

        return write

    def refuse(self) -> Document | None:
        """Let nothing come of attempts still under way; return what is remembered where one was done."""
        refused = {"$inc": {"refused": 1}, "$set": {"at": now()}}
        try:
            db().sendings.update_one(self._undone, refused, upsert=True)
        except DuplicateKeyError:
            return self.recall()
        return None

    @property
    def _id(self) -> str:
        return f"{self.person}:{self.key}"

    @property
    def _undone(self) -> Document:
        return {"_id": self._id, "about": {"$exists": False}}


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
        known = sending.refuse()
        if known is None:
            raise
        return known


def ensure_indexes() -> None:
    """Create the index by which what was sent long ago is forgotten."""
    seconds: Any = int(KEPT_FOR.total_seconds())
    db().sendings.create_index([("at", ASCENDING)], expireAfterSeconds=seconds)
