"""Starts a program that cannot outlive the process that started it.

`python -S -E lifeline.py PARENT_PID SIGNAL PROGRAM [ARGUMENT…]` asks the kernel to send SIGNAL when the
parent dies, raises the limit of open files and becomes PROGRAM. A program of its own and not a
`preexec_fn`, because forking from a process with threads (PyMongo has some) may run no Python.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
OPEN_FILES = 64_000


def wrap(command: list[str], signum: signal.Signals) -> list[str]:
    """Return the command that runs `command` tied to this process; it gets `signum` when this one dies."""
    here = str(Path(__file__))
    return [sys.executable, "-S", "-E", here, str(os.getpid()), str(int(signum)), *command]


def tie_to_parent(parent: int, signum: int) -> bool:
    """Have the kernel send `signum` to this process when its parent dies; False when it is dead already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0)
    return os.getppid() == parent


def raise_open_files() -> None:
    """Allow as many open files as the system lets us: MongoDB keeps one per collection and index."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def main(arguments: list[str]) -> int:
    """Become the program; return only when the parent is gone or the program cannot be run."""
    parent, signum, *command = arguments
    if not tie_to_parent(int(parent), int(signum)):
        return 1
    raise_open_files()
    try:
        os.execv(command[0], command)  # noqa: S606  (no shell is the point)
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
    return 127


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
