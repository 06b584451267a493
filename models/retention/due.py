"""Which records are due: kept as long as the rule of their form says, and nothing speaks against it.

A record that its procedure still works on is not due, however old it is; nor is one whose own retention
clock still runs. What lies in the bin is due by the same rule as everything else.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo.client_session import ClientSession

from models.batches import in_batches
from models.database import Document, db
from models.forms import LiveForm
from models.people import DEFAULT_TIMEZONE
from models.retention import holds
from models.rules.periods import add_months
from models.times import now, today

BATCH = 500
MOST = 100_000
"""Records looked at in one go where only their clocks tell; the rest comes with the next list."""
_ZONE = ZoneInfo(DEFAULT_TIMEZONE)
_SHOWN = {"number": 1, "title": 1, "created_at": 1, "revision": 1, "state": 1, "deleted_at": 1, "seal": 1}


@dataclass(frozen=True)
class DueRecord:
    """A record that may go, and since when: the day on which its time was over."""

    record: Document
    since: date


def cutoff(rule: Document) -> date:
    """Return the day before which counting must have begun for the time to be over today."""
    return add_months(today(_ZONE), -rule["keep_months"])


def records(form: LiveForm, rule: Document, session: ClientSession | None = None) -> Iterator[DueRecord]:
    """Yield the records of a form that are due by a rule and not held, oldest first."""
    candidates = form.records().find(
        _candidates(form, rule), {**_SHOWN, **_basis_field(rule)}, session=session
    )
    ordered = candidates.sort("_id", 1).batch_size(BATCH)
    for batch in in_batches(ordered, BATCH):
        yield from _due(form, rule, batch)


def _due(form: LiveForm, rule: Document, batch: list[Document]) -> Iterator[DueRecord]:
    ids = [record["_id"] for record in batch]
    kept = holds.held(form.key, ids) | _kept_by_clocks(form.key, ids)
    begun = _begun(form, rule, batch)
    last = cutoff(rule)
    for record in batch:
        day = begun.get(record["_id"])
        if day and day < last and record["_id"] not in kept:
            yield DueRecord(record, add_months(day, rule["keep_months"]))


def _candidates(form: LiveForm, rule: Document) -> Document:
    """Return the filter of what may be due, as far as an index tells."""
    parts: list[dict[str, Any]] = []
    workflow = form.definition.workflow
    if workflow:
        ends = [state.key for state in workflow.states if state.is_end]
        parts.append({"$or": [{"state": {"$in": ends}}, {"deleted_at": {"$type": "date"}}]})
    basis, last = rule["counts_from"], cutoff(rule)
    if basis == "clock":
        return {"_id": {"$in": _over(form.key)}}
    midnight = datetime.combine(last, time(), _ZONE)
    if basis.startswith("field:"):
        path = f"data.{basis.removeprefix('field:')}"
        parts.append({"$or": [{path: {"$lt": last.isoformat()}}, {path: {"$lt": midnight}}]})
    else:  # nothing ends before it begins
        parts.append({"created_at": {"$lt": midnight}})
    return {"$and": parts}


def _basis_field(rule: Document) -> Document:
    basis: str = rule["counts_from"]
    return {f"data.{basis.removeprefix('field:')}": 1} if basis.startswith("field:") else {}


def _begun(form: LiveForm, rule: Document, batch: list[Document]) -> dict[ObjectId, date]:
    """Return the day from which the time of each record counts; a record without one is kept."""
    basis: str = rule["counts_from"]
    if basis == "clock":
        over = _clocks(form.key, [record["_id"] for record in batch])
        return {record: day for record, day in over.items() if day <= today(_ZONE)}
    if basis.startswith("field:"):
        key = basis.removeprefix("field:")
        found = {record["_id"]: _day(record.get("data", {}).get(key)) for record in batch}
    elif basis == "closed" and form.definition.workflow:
        ended = _closed_at(form.key, [record["_id"] for record in batch])
        found = {
            record["_id"]: _day(record["deleted_at"] or ended.get(record["_id"], record["created_at"]))
            for record in batch
        }
    else:
        found = {record["_id"]: _day(record["created_at"]) for record in batch}
    return {record: day for record, day in found.items() if day}


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.astimezone(_ZONE).date()
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError:
        return None


def _closed_at(form: str, ids: Iterable[ObjectId]) -> dict[ObjectId, datetime]:
    """Return when each record took its last step."""
    stages: list[dict[str, Any]] = [
        {"$match": {"form": form, "record": {"$in": list(ids)}, "moves": {"$exists": True}}},
        {"$group": {"_id": "$record", "at": {"$max": "$at"}}},
    ]
    return {found["_id"]: found["at"] for found in db().history.aggregate(stages)}


_RETENTION: Document = {"kind": "retention", "state": "running"}


def _over(form: str) -> list[ObjectId]:
    """Return the records whose own retention clock came due."""
    query = {"form": form, **_RETENTION, "due_at": {"$lte": now()}}
    return [clock["record"] for clock in db().clocks.find(query, {"record": 1}).limit(MOST)]


def _clocks(form: str, ids: Iterable[ObjectId]) -> dict[ObjectId, date]:
    """Return the day on which the last retention clock of each record is over."""
    query = {"form": form, "record": {"$in": list(ids)}, **_RETENTION, "due_at": {"$type": "date"}}
    found: dict[ObjectId, date] = {}
    for clock in db().clocks.find(query, {"record": 1, "due_at": 1}):
        day = clock["due_at"].astimezone(_ZONE).date()
        found[clock["record"]] = max(day, found.get(clock["record"], day))
    return found


def _kept_by_clocks(form: str, ids: Iterable[ObjectId]) -> set[ObjectId]:
    """Return the records whose own retention clock still runs."""
    return {record for record, day in _clocks(form, ids).items() if day > today(_ZONE)}


def count(form: LiveForm, rule: Document, limit: int) -> int:
    """Return how many records are due, counted up to a limit."""
    return sum(1 for _record in islice(records(form, rule), limit))
