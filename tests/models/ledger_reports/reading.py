"""Reports as their readers get them: asked for, carried out, opened."""

import io
from typing import Any

import openpyxl

from models import files
from models.forms import LiveForm
from models.jobs import Job, RunningJob
from models.ledger_reports import running
from models.ledger_reports.asked import Asked, ReportKind
from models.ledger_reports.base import Reading
from models.people import User

Sheets = dict[str, list[list[Any]]]


def ask(things: LiveForm, reader: User, report: ReportKind, language: str = "en", **asked: Any) -> RunningJob:
    job = running.enqueue(reader, Reading(reader, things, Asked(report, **asked), language))
    claimed = RunningJob.claim(job.id, "test")
    assert claimed
    return claimed


def made(job: RunningJob) -> Job:
    found: Job = Job.objects.get(id=job.id)
    return found


def content(job: RunningJob) -> bytes:
    return bytes(files.open_file(made(job).file).read())


def opened(things: LiveForm, reader: User, report: ReportKind, language: str = "en", **asked: Any) -> Sheets:
    """Carry a report out and return its sheets, cell by cell."""
    job = ask(things, reader, report, language, **asked)
    running.run(job)
    workbook = openpyxl.load_workbook(io.BytesIO(content(job)))
    return {sheet.title: [[cell.value for cell in row] for row in sheet] for sheet in workbook.worksheets}


def table(rows: list[list[Any]]) -> list[dict[str, Any]]:
    """Return rows by the captions above them."""
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
