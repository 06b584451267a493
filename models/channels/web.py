"""Sends JSON to a checked address: no proxy, no redirect, bounded in time and size.

The standard library's connection is enough for one POST and lets us connect to the very IP address that was
checked; a client with redirects, proxies and pools would have to be talked out of all of them.
"""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from models.channels.addresses import Target

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 10.0
MAX_ANSWER: Final = 64 * 1024
MAX_NUMBERS: Final = 3


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    body: bytes

    @property
    def text(self) -> str:
        """The answer as text, whatever it is."""
        return self.body.decode("utf-8", "replace")


class _Plain(http.client.HTTPConnection):
    """A connection to a number that was checked, whatever the name means by now."""

    numbers: list[str]

    def connect(self) -> None:
        """Connect to a checked number."""
        self.sock = _connected(self.numbers, self.port)


class _Secure(http.client.HTTPSConnection):
    """The same, with the certificate of the name."""

    numbers: list[str]

    def connect(self) -> None:
        """Connect to a checked number and ask for the certificate of the name."""
        plain = _connected(self.numbers, self.port)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


def _connected(numbers: Sequence[str], port: int) -> socket.socket:
    """Return a connection to the first number that takes one; the last one's error is the answer."""
    for number in numbers[:-1]:
        with contextlib.suppress(OSError):
            return socket.create_connection((number, port), CONNECT_SECONDS)
    return socket.create_connection((numbers[-1], port), CONNECT_SECONDS)


def post(
    target: Target, body: bytes, headers: Mapping[str, str], *, seconds: float = TOTAL_SECONDS
) -> Answer:
    """Send JSON and return the answer.

    Raises:
        AddressError: the host leads into this network.
        TimeoutError: nobody answered in time, or not to the end.
        OSError: the connection broke (`http.client.HTTPException` likewise).

    """
    connection = (_Secure if target.scheme == "https" else _Plain)(target.host, target.port, timeout=seconds)
    connection.numbers = target.numbers()[:MAX_NUMBERS]
    late = threading.Event()
    watch = threading.Timer(seconds, _cut, [connection, late])  # a server that sends one byte at a time, too
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", target.path, body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(MAX_ANSWER))
    except (OSError, http.client.HTTPException) as error:
        if late.is_set():
            raise TimeoutError from error
        raise
    finally:
        watch.cancel()
        connection.close()


def _cut(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    late.set()
    try:
        connection.sock.shutdown(socket.SHUT_RDWR)
    except (AttributeError, OSError):
        return  # it had no socket yet, or no longer
