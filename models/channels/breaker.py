"""A channel that fails again and again rests: one probe per interval, until one gets through.

A dead robot so costs one attempt per interval, whatever waits for it, and holds nobody up.
"""

from datetime import timedelta

from bson import ObjectId
from pymongo import ReturnDocument

from models.channels.outcomes import Outcome, stored
from models.database import Document, db
from models.times import now

FAILURES = 3
SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(minutes=10)


def admits(channel: ObjectId) -> bool:
    """Tell whether a message may be tried now; of a resting channel one caller per interval may probe."""
    found = db().channels.find_one({"_id": channel, "active": True}, {"paused_until": 1, "failures": 1})
    if found is None:
        return False
    paused = found.get("paused_until")
    if paused is None:
        return True
    if paused > now():
        return False
    probe = {"$set": {"paused_until": now() + rest(found.get("failures", 0))}}
    return bool(db().channels.update_one({"_id": channel, "paused_until": paused}, probe).modified_count)


def rest(failures: int) -> timedelta:
    """Return how long a channel rests after so many failures in a row."""
    return min(LONGEST, SHORTEST * 2 ** min(10, max(0, failures - FAILURES)))


def record(channel: ObjectId, outcome: Outcome) -> None:
    """Remember how the channel is; the first success after a rest wakes up what waited."""
    if not outcome.answered:
        _record_failure(channel, outcome)
        return
    well = {"$set": {"failures": 0, **({"last_sent_at": now()} if outcome.state == "sent" else {})}}
    before = db().channels.find_one_and_update(
        {"_id": channel}, {**well, "$unset": {"paused_until": ""}}, projection={"paused_until": 1}
    )
    if before and before.get("paused_until"):
        wake(channel)


def _record_failure(channel: ObjectId, outcome: Outcome) -> None:
    reason = outcome.reason
    failure: Document = {"detail": outcome.detail}
    if reason:
        failure |= stored(reason)
    after = db().channels.find_one_and_update(
        {"_id": channel},
        {"$inc": {"failures": 1}, "$set": {"last_failed_at": now(), "last_failure": failure}},
        projection={"failures": 1},
        return_document=ReturnDocument.AFTER,
    )
    if after and (outcome.state == "busy" or after["failures"] >= FAILURES):
        until = now() + rest(after["failures"])
        db().channels.update_one({"_id": channel}, {"$max": {"paused_until": until}})


def wake(channel: ObjectId) -> None:
    """Let everything that failed on a channel be tried at once."""
    db().deliveries.update_many(
        {"channel": channel, "state": "failed", "lease": None, "next_attempt_at": {"$gt": now()}},
        {"$set": {"next_attempt_at": now()}},
    )
