"""Rows of a file that were refused, kept with the job until they go back to the sender."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta

from bson import ObjectId, encode
from pymongo.client_session import ClientSession

from models.database import Document, db
from models.fields.durations import as_clock
from models.import_drafts import WHOLE_ROW, Draft, Place
from models.messages import Message, translate
from models.spreadsheets.refusals import Refusal
from models.spreadsheets.table import CellValue, Row
from models.spreadsheets.text import clean

MAX_BYTES = 4 * 1024 * 1024
"""Of one kept row; beyond it its texts are cut."""

_CUT_AT = 500
_MAX_INTEGER = 2**63 - 1


def add(job: ObjectId, drafts: Iterable[Draft], language: str, session: ClientSession | None = None) -> None:
    """Keep every row of refused drafts, in the transaction of the batch they came with."""
    documents = [
        document for draft in drafts if draft.problems for document in _of_draft(job, draft, language)
    ]
    if documents:
        db().import_refusals.insert_many(documents, session=session)


def add_left(job: ObjectId, table: str, rows: Iterable[Row], reason: Message, language: str) -> None:
    """Keep rows of a table's own sheet that belong to no record; doing it again changes nothing."""
    db().import_refusals.delete_many({"job": job, "left": table})
    documents = [
        {
            **_document(job, table, row, {Place(row.number, WHOLE_ROW, table): [reason]}, language),
            "left": table,
        }
        for row in rows
    ]
    if documents:
        db().import_refusals.insert_many(documents)


def _of_draft(job: ObjectId, draft: Draft, language: str) -> Iterator[Document]:
    for row in draft.group.rows:
        yield _document(job, "", row, draft.problems, language)
    for table, rows in draft.group.others.items():
        for row in rows:
            yield _document(job, table, row, draft.problems, language)


def _document(
    job: ObjectId, table: str, row: Row, problems: dict[Place, list[Message]], language: str
) -> Document:
    notes = {
        "" if place.column == WHOLE_ROW else str(place.column): _worded(messages, language)
        for place, messages in problems.items()
        if (place.row, place.table) == (row.number, table)
    }
    cells = [_storable(cell) for cell in row.cells]
    document = {"job": job, "table": table, "row": row.number, "cells": cells, "notes": notes}
    if len(encode(document)) > MAX_BYTES:
        document["cells"] = [cell[:_CUT_AT] if isinstance(cell, str) else cell for cell in cells]
    return document


def _worded(messages: Sequence[Message], language: str) -> str:
    return clean(" ".join(translate(message, language) for message in messages)).text


def _storable(cell: CellValue) -> CellValue:
    """Return a cell as MongoDB keeps it; a text that Excel could not hold anyway is cleaned."""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=None)
    if isinstance(cell, timedelta):
        return as_clock(round(cell.total_seconds()))
    if isinstance(cell, date | time) or (isinstance(cell, int) and abs(cell) > _MAX_INTEGER):
        return str(cell)
    if isinstance(cell, str):
        return clean(cell).text
    return float(cell) if isinstance(cell, float) else cell


def of_job(job: ObjectId, table: str = "", limit: int = 0) -> Iterator[Refusal]:
    """Yield the refused rows of a job's main sheet, or of a table's own, in the order of the file."""
    found = db().import_refusals.find({"job": job, "table": table}).sort([("row", 1), ("_id", 1)])
    for kept in found.limit(limit):
        errors = {int(column) if column else None: (text,) for column, text in kept["notes"].items()}
        yield Refusal(kept["row"], kept["cells"], errors)


def clear(job: ObjectId) -> None:
    """Forget the rows of a job, when it starts anew or they were handed over."""
    db().import_refusals.delete_many({"job": job})


def ensure_indexes() -> None:
    """Create the index by which a job's rows are read."""
    db().import_refusals.create_index([("job", 1), ("table", 1), ("row", 1)])
