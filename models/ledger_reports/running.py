"""A report as an export job: written into a workbook from one moment's data, and kept for its reader."""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pymongo.client_session import ClientSession

from models import exports, forms, jobs
from models.access import Action, require
from models.channels.surroundings import surroundings
from models.database import Document
from models.errors import ForbiddenError
from models.job_files import KEEP, Pace, deliver
from models.jobs import Job, RunningJob
from models.ledger_reports import items, moves, overdue, slips, statement_files
from models.ledger_reports.asked import Asked, ReportKind
from models.ledger_reports.base import Reading
from models.ledger_reports.statement_words import TITLE
from models.messages import Message, _
from models.people import User
from models.snapshots import snapshot
from models.spreadsheets.names import file_name
from models.spreadsheets.paper import Paper
from models.spreadsheets.workbook import About, Book

Count = Callable[[Reading, ClientSession], int]
Write = Callable[[Reading, Path, ClientSession, Pace], Document]


@dataclass(frozen=True)
class Report:
    """One report: what it is called, how many rows it will have about, and how its file is written."""

    title: Message
    count: Count
    write: Write


def _sheets(title: Message, write: Callable[[Reading, Book, ClientSession, Pace], int]) -> Write:
    """Return how a report is written whose file is one workbook."""

    def work(reading: Reading, path: Path, session: ClientSession, pace: Pace) -> Document:
        local = reading.started.astimezone(reading.zone).replace(tzinfo=None)
        heading = " · ".join(filter(None, (surroundings().company, reading.title, reading.say(title))))
        about = About(heading, str(reading.person), local, reading.language, reading.zone)
        note = reading.say(_("As of %(moment)s", moment=f"{local:%Y-%m-%d %H:%M}"))
        with Book(path, about, tick=pace.tick, paper=Paper(heading, note)) as book:
            rows = write(reading, book, session, pace)
            written = book.close()
        notes = exports.worded(written.notes, reading.language)
        return {"rows": rows, "count": rows, "sheets": list(written.sheets), "notes": notes}

    return work


def _report(title: Message, module: Any) -> Report:  # noqa: ANN401  (a module with `count` and `write`)
    return Report(title, module.count, _sheets(title, module.write))


REPORTS: Final = MappingProxyType[ReportKind, Report](
    {
        "ledger": _report(_("Ledger and places"), items),
        "slips": _report(_("Slips, lines and returns"), slips),
        "movements": _report(_("Movements"), moves),
        "overdue": _report(_("Overdue"), overdue),
        "statements": Report(TITLE, statement_files.count, statement_files.write),
    }
)


def enqueue(person: User, reading: Reading) -> Job:
    """Write down a report that somebody asked for. Raises as `require`."""
    require(person, reading.ledger.key, Action.EXPORT)
    year = f" {reading.asked.year}" if reading.asked.year else ""
    title = f"{reading.title} · {reading.say(REPORTS[reading.asked.report].title)}{year}"
    return jobs.enqueue(
        "export",
        person,
        reading.asked.dump(),
        title=title,
        form=reading.ledger.key,
        language=reading.language,
    )


def is_report(params: Document) -> bool:
    """Tell whether an export job is a report on a ledger."""
    return "report" in params


def run(job: RunningJob, *, keep: timedelta = KEEP) -> None:
    """Carry out a report job.

    Raises:
        DomainError: the owner may no longer export, or may not ask like that.
        CancelledError: the owner stopped it.
        LeaseLostError: another worker took over.
    """
    reading = _reading(job.owner(), job.document)
    require(reading.person, reading.ledger.key, Action.EXPORT)
    rights = _rights(reading)
    with tempfile.TemporaryDirectory(prefix="report-") as folder:
        path = Path(folder, "report")
        with snapshot(lambda session: REPORTS[reading.asked.report].count(reading, session)) as (
            session,
            total,
        ):
            pace = Pace(job, total)
            pace.tick()
            result = REPORTS[reading.asked.report].write(reading, path, session, pace)
        result |= {"as_of": reading.started, "rights": rights}
        deliver(job, path, _name(reading), result, pace=pace, keep=keep)


def _reading(person: User, job: Document) -> Reading:
    return Reading(person, forms.current(job["form"]), Asked.load(job["params"]), job["language"])


def _name(reading: Reading) -> str:
    if reading.asked.report == "statements":
        return statement_files.name(reading)
    local = reading.started.astimezone(reading.zone)
    title = reading.say(REPORTS[reading.asked.report].title)
    return file_name(f"{reading.title} {title} {local:%Y-%m-%d %H%M}", "xlsx")


def _rights(reading: Reading) -> str:
    """Return a text that changes with the reader's rights to the ledger and to every form of its slips."""
    keys = [reading.ledger.key, *(form.key for form in reading.slip_forms)]
    said = "\n".join(exports.rights_of(reading.person, key) for key in keys)
    return hashlib.sha256(said.encode()).hexdigest()


def require_download(person: User, job: Job) -> None:
    """Check that a person may still have what a report of theirs says; see `exports.require_download`."""
    require(person, job.form, Action.EXPORT)
    if job.result.get("rights") != _rights(_reading(person, job.to_mongo().to_dict())):
        raise ForbiddenError(_("Your rights to these records have changed. Please export them again."))
