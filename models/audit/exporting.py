"""The audit log as a workbook: what was looked for, one line per detail gathered in one cell."""

import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from models.access import require_permission
from models.audit.events import GROUPS, label
from models.audit.noting import note
from models.audit.reading import BATCH, Search, count, entries
from models.audit.wording import Line, lines
from models.database import Document
from models.job_files import Pace, deliver
from models.jobs import Job, RunningJob, enqueue
from models.messages import Message, _, translate
from models.people import Actor, Permission, User
from models.spreadsheets.columns import Column
from models.spreadsheets.names import file_name
from models.spreadsheets.workbook import About, Book
from models.times import now

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
    actor, language = Actor.of(person), job.document["language"]
    query, started = Search.load(job.params).filter(actor.timezone), now().astimezone(actor.timezone)
    pace = Pace(job, count(query, COUNT_LIMIT))
    title = translate(_TITLE, language)
    about = About(title, str(person), started.replace(tzinfo=None), language, actor.timezone)
    with tempfile.TemporaryDirectory(prefix="audit-") as folder:
        path = Path(folder, "audit.xlsx")
        with Book(path, about, tick=pace.tick) as book:
            sheet = book.sheet(title, _columns(language))
            for rows in _batches(query, language, actor.timezone):
                sheet.write(rows)
                pace.reach(pace.done + len(rows))
            book.close()
        name = file_name(f"{title} {started:%Y-%m-%d %H%M}", "xlsx")
        deliver(job, path, name, {"count": sheet.rows, "rows": sheet.rows, "as_of": started}, pace=pace)


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
    while batch := list(islice(found, BATCH)):
        yield [_row(entry, language, timezone) for entry in batch]


def _row(entry: Document, language: str, timezone: ZoneInfo) -> tuple[Any, ...]:
    group = GROUPS.get(entry["group"], entry["group"])
    return (
        entry["_id"],
        entry["at"],
        translate(label(entry["event"]), language),
        translate(group, language),
        entry["by_name"],
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
