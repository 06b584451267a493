"""The open sessions of people: which there are, and ending them.

What a session holds is the web's business (`backoffice.sessions`); it stands beside who, from where and with
what. `user` is the word that a session carries for its person, `User.fs_uniquifier`: a session with an
earlier word is none any more.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from bson import json_util
from pymongo import ASCENDING, UpdateOne
from pymongo.client_session import ClientSession

from models import audit, passwords
from models.database import db
from models.errors import NotFoundError
from models.people import Actor, Role, User
from models.times import now

MAX_AGENT = 300
MAX_SHOWN = 100


def key_of(session_id: str) -> str:
    """Return what stands in the database for a cookie: whoever reads it cannot make a cookie of it."""
    return hashlib.sha256(session_id.encode()).hexdigest()


@dataclass(frozen=True)
class OpenSession:
    """One session as its owner sees it; `key` is no secret: nobody can make a cookie of it."""

    key: str
    agent: str
    address: str
    started: datetime
    last_seen: datetime


def sessions_of(user: User) -> list[OpenSession]:
    """Return where somebody is signed in, the last used first."""
    query = {"user": user.fs_uniquifier, "expires": {"$gt": now()}}
    shown = {"agent": 1, "address": 1, "started": 1, "last_seen": 1}
    found = db().sessions.find(query, shown).sort("last_seen", -1).limit(MAX_SHOWN)
    return [
        OpenSession(one["_id"], one["agent"], one["address"], one["started"], one["last_seen"])
        for one in found
    ]


def end(actor: Actor, user: User, key: str) -> None:
    """End one session. Raises NotFoundError when it is not this person's."""
    if not db().sessions.delete_one({"_id": key, "user": user.fs_uniquifier}).deleted_count:
        raise NotFoundError
    _note(actor, user, 1)


def end_others(actor: Actor, user: User, kept: str) -> int:
    """End every session but one; return how many."""
    others = {"user": user.fs_uniquifier, "_id": {"$ne": kept}}
    ended = db().sessions.delete_many(others).deleted_count
    if ended:
        _note(actor, user, ended)
    return ended


def end_all(actor: Actor, user: User) -> int:
    """End every session, also one that begins in this very moment; return how many there were."""
    ended = db().sessions.delete_many({"user": user.fs_uniquifier}).deleted_count
    passwords.end_sessions(user)
    db().users.update_one({"_id": user.id}, {"$set": {"fs_uniquifier": user.fs_uniquifier}})
    _note(actor, user, ended)
    return ended


def takes_away(before: Role, after: Role) -> bool:
    """Tell whether a changed role gives less than before; what it denies or closes counts, too."""
    return bool(_opened(before) - _opened(after) or _closed(after) - _closed(before))


def _opened(role: Role) -> set[str]:
    return {
        *role.permissions,
        *_actions(role, denied=False),
        *(["administrator"] if role.administrator else []),
    }


def _closed(role: Role) -> set[str]:
    rules = {json_util.dumps(rule.to_mongo(), sort_keys=True) for rule in role.field_rules}
    return rules | _actions(role, denied=True) | ({"demands_factor"} if role.demands_factor else set())


def _actions(role: Role, *, denied: bool) -> set[str]:
    """Return every action that is given, or taken away, with where it holds."""
    return {
        json_util.dumps([grant.form, action, grant.scope, grant.rule], sort_keys=True)
        for grant in role.grants
        if bool(grant.deny) == denied
        for action in grant.actions
    }


def end_of_role(role: Role, *, but: User, session: ClientSession) -> None:
    """End every session of the people with a role, in the transaction that takes rights from it.

    Args:
        role: that changed.
        but: whoever changes it and goes on working; rights are read anew at every request anyway.
        session: of the transaction.
    """
    holders = db().users.find({"roles": role.id, "_id": {"$ne": but.id}}, {"_id": 1}, session=session)
    renewed = [
        UpdateOne({"_id": one["_id"]}, {"$set": {"fs_uniquifier": passwords.new_session_word()}})
        for one in holders
    ]
    if renewed:
        db().users.bulk_write(renewed, session=session)


def _note(actor: Actor, user: User, ended: int) -> None:
    audit.note("session.ended", actor=actor, subject=str(user.username), details={"sessions": ended})


def ensure_indexes() -> None:
    """Let sessions go that expired, and find those of a person."""
    db().sessions.create_index([("expires", ASCENDING)], expireAfterSeconds=0)
    db().sessions.create_index([("user", ASCENDING), ("last_seen", ASCENDING)], sparse=True)
