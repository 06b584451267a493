"""What a person was told, behind the bell."""

from bson import ObjectId
from pymongo import DESCENDING

from models.database import Document, db
from models.people import User
from models.times import now

UNREAD_CAP = 99


def unread_count(person: User) -> int:
    """Return how many notices a person has not read, counted up to 99."""
    return db().notifications.count_documents({"person": person.id, "read_at": None}, limit=UNREAD_CAP)


def of_person(person: User, *, limit: int = 100) -> list[Document]:
    """Return a person's notices, newest first."""
    return list(db().notifications.find({"person": person.id}).sort("_id", DESCENDING).limit(limit))


def mark_read(person: User, notice_id: ObjectId | None = None) -> None:
    """Mark one notice, or all, as read."""
    query: Document = {"person": person.id, "read_at": None}
    if notice_id:
        query["_id"] = notice_id
    db().notifications.update_many(query, {"$set": {"read_at": now()}})


def mark_read_about(person: User, form: str, record_id: ObjectId) -> None:
    """Mark everything about a record as read, because the person opened it."""
    db().notifications.update_many(
        {"person": person.id, "read_at": None, "form": form, "record": record_id},
        {"$set": {"read_at": now()}},
    )
