"""The audit log as a workbook: what was looked for, one line per detail gathered in one cell."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from models import job_sheets
from models.audit import values
from models.audit.events import GROUPS, label
from models.audit.noting import note
from models.audit.reading import BATCH, Search, count, entries
from models.audit.wording import Line, lines
from models.batches import in_batches
from models.database import Document
from models.jobs import Job, RunningJob, enqueue
from models.messages import Message, _, translate
from models.people import Actor, Permission, User
from models.permissions import require_permission
from models.spreadsheets.columns import Column

KIND = "audit_export"
COUNT_LIMIT = 10_000_000
_TITLE = _("Audit log")
_HEADS: tuple[tuple[str, Message], ...] = (
    ("event", _("Event")),
    ("group", _("Kind")),
    ("by_name", _("Person")),
    ("address", _("Address")),
    ("subject", _("Concerns")),
)


def ask(person: User, search: Search, language: str) -> Job:
    """Ask for a workbook of what a search finds. Raises ForbiddenError."""
    require_permission(person, Permission.AUDIT_READ)
    job = enqueue(KIND, person, search.dump(), title=translate(_TITLE, language), language=language)
    details = {key: value for key, value in search.dump().items() if value}
    note("audit.exported", actor=Actor.of(person), details={"filter": details, "job": job.id})
    return job


def run(job: RunningJob) -> None:
    """Write the workbook. Raises ForbiddenError when the owner may no longer read the log."""
    person = job.owner()
    require_permission(person, Permission.AUDIT_READ)
    language, timezone = job.document["language"], Actor.of(person).timezone
    query = Search.load(job.params).filter(timezone)
    rows, total = _batches(query, language, timezone), count(query, COUNT_LIMIT)
    job_sheets.write(job, person, translate(_TITLE, language), _columns(language), rows, total=total)


def _columns(language: str) -> list[Column]:
    texts = [Column(key, translate(head, language), "text") for key, head in _HEADS]
    first = [
        Column("_id", translate(_("Number"), language), "integer"),
        Column("at", translate(_("Time"), language), "datetime"),
    ]
    last = [
        Column("details", translate(_("Details"), language), "long_text", width=80, wrap=True),
        Column("seal", translate(_("Seal"), language), "text"),
    ]
    return [*first, *texts, *last]


def _batches(query: Document, language: str, timezone: ZoneInfo) -> Iterator[list[tuple[Any, ...]]]:
    found = entries(query)
    for batch in in_batches(found, BATCH):
        yield [_row(entry, language, timezone) for entry in batch]


def _row(entry: Document, language: str, timezone: ZoneInfo) -> tuple[Any, ...]:
    group = GROUPS.get(entry["group"], entry["group"])
    return (
        entry["_id"],
        entry["at"],
        translate(label(entry["event"]), language),
        translate(group, language),
        values.who(entry["by_name"], language),
        entry["address"],
        entry["subject"],
        "\n".join(_told(line) for line in lines(entry, language, timezone)),
        entry["seal"],
    )


def _told(line: Line) -> str:
    return (
        f"{line.what}: {line.before or '—'} → {line.after or '—'}"
        if line.is_change
        else f"{line.what}: {line.after}"
    )
