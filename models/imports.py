"""Imports as jobs: a dry run that says what would happen to every row, then the run, safe to interrupt.

Each batch is one transaction together with the job's position, so that a worker that dies loses nothing
and repeats nothing. All-or-nothing is one transaction for the whole file.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import files, forms, import_mapping, import_refusals, records
from models.access import Action, require
from models.database import Document, in_transaction
from models.errors import ConflictError, DomainError, InvalidError
from models.import_mapping import ALL_OR_NOTHING, Plan
from models.import_rows import Draft, Group, Reader
from models.job_files import Pace
from models.jobs import RunningJob
from models.messages import _, translate
from models.records import Change
from models.spreadsheets.reading import open_table
from models.spreadsheets.refusals import write_refusals
from models.spreadsheets.table import Row, Table
from models.spreadsheets.workbook import About
from models.times import now

BATCH = 200
MAX_AT_ONCE = 10_000
"""Records that all-or-nothing takes: more do not fit into one transaction."""

MAX_TRIES = 5
SHOWN_PROBLEMS = 100
KEEP = timedelta(days=7)


class Import:
    """One file on its way into one form."""

    def __init__(self, job: RunningJob) -> None:
        self.person = job.owner()
        self.job = job
        self.plan = Plan.load(job.params)
        self.form = forms.current(job.document["form"])
        require(self.person, self.form.key, Action.IMPORT)
        import_mapping.check(self.form.definition, self.plan)
        self.language: str = job.document["language"]
        self.reader = Reader(self.person, self.form, self.plan)
        self.counts: Counter[str] = Counter(job.position.get("counts", {}))

    @contextmanager
    def table(self) -> Iterator[Table]:
        """Open the uploaded file."""
        with tempfile.TemporaryDirectory(prefix="backoffice-import-") as folder:
            path = Path(folder) / "upload"
            files.copy_to(self.plan.file, path)
            with open_table(path, self.plan.file_name) as table:
                yield table

    def rows(self, table: Table) -> Iterator[Row]:
        """Yield the rows below the header."""
        return table.body(self.plan.sheet)

    def batches(self, table: Table, skip: int = 0) -> Iterator[list[Group]]:
        """Yield groups of rows, a batch at a time, after those that are done already."""
        groups = islice(self.reader.groups(self.rows(table)), skip, None)
        while batch := list(islice(groups, BATCH)):
            yield batch

    def count(self, table: Table) -> int:
        """Return how many rows there are. Raises DomainError for none."""
        pace = Pace(self.job, 0)
        total = 0
        for _row in self.rows(table):
            total += 1
            if total % BATCH == 0:
                pace.tick()
        if not total:
            raise DomainError(_("There are no rows below the header."))
        return total

    def changes(self, drafts: Sequence[Draft]) -> list[Change]:
        """Return the changes of the drafts that are valid and make a difference."""
        new = [draft.checked for draft in drafts if draft.kind == "create" and draft.checked]
        changes = records.plan_checked_creates(self.reader.actor, self.form, new, source="import")
        changes += [
            records.plan_checked_update(
                self.reader.actor, self.form, draft.before, draft.checked, source="import"
            )
            for draft in drafts
            if draft.kind == "update" and draft.before and draft.checked
        ]
        return changes


def check(job: RunningJob) -> None:
    """Read every row and say what would come of it; no record is written."""
    task = Import(job)
    import_refusals.clear(job.id)
    with task.table() as table:
        total = task.count(table)
        for drafts in _read(task, table, total):
            import_refusals.add(job.id, drafts, task.language)
        _finish(task, table, stored=False)


def _read(task: Import, table: Table, total: int) -> Iterator[list[Draft]]:
    """Yield what would come of each batch, counting and reporting progress."""
    pace = Pace(task.job, total)
    task.counts.clear()
    done = 0
    for batch in task.batches(table):
        drafts = task.reader.drafts(batch)
        task.counts.update(draft.kind for draft in drafts)
        done += sum(len(group.rows) for group in batch)
        pace.reach(done)
        yield drafts


def run(job: RunningJob) -> None:
    """Create and update the records."""
    task = Import(job)
    with task.table() as table:
        total = task.count(table)
        store = _store_at_once if task.plan.mode == ALL_OR_NOTHING else _store_in_batches
        stored = store(task, table, total)
        _finish(task, table, stored=stored)


def _store_at_once(task: Import, table: Table, total: int) -> bool:
    """Store the whole file in one transaction, or nothing when a row is refused; tell whether it was."""
    if task.job.position.get("done"):
        return True  # an attempt before this one stored everything and died before it could say so
    import_refusals.clear(task.job.id)
    drafts: list[Draft] = []
    for batch in _read(task, table, total):
        import_refusals.add(task.job.id, batch, task.language)
        drafts += batch if not task.counts["refused"] else ()
        if len(drafts) > MAX_AT_ONCE:
            raise DomainError(_TOO_MANY)
    if task.counts["refused"]:
        return False
    counts = dict(task.counts)

    def remember(session: ClientSession) -> None:
        task.job.keep_position({"done": True, "counts": counts}, total, total, session)

    _commit(task.changes(drafts), remember)
    return True


_TOO_MANY = _(
    "All or nothing takes at most %(max)s records at once. Split the file, or import the valid rows only.",
    max=f"{MAX_AT_ONCE:,}",
)


def _store_in_batches(task: Import, table: Table, total: int) -> bool:
    """Store what is valid, batch by batch, going on where an attempt before this one stopped."""
    done: int = task.job.position.get("groups", 0)
    rows: int = task.job.position.get("rows", 0)
    for batch in task.batches(table, skip=done):
        done += len(batch)
        rows += sum(len(group.rows) for group in batch)
        _store_batch(task, batch, {"groups": done, "rows": rows}, total)
    return True


def _store_batch(task: Import, batch: list[Group], reached: Document, total: int) -> None:
    """Store a batch and the position after it; what others took meanwhile is looked at anew."""
    for attempt in range(1, MAX_TRIES + 1):
        drafts = task.reader.drafts(batch)
        counts = task.counts + Counter(draft.kind for draft in drafts)
        try:
            _commit(
                task.changes(drafts),
                _position_keeper(task, drafts, {**reached, "counts": dict(counts)}, total),
            )
        except (ConflictError, InvalidError):
            if attempt == MAX_TRIES:
                raise
            continue
        task.counts = counts
        return


def _position_keeper(
    task: Import, drafts: list[Draft], position: Document, total: int
) -> Callable[[ClientSession], None]:
    def keep(session: ClientSession) -> None:
        import_refusals.add(task.job.id, drafts, task.language, session)
        task.job.keep_position(position, position["rows"], total, session)

    return keep


def _commit(changes: Sequence[Change], also: Callable[[ClientSession], None]) -> None:
    if changes:
        records.commit(changes, also)
    else:
        in_transaction(also)


def _finish(task: Import, table: Table, *, stored: bool) -> None:
    """Record the outcome; the refused rows go back as a workbook."""
    header = table.header(task.plan.sheet).names
    result = {
        "stored": stored,
        "rows": sum(task.counts.values()),
        "created": task.counts["create"],
        "updated": task.counts["update"],
        "same": task.counts["same"],
        "refused": task.counts["refused"],
        "problems": _first_problems(task, header),
    }
    file_id, name = _keep_refusals(task, header) if task.counts["refused"] else (None, "")
    task.job.finish(result, file=file_id, file_name=name, keep=KEEP)
    import_refusals.clear(task.job.id)


def _first_problems(task: Import, header: Sequence[str]) -> list[Document]:
    found = [
        {"row": row.number, "column": "" if column is None else header[column], "text": " ".join(texts)}
        for row in import_refusals.of_job(task.job.id, limit=SHOWN_PROBLEMS)
        for column, texts in row.errors.items()
    ]
    return found[:SHOWN_PROBLEMS]


def _keep_refusals(task: Import, header: Sequence[str]) -> tuple[ObjectId, str]:
    name = f"{Path(task.plan.file_name).stem}-{translate(_('refused rows'), task.language)}.xlsx"
    with tempfile.TemporaryDirectory(prefix="backoffice-import-") as folder:
        path = Path(folder) / "refused.xlsx"
        actor = task.reader.actor
        local = now().astimezone(actor.timezone).replace(tzinfo=None)
        about = About(name, actor.name, local, task.language, actor.timezone)
        write_refusals(path, header, import_refusals.of_job(task.job.id), about)
        with path.open("rb") as stream:
            kept = files.store(stream, name, task.person.id, purpose=files.MADE, max_bytes=2**31)
    return kept, name
