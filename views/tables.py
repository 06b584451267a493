"""Tables that people send to be imported: kept only when they can be read."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bson import ObjectId
from flask import current_app
from werkzeug.datastructures import FileStorage

from models import files
from models.database import Document
from models.errors import NotFoundError
from models.messages import _
from models.people import User
from models.spreadsheets.reading import open_table
from models.spreadsheets.table import Table, UnreadableFileError


def keep(person: User, sent: FileStorage | None) -> ObjectId:
    """Keep a file that can be read. Raises DomainError for any other, or an infected one."""
    if sent is None or not sent.filename:
        raise UnreadableFileError(_("Choose a file."))
    limit = current_app.config["MAX_CONTENT_LENGTH"]
    file_id = files.receive(sent.stream, sent.filename, person, purpose=files.IMPORT, max_bytes=limit)
    try:
        _look_into(file_id)
    except BaseException:
        files.delete(file_id)
        raise
    return file_id


def _look_into(file_id: ObjectId) -> None:
    """Raise UnreadableFileError for a file that is no table, or an empty one."""
    with opened(file_id, files.info(file_id)["name"]) as table:
        if not any(_has_rows(table, sheet) for sheet in table.sheets):
            table.header()  # says why


def _has_rows(table: Table, sheet: str) -> bool:
    return any(True for _row in table.rows(sheet))


@contextmanager
def opened(file_id: ObjectId, name: str) -> Iterator[Table]:
    """Open a kept file. Raises UnreadableFileError."""
    with tempfile.TemporaryDirectory(prefix="backoffice-import-") as folder:
        path = Path(folder) / "upload"
        files.copy_to(file_id, path)
        with open_table(path, name) as table:
            yield table


def own(person: User, file_id: str) -> Document:
    """Return the description of a file that a person sent to be imported. Raises NotFoundError."""
    if not ObjectId.is_valid(file_id):
        raise NotFoundError
    info = files.info(ObjectId(file_id))
    if info["owner"] != person.id or info["purpose"] != files.IMPORT:
        raise NotFoundError
    return info
