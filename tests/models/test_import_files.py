"""How long an uploaded file waits to be imported."""

from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import files, imports, jobs, times
from models.database import Document
from models.errors import NotFoundError
from models.import_plan import Plan
from models.people import User
from tests import factories as make


@pytest.fixture
def admin(db: Database[Document]) -> User:
    return make.administrator()


def send(person: User) -> ObjectId:
    return make.stored(b"name\nA\n", person)


def swept_after(**waited: float) -> int:
    with times.set_clock(datetime.now(UTC) + timedelta(**waited)):
        return files.sweep_unclaimed()


def test_an_uploaded_file_is_swept_after_a_week(admin: User, db: Database[Document]) -> None:
    file_id = send(admin)
    assert swept_after(days=6.9) == 0
    assert files.info(file_id)["name"] == "a.csv"
    assert swept_after(days=7.1) == 1
    with pytest.raises(NotFoundError):
        files.info(file_id)
    assert db["files.chunks"].count_documents({}) == 0


def test_a_file_that_was_checked_may_still_be_imported_for_a_week(admin: User) -> None:
    form = make.form(make.field("name"))
    plan = Plan(send(admin), "a.csv", {0: "name"})
    running = make.claimed(jobs.enqueue("import_check", admin, plan.dump(), form=form.key))
    with times.set_clock(datetime.now(UTC) + timedelta(days=3)):
        imports.check(running)
    assert swept_after(days=9) == 0
    assert swept_after(days=10.1) == 1
