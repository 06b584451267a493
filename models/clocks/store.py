"""Clocks as they are stored, and what the sweep and the lists read."""

from collections.abc import Iterable, Mapping, Sequence

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, ReplaceOne, UpdateMany, UpdateOne
from pymongo.client_session import ClientSession

from models.clocks.clock import OPEN, Clock
from models.database import Document, db
from models.duties import store as duties_store
from models.duties.store import LEVELS, TIMED

_OPEN: Document = {"state": {"$in": list(OPEN)}}


def ensure_indexes() -> None:
    """Create the unique key by record, and indexes whose size follows what is open or due, not the past.

    There are few on purpose: in a transaction MongoDB reads its whole list of them again for each index and
    each clock that is updated, which is most of what the sweep asks of it.
    """
    db().clocks.create_index(
        [("form", ASCENDING), ("record", ASCENDING), ("rule", ASCENDING), ("count", ASCENDING)],
        unique=True,
        name="of_record",
    )
    db().clocks.create_index(
        [("next_action_at", ASCENDING)],
        partialFilterExpression={"next_action_at": {"$exists": True}},
        name="next_action",
    )
    db().clocks.create_index(
        [("form", ASCENDING), ("due_at", ASCENDING), ("_id", ASCENDING)],
        partialFilterExpression={"state": "running"},
        name="running_due",
    )
    db().clocks.create_index(
        [("late_since", ASCENDING), ("_id", DESCENDING)],
        partialFilterExpression={"state": "running", "late_since": {"$type": "date"}},
        name="late",
    )


def of_records(form: str, ids: Iterable[ObjectId], session: ClientSession | None = None) -> list[Clock]:
    """Return every clock of some records, oldest first, ended ones too."""
    query = {"form": form, "record": {"$in": list(ids)}}
    return [Clock(found) for found in db().clocks.find(query, session=session).sort("_id", ASCENDING)]


def insert(clocks: Sequence[Clock], session: ClientSession) -> None:
    """Store new clocks."""
    if clocks:
        db().clocks.insert_many([clock.document for clock in clocks], session=session)


def replace(clocks: Sequence[Clock], session: ClientSession) -> None:
    """Store changed clocks; they were read in the same transaction, so nobody else changed them meanwhile."""
    if not clocks:
        return
    writes = []
    for clock in clocks:
        clock.document["fence"] += 1
        writes.append(ReplaceOne({"_id": clock.id}, clock.document))
    db().clocks.bulk_write(writes, ordered=False, session=session)


def update(clocks: Sequence[Clock], read: Mapping[ObjectId, Document], session: ClientSession) -> None:
    """Store what became different of clocks since they were read; for thousands, whose other parts stay."""
    writes = [UpdateOne({"_id": clock.id}, _difference(read[clock.id], clock.document)) for clock in clocks]
    if writes:
        db().clocks.bulk_write(writes, ordered=False, session=session)


def _difference(before: Document, after: Document) -> Document:
    changed = {name: value for name, value in after.items() if value is not before.get(name)}
    gone = {name: "" for name in before if name not in after}
    return {"$set": {**changed, "fence": after["fence"] + 1}, **({"$unset": gone} if gone else {})}


def raise_levels(levels: Mapping[tuple[str, str], Sequence[ObjectId]], session: ClientSession) -> None:
    """Let what is owed for records (by form and level) be as urgent as the rung that was just told."""
    for (form, level), records in levels.items():
        owed = {"form": form, "record": {"$in": list(records)}, "kind": {"$in": list(TIMED)}}
        # never down again: a first warning may come after another clock's last
        db().duties.update_many(
            {**owed, "done_at": None, "rank": {"$gt": LEVELS[level]}},
            {"$set": {"level": level, "rank": LEVELS[level]}},
            session=session,
        )


def set_due(records: Mapping[tuple[str, ObjectId], Sequence[Clock]], session: ClientSession) -> None:
    """Give what is owed for records the deadline of their soonest running clock, all in one go."""
    writes = []
    for (form, record), clocks in records.items():
        soonest = _soonest(clocks)
        if soonest is None and all(clock.get("kind") == "retention" for clock in clocks):
            continue
        due_at = soonest.late_since or soonest.due_at if soonest else None
        owed = {"form": form, "record": record, "kind": {"$in": list(TIMED)}, **duties_store.OPEN}
        fields = {**duties_store.due(due_at), "clock": soonest.id if soonest else None}
        writes.append(UpdateMany(owed, {"$set": fields}))
    if writes:
        db().duties.bulk_write(writes, ordered=False, session=session)


def _soonest(clocks: Sequence[Clock]) -> Clock | None:
    running = [
        clock
        for clock in clocks
        if clock.state == "running" and clock.due_at and clock.get("kind") != "retention"
    ]
    return min(running, key=lambda clock: clock.get("late_since") or clock.get("due_at"), default=None)
