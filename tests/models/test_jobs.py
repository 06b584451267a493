"""Jobs: held by one worker at a time, taken up again when it dies, and never lost."""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.database import Database

from models import files, jobs, times
from models.database import in_transaction
from models.errors import ForbiddenError, NotFoundError
from models.jobs import CancelledError, Job, LeaseLostError, RunningJob
from models.messages import _
from models.people import Permission
from tests import factories

Store = Database[dict[str, Any]]
WEEK = timedelta(days=7)

pytestmark = pytest.mark.usefixtures("db")


@contextmanager
def later(**delta: float) -> Iterator[None]:
    with times.set_clock(datetime.now(UTC) + timedelta(**delta)):
        yield


def queued(**params: object) -> Job:
    return jobs.enqueue("export", factories.editor(), dict(params), title="清单")


def claimed(job: Job, worker: str = "w1") -> RunningJob:
    found = RunningJob.claim(job.id, worker)
    assert found
    return found


def state(job: Job) -> str:
    return str(Job.objects.get(id=job.id).state)


def test_of_many_workers_one_gets_a_job() -> None:
    job = queued(form="sheet")
    with ThreadPoolExecutor(20) as pool:
        got = [one for one in pool.map(lambda n: RunningJob.claim(job.id, f"w{n}"), range(20)) if one]
    assert len(got) == 1
    assert got[0].params == {"form": "sheet"}
    assert got[0].owner() == factories.editor()


def test_a_worker_that_gives_signs_of_life_keeps_its_job() -> None:
    running = claimed(job := queued())
    with later(seconds=50):
        running.progress(1, 10)
    with later(seconds=100):
        assert RunningJob.claim(job.id, "w2") is None
    assert Job.objects.get(id=job.id).percent == 10


def test_the_job_of_a_dead_worker_goes_on_from_where_it_was() -> None:
    first = claimed(job := queued())
    in_transaction(lambda session: first.keep_position({"row": 500}, 500, 1000, session))
    with later(minutes=5):
        second = claimed(job, "w2")
        assert second.position == {"row": 500}
        assert (second.document["fence"], second.document["attempts"]) == (2, 1)
        too_late: tuple[Callable[[], object], ...] = (
            lambda: first.progress(600, 1000),
            lambda: in_transaction(lambda session: first.keep_position({"row": 600}, 1, 1, session)),
            lambda: first.finish({}, keep=WEEK),
            lambda: first.fail(_("x")),
            first.cancel,
            first.give_back,
        )
        for late in too_late:
            with pytest.raises(LeaseLostError):
                late()
        second.finish({"rows": 1000}, keep=WEEK)
    stored = Job.objects.get(id=job.id)
    assert (stored.state, stored.result, stored.percent, stored.position) == (
        "done",
        {"rows": 1000},
        100,
        {"row": 500},
    )


def test_of_many_workers_one_takes_over_from_the_dead(db: Store) -> None:
    claimed(job := queued())
    with later(minutes=5), ThreadPoolExecutor(20) as pool:
        got = [one for one in pool.map(lambda n: RunningJob.claim(job.id, f"w{n}"), range(20)) if one]
    assert len(got) == 1
    assert (db.jobs.find_one({"_id": job.id}) or {})["fence"] == 2


def test_a_position_counts_only_with_the_writes_of_its_batch(db: Store) -> None:
    running = claimed(job := queued())

    def write(session: ClientSession) -> None:
        running.keep_position({"row": 9}, 9, 10, session)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        in_transaction(write)
    assert (db.jobs.find_one({"_id": job.id}) or {}).get("position", {}) == {}


def test_a_job_that_waits_is_cancelled_at_once() -> None:
    job = queued()
    jobs.request_cancel(job)
    assert state(job) == "cancelled"
    assert RunningJob.claim(job.id, "w") is None


def test_a_running_job_hears_that_it_is_not_wanted() -> None:
    running = claimed(job := queued())
    jobs.request_cancel(job)
    assert state(job) == "running"
    with pytest.raises(CancelledError):
        running.progress(1, 2)
    running.cancel()
    assert state(job) == "cancelled"


def test_a_job_cancelled_while_its_worker_was_dead_stops_when_it_is_taken_up() -> None:
    claimed(job := queued())
    jobs.request_cancel(job)
    with later(minutes=5), pytest.raises(CancelledError):
        claimed(job).progress(1, 2)


def test_an_ended_job_cannot_be_cancelled() -> None:
    claimed(job := queued()).finish({}, keep=WEEK)
    jobs.request_cancel(job)
    assert state(job) == "done"


def test_a_job_says_why_it_failed_in_any_language() -> None:
    running = claimed(job := queued())
    running.fail(_("At most %(max)s characters.", max=5))
    stored = Job.objects.get(id=job.id)
    assert (stored.state, str(stored.message)) == ("failed", "At most 5 characters.")
    assert not stored.is_open


def test_a_job_that_kills_its_workers_is_given_up() -> None:
    job = queued()
    for attempt in range(jobs.MAX_ATTEMPTS):
        with later(minutes=5 * attempt):
            assert claimed(job).document["attempts"] == attempt + 1
    with later(days=1):
        assert RunningJob.claim(job.id, "w") is None
    assert state(job) == "failed"


def test_a_job_given_back_pauses_longer_each_time_but_does_not_wait_for_ever() -> None:
    job = queued()
    moments = [datetime.now(UTC)]
    for _attempt in range(jobs.MAX_ATTEMPTS - 1):
        with times.set_clock(moments[-1]):
            claimed(job).give_back()
            assert state(job) == "queued"
            assert RunningJob.claim(job.id, "w") is None
            assert jobs.due_for_dispatch() == []
        moments.append(Job.objects.get(id=job.id).not_before)
        with times.set_clock(moments[-1]):
            assert jobs.due_for_dispatch() == [job.id]
    pauses = [after - before for before, after in pairwise(moments)]
    assert pauses == sorted(set(pauses))
    assert sum(pauses, timedelta()) > timedelta(minutes=15)
    with times.set_clock(moments[-1]):
        claimed(job).give_back()
    assert state(job) == "failed"


def test_a_job_that_gets_on_is_never_given_up() -> None:
    job = queued()
    for row in range(2 * jobs.MAX_ATTEMPTS):
        with later(minutes=5 * row):
            running = claimed(job)
            in_transaction(partial(running.keep_position, {"row": row}, row, 100))
            if row % 2:
                running.give_back()
    assert Job.objects.get(id=job.id).attempts == 0


def test_a_sweep_finds_lost_messages_and_dead_workers_once() -> None:
    lost, busy, dead, done = queued(), queued(), queued(), queued()
    claimed(dead)
    claimed(done).finish({}, keep=WEEK)
    assert jobs.due_for_dispatch() == []  # just sent
    with later(minutes=2):
        claimed(busy)
        assert set(jobs.due_for_dispatch()) == {lost.id, dead.id}
        assert jobs.due_for_dispatch() == []


def test_a_job_and_its_file_expire_together(db: Store) -> None:
    running = claimed(job := queued())
    file = files.store(io.BytesIO(b"x" * 300_000), "a.xlsx", None, purpose=files.MADE, max_bytes=10**6)
    running.finish({}, file=file, file_name="a.xlsx", keep=WEEK)
    assert files.info(file)["purpose"] == "job"
    assert jobs.expire() == 0
    with later(days=8):
        assert files.sweep_unclaimed() == 0
        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(lambda _n: jobs.expire(), range(4))) >= 1
    assert (state(job), Job.objects.get(id=job.id).file) == ("expired", None)
    assert db["files.chunks"].count_documents({}) == db["files.files"].count_documents({}) == 0


def test_a_job_is_its_owners_alone() -> None:
    job = queued()
    assert jobs.get_own(factories.editor(), job.id).id == job.id
    assert [one.id for one in jobs.of_owner(factories.editor())] == [job.id]
    assert jobs.of_owner(factories.reader()) == []
    for stranger in (factories.reader(), factories.stranger()):
        with pytest.raises(NotFoundError):
            jobs.get_for(stranger, job.id)
    overseer = factories.user(
        "overseer", factories.role("overseer", permissions=[Permission.JOBS_READ_ALL.value])
    )
    assert jobs.get_for(overseer, job.id).id == job.id
    with pytest.raises(ForbiddenError):
        jobs.get_own(overseer, job.id)
    with pytest.raises(NotFoundError):
        jobs.get_for(overseer, ObjectId())


def test_a_job_stops_when_its_owner_left() -> None:
    person = factories.editor()
    running = claimed(queued())
    person.update(set__active=False)
    with pytest.raises(ForbiddenError):
        running.owner()


@pytest.mark.parametrize(("done", "total", "percent"), [(0, 0, 0), (1, 3, 33), (3, 3, 99), (9, 3, 99)])
def test_only_a_finished_job_is_at_a_hundred_percent(done: int, total: int, percent: int) -> None:
    assert Job(kind="x", done=done, total=total).percent == percent


def test_a_sweep_with_nothing_to_do_reads_next_to_nothing(db: Store) -> None:
    for _turn in range(20):
        claimed(queued()).finish({}, keep=WEEK)
    for query in ({"expires_at": {"$lt": times.now()}}, jobs.lost_jobs()):
        explained = db.jobs.find(query).explain()["executionStats"]
        assert explained["totalDocsExamined"] == 0
