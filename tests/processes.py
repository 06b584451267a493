"""Looks at processes of this machine through /proc."""

import contextlib
import os
import select
from pathlib import Path

LISTEN = "0A"


def wait_until_gone(pid: int, seconds: float = 60) -> None:
    """Wait for a process that need not be our child; raises TimeoutError."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ready, _, _ = select.select([handle], [], [], seconds)
    finally:
        os.close(handle)
    if not ready:
        message = f"process {pid} is still there after {seconds} s"
        raise TimeoutError(message)


def listening_ports(pid: int) -> list[int]:
    """Return the TCP ports on which a process listens."""
    inodes = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed while we look
            inodes.add(str(handle.readlink()))
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return [
        int(row[1].rpartition(":")[2], 16)
        for row in rows
        if row[3] == LISTEN and f"socket:[{row[9]}]" in inodes
    ]


def children(pid: int) -> list[int]:
    """Return the direct children of a process; none of a thread or process that ends in this very moment."""
    found: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                found += map(int, (thread / "children").read_text().split())
    return found
