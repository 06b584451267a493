"""Shortening the audit log by its own rule, once a day at most; while anything is held, all of it stays."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.audit import pruning
from models.database import db
from models.people import DEFAULT_TIMEZONE
from models.retention import due, holds, rules
from models.times import now

_EVERY = timedelta(days=1)
_TURN = "retention:@audit"


def prune_due() -> int:
    """Remove what is kept no longer; return how many entries. Any number of workers may ask at once."""
    rule = rules.of_form(rules.AUDIT_LOG)
    if rule is None or holds.any_stands() or not _is_my_turn():
        return 0
    return pruning.prune(datetime.combine(due.cutoff(rule), time(), ZoneInfo(DEFAULT_TIMEZONE)))


def _is_my_turn() -> bool:
    db().locks.update_one({"_id": _TURN}, {"$setOnInsert": {"next": now()}}, upsert=True)
    mine = {"_id": _TURN, "next": {"$lte": now()}}
    return bool(db().locks.update_one(mine, {"$set": {"next": now() + _EVERY}}).modified_count)
