"""Effects happen once, however many sweep and whoever dies in between."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from models import notifications, outbox, times
from models.people import User
from tests import factories

Store = Database[dict[str, Any]]

pytestmark = pytest.mark.usefixtures("db")


def notices(person: User, count: int) -> None:
    told: dict[str, Any] = {
        "kind": "mention",
        "form": "sheet",
        "record": ObjectId(),
        "title": "One",
        "text": "hello",
    }
    outbox.put(
        [
            effect
            for number in range(count)
            for effect in notifications.tell([person.id], key=f"n{number}", **told)
        ]
    )


def test_parallel_sweeps_carry_each_effect_out_once(db: Store) -> None:
    person = factories.reader()
    notices(person, 60)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _n: outbox.carry_out_due(), range(8))) == 60
    assert db.notifications.count_documents({}) == 60
    assert db.outbox.count_documents({"done_at": None}) == 0
    assert {effect["attempts"] for effect in db.outbox.find()} == {1}


def test_an_effect_of_a_sweep_that_died_is_carried_out_once_by_the_next(db: Store) -> None:
    notices(factories.reader(), 2)
    claimed = outbox.claim_due()
    assert claimed
    outbox._HANDLERS[claimed["kind"]](claimed)  # and then the process dies
    assert outbox.carry_out_due() == 1
    with times.set_clock(datetime.now(UTC) + timedelta(minutes=5)):
        assert outbox.carry_out_due() == 1
    assert db.notifications.count_documents({}) == 2


def test_an_effect_that_fails_holds_up_nobody_and_comes_back(
    db: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    notices(factories.reader(), 2)
    outbox.put([outbox.effect("odd", "odd", {})])
    db.outbox.update_one({"kind": "odd"}, {"$set": {"next_attempt_at": datetime(2000, 1, 1, tzinfo=UTC)}})
    with caplog.at_level(logging.CRITICAL):
        assert outbox.carry_out_due() == 2
    monkeypatch.setitem(outbox._HANDLERS, "odd", lambda _claimed: None)
    assert outbox.carry_out_due() == 0  # not at once
    with times.set_clock(datetime.now(UTC) + timedelta(minutes=5)):
        assert outbox.carry_out_due() == 1
    assert (db.outbox.find_one({"kind": "odd"}) or {})["attempts"] == 2


def test_an_effect_that_always_fails_is_tried_less_and_less_often(
    db: Store, caplog: pytest.LogCaptureFixture
) -> None:
    begun = datetime(2026, 3, 2, tzinfo=UTC)
    with times.set_clock(begun):
        outbox.put([outbox.effect("odd", "odd", {})])
    with caplog.at_level(logging.CRITICAL):
        for minute in range(24 * 60):
            with times.set_clock(begun + timedelta(minutes=minute)):
                outbox.carry_out_due()
    assert (db.outbox.find_one({"kind": "odd"}) or {})["attempts"] == 28  # 2, 4 … minutes, then every hour


def test_a_refusal_of_the_database_is_no_reason_to_stop(
    db: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def store_twice(_claimed: dict[str, Any]) -> None:
        db.outbox.insert_many([{"key": "twice"}, {"key": "twice"}])

    monkeypatch.setitem(outbox._HANDLERS, "odd", store_twice)
    outbox.put([outbox.effect("odd", "odd", {})])
    notices(factories.reader(), 2)
    db.outbox.update_one({"kind": "odd"}, {"$set": {"next_attempt_at": datetime(2000, 1, 1, tzinfo=UTC)}})
    with caplog.at_level(logging.CRITICAL):
        assert outbox.carry_out_due() == 2


def test_a_sweep_does_so_much_and_no_more() -> None:
    notices(factories.reader(), 5)
    assert [outbox.carry_out_due(2), outbox.carry_out_due(2), outbox.carry_out_due(2)] == [2, 2, 1]


def test_the_same_effect_is_stored_once() -> None:
    notices(factories.reader(), 1)
    with pytest.raises(BulkWriteError):
        notices(factories.reader(), 1)


def test_a_sweep_with_nothing_due_reads_nothing(db: Store) -> None:
    notices(factories.reader(), 50)
    outbox.carry_out_due()
    explained = (
        db.outbox.find({"next_attempt_at": {"$lte": times.now()}}).sort("next_attempt_at", 1).explain()
    )
    assert explained["executionStats"]["totalDocsExamined"] == 0
    assert explained["executionStats"]["totalKeysExamined"] <= 1


def test_notices_are_counted_read_and_shown_to_their_person_alone(db: Store) -> None:
    mine, other = factories.reader(), factories.editor()
    notices(mine, 120)
    outbox.carry_out_due()
    assert (notifications.unread_count(mine), notifications.unread_count(other)) == (99, 0)
    first, second, *_rest = notifications.of_person(mine, limit=10)
    assert first["_id"] > second["_id"]
    notifications.mark_read(other, first["_id"])
    assert db.notifications.count_documents({"read_at": None}) == 120
    notifications.mark_read(mine, first["_id"])
    assert db.notifications.count_documents({"read_at": None}) == 119
    notifications.mark_read_about(mine, "sheet", ObjectId())
    assert db.notifications.count_documents({"read_at": None}) == 119
    notifications.mark_read_about(mine, "sheet", first["record"])
    assert notifications.unread_count(mine) == 0
    assert notifications.of_person(other) == []


def test_unread_notices_are_counted_through_their_index(db: Store) -> None:
    notices(factories.reader(), 20)
    outbox.carry_out_due()
    notifications.mark_read(factories.reader())
    unread = {"person": factories.reader().id, "read_at": None}
    explained = db.notifications.find(unread).explain()
    assert explained["executionStats"]["totalDocsExamined"] == 0
