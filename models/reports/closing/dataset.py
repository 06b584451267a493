"""The records of a closed period as they were: kept one by one, so that each later change can be named."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

from bson import json_util
from pymongo import ASCENDING

from models.access import Action, permitted
from models.batches import in_batches
from models.database import Document, db
from models.reports.closing.keeping import Closing
from models.reports.look import Look

One = TypeVar("One")
BATCH: Final = 500
_CONTENT: Final = ("state", "department", "owner", "assignees", "data")
"""What figures are worked out of, and parted by."""
KEPT: Final = ("number", "title", "revision", "updated_at", "updated_by", *_CONTENT)
"""What of a record is kept."""


def records(look: Look, source: str) -> Iterator[Document]:
    """Yield the records of a source that lie in the period, in a fixed order."""
    found = look.report.by_source[source]
    form = look.figures.form(found)
    if not permitted(look.person, form.key, Action.SEE):
        return
    match = look.figures.match(found, look.figures.rule(found, look.period))
    yield from form.records().find(match, dict.fromkeys(KEPT, 1)).sort("_id", ASCENDING).batch_size(BATCH)


def digest(record: Mapping[str, Any]) -> str:
    """Return what changes whenever the content of a record does; looking at it or sorting fields does not."""
    content = {name: record.get(name) or None for name in _CONTENT}
    return hashlib.sha256(json_util.dumps(content, sort_keys=True).encode()).hexdigest()


def freeze(
    closing: Closing, look: Look, tick: Callable[[], None] = lambda: None
) -> tuple[str, dict[str, int]]:
    """Keep every record of the period as it is now; return their fingerprint, and how many by source.

    What an attempt before left behind is removed first; `tick` is called now and then.
    """
    db().report_frozen.delete_many({"closing": closing.id})
    whole, counts = hashlib.sha256(), {}
    for source in look.report.sources:
        whole.update(f"{source.key}\n".encode())
        count = 0
        for batch in in_batches(records(look, source.key), BATCH):
            rows = [_row(closing, look, source.key, one) for one in batch]
            db().report_frozen.insert_many(rows, ordered=False)
            for row in rows:
                whole.update(f"{row['record']} {row['digest']}\n".encode())
            count += len(rows)
            tick()
        counts[source.key] = count
    return whole.hexdigest(), counts


def fingerprint(look: Look, tick: Callable[[], None] = lambda: None) -> str:
    """Return the fingerprint of the period's records as they are now, as `freeze` would.

    `tick` is called now and then.
    """
    whole = hashlib.sha256()
    for source in look.report.sources:
        whole.update(f"{source.key}\n".encode())
        for batch in in_batches(records(look, source.key), BATCH):
            for one in batch:
                whole.update(f"{one['_id']} {digest(one)}\n".encode())
            tick()
    return whole.hexdigest()


def _row(closing: Closing, look: Look, source: str, record: Document) -> Document:
    form = look.figures.form(look.report.by_source[source])
    return {
        "closing": closing.id,
        "report": look.report.key,
        "period": look.period.name,
        "source": source,
        "form": form.key,
        **kept(record),
    }


def kept(record: Document) -> Document:
    """Return what is kept of a record as it is."""
    content = {name: record.get(name) for name in KEPT}
    return {"record": record["_id"], "digest": digest(record), **content}


def verify(closing: Closing, sources: Iterable[str]) -> bool:
    """Tell whether what is kept of a closing still has the fingerprint that it was closed with."""
    whole = hashlib.sha256()
    for source in sources:
        whole.update(f"{source}\n".encode())
        kept = db().report_frozen.find({"closing": closing.id, "source": source}).sort("record", ASCENDING)
        for one in kept:
            whole.update(f"{one['record']} {digest(one)}\n".encode())
    return whole.hexdigest() == closing.fingerprint


def ensure_indexes() -> None:
    """Create what corrections look up, and what verifies a closing."""
    db().report_frozen.create_index(
        [("closing", ASCENDING), ("source", ASCENDING), ("record", ASCENDING)], unique=True
    )
    db().report_frozen.create_index([("record", ASCENDING), ("closing", ASCENDING)])
