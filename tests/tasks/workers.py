"""Worker and beat as the programs they are, and the events by which the tests follow them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from bson import ObjectId
from kombu import pools
from kombu.transport import mongodb
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from backoffice.mongod import EmbeddedMongo
from backoffice.settings import Settings, variable
from models import database, migrations
from models.database import Document
from tasks.app import celery, configure
from tests.web import SECRET_KEY

ROOT = Path(__file__).parents[2]
SECONDS = 120.0  # nobody waits so long unless something is wrong, however slow the machine
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def environment(**chosen: str) -> dict[str, str]:
    """Return this process's environment with only these settings of ours."""
    own = {variable(name) for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name not in own}
    settings = {variable(name): value for name, value in chosen.items()}
    return kept | settings | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"}


class Program:
    """A part of the product that runs beside the tests."""

    def __init__(
        self,
        folder: Path,
        settings: dict[str, str],
        *arguments: str,
        surroundings: Mapping[str, str],
        handles: Sequence[int] = (),
    ) -> None:
        self.log = folder / "programs.log"
        with self.log.open("a") as log:
            self.process = subprocess.Popen(  # noqa: S603  (our own words)
                [sys.executable, "-P", "-m", "backoffice", *arguments],
                env={**environment(**settings, data_dir=str(folder)), **surroundings},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=handles,
            )

    def kill(self) -> None:
        """Kill it and everything that it started, as a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Stop it in order and return its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(SECONDS)
        finally:
            self.kill()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Let it stand still for a while."""
        os.killpg(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGCONT)


def count_as_migrated() -> None:
    """Let programs start on the database of a test, which has everything but the past of an old one."""
    known = [{"_id": migration.name, "state": "done"} for migration in migrations.discover()]
    for one in known:
        database.db()[migrations.COLLECTION].replace_one({"_id": one["_id"]}, one, upsert=True)


class Office:
    """The programs of one test: all on the database that the tests are connected to."""

    def __init__(self, folder: Path, mongodb_uri: str, broker_url: str = "") -> None:
        self.folder = folder
        self.settings = {
            "mongodb_uri": mongodb_uri,
            "mongodb_database": database.db().name,
            "secret_key": SECRET_KEY,
        }
        count_as_migrated()
        if broker_url:
            self.settings["broker_url"] = broker_url
        self.surroundings: dict[str, str] = {}
        self.programs: list[Program] = []
        settings = Settings.model_validate({**self.settings})
        self.broker = settings.broker
        self.broker_before = celery.conf.broker_url
        forget_broker()  # a test of the pages may have sent something by another
        configure(self.broker)

    def start(self, *arguments: str, handles: Sequence[int] = ()) -> Program:
        """Start a part, which gets some open files."""
        program = Program(
            self.folder, self.settings, *arguments, surroundings=self.surroundings, handles=handles
        )
        self.programs.append(program)
        return program

    def worker(self, queue: str = "jobs", concurrency: int = 1) -> Program:
        """Start a worker for one queue."""
        return self.start("worker", "--queue", queue, "--concurrency", str(concurrency))

    def web(self) -> tuple[Program, int]:
        """Start a web server; return it with its port, where whoever asks already waits for it."""
        with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
            number = listener.fileno()
            program = self.start("web", "--listener", str(number), handles=[number])
            return program, listener.getsockname()[1]

    def beat(self) -> Program:
        """Start a beat."""
        return self.start("beat")

    def close(self) -> None:
        """Stop everything, and go back to the broker from before."""
        for program in self.programs:
            program.kill()
        give_up_transactions()
        forget_broker()
        configure(self.broker_before or "")


def forget_broker() -> None:
    """Drop this process's connections to the broker, so that the next test may have another."""
    for pool in pools.connections.values():
        for connection in pool._resource.queue:
            channel = getattr(connection, "_default_channel", None)
            if isinstance(channel, mongodb.Channel):
                channel.client.client.close()  # MongoDB's transport leaves it open
    pools.reset()
    cast("Any", celery)._after_fork()


def cut_power(server: EmbeddedMongo) -> None:
    """Kill a MongoDB without warning, and start it again."""
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    server.start()
    with contextlib.suppress(PyMongoError):
        database.client().admin.command("ping")  # finds out that its connections are gone


def until(
    collection: Collection[Document],
    document_id: ObjectId,
    true: Callable[[Document], bool],
    seconds: float = SECONDS,
) -> Document:
    """Wait for a document to be as wanted, by the events of its collection; return it."""
    deadline = time.monotonic() + seconds
    last: Document | None = None
    while time.monotonic() < deadline:
        with contextlib.suppress(PyMongoError):  # the database may be away for a moment
            for last in _states(collection, document_id, deadline):
                if true(last):
                    return last
    message = f"never as wanted: {last}"
    raise TimeoutError(message)


def _states(collection: Collection[Document], document_id: ObjectId, deadline: float) -> Iterator[Document]:
    own = [{"$match": {"documentKey._id": document_id}}]
    with collection.watch(own, full_document="updateLookup", max_await_time_ms=500) as stream:
        if found := collection.find_one({"_id": document_id}):
            yield found
        while time.monotonic() < deadline:
            event = stream.try_next()
            if event and (document := event.get("fullDocument")):
                yield document


def job_until(job_id: ObjectId, true: Callable[[Document], bool], seconds: float = SECONDS) -> Document:
    """Wait for a job to be as wanted."""
    return until(database.db().jobs, job_id, true, seconds)


def ended(job: Document) -> bool:
    """Tell whether a job is over."""
    return job["state"] not in {"queued", "running"}


def under_way(job: Document) -> bool:
    """Tell whether a worker has said how far it is."""
    return job["state"] == "running" and job["total"] > 0


def pausing(job: Document) -> bool:
    """Tell whether a job was given back by its worker."""
    return job["state"] == "queued" and job.get("not_before", LONG_AGO) > LONG_AGO


def let_time_pass() -> None:
    """Make leases, pauses, messages and transactions of the dead as old as if minutes had gone by."""
    give_up_transactions()
    past = dict.fromkeys(("lease_until", "not_before", "dispatched_at"), LONG_AGO)
    database.db().jobs.update_many({"state": {"$in": ["queued", "running"]}}, {"$set": past})


def give_up_transactions(still_for: timedelta = timedelta()) -> None:
    """End the transactions of dead processes at once.

    Where others are alive, `still_for` says how long nobody has asked for anything in those that are dead.
    """
    database.end_abandoned_transactions(still_for)
