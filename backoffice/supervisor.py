"""Everything on one machine: starts the parts, brings back what dies, stops them in order."""

import contextlib
import errno
import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final, Protocol

import structlog

from backoffice import lifeline

FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 10.0
STEADY_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0
PORT_SECONDS: Final = 3.0
TICK_SECONDS: Final = 0.5
STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

log = structlog.get_logger("backoffice.supervisor")


class AlreadyRunningError(RuntimeError):
    """Another `backoffice up` holds this data, or another program the port."""


class Part(Protocol):
    """A process that is kept alive."""

    process: subprocess.Popen[bytes] | None

    def launch(self) -> None:
        """Start it without waiting."""

    def tend(self) -> None:
        """Do what it needs while it runs, without waiting long."""

    def stop(self) -> None:
        """Stop it and wait until it is gone."""


class Program:
    """One of our own commands in a process group of its own."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], handles: Sequence[int] = ()
    ) -> None:
        """Take the command, its environment, and open files that it inherits."""
        self.command = list(command)
        self.environment = dict(environment)
        self.handles = tuple(handles)
        self.asked = False
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start it; what an earlier life left of its group is killed first."""
        self._kill_group()
        self.asked = False
        self.process = subprocess.Popen(  # noqa: S603  (our own words)
            lifeline.wrap(self.command, signal.SIGKILL),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,  # what is said on the standard output is ours alone
            pass_fds=self.handles,
            start_new_session=True,  # a Ctrl-C in the terminal is for us, who stop them in order
        )

    def tend(self) -> None:
        """Leave it alone: it needs nothing."""

    def ask_to_stop(self) -> None:
        """Ask it to finish what it is doing and end."""
        if self.process is not None and self.process.poll() is None:
            self.asked = True
            self.process.terminate()

    def stop(self) -> None:
        """Stop it and wait; who does not listen is killed, and what it did is taken up again later."""
        if self.process is None:
            return
        if not self.asked:
            self.ask_to_stop()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            log.warning("part.killed", command=self.command[-1])
        self._kill_group()
        self.process.wait()
        self.process = None

    def _kill_group(self) -> None:
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return


class Keeper:
    """Keeps one part alive, with a growing pause when it dies again and again."""

    def __init__(self, name: str, part: Part) -> None:
        """Take a part that was launched already or will be by the next look."""
        self.name = name
        self.part = part
        self.pause = FIRST_PAUSE
        self.started = time.monotonic()
        self.due: float | None = None
        self.launches = 1

    def look(self, moment: float) -> None:
        """Tend the part, or launch it again if it has died and its pause is over."""
        process = self.part.process
        if process is not None and process.poll() is None:
            self.part.tend()
            return
        if self.due is None:
            if moment - self.started > STEADY_SECONDS:
                self.pause = FIRST_PAUSE
            status = process.returncode if process is not None else None
            log.warning("part.died", part=self.name, status=status, again_in=self.pause)
            self.due = moment + self.pause
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
        if moment >= self.due:
            self.part.launch()
            self.launches += 1
            self.started, self.due = time.monotonic(), None


class Supervisor:
    """Holds the parts, first to start first; stops them the other way round."""

    def __init__(self) -> None:
        """Listen for the signals that end us and for children that end."""
        self.keepers: list[Keeper] = []
        self.stopping = False
        self.running = False
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.settimeout(0)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in STOP_SIGNALS:
            signal.signal(number, self._on_stop)

    def _on_stop(self, *_: object) -> None:
        if not self.stopping and not self.running:
            self.stopping = True
            raise KeyboardInterrupt  # whatever is being prepared is not worth waiting for
        self.stopping = True

    def keep(self, name: str, part: Part) -> None:
        """Launch a part, unless it runs already, and keep it alive from now on."""
        if part.process is None:
            part.launch()
        self.keepers.append(Keeper(name, part))

    def launches(self, name: str) -> int:
        """Return how often a part was launched."""
        return sum(keeper.launches for keeper in self.keepers if keeper.name == name)

    def tick(self, seconds: float = TICK_SECONDS) -> None:
        """Wait for a signal or so many seconds, then bring back what has died."""
        self.running = True
        select.select([self._reader], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            self._reader.recv(4096)
        if not self.stopping:
            for keeper in self.keepers:
                keeper.look(time.monotonic())

    def run(self) -> None:
        """Keep the parts alive until asked to stop."""
        while not self.stopping:
            self.tick()

    def stop(self) -> None:
        """Stop everything: the programs together, then what they stand on."""
        for keeper in self.keepers:
            if isinstance(keeper.part, Program):
                keeper.part.ask_to_stop()
        for keeper in reversed(self.keepers):
            keeper.part.stop()
        self.keepers.clear()

    def close(self) -> None:
        """Listen for signals no more."""
        signal.set_wakeup_fd(-1)
        self._reader.close()
        self._writer.close()


def hold(data_dir: Path) -> IO[str]:
    """Take a data folder for this process; keep the file open as long as it is ours.

    Raises:
        AlreadyRunningError: another process has it; the text says which and where it serves.

    """
    data_dir.mkdir(parents=True, exist_ok=True)
    file = (data_dir / "up.lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        text = file.read()
        file.close()
        holder = json.loads(text) if text else {}
        where = holder.get("url") or "starting"
        message = f"Already running on {data_dir}: process {holder.get('pid', 'unknown')}, {where}"
        raise AlreadyRunningError(message) from None
    announce(file, "")
    return file


def announce(file: IO[str], url: str) -> None:
    """Write down who holds the data, for the next one who tries."""
    file.seek(0)
    file.truncate()
    json.dump({"pid": os.getpid(), "url": url}, file)
    file.flush()


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; it outlives the web server, so a restart of that refuses nobody.

    Raises:
        AlreadyRunningError: the port is taken, or cannot be had; the text says what to do.

    """
    deadline = time.monotonic() + PORT_SECONDS
    while True:
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
            return socket.create_server((host, port), family=family, backlog=2048)
        except OSError as error:
            # Those of a supervisor that was killed go away at once, but not quite.
            if time.monotonic() > deadline or error.errno != errno.EADDRINUSE:
                message = (
                    f"Cannot listen on {host} port {port}: {error.strerror}. Choose another with --port."
                )
                raise AlreadyRunningError(message) from None
            time.sleep(0.1)


def address(listener: socket.socket) -> str:
    """Return the address at which a listening socket answers on this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (listening everywhere)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
