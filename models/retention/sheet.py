"""A disposal list as a workbook: what goes, why, and what became of it."""

from collections.abc import Iterator
from typing import Any

from bson import ObjectId

from models import job_sheets, jobs
from models.database import Document
from models.forms import current
from models.jobs import Job, RunningJob
from models.messages import Message, _, translate
from models.people import Permission, User
from models.permissions import require_permission
from models.retention import lists
from models.retention.carrying_out import OUTCOMES
from models.spreadsheets.columns import Column, Kind

KIND = "disposal_list"
_TITLE = _("Disposal list")
_HEADS: tuple[tuple[str, Message, Kind], ...] = (
    ("number", _("Number"), "text"),
    ("title", _("Title"), "text"),
    ("created_at", _("Created"), "datetime"),
    ("since", _("Due since"), "date"),
    ("in_bin", _("In the bin"), "boolean"),
    ("revision", _("Revision"), "integer"),
    ("outcome", _("Outcome"), "text"),
)


def ask(person: User, list_id: ObjectId, language: str) -> Job:
    """Ask for the workbook of a list. Raises ForbiddenError, NotFoundError."""
    require_permission(person, Permission.RETENTION_MANAGE)
    found = lists.get(list_id)
    form = current(found["form"])
    title = f"{translate(_TITLE, language)} {form.definition.label.text(language)}"
    return jobs.enqueue(KIND, person, {"list": list_id}, title=title, form=form.key, language=language)


def run(job: RunningJob) -> None:
    """Write the workbook. Raises ForbiddenError when the owner may no longer manage retention."""
    person = job.owner()
    require_permission(person, Permission.RETENTION_MANAGE)
    found, language = lists.get(job.params["list"]), job.document["language"]
    columns = [Column(key, translate(head, language), kind) for key, head, kind in _HEADS]
    rows = _batches(found["_id"], language)
    job_sheets.write(job, person, job.document["title"], columns, rows, total=found["count"])


def _batches(list_id: ObjectId, language: str) -> Iterator[list[tuple[Any, ...]]]:
    last = None
    while batch := lists.items(list_id, after=last, limit=lists.BATCH):
        yield [_row(item, language) for item in batch]
        last = batch[-1]["_id"]


def _row(item: Document, language: str) -> tuple[Any, ...]:
    outcome = OUTCOMES.get(item["outcome"])
    said = translate(outcome, language) if outcome else ""
    return tuple({**item, "outcome": said}[key] for key, _head, _kind in _HEADS)
