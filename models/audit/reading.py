"""The audit log as it is looked through: by person, kind of event, days and words, the newest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo import DESCENDING

from models.audit.events import GROUPS
from models.database import Document, db
from models.search import query_filter

NEWEST_FIRST = [("at", DESCENDING), ("_id", DESCENDING)]
BATCH = 500
LARGEST = 2**63


@dataclass(frozen=True, kw_only=True)
class Search:
    """What of the log is wanted; what is empty narrows nothing. Days are whole days of the reader."""

    person: ObjectId | None = None
    group: str = ""
    first: date | None = None
    last: date | None = None
    words: str = ""

    def dump(self) -> Document:
        """Return it as a job keeps it."""
        days = {name: day.isoformat() for name in ("first", "last") if (day := getattr(self, name))}
        return {"person": self.person, "group": self.group, "words": self.words, **days}

    @classmethod
    def load(cls, stored: Document) -> Self:
        """Read it back."""
        days = {name: date.fromisoformat(stored[name]) for name in ("first", "last") if stored.get(name)}
        return cls(person=stored["person"], group=stored["group"], words=stored["words"], **days)

    def filter(self, timezone: ZoneInfo) -> Document:
        """Return the MongoDB filter."""
        parts: list[dict[str, Any]] = []
        if self.person:
            parts.append({"by": self.person})
        if self.group in GROUPS:
            parts.append({"group": self.group})
        if self.first:
            parts.append({"at": {"$gte": _midnight(self.first, timezone)}})
        if self.last:
            parts.append({"at": {"$lt": _midnight(self.last + timedelta(days=1), timezone)}})
        if self.words.strip():
            parts.append(query_filter(self.words, db().audit))
        return {"$and": parts} if parts else {}


def _midnight(day: date, timezone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), timezone)


def page(query: Document, *, before: int | None = None, limit: int) -> list[Document]:
    """Return entries, newest first; `before` continues below an entry."""
    parts = [query] if query else []
    if before is not None:
        last = db().audit.find_one({"_id": before}, {"at": 1})
        if last is None:
            return []
        older = {"$or": [{"at": {"$lt": last["at"]}}, {"_id": {"$lt": before}}]}
        parts += [{"at": {"$lte": last["at"]}}, older]
    wanted: Document = {"$and": parts} if parts else {}
    return list(db().audit.find(wanted).sort(NEWEST_FIRST).limit(limit))


def get(number: int) -> Document | None:
    """Return one entry."""
    return db().audit.find_one({"_id": number}) if number < LARGEST else None


def entries(query: Document) -> Iterator[Document]:
    """Yield every entry that a filter finds, newest first."""
    with db().audit.find(query).sort(NEWEST_FIRST).batch_size(BATCH) as found:
        yield from found


def count(query: Document, limit: int) -> int:
    """Return how many entries there are, counted up to a limit."""
    return db().audit.count_documents(query, limit=limit)


def estimate() -> int:
    """Return about how many entries there are, without counting them."""
    return db().audit.estimated_document_count()
