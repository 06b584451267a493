"""Removing the oldest part of the audit log, where a rule says how long it is kept; else all of it stays."""

from datetime import datetime
from functools import partial
from itertools import takewhile

from pymongo import ASCENDING
from pymongo.client_session import ClientSession

from models.audit.chain import FIRST
from models.audit.noting import note
from models.database import Document, db, in_transaction
from models.people import Actor
from models.times import now

BATCH = 10_000


def prune(before: datetime) -> int:
    """Remove the entries at the beginning that are older than a moment; return how many.

    With each batch the log notes what it lost, and the chain begins where that ended.
    """
    removed = 0
    while old := _oldest(before):
        removed += in_transaction(partial(_remove, old[-1]))
    return removed


def _oldest(before: datetime) -> list[Document]:
    found = db().audit.find({}, {"at": 1, "seal": 1}).sort("_id", ASCENDING).limit(BATCH)
    return list(takewhile(lambda entry: entry["at"] < before, found))


def _remove(last: Document, session: ClientSession) -> int:
    anchor = {"number": last["_id"], "seal": last["seal"], "at": now()}
    db().audit_anchors.update_one({"_id": FIRST}, {"$set": anchor}, upsert=True, session=session)
    removed = db().audit.delete_many({"_id": {"$lte": last["_id"]}}, session=session).deleted_count
    details = {"up_to": last["_id"], "seal": last["seal"], "count": removed}
    note("audit.pruned", actor=Actor.system(), details=details, address="", session=session)
    return removed
