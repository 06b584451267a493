"""What happened to a record: append-only entries, each sealed with the hash of the one before."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId, json_util
from pymongo import ASCENDING, DESCENDING

from models.database import Document, db
from models.people import Actor
from models.times import now

CANONICAL = json_util.JSONOptions(json_mode=json_util.JSONMode.CANONICAL, tz_aware=True)


def entry(
    actor: Actor,
    form: str,
    record: Document,
    action: str,
    changes: list[Document],
    *,
    reason: str,
    source: str,
    at: datetime | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Document:
    """Return the entry for the record's new revision, sealed with `record["seal"]` of the one before.

    Args:
        actor: who did it.
        form: the form's key.
        record: the record as it will be stored.
        action: `created`, `updated`, `moved`, `deleted`, `restored` or `destroyed`.
        changes: `{"field", "before", "after"}` with raw stored values.
        reason: why, in the person's words; may be empty.
        source: `screen`, `import`, `api`, `pack`, `handover` or `system`.
        at: when it happened, if not now.
        facts: what else is to be remembered: the transition taken, a signature.
    """
    body = {
        "_id": ObjectId(),
        "form": form,
        "record": record["_id"],
        "revision": record["revision"],
        "form_version": record["form_version"],
        "action": action,
        "changes": changes,
        "reason": reason,
        "source": source,
        "by": actor.id,
        "by_name": actor.name,
        "at": at or now(),
        "before_seal": record.get("seal", ""),
        **(facts or {}),
    }
    return {**body, "seal": seal(body)}


def seal(body: Mapping[str, Any]) -> str:
    """Return the SHA-256 of an entry's content, which includes the seal of the entry before."""
    content = {key: value for key, value in body.items() if key != "seal"}
    return hashlib.sha256(
        json_util.dumps(content, json_options=CANONICAL, sort_keys=True).encode()
    ).hexdigest()


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Document]:
    """Return the fields in which two data sets differ, with raw old and new values."""
    keys = dict.fromkeys([*before, *after])
    return [
        {"field": key, "before": before.get(key), "after": after.get(key)}
        for key in keys
        if before.get(key) != after.get(key)
    ]


def of_record(form: str, record_id: ObjectId, *, limit: int = 0, before: int | None = None) -> list[Document]:
    """Return a record's entries, newest first; `before` continues below a revision."""
    query: Document = {"form": form, "record": record_id}
    if before is not None:
        query["revision"] = {"$lt": before}
    return list(db().history.find(query).sort("revision", DESCENDING).limit(limit))


def path_taken(form: str, record_id: ObjectId) -> set[tuple[str, str]]:
    """Return which steps a record has gone, as (state, transition)."""
    moved = db().history.find({"form": form, "record": record_id, "moves": {"$ne": None}}, {"moves": 1})
    return {(one["from"], one["transition"]) for entry in moved for one in entry["moves"]}


def ensure_indexes() -> None:
    """Create the index that also refuses two entries for one revision."""
    db().history.create_index(
        [("form", ASCENDING), ("record", ASCENDING), ("revision", ASCENDING)], unique=True
    )
    db().history.create_index([("by", ASCENDING), ("at", DESCENDING)])
