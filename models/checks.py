"""Looks whether what is stored is sound: every record as its history says, every entry as it was sealed."""

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter

from bson import ObjectId

from models import history
from models.batches import in_batches
from models.database import Document, db
from models.messages import Message, _

BATCH = 500
PREFIX = "record_"


def check_histories() -> Iterator[Message]:
    """Yield what does not fit together in the records of every form; nothing when all is sound."""
    for collection in sorted(db().list_collection_names(filter={"name": {"$regex": f"^{PREFIX}"}})):
        form = collection.removeprefix(PREFIX)
        yield from _changed_or_unsealed(form)
        yield from _vanished(form)


def check_clocks() -> Iterator[Message]:
    """Yield running clocks that no sweep would ever look at, and those that were set aside."""
    running: Document = {"state": "running", "kind": {"$ne": "retention"}}
    waiting: Document = {
        "$or": [{"steps.0": {"$exists": True}}, {"due_at": {"$type": "date"}, "breached_at": None}]
    }
    asleep = {**running, "next_action_at": {"$exists": False}, **waiting}
    for clock in db().clocks.find(asleep, {"form": 1, "number": 1, "record": 1, "rule": 1}):
        yield _clock_problem(clock, _("the clock “%(clock)s” would never be looked at", clock=clock["rule"]))
    for clock in db().clocks.find({**running, "trouble": {"$exists": True}}):
        text = _(
            "the clock “%(clock)s” cannot go on: %(text)s", clock=clock["rule"], text=clock["trouble"]["text"]
        )
        yield _clock_problem(clock, text)


def _clock_problem(clock: Document, problem: Message) -> Message:
    shown = clock.get("number") or clock.get("record") or ""
    return _("%(form)s %(record)s: %(problem)s", form=clock["form"], record=shown, problem=problem)


def _changed_or_unsealed(form: str) -> Iterator[Message]:
    records = db()[PREFIX + form].find({}, {"revision": 1, "seal": 1, "number": 1})
    for batch in in_batches(records, BATCH):
        entries = _entries(form, [record["_id"] for record in batch])
        for record in batch:
            if problem := _broken_link(record, entries.get(record["_id"], [])):
                shown = record["number"] or record["_id"]
                yield _("%(form)s %(record)s: %(problem)s", form=form, record=shown, problem=problem)


def _entries(form: str, ids: list[ObjectId]) -> dict[ObjectId, list[Document]]:
    found = db().history.find({"form": form, "record": {"$in": ids}}).sort([("record", 1), ("revision", 1)])
    return {record: list(group) for record, group in groupby(found, itemgetter("record"))}


def _broken_link(record: Document, entries: Iterable[Document]) -> Message | None:
    """Say where a record's chain breaks: each entry names the seal of the one before, the record the last."""
    before, revision = "", 0
    for entry in entries:
        revision += 1
        if entry["revision"] != revision:
            return _("the history of revision %(revision)s is missing", revision=revision)
        if entry["before_seal"] != before or entry["seal"] != history.seal(entry):
            return _("the history of revision %(revision)s was changed", revision=revision)
        before = entry["seal"]
    if record["revision"] != revision or record.get("seal", "") != before:
        return _("its last change is not in the history")
    return None


def _vanished(form: str) -> Iterator[Message]:
    """Yield records that have a history but are gone, without an entry that says so."""
    firsts = db().history.find({"form": form, "revision": 1}, {"record": 1})
    while batch := [entry["record"] for entry in islice(firsts, BATCH)]:
        there = set(db()[PREFIX + form].distinct("_id", {"_id": {"$in": batch}}))
        query: Document = {"form": form, "record": {"$in": batch}, "action": "destroyed"}
        for gone in set(batch) - there - set(db().history.distinct("record", query)):
            problem = _("it is gone, and the history does not say why")
            yield _("%(form)s %(record)s: %(problem)s", form=form, record=gone, problem=problem)
