"""Proof that what was disposed of is what the lists say, no more and no less."""

from collections.abc import Iterator

from models.database import Document, db
from models.forms import collection_name
from models.messages import Message, _
from models.retention import lists
from models.retention.carrying_out import digest


def problems() -> Iterator[Message]:
    """Yield what does not fit together; nothing when all is sound."""
    for found in db().disposal_lists.find({"state": lists.DONE}):
        seals = {found["seal"], *_audited(found)}
        if seals != {digest(found["_id"])}:
            yield _("disposal of %(day)s: what remains of it was changed", day=f"{found['done_at']:%Y-%m-%d}")
    yield from _still_there()


def _audited(found: Document) -> list[str]:
    """Return the seal that the audit log names; none where that part of it is kept no longer."""
    query = {"group": "disposal", "event": "disposal.finished", "details.list": found["_id"]}
    return [entry["details"]["seal"] for entry in db().audit.find(query, {"details.seal": 1})]


def _still_there() -> Iterator[Message]:
    """Yield tombstones of records that are there, and those of no list."""
    known = set(db().disposal_lists.distinct("_id"))
    for tombstone in db().disposals.find():
        shown = {"form": tombstone["form"], "record": tombstone["number"] or tombstone["_id"]}
        records = db()[collection_name(tombstone["form"])]
        if records.find_one({"_id": tombstone["_id"]}, {"_id": 1}):
            yield _(
                "%(form)s %(record)s: %(problem)s", problem=_("it was disposed of, but it is there"), **shown
            )
        if tombstone["list"] not in known:
            yield _("%(form)s %(record)s: %(problem)s", problem=_("no disposal list names it"), **shown)
