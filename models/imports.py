"""Imports as jobs: a dry run that says what would happen to every row, then the run, safe to interrupt.

Each batch is one transaction together with the job's position, so that a worker that dies loses nothing
and repeats nothing. All-or-nothing is one transaction for the whole file.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from pymongo.client_session import ClientSession

from models import import_refusals, records
from models.database import Document, in_transaction
from models.errors import ConflictError, DomainError, InvalidError
from models.import_drafts import Draft, Group
from models.import_plan import ALL_OR_NOTHING
from models.import_results import finish
from models.import_task import ImportTask
from models.jobs import RunningJob
from models.messages import _
from models.records import Change

MAX_AT_ONCE = 10_000
"""Records that all-or-nothing takes: more do not fit into one transaction."""

MAX_TRIES = 3


def check(job: RunningJob) -> None:
    """Read every row and say what would come of it; no record is written."""
    task = ImportTask(job)
    import_refusals.clear(job.id)
    with task.opened():
        task.count()
        for drafts in _read(task):
            import_refusals.add(job.id, drafts, task.language)
        _refuse_left(task)
        finish(task, stored=False)


def _read(task: ImportTask) -> Iterator[list[Draft]]:
    """Yield what would come of each batch, counting and reporting progress."""
    task.forget_counts()
    for batch in task.batches():
        drafts = task.reader.drafts(batch)
        task.counts.update(draft.kind for draft in drafts)
        task.sums = task.summed(drafts)
        task.pace.reach(task.pace.done + sum(group.row_count() for group in batch))
        yield drafts


def _refuse_left(task: ImportTask) -> None:
    """Refuse the rows of other sheets that belong to no row of the main one."""
    reason = _("No row of the main sheet has this key.")
    for table in task.plan.tables:
        rows = task.others.left(table)
        import_refusals.add_left(task.job.id, table, rows, reason, task.language)
        task.counts["left"] += len(rows)


def run(job: RunningJob) -> None:
    """Create and update the records."""
    task = ImportTask(job)
    with task.opened():
        task.count()
        store = _store_at_once if task.plan.mode == ALL_OR_NOTHING else _store_in_batches
        finish(task, stored=store(task))


def _store_at_once(task: ImportTask) -> bool:
    """Store the whole file in one transaction, or nothing when a row is refused; tell whether it was.

    What others changed between the look and the writing is looked at anew.
    """
    if task.job.position.get("done"):
        return True  # an attempt before this one stored everything and died before it could say so
    for attempt in range(1, MAX_TRIES + 1):
        drafts = _all_drafts(task)
        if task.counts["refused"] + task.counts["left"]:
            return False
        try:
            kept = {"done": True, "sums": task.sums.dump()}
            _commit(task.changes(drafts), _position_keeper(task, [], kept, dict(task.counts)))
        except (ConflictError, InvalidError):
            if attempt == MAX_TRIES:
                raise
            task.begin_anew()
            continue
        return True
    return False


def _all_drafts(task: ImportTask) -> list[Draft]:
    """Return what would come of the whole file; once a row is refused, only the refusals matter."""
    import_refusals.clear(task.job.id)
    drafts: list[Draft] = []
    for batch in _read(task):
        import_refusals.add(task.job.id, batch, task.language)
        drafts = [] if task.counts["refused"] else [*drafts, *batch]
        if len(drafts) > MAX_AT_ONCE:
            raise DomainError(_TOO_MANY)
    _refuse_left(task)
    return drafts


_TOO_MANY = _(
    "All or nothing takes at most %(max)s records at once. Split the file, or import the valid rows only.",
    max=f"{MAX_AT_ONCE:,}",
)


def _store_in_batches(task: ImportTask) -> bool:
    """Store what is valid, batch by batch, going on where an attempt before this one stopped."""
    done: int = task.job.position.get("groups", 0)
    for batch in task.batches(skip=done):
        _store_batch(task, batch, done)
        done += len(batch)
    _refuse_left(task)
    return True


def _store_batch(task: ImportTask, batch: list[Group], done: int) -> None:
    """Store a batch and the position after it; what others took meanwhile is looked at anew.

    When a batch cannot be stored as a whole, its records are stored one by one, to find those to refuse.
    """
    for _attempt in range(MAX_TRIES):
        with contextlib.suppress(DomainError):
            _store_drafts(task, task.reader.drafts(batch), done)
            return
    for number, group in enumerate(batch):
        [draft] = task.reader.drafts([group])
        try:
            _store_drafts(task, [draft], done + number)
        except DomainError as error:
            task.reader.refuse(draft, error)
            _store_drafts(task, [draft], done + number)


def _store_drafts(task: ImportTask, drafts: list[Draft], done: int) -> None:
    """Store what is valid of some groups, `done` of them before, with the position after them."""
    counts = task.counts + Counter(draft.kind for draft in drafts)
    rows = task.pace.done + sum(draft.group.row_count() for draft in drafts)
    sums = task.summed(drafts)
    position = {"groups": done + len(drafts), "rows": rows, "sums": sums.dump()}
    _commit(task.changes(drafts), _position_keeper(task, drafts, position, dict(counts)))
    task.counts, task.sums, task.pace.done = counts, sums, rows


def _position_keeper(
    task: ImportTask, drafts: list[Draft], position: Document, counts: Mapping[str, int]
) -> Callable[[ClientSession], None]:
    """Return what belongs into the transaction of some changes: where the job is, and what was refused."""
    kept = {**position, "counts": dict(counts)}

    def keep(session: ClientSession) -> None:
        import_refusals.add(task.job.id, drafts, task.language, session)
        task.job.keep_position(kept, position.get("rows", task.pace.total), task.pace.total, session)

    return keep


def _commit(changes: Sequence[Change], also: Callable[[ClientSession], None]) -> None:
    if changes:
        records.commit(changes, also)
    else:
        in_transaction(also)
