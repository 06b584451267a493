"""What a closing tells of periods closed before: kept as it is told, so that nothing is told twice or never.

Both languages of a closing, and whoever reads it later, are told the very same.
"""

from collections.abc import Callable

from bson import ObjectId

from models.batches import in_batches
from models.database import Document, db
from models.reports.closing import dataset, keeping
from models.reports.closing.changed import REMOVED, Changed, Line
from models.reports.closing.keeping import Closing
from models.reports.closing.known import Known
from models.reports.look import Look

KIND = "corrections"
"""The kind of analysis that tells; where a report has none, nothing is told."""


def tell(closing: Closing, look: Look, tick: Callable[[], None] = lambda: None) -> list[ObjectId]:
    """Keep what became of records of earlier closed periods; return the closings that it is told of.

    What an attempt before left behind is removed first; `tick` is called now and then.
    """
    db().report_told.delete_many({"closing": closing.id})
    if not any(one.kind == KIND for one in look.report.analyses):
        return []
    closings = keeping.before(closing.report, look.period.first)
    changed = Changed(look, closings, Known(closing.report, closing), closing.at)
    for batch in in_batches((_row(closing, *one) for one in changed.found(tick)), dataset.BATCH):
        db().report_told.insert_many(batch, ordered=False)
    return [one.id for one in closings]


def _row(closing: Closing, line: Line, record: Document) -> Document:
    return {
        "closing": closing.id,
        "at": closing.at,
        "report": closing.report,
        "of": line.pair.closing.id,
        "source": line.pair.source.key,
        "what": line.what,
        "counts": line.what != REMOVED,
        "deleted_at": record.get("deleted_at"),
        **dataset.kept(record),
    }
