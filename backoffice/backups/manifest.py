"""What a backup says about itself: which collections it holds, how many documents, and their checksums."""

import hashlib
import hmac
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

from bson import Timestamp, json_util
from bson.json_util import JSONMode, JSONOptions

from models.database import Document

FILE: Final = "manifest.json"
SECRET_FILE: Final = "secret_key"  # noqa: S105  (a file's name)
FORMAT: Final = 1
_TYPED: Final = JSONOptions(json_mode=JSONMode.CANONICAL, tz_aware=True)
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}")
# Collections whose documents are of no use to anybody after a restore, and why.
LEFT_OUT: Final = {
    "sessions": "everybody signs in again, so that no stolen cookie outlives a restore",
    "throttles": "attempts to sign in are counted anew",
}


class BackupError(RuntimeError):
    """A backup cannot be made or read; the text says why, for the person at the command line."""


@dataclass(frozen=True)
class Stored:
    """One collection of a backup.

    Attributes:
        name: of the collection.
        options, indexes: as MongoDB describes them.
        count: of its documents.
        size: of its documents in bytes, uncompressed.
        content: SHA-256 of its documents in the order of `_id`.
        checksum: SHA-256 of the file.

    """

    name: str
    options: Document
    indexes: list[Document]
    count: int
    size: int
    content: str
    checksum: str

    @property
    def file(self) -> str:
        """The file's name in the folder."""
        return file_name(self.name)


@dataclass(frozen=True)
class Manifest:
    """What a backup holds, and of which program, moment and secret it is."""

    product: str
    migrations: list[str]
    taken_at: datetime
    cluster_time: Timestamp
    secret: str
    collections: list[Stored] = field(default_factory=list)
    format: int = FORMAT

    @property
    def count(self) -> int:
        """All its documents."""
        return sum(stored.count for stored in self.collections)

    def write(self, folder: Path) -> None:
        """Write it, sealed: a changed index or number would be noticed, too."""
        body = asdict(self)
        sealed = {**body, "seal": _seal(body)}
        write_private(folder / FILE, json_util.dumps(sealed, json_options=_TYPED, indent=1))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the manifest of a backup.

        Raises:
            BackupError: there is none, it is damaged, or a newer program made it.

        """
        body = _read(folder / FILE)
        if body.get("format") != FORMAT:
            message = f"{folder / FILE} is of a format that this version of the program does not know."
            raise BackupError(message)
        if body.pop("seal", None) != _seal(body):
            message = f"{folder / FILE} is damaged: its content does not match its seal."
            raise BackupError(message)
        return cls(**{**body, "collections": [Stored(**stored) for stored in body["collections"]]})


def _read(path: Path) -> Document:
    if not path.is_file():
        message = f"There is no backup in {path.parent}: {path.name} is missing."
        raise BackupError(message)
    try:
        body: Any = json_util.loads(path.read_text(encoding="utf-8"), json_options=_TYPED)
    except (ValueError, TypeError):
        body = None
    if not isinstance(body, dict):
        message = f"{path} is damaged: it cannot be read."
        raise BackupError(message)
    return body


def _seal(body: Document) -> str:
    return hashlib.sha256(json_util.dumps(body, json_options=_TYPED).encode()).hexdigest()


def file_name(collection: str) -> str:
    """Return the name of a collection's file, which never leads out of the folder."""
    if not _NAME.fullmatch(collection):
        message = f"A collection called {collection!r} cannot be in a backup."
        raise BackupError(message)
    return f"{collection}.bson.gz"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def fingerprint(secret: str) -> str:
    """Return by what a secret is recognised without being told; it is too long to be guessed from this."""
    return hmac.digest(secret.encode(), b"backup", "sha256").hex()[:32]


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
