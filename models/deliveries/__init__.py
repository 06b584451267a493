"""Deliveries: one document per notice and channel, kept until it is sent or given up, with every attempt.

A worker claims one with a lease, sends it outside of any transaction, and records what came of it. A crash
between the two repeats the sending with the same key, by which the receiver recognises it.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, ReturnDocument

from models.channels.outcomes import Outcome, stored
from models.database import Document, db
from models.errors import NotFoundError
from models.messages import Message, _
from models.times import now

STATES = ("queued", "failed", "sent", "dead", "skipped")
LEASE = timedelta(minutes=2)
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=3)
KEPT = {"sent": timedelta(days=30), "skipped": timedelta(days=30), "dead": timedelta(days=180)}
SHOWN_ATTEMPTS = 20


def new(
    key: str,
    channel: Document,
    content: Document,
    at: datetime,
    *,
    person: ObjectId | None = None,
    to: str = "",
    due: datetime | None = None,
) -> Document:
    """Return a delivery to be stored.

    Args:
        key: unique for ever.
        channel: as stored.
        content: what is said.
        at: the present, in UTC.
        person: who gets it; nobody for a group.
        to: the e-mail address, empty for a group.
        due: the first attempt; by default at once.
    """
    return {
        "_id": ObjectId(),
        "key": key,
        "channel": channel["_id"],
        "channel_kind": channel["kind"],
        "to": to,
        "person": person,
        "notice": content,
        "state": "queued",
        "tries": 0,
        "attempts": [],
        "reason": None,
        "next_attempt_at": due or at,
        "retry_until": (due or at) + GIVEN_UP_AFTER,
        "lease": None,
        "created_at": at,
        "sent_at": None,
    }


def ensure_indexes() -> None:
    """Create the unique key, what workers and the log read, and the end of what is over."""
    collection = db().deliveries
    collection.create_index([("key", ASCENDING)], unique=True)
    collection.create_index(
        [("channel", ASCENDING), ("next_attempt_at", ASCENDING)],
        partialFilterExpression={"next_attempt_at": {"$exists": True}},  # what is over has none
        name="due_of_channel",
    )
    collection.create_index([("state", ASCENDING), ("_id", DESCENDING)])
    collection.create_index([("channel", ASCENDING), ("_id", DESCENDING)])
    collection.create_index([("expires_at", ASCENDING)], expireAfterSeconds=0)
    db().digests.create_index([("at", ASCENDING)], expireAfterSeconds=int(timedelta(days=3).total_seconds()))


def _due(channel: ObjectId) -> Document:
    return {"channel": channel, "next_attempt_at": {"$lte": now()}}


def has_due(channel: ObjectId) -> bool:
    """Tell whether anything waits to be sent on a channel."""
    return db().deliveries.find_one(_due(channel), {"_id": 1}) is not None


def claim(channel: ObjectId) -> Document | None:
    """Take one due delivery for a while; it comes back by itself if whoever took it dies."""
    claimed: Document | None = db().deliveries.find_one_and_update(
        _due(channel),
        {
            "$set": {"next_attempt_at": now() + LEASE, "lease": secrets.token_hex(8)},
            "$inc": {"tries": 1},
        },
        sort=[("next_attempt_at", ASCENDING)],
        return_document=ReturnDocument.AFTER,
    )
    return claimed


def record(claimed: Document, outcome: Outcome) -> bool:
    """Record what came of an attempt; false when the lease was lost, and somebody else will."""
    at = now()
    reason = stored(outcome.reason) if outcome.reason else None
    attempt = {"at": at, "outcome": outcome.state, "reason": reason, "detail": outcome.detail}
    fields, ended = _after(claimed, outcome, at)
    change: Document = {
        "$set": {"reason": reason, "lease": None, **fields},
        "$push": {"attempts": {"$each": [attempt], "$slice": -SHOWN_ATTEMPTS}},
    }
    if ended:
        change["$unset"] = {"next_attempt_at": ""}
    held = {"_id": claimed["_id"], "lease": claimed["lease"]}
    return bool(db().deliveries.update_one(held, change).matched_count)


def _after(claimed: Document, outcome: Outcome, at: datetime) -> tuple[Document, bool]:
    """Return what an attempt leaves in the delivery, and whether it is over."""
    if outcome.state == "sent":
        return {"state": "sent", "sent_at": at, "expires_at": at + KEPT["sent"]}, True
    if outcome.state == "never" or at >= claimed["retry_until"]:
        return {"state": "dead", "expires_at": at + KEPT["dead"]}, True
    return {"state": "failed", "next_attempt_at": at + pause(claimed["tries"])}, False


def pause(tries: int) -> timedelta:
    """Return how long to wait after so many attempts: 1, 2, 4 … minutes, at most an hour."""
    return min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(10, max(0, tries - 1)))


def skip(claimed: Document, reason: Message) -> None:
    """End a delivery that makes no sense any more, such as to somebody who left."""
    at = now()
    ended = {"state": "skipped", "reason": stored(reason), "lease": None, "expires_at": at + KEPT["skipped"]}
    held = {"_id": claimed["_id"], "lease": claimed["lease"]}
    db().deliveries.update_one(held, {"$set": ended, "$unset": {"next_attempt_at": ""}})


def reason_of(kept: Document | None) -> Message | None:
    """Return a stored reason, to be translated."""
    return Message(kept["msgid"], kept.get("params", {})) if kept and kept.get("msgid") else None


def give_up_old() -> int:
    """Give up what a resting channel could not take for three days; return how many."""
    at = now()
    resting = db().channels.distinct("_id", {"paused_until": {"$gt": at}})
    if not resting:
        return 0
    old = {
        "channel": {"$in": resting},
        "next_attempt_at": {"$lte": at},
        "retry_until": {"$lte": at},
        "lease": None,
    }
    dead = {"state": "dead", "reason": stored(_TOO_OLD), "expires_at": at + KEPT["dead"]}
    return db().deliveries.update_many(old, {"$set": dead, "$unset": {"next_attempt_at": ""}}).modified_count


_TOO_OLD = _("The channel did not work for %(days)s days.", days=GIVEN_UP_AFTER.days)


# What the log shows and does --------------------------------------------------------------------------


def get(delivery_id: ObjectId) -> Document:
    """Return one delivery. Raises NotFoundError."""
    found: Document | None = db().deliveries.find_one({"_id": delivery_id})
    if found is None:
        raise NotFoundError
    return found


def page(query: Document, *, before: ObjectId | None = None, limit: int = 50) -> list[Document]:
    """Return deliveries, newest first, from one on."""
    wanted = {**query, **({"_id": {"$lt": before}} if before else {})}
    return list(db().deliveries.find(wanted).sort("_id", DESCENDING).limit(limit))


def counts(limit: int = 10_000) -> dict[str, int]:
    """Return how many there are in each state, counted up to a limit."""
    return {state: db().deliveries.count_documents({"state": state}, limit=limit) for state in STATES}


def dead_count(limit: int = 999) -> int:
    """Return how many were given up, counted up to a limit."""
    return db().deliveries.count_documents({"state": "dead"}, limit=limit)


def retry(ids: Sequence[ObjectId]) -> int:
    """Let deliveries that failed or were given up be tried at once, and again for three days."""
    return _retry({"_id": {"$in": list(ids)}})


def retry_dead(channel: ObjectId | None = None) -> int:
    """Let everything that was given up be tried again, of one channel or of all."""
    return _retry({"state": "dead", **({"channel": channel} if channel else {})})


def _retry(query: Document) -> int:
    existing = db().channels.distinct("_id")
    at = now()
    again = {"state": "queued", "tries": 0, "next_attempt_at": at, "retry_until": at + GIVEN_UP_AFTER}
    stuck = {"state": {"$in": ["failed", "dead"]}, "lease": None, "channel": {"$in": existing}}
    change = {"$set": again, "$unset": {"expires_at": ""}}
    return db().deliveries.update_many({"$and": [query, stuck]}, change).modified_count
