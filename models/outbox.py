"""Side effects kept as documents until they are done, each exactly once by its key."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from bson import ObjectId
from pymongo import ASCENDING
from pymongo.client_session import ClientSession

from models.database import Document, db, is_passing
from models.times import now

log = structlog.get_logger()

BATCH = 500
LEASE = timedelta(minutes=2)
LONGEST_PAUSE = timedelta(hours=1)
KEPT_FOR = timedelta(days=30)


Handler = Callable[[Document], None]
_HANDLERS: dict[str, Handler] = {}


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Let a function carry out the effects of a kind; it gets the effect and must be safe to run twice."""

    def register(carry_out: Handler) -> Handler:
        _HANDLERS[kind] = carry_out
        return carry_out

    return register


def effect(kind: str, key: str, payload: dict[str, Any]) -> Document:
    """Return an effect to be stored with the change that causes it.

    Args:
        kind: which `handler` carries it out.
        key: unique for ever; a second effect with the key is the same effect.
        payload: JSON-like values and ids.
    """
    at = now()
    return {
        "_id": ObjectId(),
        "kind": kind,
        "key": key,
        "payload": payload,
        "created_at": at,
        "next_attempt_at": at,
        "attempts": 0,
    }


def put(effects: list[Document], session: ClientSession | None = None) -> None:
    """Store effects in the transaction of their cause."""
    if effects:
        db().outbox.insert_many(effects, session=session)


def ensure_indexes() -> None:
    """Create the unique key and the index the sweep reads."""
    db().outbox.create_index([("key", ASCENDING)], unique=True)
    db().outbox.create_index(
        [("next_attempt_at", ASCENDING)],
        partialFilterExpression={"next_attempt_at": {"$exists": True}},  # what is done has none
        name="due",
    )
    db().outbox.create_index([("done_at", ASCENDING)], expireAfterSeconds=int(KEPT_FOR.total_seconds()))


def claim_due() -> Document | None:
    """Take one due effect for a while; it comes back by itself if whoever took it dies."""
    claimed: Document | None = db().outbox.find_one_and_update(
        {"next_attempt_at": {"$lte": now()}},
        {"$set": {"next_attempt_at": now() + LEASE}, "$inc": {"attempts": 1}},
        sort=[("next_attempt_at", ASCENDING)],
    )
    return claimed


def carry_out_due(limit: int = BATCH) -> int:
    """Carry out what is due; return how many effects were done.

    One that fails does not hold up the others: it is logged, and tried again when its lease is over, later
    each time.
    """
    done = 0
    for _turn in range(limit):
        claimed = claim_due()
        if claimed is None:
            break
        done += _carry_out(claimed)
    return done


def _put_off(claimed: Document) -> None:
    """Let an effect that fails again and again wait longer: 2, 4, 8 … minutes, at most an hour."""
    pause = min(LONGEST_PAUSE, LEASE * 2 ** min(10, claimed["attempts"]))
    db().outbox.update_one(
        {"_id": claimed["_id"], "next_attempt_at": {"$exists": True}},
        {"$set": {"next_attempt_at": now() + pause}},
    )


def _carry_out(claimed: Document) -> bool:
    try:
        _HANDLERS[claimed["kind"]](claimed)
    except Exception as error:
        if is_passing(error):
            raise  # the database is gone for all of them
        log.exception("effect.failed", effect=str(claimed["_id"]), kind=claimed["kind"])
        _put_off(claimed)
        return False
    done = {"$set": {"done_at": now()}, "$unset": {"next_attempt_at": ""}}
    db().outbox.update_one({"_id": claimed["_id"]}, done)
    return True
