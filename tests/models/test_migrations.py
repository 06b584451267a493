"""Migrations run once, in order, are recorded, and may be interrupted."""

import threading
from typing import Any

import pytest
from pymongo.database import Database

from models import migrations
from models.migrations import COLLECTION, LOCK, Migration, MigrationRunningError
from models.times import now

Store = Database[dict[str, Any]]


def add_one(database: Store) -> None:
    database.counted.update_one({"_id": "x"}, {"$inc": {"n": 1}}, upsert=True)


def break_down(database: Store) -> None:
    message = f"{database.name} is full"
    raise RuntimeError(message)


def migration(name: str, work: Any = add_one) -> Migration:
    return Migration(name, "because", work)


def test_a_migration_runs_once_and_is_recorded(db: Store) -> None:
    first = migration("m2026_01_01_one")
    assert [outcome.name for outcome in migrations.run([first])] == [first.name]
    assert list(migrations.run([first])) == []
    assert db.counted.find_one() == {"_id": "x", "n": 1}
    record = db[COLLECTION].find_one({"_id": first.name})
    assert record is not None
    assert (record["state"], record["reason"]) == ("done", "because")
    assert record["finished_at"] >= record["started_at"]


def test_a_failure_is_recorded_stops_the_rest_and_is_tried_again(db: Store) -> None:
    first, second = migration("m2026_01_01_one", break_down), migration("m2026_01_02_two")
    with pytest.raises(RuntimeError, match="is full"):
        list(migrations.run([first, second]))
    record = db[COLLECTION].find_one({"_id": first.name})
    assert record is not None
    assert record["state"] == "failed"
    assert "is full" in record["error"]
    assert [left.name for left in migrations.pending([first, second])] == [first.name, second.name]
    assert len(list(migrations.run([migration(first.name), second]))) == 2


def test_every_shipped_migration_says_why_and_may_run_twice(db: Store) -> None:
    shipped = migrations.discover()
    assert shipped
    assert [each.name for each in shipped] == sorted(each.name for each in shipped)
    for each in shipped:
        assert len(each.reason) > 20
        each.work(db)
        each.work(db)


def test_two_processes_do_not_migrate_at_once(db: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "WAIT_SECONDS", 0)
    entered, leave = threading.Event(), threading.Event()

    def linger(_database: Store) -> None:
        entered.set()
        leave.wait(10)

    slow = threading.Thread(target=lambda: list(migrations.run([migration("m2026_01_01_one", linger)])))
    slow.start()
    assert entered.wait(10)
    with pytest.raises(MigrationRunningError):
        list(migrations.run([migration("m2026_01_02_two")]))
    leave.set()
    slow.join()
    assert db[COLLECTION].find_one({"_id": LOCK}) is None


def test_the_lock_of_a_killed_process_opens_by_itself(db: Store) -> None:
    past = now() - migrations.LOCK_FOR
    db[COLLECTION].insert_one({"_id": LOCK, "token": "dead", "until": past})
    assert len(list(migrations.run([migration("m2026_01_01_one")]))) == 1
