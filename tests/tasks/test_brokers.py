"""Whatever carries the messages, and whatever it loses: each job is done, and done once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo.database import Database

from models.database import Document
from seed import generate
from tasks import sweeps
from tasks.jobs import dispatch
from tests import factories
from tests.tasks import brokers
from tests.tasks.brokers import flush
from tests.tasks.requests import ask, rows
from tests.tasks.workers import Office, ended, job_until, let_time_pass, under_way

MANY = 6_000


@pytest.fixture(scope="module", params=[brokers.redis, brokers.rabbitmq])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with request.param(tmp_path_factory.mktemp("broker")) as url:
        yield url


@pytest.fixture
def office(db: Database[Document], mongodb_uri: str, broker: str, tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path, mongodb_uri, broker)
    flush(broker)
    yield made
    made.close()


def test_a_job_is_done_once_though_its_worker_was_killed(office: Office, db: Database[Document]) -> None:
    job = ask(generate.generate(MANY))
    dispatch(job)
    first = office.worker()
    job_until(job.id, under_way)
    first.kill()
    office.worker()
    let_time_pass()
    sweeps.sweep()
    done = job_until(job.id, ended)
    assert (done["state"], done["attempts"]) == ("done", 2)
    assert rows(done) == done["result"]["count"] == MANY
    assert db["files.files"].distinct("_id", {"metadata.purpose": "job"}) == [done["file"]]


def test_a_job_is_done_once_though_the_broker_forgot_it(office: Office) -> None:
    live = factories.form()
    forgotten = ask(live)
    dispatch(forgotten)
    flush(office.broker)
    office.worker()
    let_time_pass()
    sweeps.sweep()
    done = job_until(forgotten.id, ended)
    assert (done["state"], done["attempts"]) == ("done", 1)


def test_a_broker_that_forgot_everything_still_carries_what_comes_after(office: Office) -> None:
    live = factories.form()
    office.worker()
    office.worker("default")
    for _time in range(2):  # by the same processes, whose connections last
        job = ask(live)
        let_time_pass()
        sweeps.sweep.apply_async()
        assert job_until(job.id, ended)["state"] == "done"
        flush(office.broker)
