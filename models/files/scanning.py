"""Looks for viruses while a file is being stored, by ClamAV's own protocol (clamd, INSTREAM).

Fail closed: a file that cannot be looked at is not taken.
"""

import re
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

import structlog

from models.errors import DomainError, InvalidError, TooLargeError
from models.files.limits import limits
from models.messages import _

log = structlog.get_logger()

CONNECT_SECONDS: Final = 5.0
MAX_ANSWER: Final = 4096
PORT: Final = 3310
_LENGTH: Final = struct.Struct("!I")
_FOUND: Final = re.compile(r"^stream: (.+) FOUND$")


class InfectedError(InvalidError):
    """A file that carries a virus; `virus` is what the scanner calls it."""

    def __init__(self, name: str, virus: str) -> None:
        super().__init__(
            {"file": [_("“%(name)s” is infected (%(virus)s) and was not kept.", name=name, virus=virus)]}
        )
        self.message = self.errors["file"][0]
        self.name, self.virus = name, virus


class ScannerError(DomainError):
    """The scanner does not answer, or not as it should."""

    status = 503

    def __init__(self) -> None:
        super().__init__(_("Files cannot be checked for viruses at the moment. Please try again later."))


class Scan:
    """Where no scanner is set: everything passes."""

    def feed(self, data: bytes) -> None:
        """Hand over the next piece of the file."""

    def end(self) -> None:
        """Ask for the verdict. Raises InfectedError, ScannerError, TooLargeError."""


class _ClamScan(Scan):
    """One file on its way through clamd."""

    def __init__(self, connection: socket.socket, name: str) -> None:
        self._connection, self._name = connection, name
        self._send(b"zINSTREAM\0")

    def feed(self, data: bytes) -> None:
        self._send(_LENGTH.pack(len(data)) + data)

    def end(self) -> None:
        self._send(_LENGTH.pack(0))
        self._judge(self._answer())

    def _send(self, data: bytes) -> None:
        try:
            self._connection.sendall(data)
        except OSError as error:
            # it closes as soon as it has seen enough; what it said then still stands
            self._judge(self._answer())
            raise ScannerError from error

    def _answer(self) -> str:
        found, until = b"", time.monotonic() + limits().scan_seconds
        while not found.endswith(b"\0") and len(found) < MAX_ANSWER:
            try:
                self._connection.settimeout(max(0.001, until - time.monotonic()))
                part = self._connection.recv(MAX_ANSWER)
            except OSError as error:
                log.warning("files.scanner_silent", error=str(error))
                raise ScannerError from error
            if not part:
                break
            found += part
        return found.rstrip(b"\0\n").decode("utf-8", "replace")

    def _judge(self, answer: str) -> None:
        if answer == "stream: OK":
            return
        if virus := _FOUND.match(answer):
            raise InfectedError(self._name, virus[1][:200])
        if "size limit exceeded" in answer:
            raise TooLargeError(_("“%(name)s” is too large to be checked for viruses.", name=self._name))
        log.warning("files.scanner_failed", answer=answer[:200])
        raise ScannerError


@contextmanager
def scan(name: str, *, wanted: bool) -> Iterator[Scan]:
    """Open a scan for the file that the block feeds; the verdict comes at its end.

    Raises InfectedError, ScannerError, TooLargeError (larger than the scanner takes).
    """
    allowed = limits()
    if not (allowed.clamav and wanted):
        yield Scan()
        return
    with _connect(allowed.clamav, allowed.scan_seconds) as connection:
        running = _ClamScan(connection, name)
        yield running
        running.end()


def _connect(address: str, seconds: float) -> socket.socket:
    parts = urlsplit(address)
    try:
        if parts.scheme == "unix":
            connection = _connect_here(parts.path)
        else:
            place = (parts.hostname or "", parts.port or PORT)
            connection = socket.create_connection(place, min(CONNECT_SECONDS, seconds))
    except (OSError, ValueError) as error:
        log.warning("files.scanner_unreachable", error=str(error))
        raise ScannerError from error
    connection.settimeout(seconds)
    return connection


def _connect_here(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(CONNECT_SECONDS)
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


def answers() -> bool:
    """Tell whether the scanner that is set is there."""
    try:
        with _connect(limits().clamav, CONNECT_SECONDS) as connection:
            connection.sendall(b"zPING\0")
            return connection.recv(MAX_ANSWER).startswith(b"PONG")
    except (OSError, ScannerError):
        return False
