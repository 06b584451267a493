"""A virus scanner as ClamAV's daemon speaks, on a real socket, healthy or ill."""

import socket
import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class _Session(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        command = self._word()
        if command == b"zPING":
            self.wfile.write(b"PONG\0")
        elif command == b"zINSTREAM":
            self._scan()

    def _word(self) -> bytes:
        found = b""
        while not found.endswith(b"\0"):
            found += self.rfile.read(1) or b"\0"
        return found[:-1]

    def _scan(self) -> None:
        content = b""
        while length := struct.unpack("!I", self.rfile.read(4))[0]:
            content += self.rfile.read(length)
            if self.server.illness == "hangs up":
                return
            if len(content) > self.server.limit:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.server.seen.append(content)
        self._answer(b"stream: Eicar-Signature FOUND" if EICAR in content else b"stream: OK")

    def _answer(self, verdict: bytes) -> None:
        illness = self.server.illness
        if illness == "silent":
            self.rfile.read(1)  # until the other side gives up
        elif illness == "dribbles":
            with_patience(self.connection, verdict)
        elif illness == "babbles":
            self.wfile.write(b"stream: \xff\xfe OK? ERROR\0")
        else:
            self.wfile.write(verdict + b"\0")


def with_patience(connection: socket.socket, verdict: bytes) -> None:
    """Send an answer so slowly that each byte comes in time and the whole never does."""
    for one in verdict + b"\0":
        try:
            connection.sendall(bytes([one]))
        except OSError:
            return
        time.sleep(0.05)


class Clamd:
    """A running scanner."""

    def __init__(self, server: Any, address: str) -> None:
        self.server, self.address = server, address

    @property
    def seen(self) -> list[bytes]:
        found: list[bytes] = self.server.seen
        return found


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True


class _Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextmanager
def running(*, illness: str = "", limit: int = 10**8, path: Path | None = None) -> Iterator[Clamd]:
    """Run a scanner while the block runs, on a TCP port or a Unix socket."""
    server: Any = _Unix(str(path), _Session) if path else _Tcp(("127.0.0.1", 0), _Session)
    server.illness, server.limit, server.seen = illness, limit, []
    address = f"unix://{path}" if path else f"tcp://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Clamd(server, address)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
