"""Who has which factors, who needs one, and how they are added and taken away."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from bson import ObjectId
from pymongo import ASCENDING
from pymongo.client_session import ClientSession

from models import accounts, audit, notifications, outbox, passwords
from models.access import require_permission
from models.database import Document, db, in_transaction
from models.errors import InUseError, InvalidError, NotFoundError
from models.messages import Message, _
from models.people import Actor, Permission, User
from models.times import now

APP: Final = "app"
KEY: Final = "key"
RECOVERY: Final = "recovery"
FACTORS: Final = [APP, KEY]
MAX_FACTORS: Final = 10
MAX_NAME: Final = 60
NAMES: Final = {APP: _("Authenticator app"), KEY: _("Security key"), RECOVERY: _("Recovery codes")}


class Wanted(StrEnum):
    """What somebody still owes after the password."""

    NOTHING = "nothing"
    PROOF = "proof"
    ENROLMENT = "enrolment"


@dataclass(frozen=True)
class Factor:
    """One factor as its owner sees it, without anything secret."""

    id: ObjectId
    kind: str
    name: str
    created_at: datetime
    last_used_at: datetime | None


def demanded(person: User) -> bool:
    """Tell whether one of a person's roles demands a second factor."""
    return any(role.demands_factor for role in person.held_roles)


def wanted(person: User) -> Wanted:
    """Return what a person owes after the password: to prove a factor, to get one, or nothing."""
    if db().factors.find_one({"person": person.id, "kind": {"$in": FACTORS}}, {"_id": 1}):
        return Wanted.PROOF
    return Wanted.ENROLMENT if demanded(person) else Wanted.NOTHING


def of_person(person: User) -> list[Factor]:
    """Return a person's apps and keys, oldest first."""
    found = db().factors.find({"person": person.id, "kind": {"$in": FACTORS}}).sort("_id", ASCENDING)
    return [
        Factor(one["_id"], one["kind"], one["name"], one["created_at"], one["last_used_at"]) for one in found
    ]


def protected(people: Iterable[ObjectId]) -> set[ObjectId]:
    """Return those of some people who have a second factor."""
    query: Document = {"person": {"$in": list(people)}, "kind": {"$in": FACTORS}}
    return set(db().factors.distinct("person", query))


def has_key(person: User) -> bool:
    """Tell whether a person has a security key."""
    return db().factors.find_one({"person": person.id, "kind": KEY}, {"_id": 1}) is not None


def codes_left(person: User) -> int:
    """Return how many recovery codes a person has not used."""
    found = db().factors.find_one({"person": person.id, "kind": RECOVERY}, {"codes": 1})
    return len(found["codes"]) if found else 0


def checked_name(name: str, kind: str) -> str:
    """Return the name of a new factor, a usual one when none was given. Raises InvalidError."""
    text = name.strip() or str(NAMES[kind])
    if len(text) > MAX_NAME or not text.isprintable():
        raise InvalidError({"name": [_("At most %(max)s characters.", max=MAX_NAME)]})
    return text


def add(person: User, kind: str, name: str, content: Document) -> None:
    """Store a factor that its owner has just proved to hold.

    Raises:
        InvalidError: the name does not fit, or there are too many.
    """
    named = checked_name(name, kind)

    def work(session: ClientSession) -> None:
        _lock(person.id, session)
        mine = {"person": person.id, "kind": {"$in": FACTORS}}
        if db().factors.count_documents(mine, limit=MAX_FACTORS, session=session) >= MAX_FACTORS:
            raise InvalidError({"name": [_("At most %(max)s. Remove one of them first.", max=MAX_FACTORS)]})
        factor = new(person, kind, named, content)
        db().factors.insert_one(factor, session=session)
        _tell(
            person,
            factor["_id"],
            _("A second factor was added to your account: %(name)s", name=named),
            session,
        )
        _note("factor.added", person, {"kind": kind, "name": named}, session)

    in_transaction(work)


def new(person: User, kind: str, name: str, content: Document) -> Document:
    """Return the document of a factor."""
    fixed = {"_id": ObjectId(), "person": person.id, "kind": kind, "name": name}
    return {**fixed, "created_at": now(), "last_used_at": None, **content}


def remove(person: User, factor_id: ObjectId) -> None:
    """Take one of a person's own factors away; with the last one the recovery codes go.

    Raises:
        NotFoundError: it is not theirs.
        InUseError: it is the last one, and a role of theirs demands one.
    """

    def work(session: ClientSession) -> None:
        _lock(person.id, session)
        mine = {"person": person.id, "kind": {"$in": FACTORS}}
        gone = db().factors.find_one_and_delete({"_id": factor_id, **mine}, session=session)
        if gone is None:
            raise NotFoundError
        if db().factors.find_one(mine, {"_id": 1}, session=session) is None:
            if demanded(person):
                raise InUseError(
                    _("Your role needs a second factor. Add another one before removing this one.")
                )
            db().factors.delete_many({"person": person.id}, session=session)
        words = _("A second factor was removed from your account: %(name)s", name=gone["name"])
        _tell(person, ObjectId(), words, session)
        _note("factor.removed", person, {"kind": gone["kind"], "name": gone["name"]}, session)

    in_transaction(work)


def reset(person: User, user: User) -> int:
    """Take every factor of somebody away who lost them, and end their sessions; return how many there were.

    Raises:
        ForbiddenError: the person may not administer people, or not this one.
    """
    require_permission(person, Permission.CONFIGURE_PEOPLE)
    accounts.require_rank(person, user)
    passwords.end_sessions(user)

    def work(session: ClientSession) -> int:
        _lock(user.id, session)
        count = db().factors.delete_many({"person": user.id}, session=session).deleted_count
        ended = {"$set": {"fs_uniquifier": user.fs_uniquifier}}
        db().users.update_one({"_id": user.id}, ended, session=session)
        words = _("%(name)s took the second factors of your account away.", name=str(person))
        _tell(user, ObjectId(), words, session)
        who = {"user": user.id, "count": count}
        audit.note("factor.reset", actor=Actor.of(person), subject=str(user), details=who, session=session)
        return count

    return in_transaction(work)


def _lock(person: ObjectId, session: ClientSession) -> None:
    """Let changes of one person's factors follow each other: each transaction writes this document first."""
    db().locks.update_one({"_id": f"factors:{person}"}, {"$inc": {"turns": 1}}, upsert=True, session=session)


def _tell(person: User, cause: ObjectId, words: Message, session: ClientSession) -> None:
    """Let the owner know, who may not have done it."""
    told = notifications.tell(
        [person.id],
        key=f"factor:{cause}",
        kind="system",
        title=words,
        text=_("If this was not you, change your password and tell an administrator."),
        url="/account/factors",
        level="warning",
    )
    outbox.put(told, session)


def _note(event: str, person: User, details: Document, session: ClientSession) -> None:
    audit.note(event, actor=Actor.of(person), subject=str(person), details=details, session=session)


def ensure_indexes() -> None:
    """Create what finds a person's factors, keeps keys and sets of codes unique, and lets challenges go."""
    db().factors.create_index([("person", ASCENDING), ("kind", ASCENDING)])
    db().factors.create_index(
        [("credential", ASCENDING)], unique=True, partialFilterExpression={"credential": {"$exists": True}}
    )
    db().factors.create_index(
        [("person", ASCENDING)],
        name="one_set_of_codes",
        unique=True,
        partialFilterExpression={"kind": RECOVERY},
    )
    db().factor_challenges.create_index([("until", ASCENDING)], expireAfterSeconds=0)
