"""Rows of a file that were refused, kept with the job until they go back to the sender."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from models.database import Document, db
from models.import_rows import Draft
from models.messages import translate
from models.spreadsheets.refusals import Refusal


def add(job: ObjectId, drafts: Sequence[Draft], language: str, session: ClientSession | None = None) -> None:
    """Keep the rows of refused drafts, in the transaction of the batch they came with."""
    documents = [
        document for draft in drafts if draft.problems for document in _documents(job, draft, language)
    ]
    if documents:
        db().import_refusals.insert_many(documents, session=session)


def _documents(job: ObjectId, draft: Draft, language: str) -> Iterator[Document]:
    for row in draft.group.rows:
        notes = {
            "" if column < 0 else str(column): " ".join(translate(message, language) for message in messages)
            for (number, column), messages in draft.problems.items()
            if number == row.number
        }
        yield {
            "job": job,
            "row": row.number,
            "cells": [_storable(cell) for cell in row.cells],
            "notes": notes,
        }


def _storable(cell: Any) -> Any:  # noqa: ANN401  (a cell's value)
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=None)
    if isinstance(cell, date | time | timedelta):
        return str(cell)
    if isinstance(cell, int) and abs(cell) > 2**63 - 1:
        return str(cell)
    return float(cell) if isinstance(cell, float) else cell


def of_job(job: ObjectId, limit: int = 0) -> Iterator[Refusal]:
    """Yield the refused rows of a job in the order of the file."""
    for found in db().import_refusals.find({"job": job}).sort("row", 1).limit(limit):
        errors = {int(column) if column else None: (text,) for column, text in found["notes"].items()}
        yield Refusal(found["row"], found["cells"], errors)


def clear(job: ObjectId) -> None:
    """Forget the rows of a job, when it starts anew or they were handed over."""
    db().import_refusals.delete_many({"job": job})


def ensure_indexes() -> None:
    """Create the index by which a job's rows are read."""
    db().import_refusals.create_index([("job", 1), ("row", 1)])
