"""A job that writes one sheet: what a screen of administrators lists, as a workbook."""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from models.job_files import Pace, deliver
from models.jobs import RunningJob
from models.people import Actor, User
from models.spreadsheets.columns import Column
from models.spreadsheets.names import file_name
from models.spreadsheets.workbook import About, Book
from models.times import now


def write(
    job: RunningJob,
    person: User,
    title: str,
    columns: Sequence[Column],
    batches: Iterable[list[tuple[Any, ...]]],
    *,
    total: int,
) -> None:
    """Write batches of rows into a workbook and hand it over. Raises CancelledError, LeaseLostError.

    Args:
        job: in whose language it is written.
        person: who gets it, in whose time zone moments are shown.
        title: of the sheet and, with day and minute, of the file.
        columns: as `models.spreadsheets` has them.
        batches: rows, a batch at a time.
        total: how many rows are expected.
    """
    timezone = Actor.of(person).timezone
    started, pace = now().astimezone(timezone), Pace(job, total)
    about = About(title, str(person), started.replace(tzinfo=None), job.document["language"], timezone)
    with tempfile.TemporaryDirectory(prefix="sheet-") as folder:
        path = Path(folder, "sheet.xlsx")
        with Book(path, about, tick=pace.tick) as book:
            sheet = book.sheet(title, columns)
            for rows in batches:
                sheet.write(rows)
                pace.reach(pace.done + len(rows))
            book.close()
        name = file_name(f"{title} {started:%Y-%m-%d %H%M}", "xlsx")
        deliver(job, path, name, {"count": sheet.rows, "rows": sheet.rows, "as_of": started}, pace=pace)
