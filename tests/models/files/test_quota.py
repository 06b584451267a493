"""Space: counted as files come and go, and an end to it."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId

from models import database, files, times
from models.database import in_transaction
from models.files import quota
from models.files.quota import NoSpaceError
from tests.file_limits import limited

pytestmark = pytest.mark.usefixtures("db")

ME, YOU = ObjectId(), ObjectId()


def send(size: int, owner: ObjectId | None = ME, purpose: str = "upload") -> ObjectId:
    return files.store(io.BytesIO(b"x" * size), "a", owner, purpose=purpose, max_bytes=10**7)


def test_every_file_that_comes_or_goes_is_counted() -> None:
    assert quota.used() == 0
    one, _two = send(1000), send(500_000, purpose="made")
    assert quota.used() == quota.recounted() == 501_000
    files.delete(one)
    files.delete(one)
    assert quota.used() == 500_000
    with times.set_clock(datetime.now(UTC) + timedelta(days=2)):
        assert files.sweep_unclaimed() == 1
    assert quota.used() == quota.recounted() == 0


def test_what_was_there_before_is_counted_once() -> None:
    send(1000)
    database.db().file_usage.drop()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _n: quota.ensure_counted(), range(8)))
    assert quota.used() == 1000


def test_files_that_come_at_once_are_all_counted() -> None:
    with ThreadPoolExecutor(6) as pool:
        sent = list(pool.map(lambda _n: send(10), range(30)))
        assert quota.used() == 300
        list(pool.map(files.delete, sent))
    assert quota.used() == 0


def test_the_company_can_be_full() -> None:
    with limited(company_bytes=1000):
        kept = send(900)
        with pytest.raises(NoSpaceError, match="used up"):
            send(200)
        assert quota.used() == 900
        send(100)
        with pytest.raises(NoSpaceError):
            send(0)
        files.delete(kept)
        assert send(300)


def test_a_person_sends_no_more_than_so_much_that_no_record_holds() -> None:
    with limited(waiting_bytes=1000):
        mine = send(600)
        send(600, YOU)
        with pytest.raises(NoSpaceError, match="no record holds"):
            send(500)
        in_transaction(lambda session: files.claim({mine}, "sheet", ObjectId(), ME, session))
        assert send(900)
        with pytest.raises(NoSpaceError):
            send(200, purpose="import")
        assert send(5000, purpose="made")
        assert send(5000, None)


def test_many_at_once_do_not_slip_through() -> None:
    def attempt(_n: int) -> bool:
        try:
            send(300)
        except NoSpaceError:
            return False
        return True

    with limited(waiting_bytes=1000), ThreadPoolExecutor(6) as pool:
        taken = sum(pool.map(attempt, range(12)))
    assert quota.waiting(ME) == taken * 300 <= 1000


def test_looking_for_space_reads_no_files() -> None:
    found = database.db()["files.files"].find({"metadata.owner": ME, "metadata.claimed_by": None}).explain()
    assert "COLLSCAN" not in str(found["queryPlanner"]["winningPlan"])
