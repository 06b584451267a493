"""The report of a check as a job: a workbook with summary, differences, every line, and who signed."""

import hashlib
import tempfile
from pathlib import Path
from typing import Final

from bson import ObjectId

from models import exports, jobs
from models.access import Action
from models.errors import ForbiddenError
from models.job_files import Pace, deliver
from models.jobs import Job, RunningJob
from models.ledger.stock_check.check import Check, fetch
from models.ledger.stock_check.sheets import Writing
from models.messages import _
from models.people import User
from models.spreadsheets.workbook import Book

JOB: Final = "stock_check_report"


def ask(person: User, check_id: str | ObjectId, language: str) -> Job:
    """Write down that somebody wants the report of a check; return the job.

    Raises NotFoundError or ForbiddenError for who may not export the check.
    """
    check = fetch(person, check_id, Action.EXPORT)
    title = f"{check.form.definition.label.text(language)} {check.record.get('number') or ''}".strip()
    params = {"check": check.id}
    return jobs.enqueue(JOB, person, params, title=title, form=check.form.key, language=language)


def require_download(person: User, job: Job) -> None:
    """Check that a person may still have a report of theirs.

    Raises ForbiddenError (or NotFoundError) where their rights are no longer those it was made with.
    """
    check = fetch(person, job.params["check"], Action.EXPORT)
    if job.result.get("rights") != _rights(person, check):
        raise ForbiddenError(_("Your rights to these records have changed. Please export them again."))


def _rights(person: User, check: Check) -> str:
    said = "\n".join(exports.rights_of(person, key) for key in (check.form.key, check.ledger.key))
    return hashlib.sha256(said.encode()).hexdigest()


def run(job: RunningJob) -> None:
    """Write the workbook that was asked for.

    Raises:
        DomainError: its owner may no longer export the check.
        CancelledError: the owner stopped it.
        LeaseLostError: another worker took over.
    """
    person = job.owner()
    check = fetch(person, job.params["check"], Action.EXPORT)
    writing = Writing(person, check, job.document["language"])
    pace = Pace(job, 2 * (writing.numbers or {}).get("lines", 0))
    with tempfile.TemporaryDirectory(prefix="check-") as folder:
        path = Path(folder, "check.xlsx")
        with Book(path, writing.about, tick=pace.tick, paper=writing.paper) as book:
            count = writing.write(book, pace)
            written = book.close()
        result = {"count": count, "rows": count, "sheets": list(written.sheets), "as_of": writing.started}
        deliver(job, path, writing.name, {**result, "rights": _rights(person, check)}, pace=pace)
