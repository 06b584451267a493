"""Drawing up the list of a check: one line for each spot of each item in its scope, as the stock says it."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from bson import ObjectId
from pymongo.client_session import ClientSession

from models.database import Document, in_transaction
from models.errors import DomainError
from models.ledger.stock_check import confirming, lines
from models.ledger.stock_check.carrying import CheckJob
from models.ledger.stock_check.check import READY
from models.ledger.stock_check.scope import Scope
from models.messages import _

BATCH: Final = 500
"""Items read and written at once; it bounds memory, whatever the ledger holds."""

_READ: Final = {"number": 1, "title": 1, "stock": 1, "data": 1, "department": 1}


def run(work: CheckJob) -> None:
    """Draw up the list; a successor goes on after the last batch that was stored.

    Each item's lines come from one version of its stock. Only items are on the list that who asked for it
    may see.

    Raises:
        DomainError: nothing is in what the check counts.
        CancelledError: the check was cancelled meanwhile.
    """
    check, scope = work.check, Scope.of(work.check.part, work.check.record["data"])
    wanted = scope.filter(check.ledger, work.person)
    last, written = work.job.position.get("last"), int(work.job.position.get("lines", 0))
    if last is None:
        remove_lines(work)
    total = check.ledger.records().count_documents(wanted)
    done = int(work.job.position.get("items", 0))
    while items := _after(work, wanted, last):
        last = items[-1]["_id"]
        done += len(items)
        written += in_transaction(partial(_store, work, scope, items, (done, max(total, done), written)))
    if not written:
        raise DomainError(_("Nothing of the ledger is in what this check counts."))
    numbers = lines.add_up(check.id)
    _write_numbers(work, numbers)
    confirming.ask(check)
    work.end(
        READY, check.part.prepared, {}, {"lines": numbers["lines"], "listed": written - numbers["lines"]}
    )


def _after(work: CheckJob, wanted: Document, last: ObjectId | None) -> list[Document]:
    query: Document = {"$and": [wanted, {"_id": {"$gt": last}}]} if last else wanted
    return list(work.check.ledger.records().find(query, _READ).sort("_id", 1).limit(BATCH))


def _store(
    work: CheckJob,
    scope: Scope,
    items: Sequence[Document],
    reached: tuple[int, int, int],
    session: ClientSession,
) -> int:
    """Store the lines of some items, and how far the list is, in one transaction; return how many lines."""
    check = work.require_mine(session)
    made = [
        check.new_line(item, position.spot, expected=position)
        for item in items
        for position in scope.positions(check.ledger, item)
    ]
    if made:
        lines.collection().insert_many(made, session=session)
    done, total, written = reached
    position = {"last": items[-1]["_id"], "items": done, "lines": written + len(made)}
    work.job.keep_position(position, done, total, session)
    return len(made)


def _write_numbers(work: CheckJob, numbers: dict[str, int]) -> None:
    check = work.check
    values: dict[str, Any] = {**lines.written(check.part, numbers), "check.version": 1}
    mine = {"_id": check.id, "check.job": work.job.id, "check.stage": work.stage}
    check.form.records().update_one(mine, {"$set": values})


def remove_lines(work: CheckJob) -> None:
    """Remove the lines of a check, a batch at a time."""
    while batch := list(lines.collection().find({"check": work.check.id}, {"_id": 1}).limit(BATCH * 4)):
        lines.collection().delete_many({"_id": {"$in": [one["_id"] for one in batch]}})
        work.job.progress(0, 0)
