"""Exports from MongoDB to a workbook: our job against PyMongo and XlsxWriter's own calls.

Each run has a process of its own, so that its peak of memory is its own, too.
"""

import multiprocessing
import re
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from bson import Decimal128, ObjectId
from xlsxwriter import Workbook

from backoffice.bench.ground import Ground, connected
from backoffice.bench.measuring import SECONDS, Against, Result, seconds
from models import forms, jobs
from models.database import db
from models.definition import Definition, Field
from models.jobs import RunningJob
from models.people import User
from models.queries import ListQuery, list_filter
from seed.generate import COMMON_WORD, FORM
from tasks import exports

RATIO: Final = 0.5
MEGABYTES: Final = 80
ROUNDS: Final = 3
KILOBYTES_PER_MEGABYTE: Final = 1024
_QUERY: Final = ListQuery(search=COMMON_WORD)
_RESET_PEAK: Final = "5"


@dataclass(frozen=True)
class Run:
    """One export: seconds, and megabytes of its peak over the idle process."""

    seconds: float
    megabytes: float
    rows: int


def export(ground: Ground) -> Iterator[Result]:
    """Measure the export of the records with the common word, all 25 columns."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(in_own_process(_our_way, ground))
        theirs.append(in_own_process(_plain_way, ground))
    if {run.rows for run in ours} != {run.rows for run in theirs}:
        message = f"Not the same rows: {ours}, {theirs}"
        raise RuntimeError(message)
    what = f"export {ours[0].rows:,} rows × {len(ground.form.definition.value_fields)} columns"
    yield Result("export", what, _median_seconds(ours), _median_seconds(theirs), RATIO, unit=SECONDS)
    yield Result(
        "export", "its peak over idle", _peak(ours), _peak(theirs), MEGABYTES, Against.ITSELF, unit="MB"
    )


def _median_seconds(runs: Sequence[Run]) -> float:
    return statistics.median(run.seconds for run in runs)


def _peak(runs: Sequence[Run]) -> float:
    return max(run.megabytes for run in runs)


def in_own_process(way: Callable[[ObjectId, Path], int], ground: Ground) -> Run:
    """Carry out an export in a fresh process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_measured, way, ground.uri, ground.database, ground.person.id).result()


def _measured(way: Callable[[ObjectId, Path], int], uri: str, name: str, person: ObjectId) -> Run:
    with connected(uri, name), tempfile.TemporaryDirectory(prefix="export-") as folder:
        forms.current(FORM)
        rows: list[int] = []
        Path("/proc/self/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
        idle = _memory("VmRSS")
        took = seconds(lambda: rows.append(way(person, Path(folder, "export.xlsx"))))
        return Run(took, _memory("VmHWM") - idle, rows[0])


def _memory(name: str) -> float:
    """Return a figure of this process's memory in megabytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(rf"^{name}:\s*(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) / KILOBYTES_PER_MEGABYTE if found else 0.0


def _our_way(person: ObjectId, _path: Path) -> int:
    """Carry out the whole job, as a worker does: snapshot, count, progress, and the file kept in GridFS."""
    definition = forms.current(FORM).definition
    query = ListQuery(search=COMMON_WORD, columns=tuple(field.key for field in definition.value_fields))
    job = jobs.enqueue("export", User.objects.get(id=person), {"query": query.dump()}, form=FORM)
    running = RunningJob.claim(job.id, "bench")
    if running is None:
        message = "Nobody else should have taken the job."
        raise RuntimeError(message)
    exports.run(running)
    job.reload()
    return int(job.result["rows"])


def _plain_way(person: ObjectId, path: Path) -> int:
    """Write PyMongo's documents with XlsxWriter's typed calls in constant memory."""
    form = forms.current(FORM)
    fields = form.definition.value_fields
    found = form.records().find(
        list_filter(User.objects.get(id=person), form, _QUERY),
        {f"data.{field.key}": 1 for field in fields},
        sort=[("_id", -1)],
    )
    count = 0
    with Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)}) as book:
        sheet, writers = book.add_worksheet(), _writers(book, form.definition)
        for column, field in enumerate(fields):
            sheet.write_string(0, column, field.label.zh)
        for count, record in enumerate(found, 1):
            data = record["data"]
            for column, (key, write) in enumerate(writers):
                if (value := data.get(key)) is not None:
                    write(sheet, count, column, value)
    return count


_Write = Callable[[Any, int, int, Any], Any]


def _writers(book: Workbook, definition: Definition) -> list[tuple[str, _Write]]:
    names = {person["_id"]: person["name"] for person in db().users.find({}, {"name": 1})}
    styles = {
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "datetime": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        "percent": book.add_format({"num_format": "0.00%"}),
        "duration": book.add_format({"num_format": "[h]:mm:ss"}),
        "money": book.add_format({"num_format": "#,##0.00"}),
    }
    return [(field.key, _writer(field, names, styles.get(field.type))) for field in definition.value_fields]


def _writer(field: Field, names: dict[ObjectId, str], style: object) -> _Write:
    """Return the call that writes a value of a field."""
    options = {option.key: option.label.zh for option in field.options}
    texts: dict[str, Callable[[Any], str]] = {
        "choice": lambda value: options[value],
        "multi_choice": lambda value: "、".join(options[one] for one in value),
        "person": lambda value: names.get(value, ""),
        "boolean": lambda value: "是" if value else "否",
    }
    numbers: dict[str, Callable[[Any], float]] = {
        "integer": float,
        "rating": float,
        "decimal": _number,
        "percent": lambda value: _number(value) / 100,
        "money": lambda value: _number(value["amount"]),
        "duration": lambda value: value / 86_400,
    }
    if field.type == "date":
        return lambda sheet, row, column, value: sheet.write_datetime(
            row, column, datetime.fromisoformat(value), style
        )
    if field.type == "datetime":
        return lambda sheet, row, column, value: sheet.write_datetime(
            row, column, value.replace(tzinfo=None), style
        )
    if field.type in numbers:
        number = numbers[field.type]
        return lambda sheet, row, column, value: sheet.write_number(row, column, number(value), style)
    text = texts.get(field.type, str)
    return lambda sheet, row, column, value: sheet.write_string(row, column, text(value))


def _number(value: Decimal128) -> float:
    return float(value.to_decimal())
