"""Looks at a zip's directory before anything in it is unpacked: bombs, locks and lies are refused."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from models.messages import _
from models.spreadsheets.table import UnreadableFileError, damaged

MAX_ENTRIES = 5_000
MAX_DIRECTORY = 1024 * 1024
MAX_UNPACKED = 1024**3
MAX_PART = 32 * 1024**2
"""Bytes of a part that is read whole; sheets and shared strings are not."""

FREE_UNPACKED = 64 * 1024**2
MAX_RATIO = 200
"""How many times larger than the file its content may be, beyond the first 64 MiB."""

_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_LOCATOR_MARK = b"PK\x06\x07"
_LOCATOR_SIZE = 20
_MAX_COMMENT = 65_535
_ENCRYPTED = 0x1
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


@contextmanager
def refusing_damage() -> Iterator[None]:
    """Turn what zipfile says about a broken file into a refusal."""
    try:
        yield
    except _BROKEN as error:
        raise damaged() from error


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip whose directory was found harmless. Raises UnreadableFileError."""
    with refusing_damage():
        _check_end(path)
        archive = zipfile.ZipFile(path)
    try:
        _check_entries(archive.infolist(), path.stat().st_size)
    except UnreadableFileError:
        archive.close()
        raise
    return archive


def _check_end(path: Path) -> None:
    """Refuse a directory that would itself fill the memory. `ZipFile` reads it whole."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _MAX_COMMENT - _END.size - _LOCATOR_SIZE))
        tail = file.read()
    at = tail.rfind(_END_MARK)
    if at < 0 or at + _END.size > len(tail):
        raise damaged()
    length = _END.unpack_from(tail, at)[5]
    if length > MAX_DIRECTORY or tail[max(0, at - _LOCATOR_SIZE) : at].startswith(_LOCATOR_MARK):
        raise UnreadableFileError(_("The file contains too many parts."))


def _check_entries(entries: list[zipfile.ZipInfo], packed: int) -> None:
    if len(entries) > MAX_ENTRIES:
        raise UnreadableFileError(_("The file contains too many parts."))
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise UnreadableFileError(_("The file is locked with a password. Please save it without one."))
    names = {entry.filename for entry in entries}
    if len(names) < len(entries) or any(entry.compress_type not in _METHODS for entry in entries):
        raise damaged()
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAX_UNPACKED or unpacked > FREE_UNPACKED + MAX_RATIO * packed:
        raise UnreadableFileError(_("Unpacked, the file would be too large."))


def read_part(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """Return a small part's content, None when there is no such part. Raises UnreadableFileError."""
    if name not in archive.NameToInfo:
        return None
    if archive.getinfo(name).file_size > MAX_PART:
        raise UnreadableFileError(_("Unpacked, the file would be too large."))
    with refusing_damage():
        return archive.read(name)


def open_part(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """Open a large part for reading piece by piece. Raises UnreadableFileError."""
    with refusing_damage():
        return archive.open(name)
