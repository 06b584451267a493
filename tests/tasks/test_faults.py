"""Whatever is killed in the middle, nothing acknowledged is lost and nothing happens twice."""

import contextlib
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bson import ObjectId
from pymongo.errors import PyMongoError

from backoffice.mongod import EmbeddedMongo
from models import database, forms, jobs, numbering
from models.database import Document
from models.errors import ConflictError
from models.forms import LiveForm
from models.import_mapping import Plan
from models.jobs import Job
from models.times import now, set_clock
from seed import generate
from tasks import sweeps
from tasks.jobs import dispatch
from tests import factories
from tests.backoffice.test_cli import Up
from tests.factories import field
from tests.processes import wait_until_gone
from tests.tasks.requests import ask, rows
from tests.tasks.workers import (
    SECONDS,
    Office,
    Program,
    cut_power,
    ended,
    job_until,
    let_time_pass,
    pausing,
    under_way,
)

ROWS = 1_600
REFUSED_EVERY, REPEATED_EVERY = 100, 150
MANY = 12_000
QUIET_SECONDS = 10.0
"""So long nothing is heard of a job before it may be waiting for time to pass."""


def ledger() -> LiveForm:
    return factories.form(
        field("code", required=True, unique=True, searchable=True),
        field("qty", "integer", min=0),
        key="ledger",
        numbering="L-{seq:6}",
        business_key="code",
    )


def file_of(count: int) -> tuple[bytes, int, int]:
    """Return a file, how many rows of it are valid, and how many refused: no number, or there before."""
    lines, refused = ["code,qty"], 0
    for number in range(count):
        bad = number % REFUSED_EVERY == 7
        repeated = number > REPEATED_EVERY and number % REPEATED_EVERY == 11
        refused += bad or repeated
        code = f"C{number - 140 if repeated else number:06}"
        lines.append(f"{code},{'many' if bad else number}")
    return "\n".join(lines).encode(), count - refused, refused


def ask_import(live: LiveForm, content: bytes, mode: str) -> Job:
    owner = factories.administrator()
    kept = factories.stored(content, owner, "list.csv")
    plan = Plan(kept, "list.csv", mapping={0: "code", 1: "qty"}, key="code", mode=mode)
    return jobs.enqueue("import", owner, plan.dump(), form=live.key, language="en")


def let_others_go_on() -> None:
    """Let the time pass after which a dead worker's jobs are sent to others."""
    let_time_pass()
    sweeps.sweep()


def goes_on_until(job_id: ObjectId, true: Callable[[Document], bool]) -> Document:
    """Wait for a job to be as wanted; let time pass whenever it waits for that.

    A worker that gives it back says so. When the database dies with a message, or before a worker could say
    what came of its attempt, nothing says so.
    """
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(TimeoutError):
            if true(job := job_until(job_id, lambda job: true(job) or pausing(job), QUIET_SECONDS)):
                return job
        let_others_go_on()
    message = f"never as wanted: {database.db().jobs.find_one({'_id': job_id})}"
    raise TimeoutError(message)


def kill_after_writes(worker: Program, writes: int) -> None:
    """Kill a worker when the database has seen so many writes of it, or at the end."""
    seen = 0
    with database.db().watch(max_await_time_ms=200) as stream:
        let_others_go_on()
        while seen < writes and not ended(database.db().jobs.find_one() or {}):
            while seen < writes and stream.try_next():
                seen += 1
    worker.kill()


def accounted_for(live: LiveForm) -> None:
    """Every number belongs to one record or is a void."""
    with set_clock(now() + 2 * numbering.ABANDONED_AFTER):
        numbering.void_abandoned()
    used = [record["number"] for record in live.records().find({}, {"number": 1})]
    voids = [void["number"] for void in database.db().number_voids.find({"form": live.key})]
    last = database.db().counters.find_one({"form": live.key})
    assert last
    assert sorted(used + voids) == [f"L-{value:06}" for value in range(1, last["value"] + 1)]


def imported(live: LiveForm, done: Document, valid: int, refused: int) -> None:
    """Exactly the valid rows are there, each once, with one entry of history each."""
    assert done["state"] == "done", done["error"]
    result = done["result"]
    assert (result["created"], result["updated"], result["refused"]) == (valid, 0, refused)
    codes = [record["data"]["code"] for record in live.records().find({}, {"data.code": 1})]
    assert (len(codes), len(set(codes))) == (valid, valid)
    entries = database.db().history.distinct("record", {"form": live.key})
    assert len(entries) == database.db().history.count_documents({"form": live.key}) == valid
    accounted_for(live)


def test_an_import_whose_workers_are_killed_stores_each_row_once(office: Office) -> None:
    moments = random.Random(7)  # noqa: S311  (when to strike)
    live = ledger()
    content, valid, refused = file_of(ROWS)
    job = ask_import(live, content, "valid")
    for _kill in range(3):
        kill_after_writes(office.worker(), moments.randint(1, 2_500))
    office.worker()
    let_others_go_on()
    done = goes_on_until(job.id, ended)
    assert done["fence"] > 1
    imported(live, done, valid, refused)
    assert rows(done) == refused


def reached(attempt: int, done: int) -> Callable[[Document], bool]:
    """Tell whether an attempt has come so far."""
    return lambda job: under_way(job) and job["fence"] == attempt and job["done"] >= done


def begun(job: Document) -> bool:
    """Tell whether a job is under way, or over already while another was waited for."""
    return under_way(job) or ended(job)


def came_to(done: int) -> Callable[[Document], bool]:
    """Tell whether a job has come so far, by whichever attempt."""
    return lambda job: bool(job["done"] >= done)


def test_all_or_nothing_stays_so_when_workers_are_killed(office: Office) -> None:
    moments = random.Random(8)  # noqa: S311  (when to strike)
    live = ledger()
    content = b"code,qty\n" + b"".join(b"C%d,%d\n" % (number, number) for number in range(1_000))
    job = ask_import(live, content, "all")
    for _kill in range(2):
        kill_after_writes(office.worker(), moments.randint(1, 1_001))
        assert live.records().count_documents({}) in {0, 1_000}
    office.worker()
    let_others_go_on()
    imported(live, goes_on_until(job.id, ended), 1_000, 0)


def test_an_import_whose_worker_slept_stores_each_row_once(office: Office) -> None:
    live = ledger()
    content, valid, refused = file_of(ROWS)
    job = ask_import(live, content, "valid")
    sleeper = office.worker()
    dispatch(job)
    job_until(job.id, under_way)
    with sleeper.held():
        office.worker()
        let_others_go_on()
        job_until(job.id, reached(2, 0))
    done = job_until(job.id, ended)
    imported(live, done, valid, refused)
    assert rows(done) == refused
    assert database.db()["files.files"].count_documents({"metadata.purpose": "job"}) == 1


def test_an_export_whose_workers_are_killed_has_every_row_once(office: Office) -> None:
    moments = random.Random(9)  # noqa: S311  (when to strike)
    job = ask(generate.generate(MANY))
    for attempt in range(1, 4):
        worker = office.worker()
        let_others_go_on()
        job_until(job.id, reached(attempt, moments.randint(0, MANY // 2)))
        worker.kill()
    office.worker()
    let_others_go_on()
    done = job_until(job.id, ended)
    assert (done["state"], done["attempts"]) == ("done", 4)
    assert rows(done) == done["result"]["count"] == MANY
    assert database.db()["files.files"].count_documents({"metadata.purpose": "job"}) == 1


def kill_and_restart(server: EmbeddedMongo) -> None:
    cut_power(server)
    let_others_go_on()


def test_what_mongodb_acknowledged_outlives_its_death(own_mongodb: EmbeddedMongo, own_office: Office) -> None:
    live, other = ledger(), factories.form(numbering="N-{seq:5}")
    content, valid, refused = file_of(ROWS)
    worker = own_office.worker()
    job = ask_import(live, content, "valid")
    dispatch(job)
    with writing(other) as acknowledged:
        for rows_done in (400, 800):
            goes_on_until(job.id, came_to(rows_done))
            kill_and_restart(own_mongodb)
        done = goes_on_until(job.id, ended)
    assert worker.process.poll() is None, worker.log.read_text()[-5_000:]
    imported(live, done, valid, refused)
    kept = {record["_id"] for record in other.records().find({}, {"_id": 1})}
    assert acknowledged <= kept
    assert len(acknowledged) > 10


@contextlib.contextmanager
def writing(live: LiveForm) -> Iterator[set[ObjectId]]:
    """Create records beside the block; give those of which MongoDB said that they are stored."""
    stored: set[ObjectId] = set()
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            # a number whose counter MongoDB forgot is refused, and so is what it was for
            with contextlib.suppress(PyMongoError, ConflictError):
                stored.add(factories.record(live, name="n", qty=1)["_id"])

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        try:
            yield stored
        finally:
            stop.set()
        writer.result()


def test_an_export_goes_on_after_the_death_of_mongodb(own_mongodb: EmbeddedMongo, own_office: Office) -> None:
    job = ask(generate.generate(2 * MANY))
    worker = own_office.worker()
    dispatch(job)
    job_until(job.id, came_to(1))
    with worker.held():
        kill_and_restart(own_mongodb)
    done = goes_on_until(job.id, ended)
    assert done["state"] == "done", (done["error"], worker.log.read_text())
    assert rows(done) == 2 * MANY
    assert done["attempts"] > 1


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[[], Up]]:
    started: list[Up] = []

    def start() -> Up:
        started.append(Up(tmp_path / "data"))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.stop()


def test_everything_killed_and_started_again_goes_on(
    elsewhere: None, up: Callable[[], Up], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    first = up()
    database.connect(EmbeddedMongo(data).uri, "backoffice")
    forms.forget_versions()
    with contextlib.closing(Office(tmp_path, EmbeddedMongo(data).uri)):
        live = ledger()
        content, valid, refused = file_of(ROWS)
        importing, exporting = ask_import(live, content, "valid"), ask(generate.generate(MANY))
        for job in (importing, exporting):
            dispatch(job)
        for job in (importing, exporting):
            job_until(job.id, begun)
        parts = first.family()
        first.stop(signal.SIGKILL)
        for part in parts:
            wait_until_gone(part)
        second = up()
        let_time_pass()
        imported_job, exported_job = (job_until(job.id, ended) for job in (importing, exporting))
        imported(live, imported_job, valid, refused)
        assert (exported_job["state"], rows(exported_job)) == ("done", MANY)
    database.disconnect()
    assert second.stop() == 0
