"""What was lost is found again: by any worker, at any time, by several at once."""

import io
from datetime import timedelta

import pytest
from pymongo.database import Database
from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    CursorNotFound,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from models import files, jobs
from models.database import Document
from models.jobs import Job, LeaseLostError, RunningJob
from models.messages import _
from models.times import now, set_clock
from tasks import jobs as task_jobs
from tasks import sweeps
from tasks.app import celery
from tasks.jobs import carry_out, dispatch
from tests import factories
from tests.tasks.requests import ask
from tests.tasks.workers import Office, ended, job_until, let_time_pass


def test_a_job_whose_message_was_lost_is_swept(office: Office) -> None:
    job = ask(factories.form())
    let_time_pass()
    office.worker()
    office.worker("default")
    sweeps.sweep.apply_async()
    assert job_until(job.id, ended)["state"] == "done"


def test_a_job_of_a_dead_worker_is_given_to_another(office: Office) -> None:
    job = ask(factories.form())
    factories.claimed(job, "dead")
    let_time_pass()
    office.worker()
    sweeps.sweep()
    done = job_until(job.id, ended)
    assert (done["state"], done["attempts"]) == ("done", 2)
    assert done["worker"] != "dead"


def test_a_job_that_kills_whoever_carries_it_out_is_given_up(db: Database[Document]) -> None:
    job = ask(factories.form())
    for _attempt in range(jobs.MAX_ATTEMPTS):
        assert jobs.RunningJob.claim(job.id, "mortal")
        let_time_pass()
    assert jobs.RunningJob.claim(job.id, "mortal") is None
    given_up = db.jobs.find_one({"_id": job.id})
    assert given_up
    assert given_up["state"] == "failed"
    assert "times" in str(Job.objects.get(id=job.id).message)


def test_a_waiting_job_is_not_sent_again_by_every_sweep(db: Database[Document]) -> None:
    live = factories.form()
    waiting, dead = ask(live), ask(live)
    jobs.RunningJob.claim(dead.id, "dead")
    let_time_pass()
    assert set(jobs.due_for_dispatch()) == {waiting.id, dead.id}
    assert jobs.due_for_dispatch() == []


def test_two_beats_at_once_do_no_harm(office: Office) -> None:
    live = factories.form()
    asked = [ask(live) for _ in range(5)]
    let_time_pass()
    for queue in ("jobs", "jobs", "default", "default"):
        office.worker(queue)
    beats = [office.beat(), office.beat()]
    done = [job_until(job.id, ended) for job in asked]
    assert [(job["state"], job["attempts"]) for job in done] == [("done", 1)] * 5
    assert all(beat.process.poll() is None for beat in beats)


def test_sweeps_that_nobody_carried_out_do_not_pile_up() -> None:
    entries = celery.conf.beat_schedule.values()
    assert all(entry["options"]["expires"] <= 60 for entry in entries)


def test_a_file_is_removed_when_its_time_is_up(office: Office, db: Database[Document]) -> None:
    job = ask(factories.form())
    dispatch(job)
    office.worker()
    done = job_until(job.id, ended)
    assert files.info(done["file"])["size"] == done["result"]["bytes"]
    sweeps.sweep()
    assert files.info(done["file"])
    db.jobs.update_one({"_id": job.id}, {"$set": {"expires_at": now() - timedelta(seconds=1)}})
    office.worker("default")
    sweeps.sweep.apply_async()
    expired = job_until(job.id, lambda found: found["state"] == "expired")
    assert (expired["file"], expired["expires_at"]) == (None, None)
    assert db["files.files"].count_documents({}) == db["files.chunks"].count_documents({}) == 0
    sweeps.sweep()
    assert Job.objects.get(id=job.id).state == "expired"


def test_what_a_killed_worker_made_but_did_not_hand_over_is_removed(db: Database[Document]) -> None:
    job = ask(factories.form())
    with set_clock(now() - timedelta(days=2)):
        files.store(io.BytesIO(b"made"), "made.csv", job.owner, purpose=files.MADE, max_bytes=10)
        kept = files.store(io.BytesIO(b"kept"), "kept.csv", job.owner, purpose=files.MADE, max_bytes=10)
        running = factories.claimed(job)
        running.finish({}, file=kept, keep=timedelta(days=7))
    sweeps.sweep()
    assert db["files.files"].distinct("_id") == db["files.chunks"].distinct("files_id") == [kept]


def test_a_worker_that_slept_too_long_leaves_no_trace(db: Database[Document]) -> None:
    job = ask(factories.form())
    slept = jobs.RunningJob.claim(job.id, "sleeper")
    let_time_pass()
    awake = jobs.RunningJob.claim(job.id, "awake")
    assert slept
    assert awake
    carry_out(slept)
    assert db["files.files"].count_documents({}) == db["files.chunks"].count_documents({}) == 0
    assert Job.objects.get(id=job.id).state == "running"
    carry_out(awake)
    assert Job.objects.get(id=job.id).state == "done"
    with pytest.raises(LeaseLostError):
        slept.fail(_("You are not allowed to do this."))


def test_a_sweep_goes_on_after_what_fails(monkeypatch: pytest.MonkeyPatch, db: Database[Document]) -> None:
    def fails() -> None:
        raise RuntimeError

    done: list[str] = []
    monkeypatch.setattr(sweeps, "STEPS", (fails, lambda: done.append("next")))
    sweeps.sweep()
    assert done == ["next"]


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("gone"),
        ServerSelectionTimeoutError("still gone"),
        CursorNotFound("gone meanwhile"),
        ConfigurationError("Sessions are not supported by this MongoDB deployment"),
    ],
)
def test_a_job_whose_database_goes_away_pauses_and_is_swept(
    db: Database[Document], monkeypatch: pytest.MonkeyPatch, error: PyMongoError
) -> None:
    def fails(_job: RunningJob) -> None:
        raise error

    job = ask(factories.form())
    monkeypatch.setitem(task_jobs.HANDLERS, "export", fails)
    first = factories.claimed(job, "first")
    carry_out(first)
    monkeypatch.undo()
    assert Job.objects.get(id=job.id).state == "queued"
    assert RunningJob.claim(job.id, "too early") is None
    let_time_pass()
    assert jobs.due_for_dispatch() == [job.id]
    second = factories.claimed(job, "second")
    carry_out(second)
    assert Job.objects.get(id=job.id).state == "done"


def test_a_job_that_was_given_back_can_still_be_stopped(db: Database[Document]) -> None:
    job = ask(factories.form())
    running = factories.claimed(job, "first")
    jobs.request_cancel(job)
    running.give_back()
    let_time_pass()
    again = factories.claimed(job, "second")
    carry_out(again)
    assert Job.objects.get(id=job.id).state == "cancelled"
