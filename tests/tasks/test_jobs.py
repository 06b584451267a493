"""A worker, as it is started in production, carries jobs from their first line to their file."""

import pytest

from models import database, jobs
from models.jobs import Job
from models.messages import translate
from seed import generate
from tasks.jobs import dispatch
from tests import factories
from tests.tasks.requests import ask, rows
from tests.tasks.workers import Office, ended, job_until, under_way

MANY = 20_000


def test_an_export_goes_from_the_click_to_the_file(office: Office) -> None:
    live = factories.form()
    for number in range(3):
        factories.record(live, name=f"n{number}", qty=number)
    office.worker()
    job = ask(live)
    dispatch(job)
    done = job_until(job.id, ended)
    assert done["state"] == "done"
    assert (done["result"]["rows"], rows(done)) == (3, 3)
    assert done["attempts"] == 1
    assert done["worker"]


def test_a_running_export_says_how_far_it_is_and_stops_when_asked(office: Office) -> None:
    live = generate.generate(MANY)
    worker = office.worker()
    job = ask(live)
    dispatch(job)
    job_until(job.id, under_way)
    with worker.held():
        found = Job.objects.get(id=job.id)
        assert (found.state, found.total) == ("running", MANY)
        assert 0 <= found.percent < 100
        jobs.request_cancel(found)
    stopped = job_until(job.id, ended)
    assert stopped["state"] == "cancelled"
    assert "file" not in stopped
    assert database.db()["files.chunks"].estimated_document_count() == 0


def test_a_job_that_waits_stops_at_once_and_no_worker_takes_it(office: Office) -> None:
    live = factories.form()
    unwanted, wanted = ask(live), ask(live)
    jobs.request_cancel(unwanted)
    for job in (unwanted, wanted):
        dispatch(job)
    office.worker()
    assert job_until(wanted.id, ended)["state"] == "done"
    left = Job.objects.get(id=unwanted.id)
    assert (left.state, left.attempts) == ("cancelled", 0)


@pytest.mark.parametrize(
    ("language", "text"),
    [("zh", "内容不存在，或您无权查看。"), ("en", "This does not exist, or you may not see it.")],
)
def test_a_failure_is_told_in_the_owners_language(office: Office, language: str, text: str) -> None:
    gone = factories.form()
    job = ask(gone, language=language)
    Job.objects(id=job.id).update(form="gone")
    dispatch(job)
    office.worker()
    assert job_until(job.id, ended)["state"] == "failed"
    found = Job.objects.get(id=job.id)
    assert translate(found.message, found.language) == text


def test_what_nobody_foresaw_fails_with_a_number_that_stands_in_the_log(office: Office) -> None:
    job = ask(factories.form())
    Job.objects(id=job.id).update(kind="unforeseen")
    dispatch(job)
    worker = office.worker()
    assert job_until(job.id, ended)["state"] == "failed"
    message = Job.objects.get(id=job.id).message
    assert str(job.id) in translate(message, "zh")
    assert str(job.id) in translate(message, "en")
    assert str(job.id) in worker.log.read_text()
    assert "KeyError" in worker.log.read_text()


def test_a_job_of_someone_who_left_fails_without_reading_a_record(office: Office) -> None:
    live = factories.form()
    leaver = factories.editor()
    job = ask(live, leaver)
    leaver.active = False
    leaver.save()
    dispatch(job)
    office.worker()
    left = job_until(job.id, ended)
    assert left["state"] == "failed"
    assert left["total"] == 0
    assert "file" not in left


def test_a_message_that_comes_twice_is_carried_out_once(office: Office) -> None:
    job = ask(factories.form())
    for _time in range(5):
        dispatch(job)
    last = ask(factories.form(key="last"))
    dispatch(last)
    for _worker in range(2):
        office.worker()
    assert job_until(last.id, ended)["state"] == "done"
    done = job_until(job.id, ended)
    assert (done["state"], done["attempts"], done["fence"]) == ("done", 1, 1)
    assert database.db()["files.files"].count_documents({}) == 2


def test_a_worker_with_several_processes_does_several_jobs(office: Office) -> None:
    live = factories.form()
    asked = [ask(live) for _ in range(6)]
    for job in asked:
        dispatch(job)
    office.worker(concurrency=2)
    done = [job_until(job.id, ended) for job in asked]
    assert [job["state"] for job in done] == ["done"] * 6
