"""Proof that the audit log is whole, and what of it is kept elsewhere.

What the database alone can prove: every entry is as it was sealed, none is missing between the first and the
newest, none was put in, and the newest is the one that the anchor names, which is written in the same
transaction. Whoever may write everything in the database could make a chain anew. Against that the number
and seal of the newest entry go to the program's log, out of the database's reach: `db check --expect`
compares an entry with such a line.
"""

from collections.abc import Iterator
from datetime import datetime

import structlog
from pymongo import ASCENDING, DESCENDING

from models.audit.noting import NEWEST, derived
from models.database import Document, db
from models.history import seal
from models.messages import Message, _

FIRST = "first"
TOLD = "told"
log = structlog.get_logger()


def ensure_indexes() -> None:
    """Create what the screen reads by: time, person, group, words."""
    newest = [("at", DESCENDING), ("_id", DESCENDING)]
    db().audit.create_index(newest)
    for name in ("by", "group", "search"):
        db().audit.create_index([(name, ASCENDING), *newest])


def newest() -> tuple[int, str]:
    """Return number and seal of the newest entry as anchored; 0 and "" where there is none."""
    found = _anchor(NEWEST)
    return found.get("number", 0), found.get("seal", "")


def tell_newest() -> None:
    """Write number and seal of the newest entry to the program's log, unless it stands there."""
    number, mark = newest()
    told = {"_id": TOLD, "number": {"$lt": number}}
    if not number or _anchor(TOLD).get("number", 0) >= number:
        return
    db().audit_anchors.update_one({"_id": TOLD}, {"$setOnInsert": {"number": 0}}, upsert=True)
    if db().audit_anchors.update_one(told, {"$set": {"number": number}}).modified_count:
        log.info("audit.newest", number=number, seal=mark)


def problems(expected: tuple[int, str] | None = None) -> Iterator[Message]:
    """Yield what is wrong with the audit log, by the numbers of entries; nothing when it is whole.

    Args:
        expected: number and seal of an entry as the program's log or an earlier check named them.
    """
    anchored_before, mark = newest()
    first = _anchor(FIRST)
    number, before = first.get("number", 0), first.get("seal", "")
    seen: dict[int, str] = {number: before}
    wanted = {anchored_before, expected[0] if expected else 0}
    for entry in db().audit.find().sort("_id", ASCENDING):
        if entry["_id"] != number + 1:
            yield _missing(number + 1, entry["_id"] - 1)
        elif entry["before_seal"] != before:
            yield _("audit log: entry %(number)s does not follow from the one before", number=entry["_id"])
        if not _is_as_sealed(entry):
            yield _("audit log: entry %(number)s was changed", number=entry["_id"])
        number, before = entry["_id"], entry["seal"]
        if number in wanted:
            seen[number] = before
    yield from _end_problems(number, anchored_before, seen.get(anchored_before), mark)
    if first and not _is_noted(first):
        yield _(
            "audit log: the log does not say who removed the entries up to %(number)s", number=first["number"]
        )
    if expected and seen.get(expected[0]) != expected[1]:
        yield _("audit log: entry %(number)s is not the one that was expected", number=expected[0])


def _end_problems(last: int, anchored: int, found: str | None, mark: str) -> Iterator[Message]:
    if last < anchored:
        yield _missing(last + 1, anchored)
    elif found != mark and anchored:
        yield _("audit log: entry %(number)s is not the one that was added", number=anchored)
    if last > newest()[0]:
        yield _("audit log: entries after %(number)s were not added by the program", number=newest()[0])


def _missing(first: int, last: int) -> Message:
    if first >= last:
        return _("audit log: entry %(number)s is missing", number=first)
    return _("audit log: entries %(first)s to %(last)s are missing", first=first, last=last)


def _is_as_sealed(entry: Document) -> bool:
    return bool(entry["seal"] == seal(entry)) and derived(entry).items() <= entry.items()


def _is_noted(first: Document) -> bool:
    """Tell whether the log itself says that its beginning was removed."""
    said = {"event": "audit.pruned", "details.up_to": first["number"], "details.seal": first["seal"]}
    return db().audit.find_one({"group": "audit", **said}, {"_id": 1}) is not None


def _anchor(name: str) -> Document:
    return db().audit_anchors.find_one({"_id": name}) or {}


def until(moment: datetime) -> Document | None:
    """Return the last entry that is older than a moment, with everything before it."""
    return db().audit.find_one({"at": {"$lt": moment}}, sort=[("at", DESCENDING), ("_id", DESCENDING)])
