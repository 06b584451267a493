"""One file on its way into one form: opened, read in batches, turned into changes."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path

from models import files, forms, import_plan, records
from models.access import Action, require
from models.disclosure import Disclosure
from models.errors import DomainError
from models.import_drafts import Draft, Group
from models.import_plan import Plan
from models.import_rows import Reader
from models.import_subrows import SubRows
from models.job_files import Pace
from models.jobs import RunningJob
from models.ledger_import.planning import SOURCE, plan_slips, take_over
from models.ledger_import.steps import offered
from models.ledger_import.sums import Sums
from models.messages import _
from models.records import Change
from models.spreadsheets.reading import open_table
from models.spreadsheets.table import Table

BATCH = 200
BATCHES_PER_LOOKUP = 50
"""Names are looked up anew after so many batches, so that memory stays bounded."""


class ImportTask:
    """One file on its way into one form."""

    table: Table
    others: SubRows
    reader: Reader

    def __init__(self, job: RunningJob) -> None:
        self.person = job.owner()
        self.job = job
        self.plan = Plan.load(job.params)
        self.form = forms.current(job.document["form"])
        require(self.person, self.form.key, Action.IMPORT)
        known = Disclosure(self.person, self.form).askable
        import_plan.check(offered(self.person, known), self.plan)
        self.language: str = job.document["language"]
        self.counts: Counter[str] = Counter(job.position.get("counts", {}))
        self.sums = Sums(self.form.definition, job.position.get("sums"))
        self.pace = Pace(job, 0)
        self.pace.done = job.position.get("rows", 0)

    def forget_counts(self) -> None:
        """Count anew, from the first row."""
        self.counts.clear()
        self.sums = Sums(self.form.definition)
        self.pace.done = 0

    def summed(self, drafts: Sequence[Draft]) -> Sums:
        """Return what the file adds up to with further drafts."""
        new = [draft for draft in drafts if draft.kind == "create"]
        return self.sums.plus((one.checked.data, one.taken) for one in new if one.checked and one.taken)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Open the uploaded file, and gather what stands on sheets of its own."""
        files.touch(self.plan.file)
        with tempfile.TemporaryDirectory(prefix="backoffice-import-") as folder:
            path = Path(folder) / "upload"
            files.copy_to(self.plan.file, path)
            with (
                open_table(path, self.plan.file_name, self.pace.tick) as self.table,
                self._sub_rows() as others,
            ):
                self.others = others
                self.begin_anew()
                yield

    def _sub_rows(self) -> SubRows:
        self.table.begin_at(self.plan.heads)
        return SubRows(self.table, self.plan.tables, self.pace.tick)

    def begin_anew(self) -> None:
        """Forget what the rows read so far took."""
        self.reader = Reader(self.person, self.form, self.plan, self.others)

    def batches(self, skip: int = 0) -> Iterator[list[Group]]:
        """Yield groups of rows, a batch at a time, after those that are done already."""
        groups = self.reader.groups(self.table.body(self.plan.sheet))
        self.reader.pass_by(islice(groups, skip))
        for number in count():
            batch = list(islice(groups, BATCH))
            if not batch:
                return
            if number % BATCHES_PER_LOOKUP == 0:
                self.reader.forget_names()
            yield batch

    def count(self) -> int:
        """Return how many rows there are. Raises DomainError for none, or for a file that cannot be read."""
        total = 0
        for _row in self.table.body(self.plan.sheet):
            total += 1
            if total % BATCH == 0:
                self.pace.tick()
        if not total:
            raise DomainError(_("There are no rows below the header."))
        self.pace.total = total
        return total

    def changes(self, drafts: Sequence[Draft]) -> list[Change]:
        """Return the changes of the drafts that are valid and make a difference."""
        new = [draft for draft in drafts if draft.kind == "create"]
        changes = records.plan_checked_creates(
            self.reader.actor, self.form, [draft.checked for draft in new if draft.checked], source=SOURCE
        )
        changes += self._taken_over(new, changes)
        changes += [
            records.plan_checked_update(
                self.reader.actor, self.form, draft.before, draft.checked, source=SOURCE
            )
            for draft in drafts
            if draft.kind == "update" and draft.before and draft.checked
        ]
        return changes

    def _taken_over(self, new: Sequence[Draft], changes: Sequence[Change]) -> list[Change]:
        """Give things of a ledger their past, and return the slips of what is out."""
        taken = [(change, draft.taken) for change, draft in zip(changes, new, strict=True) if draft.taken]
        for change, one in taken:
            take_over(change, one)
        slips = self.reader.slips
        return plan_slips(self.reader.actor, slips, taken) if slips else []
