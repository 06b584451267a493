"""Moving running clocks to a new version of their calendar: only on purpose, with a reason, on record."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from bson import ObjectId
from pymongo import ASCENDING
from pymongo.client_session import ClientSession

from models import calendars
from models.batches import in_batches
from models.calendars import WorkingCalendar
from models.clocks import store
from models.clocks.aiming import recounted, retarget
from models.clocks.clock import OPEN, Clock
from models.clocks.pace import Pace
from models.database import Document, db, in_transaction
from models.errors import DomainError, InvalidError
from models.forms import collection_name
from models.messages import _
from models.people import Actor
from models.times import now

log = structlog.get_logger()

BATCH: Final = 500
MAX_REASON: Final = 2_000


@dataclass(frozen=True)
class ClockMove:
    """A running clock that would be due at another time."""

    clock: ObjectId
    form: str
    record: ObjectId | None
    rule: str
    number: str | None
    title: str
    department: ObjectId | None
    due_before: datetime | None
    due_after: datetime | None


def affected_by_calendar(key: str, new: WorkingCalendar) -> Iterator[ClockMove]:
    """Yield the running clocks by a calendar that would be due at another time by its new content."""
    for batch in _batches(key):
        records = _records(batch)
        for clock in batch:
            try:
                after = recounted(clock, records.get(clock.get("record")), Pace(new))
            except DomainError:
                continue  # a clock that cannot be read does not move
            if after != clock.due_at:
                yield _move(clock, after)


def _move(clock: Clock, after: datetime | None) -> ClockMove:
    return ClockMove(
        clock.id,
        clock.get("form"),
        clock.get("record"),
        clock.get("rule"),
        clock.get("number"),
        clock.get("title"),
        clock.get("department"),
        clock.due_at,
        after,
    )


def recalculate(actor: Actor, calendar_key: str, version: int, reason: str) -> int:
    """Let every running clock by a calendar count by one version of it; return how many moved.

    Each keeps in writing when it was due before, who moved it and why. Raises InvalidError without a reason,
    NotFoundError for a version that does not exist.
    """
    if not reason.strip():
        raise InvalidError({"reason": [_("Say why.")]})
    calendar = calendars.working(calendar_key, version)
    said: Document = {
        "at": now(), "by": actor.id, "by_name": actor.name, "reason": reason.strip()[:MAX_REASON],
        "calendar": {"key": calendar_key, "version": version},
    }  # fmt: skip
    moved = 0
    for batch in _batches(calendar_key, but=version):
        ids = [clock.id for clock in batch]
        moved += in_transaction(lambda session, ids=ids: _recount(ids, calendar, said, session))  # type: ignore[misc]
    return moved


def _recount(
    ids: Sequence[ObjectId], calendar: WorkingCalendar, said: Document, session: ClientSession
) -> int:
    query = {"_id": {"$in": list(ids)}, "state": {"$in": list(OPEN)}}
    clocks = [Clock(found) for found in db().clocks.find(query, session=session)]
    records = _records(clocks)
    moved = [clock for clock in clocks if _moved(clock, records.get(clock.get("record")), calendar, said)]
    store.replace(clocks, session)
    touched = {(clock.get("form"), clock.get("record")) for clock in moved if clock.get("record")}
    for form, record in touched:
        of_record = store.of_records(form, [record], session)
        store.set_due({(form, record): of_record}, session)
    return len(moved)


def _moved(clock: Clock, record: Document | None, calendar: WorkingCalendar, said: Document) -> bool:
    """Let one clock count by a version of its calendar; tell whether its due time moved."""
    before, pace = clock.due_at, Pace(calendar)
    try:
        after = recounted(clock, record, pace)
    except DomainError:
        log.exception("clock.failed", clock=str(clock.id))
        return False
    clock.document["snapshot"] = {**clock.get("snapshot"), "calendar": said["calendar"]}
    clock.pace = pace
    if after == before:
        return False
    retarget(clock, after, said["at"])
    clock.document["recalculations"].append({**said, "before": before, "after": after})
    return True


def _batches(key: str, but: int | None = None) -> Iterator[list[Clock]]:
    """Yield the open clocks by a calendar, those that count by one version of it already left out."""
    query: Document = {"snapshot.calendar.key": key, "state": {"$in": list(OPEN)}}
    if but is not None:
        query["snapshot.calendar.version"] = {"$ne": but}
    found = [one["_id"] for one in db().clocks.find(query, {"_id": 1}).sort("_id", ASCENDING)]
    for ids in in_batches(found, BATCH):
        yield [Clock(one) for one in db().clocks.find({"_id": {"$in": ids}}).sort("_id", ASCENDING)]


def _records(clocks: Sequence[Clock]) -> dict[ObjectId, Document]:
    found: dict[ObjectId, Document] = {}
    for form in {clock.get("form") for clock in clocks}:
        ids = [clock.get("record") for clock in clocks if clock.get("form") == form and clock.get("record")]
        for record in db()[collection_name(form)].find({"_id": {"$in": ids}}, {"data": 1}):
            found[record["_id"]] = record
    return found
