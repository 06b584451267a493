"""Keys by which programs act for a person: shown once, kept as a hash, ended at any time."""

import hashlib
import secrets
from datetime import timedelta

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.client_session import ClientSession

from models import audit
from models.database import Document, db
from models.errors import InvalidError, NotFoundError
from models.messages import _
from models.people import User
from models.times import now

PREFIX = "bo_"
SECRET_BYTES = 32
MAX_NAME = 80
MAX_PER_PERSON = 20
MAX_DAYS = 366
NOTED_EVERY = timedelta(minutes=5)


def create(person: User, name: str, days: int) -> str:
    """Make a key for a person and return its secret, which nobody can read again.

    Args:
        person: for whom whoever has the key acts.
        name: what it is for.
        days: how long it works, 1 to 366.

    Raises:
        InvalidError: beside `name` or `days`.
    """
    _check(person, name.strip(), days)
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    db().api_tokens.insert_one(
        {
            "_id": ObjectId(),
            "person": person.id,
            "name": name.strip(),
            "digest": _digest(secret),
            "hint": secret[-4:],
            "created_at": now(),
            "expires_at": now() + timedelta(days=days),
            "last_used_at": None,
        }
    )
    audit.note("token.created", subject=str(person.username), details={"name": name.strip(), "days": days})
    return secret


def _check(person: User, name: str, days: int) -> None:
    errors = {}
    if not name:
        errors["name"] = [_("This is needed.")]
    elif len(name) > MAX_NAME or not name.isprintable():
        errors["name"] = [_("At most %(max)s characters.", max=MAX_NAME)]
    if not 1 <= days <= MAX_DAYS:
        errors["days"] = [_("From %(min)s to %(max)s.", min=1, max=MAX_DAYS)]
    if db().api_tokens.count_documents({"person": person.id}, limit=MAX_PER_PERSON) == MAX_PER_PERSON:
        errors["name"] = [_("At most %(max)s keys. End one of them first.", max=MAX_PER_PERSON)]
    if errors:
        raise InvalidError(errors)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()  # 256 random bits need no slow hash


def person_of(secret: str) -> User | None:
    """Return the active person for whom a key acts; None for an unknown or expired one."""
    if not secret.startswith(PREFIX):
        return None
    found = db().api_tokens.find_one({"digest": _digest(secret), "expires_at": {"$gt": now()}})
    if found is None:
        return None
    if not found["last_used_at"] or found["last_used_at"] < now() - NOTED_EVERY:
        db().api_tokens.update_one({"_id": found["_id"]}, {"$set": {"last_used_at": now()}})
    person: User | None = User.objects(id=found["person"], active=True).first()
    return person


def of_person(person: User) -> list[Document]:
    """Return a person's keys, newest first, without their secrets."""
    found = db().api_tokens.find({"person": person.id}, {"digest": 0})
    return list(found.sort("_id", DESCENDING))


def end(person: User, token_id: ObjectId) -> None:
    """End one of a person's keys. Raises NotFoundError."""
    ended = db().api_tokens.find_one_and_delete({"_id": token_id, "person": person.id})
    if ended is None:
        raise NotFoundError
    audit.note("token.ended", subject=str(person.username), details={"name": ended["name"]})


def end_all(person: ObjectId, session: ClientSession | None = None) -> int:
    """End every key of a person who leaves; return how many."""
    return db().api_tokens.delete_many({"person": person}, session=session).deleted_count


def ensure_indexes() -> None:
    """Create the unique index of the hashes, and let keys go some time after they expired."""
    db().api_tokens.create_index([("digest", ASCENDING)], unique=True)
    db().api_tokens.create_index([("person", ASCENDING), ("_id", DESCENDING)])
    db().api_tokens.create_index([("expires_at", ASCENDING)], expireAfterSeconds=30 * 24 * 3600)
