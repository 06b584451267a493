"""Statements as files: the workbook of one customer, or a packed one for each, with an overview."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zipfile import ZIP_STORED, ZipFile

from pymongo.client_session import ClientSession

from models.database import Document
from models.job_files import Pace
from models.ledger_reports import statement_sheet
from models.ledger_reports.base import Reading, Row, quantity_column
from models.ledger_reports.statement_words import TITLE, amount_heads, amounts
from models.ledger_reports.statements import Line, Statement, begun, called, every, lines, require_customers
from models.messages import _
from models.spreadsheets.columns import Column
from models.spreadsheets.names import SheetNames, file_name
from models.spreadsheets.paper import Paper
from models.spreadsheets.workbook import About, Book

OF_NOBODY: Final = _("(without a customer)")


def count(reading: Reading, session: ClientSession) -> int:
    """Return how many items there are. Raises ForbiddenError where customers are closed to the reader."""
    require_customers(reading)
    return reading.ledger.records().count_documents(reading.query(), session=session)


def write(reading: Reading, path: Path, session: ClientSession, pace: Pace) -> Document:
    """Write the statement of the customer that is asked for, or of all; return what there is in it."""
    if reading.asked.customer:
        made = begun(reading, reading.asked.customer)
        batches = (batch for _customer, items in every(reading, session) for batch in items)
        rows = statement_sheet.write(
            path, reading, made, made.counted(_lines(reading, made, batches, session, pace))
        )
        return {"rows": rows, "count": 1}
    return _write_all(reading, path, session, pace)


def _write_all(reading: Reading, path: Path, session: ClientSession, pace: Pace) -> Document:
    names, summed, rows = SheetNames(), list[Row](), 0
    with (
        ZipFile(path, "w", ZIP_STORED) as archive,
        tempfile.TemporaryDirectory(prefix="statements-") as folder,
    ):
        for number, (customer, batches) in enumerate(every(reading, session)):
            made = begun(reading, customer)
            file = Path(folder, f"{number}.xlsx")
            found = made.counted(_lines(reading, made, batches, session, pace))
            rows += statement_sheet.write(file, reading, made, found)
            summed += _sums(made)
            if made.totals and customer:
                archive.write(file, file_name(f"{reading.asked.year} {names.take(made.name)}", "xlsx"))
            file.unlink()
        overview = Path(folder, "overview.xlsx")
        _write_overview(reading, overview, summed)
        archive.write(overview, file_name(f"{reading.asked.year} 0 {reading.say(_('Overview'))}", "xlsx"))
    return {"rows": rows, "count": len({row[0] for row in summed})}


def _lines(
    reading: Reading,
    made: Statement,
    batches: Iterator[list[Document]],
    session: ClientSession,
    pace: Pace,
) -> Iterator[Line | None]:
    for batch in batches:
        reading.forget_names()
        reading.lookup.prime(reading.told.definition, batch, [reading.part.unit or "number"])
        yield from lines(reading, made.year, batch, session)
        pace.reach(pace.done + len(batch))


def _sums(made: Statement) -> Iterator[Row]:
    for unit, summed in sorted(made.totals.items()):
        yield (made.name, unit or None, *amounts(summed), made.withheld or None)


def _write_overview(reading: Reading, path: Path, rows: list[Row]) -> None:
    local = reading.started.astimezone(reading.zone).replace(tzinfo=None)
    heading = f"{reading.asked.year} {reading.say(TITLE)}"
    about = About(heading, str(reading.person), local, reading.language, reading.zone)
    columns = [
        Column("customer", reading.say(_("Customer")), "text"),
        Column("unit", reading.say(_("Unit")), "text"),
        *(quantity_column(head) for head in amount_heads(reading)),
        Column("withheld", reading.say(_("Items left out")), "integer"),
    ]
    with Book(path, about, paper=Paper(heading, reading.title)) as book:
        sheet = book.sheet(reading.say(_("Overview")), columns, frozen=1)
        sheet.write((row[0] or reading.say(OF_NOBODY), *row[1:]) for row in rows)


def name(reading: Reading) -> str:
    """Return what the file is called."""
    title = f"{reading.asked.year} {reading.say(TITLE)} {called(reading, reading.asked.customer)}"
    return file_name(title, "xlsx" if reading.asked.customer else "zip")
