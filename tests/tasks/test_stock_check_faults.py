"""Workers that are killed while they draw up a list or book it: each line once, each movement once."""

import random

import pytest
from bson import ObjectId

from models import database, jobs
from models.database import Document
from models.errors import ConflictError
from models.forms import LiveForm
from models.jobs import RunningJob
from models.ledger.checking import check_ledgers
from models.ledger.stock_check.steps import JOB
from models.people import User
from tasks.jobs import carry_out
from tests import factories
from tests.ledger_forms import ledger_form
from tests.stock_check_forms import (
    begun,
    check_form,
    counted_all,
    lines_of,
    now_stored,
    run_jobs,
    shelf,
    step,
)
from tests.tasks.test_faults import goes_on_until, kill_after_writes, let_others_go_on
from tests.tasks.workers import Office, ended

ITEMS = 1_500


@pytest.fixture
def things(db: object) -> LiveForm:
    return ledger_form()


@pytest.fixture
def admin(things: LiveForm) -> User:
    return factories.administrator()


def job_of(check: Document) -> ObjectId:
    found: ObjectId = check["check"]["job"]
    return found


def outlive(office: Office, job: ObjectId, seed: int) -> Document:
    """Let two workers be killed in the middle of a job, and a third one end it."""
    moments = random.Random(seed)  # noqa: S311  (when to strike)
    for _kill in range(2):
        kill_after_writes(office.worker(), moments.randint(1, ITEMS))
    office.worker()
    let_others_go_on()
    return goes_on_until(job, ended)


def test_killed_workers_draw_up_each_line_once_and_book_each_movement_once(
    office: Office, things: LiveForm, admin: User
) -> None:
    checks = check_form()
    shelf(things, admin, ITEMS)
    record = factories.record(checks, admin)
    check = step(checks, admin, record, "begin")
    done = outlive(office, job_of(now_stored(checks, check)), 3)
    assert (done["state"], done["result"]["lines"]) == ("done", ITEMS)
    assert done["fence"] > 1
    drawn = lines_of(check)
    assert (len(drawn), len({line["item"] for line in drawn})) == (ITEMS, ITEMS)
    assert now_stored(checks, check)["state"] == "counting"
    counted_all(checks, check, 4)
    step(checks, admin, check, "review")
    step(checks, admin, check, "book")
    done = outlive(office, job_of(now_stored(checks, check)), 5)
    assert (done["state"], now_stored(checks, check)["state"]) == ("done", "closed")
    assert now_stored(checks, check)["check"]["outcomes"] == {"booked": ITEMS}
    booked = list(database.db().property_movements.find({"kind": "shortage"}, {"item": 1}))
    assert (len(booked), len({one["item"] for one in booked})) == (ITEMS, ITEMS)
    assert list(check_ledgers()) == []


def test_of_two_jobs_only_the_one_that_the_check_names_books(things: LiveForm, admin: User) -> None:
    checks = check_form()
    shelf(things, admin, 60)
    check = begun(checks, admin)
    counted_all(checks, check, 4)
    step(checks, admin, check, "review")
    step(checks, admin, check, "book")
    params = {"form": checks.key, "check": check["_id"], "stage": "adjusting"}
    forged = factories.claimed(jobs.enqueue(JOB, admin, params))
    carry_out(forged)
    assert database.db().property_movements.count_documents({"kind": "shortage"}) == 0
    run_jobs()
    carry_out(RunningJob(forged.document, forged.fence))
    assert database.db().property_movements.count_documents({"kind": "shortage"}) == 60


def test_a_list_is_not_drawn_up_twice_at_once_nor_again_when_it_was_counted(
    things: LiveForm, admin: User
) -> None:
    checks = check_form()
    shelf(things, admin, 3)
    record = factories.record(checks, admin)
    step(checks, admin, record, "begin")
    with pytest.raises(ConflictError):
        step(checks, admin, record, "again")
    run_jobs()
    assert len(lines_of(record)) == 3


def test_a_check_that_is_cancelled_while_its_list_is_drawn_up_keeps_no_lines(
    things: LiveForm, admin: User
) -> None:
    checks = check_form()
    shelf(things, admin, 3)
    record = factories.record(checks, admin)
    step(checks, admin, record, "begin")
    step(checks, admin, record, "cancel")
    assert sorted(job.state for job in run_jobs()) == ["cancelled", "done"]
    assert lines_of(record) == []
    assert now_stored(checks, record)["state"] == "cancelled"
