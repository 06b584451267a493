"""A report as an export job: written into a workbook from one moment's data, and kept for its reader."""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pymongo.client_session import ClientSession

from models import exports, forms, jobs
from models.access import Action, require
from models.channels.surroundings import surroundings
from models.database import Document
from models.errors import ForbiddenError
from models.job_files import KEEP, Pace, deliver
from models.jobs import Job, RunningJob
from models.ledger_reports import items, moves, overdue, slips
from models.ledger_reports.asked import Asked, ReportKind
from models.ledger_reports.base import Reading
from models.messages import Message, _
from models.people import User
from models.snapshots import snapshot
from models.spreadsheets.names import file_name
from models.spreadsheets.paper import Paper
from models.spreadsheets.workbook import About, Book

Count = Callable[[Reading, ClientSession], int]
Write = Callable[[Reading, Book, ClientSession, Pace], int]


@dataclass(frozen=True)
class Report:
    """One report: what it is called, how many rows it will have about, and how they are written."""

    title: Message
    count: Count
    write: Write


WORKBOOKS: Final = MappingProxyType[ReportKind, Report](
    {
        "ledger": Report(_("Ledger and places"), items.count, items.write),
        "slips": Report(_("Slips, lines and returns"), slips.count, slips.write),
        "movements": Report(_("Movements"), moves.count, moves.write),
        "overdue": Report(_("Overdue"), overdue.count, overdue.write),
    }
)


def enqueue(person: User, reading: Reading) -> Job:
    """Write down a report that somebody asked for. Raises as `require`."""
    require(person, reading.ledger.key, Action.EXPORT)
    title = f"{reading.title} · {reading.say(WORKBOOKS[reading.asked.report].title)}"
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
        path = Path(folder, "report.xlsx")
        with snapshot(lambda session: WORKBOOKS[reading.asked.report].count(reading, session)) as (
            session,
            total,
        ):
            pace = Pace(job, total)
            pace.tick()
            result = _written(reading, path, session, pace)
        result |= {"as_of": reading.started, "rights": rights}
        deliver(job, path, _name(reading), result, pace=pace, keep=keep)


def _reading(person: User, job: Document) -> Reading:
    return Reading(person, forms.current(job["form"]), Asked.load(job["params"]), job["language"])


def _written(reading: Reading, path: Path, session: ClientSession, pace: Pace) -> Document:
    report = WORKBOOKS[reading.asked.report]
    local = reading.started.astimezone(reading.zone).replace(tzinfo=None)
    heading = " · ".join(filter(None, (surroundings().company, reading.title, reading.say(report.title))))
    about = About(heading, str(reading.person), local, reading.language, reading.zone)
    note = reading.say(_("As of %(moment)s", moment=f"{local:%Y-%m-%d %H:%M}"))
    with Book(path, about, tick=pace.tick, paper=Paper(heading, note)) as book:
        count = report.write(reading, book, session, pace)
        written = book.close()
    notes = exports.worded(written.notes, reading.language)
    return {"rows": count, "count": count, "sheets": list(written.sheets), "notes": notes}


def _name(reading: Reading) -> str:
    local = reading.started.astimezone(reading.zone)
    title = reading.say(WORKBOOKS[reading.asked.report].title)
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
