"""What came of an import: counts, the first mistakes, and the refused rows as a workbook."""

import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from models import import_refusals
from models.database import Document
from models.import_task import ImportTask
from models.job_files import KEEP, deliver
from models.messages import _, translate
from models.spreadsheets.refusals import write_refusal_sheets
from models.spreadsheets.workbook import About
from models.times import now

SHOWN_PROBLEMS = 100
SHOWN_NAMES = 100
KINDS = ("create", "update", "same", "refused")


def finish(task: ImportTask, *, stored: bool) -> None:
    """Record the outcome; the refused rows go back as a workbook."""
    result = {
        "stored": stored,
        "rows": sum(task.counts[kind] for kind in KINDS),
        "created": task.counts["create"],
        "updated": task.counts["update"],
        "same": task.counts["same"],
        "refused": task.counts["refused"] + task.counts["left"],
        "problems": list(islice(_problems(task), SHOWN_PROBLEMS)),
        "sums": task.sums.told(task.language),
        "unknown": _unknown(task),
    }
    if result["refused"]:
        _deliver_refusals(task, result)
    else:
        task.job.finish(result, keep=KEEP)
    import_refusals.clear(task.job.id)


def _unknown(task: ImportTask) -> list[Document]:
    """Return the names that nobody or more than one answers to, the most frequent first."""
    names = task.reader.missed.most_common(SHOWN_NAMES)
    return [{"kind": kind, "name": name, "count": count} for (kind, name), count in names]


def _sheets(task: ImportTask) -> Iterator[tuple[str, str]]:
    """Yield (table field, sheet) for every sheet that is imported; the main one has no table field."""
    yield "", task.plan.sheet or task.table.sheets[0]
    for table, rows in task.plan.tables.items():
        yield table, rows.sheet


def _problems(task: ImportTask) -> Iterator[Document]:
    """Yield what is wrong, sheet by sheet and row by row."""
    for table, sheet in _sheets(task):
        header = task.table.header(sheet).names
        for row in import_refusals.of_job(task.job.id, table, limit=SHOWN_PROBLEMS):
            for column, texts in row.errors.items():
                name = "" if column is None or column >= len(header) else header[column]
                shown = f"{sheet}: {name}" if table else name
                yield {"row": row.number, "column": shown, "text": " ".join(texts)}


def _deliver_refusals(task: ImportTask, result: Document) -> None:
    """Finish with a workbook of the refused rows, laid out like the file."""
    name = f"{Path(task.plan.file_name).stem}-{translate(_('refused rows'), task.language)}.xlsx"
    actor = task.reader.actor
    local = now().astimezone(actor.timezone).replace(tzinfo=None)
    about = About(name, actor.name, local, task.language, actor.timezone)
    with tempfile.TemporaryDirectory(prefix="backoffice-import-") as folder:
        path = Path(folder) / "refused.xlsx"
        parts = [
            (sheet, task.table.header(sheet).names, import_refusals.of_job(task.job.id, table))
            for table, sheet in _sheets(task)
        ]
        write_refusal_sheets(path, parts, about)
        deliver(task.job, path, name, result, pace=task.pace, keep=KEEP)
