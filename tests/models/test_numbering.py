"""Numbers under parallel use, failures and processes that die between any two writes."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pymongo.client_session import ClientSession
from pymongo.database import Database

from models import numbering, planning, records, times
from models.database import in_transaction
from models.errors import ConflictError, InvalidError, TooLargeError
from models.forms import LiveForm
from tests import factories

Store = Database[dict[str, Any]]
Death = Callable[[str], None]
DAY = date(2026, 11, 21)
PARALLEL = 50


def accounted(db: Store, live: LiveForm) -> tuple[list[str], list[str]]:
    """Return the numbers that records have and those that are void."""
    used = [found["number"] for found in live.records().find().sort("number", 1)]
    return used, sorted(found["number"] for found in db.number_voids.find())


def numbered(pattern: str = "N-{seq:3}") -> LiveForm:
    fields = [factories.field("name", required=True), factories.field("code", unique=True)]
    return factories.form(*fields, numbering=pattern)


def later(**delta: float) -> datetime:
    return datetime.now(UTC) + timedelta(**delta)


@pytest.fixture
def died(monkeypatch: pytest.MonkeyPatch) -> Iterator[Death]:
    """Let the process die at a call: everything after it does not happen."""

    def at(name: str) -> None:
        def die(*_given: object, **_named: object) -> None:
            raise SystemExit

        monkeypatch.setattr(numbering, name, die)

    yield at
    monkeypatch.undo()


def test_fifty_parallel_creates_get_fifty_numbers_without_a_gap(db: Store) -> None:
    live, actor = numbered(), factories.actor()
    with ThreadPoolExecutor(PARALLEL) as pool:
        made = list(pool.map(lambda n: records.create(actor, live, {"name": str(n)}), range(PARALLEL)))
    assert sorted(record["number"] for record in made) == [f"N-{n:03}" for n in range(1, PARALLEL + 1)]
    assert accounted(db, live) == ([f"N-{n:03}" for n in range(1, PARALLEL + 1)], [])
    assert db.number_reservations.count_documents({}) == 0
    assert all(counter["handed_out"] == [] for counter in db.counters.find())


def test_parallel_creates_count_by_department_and_period(db: Store) -> None:
    live = numbered("{dept}-{yyyy}{mm}-{seq:2}")
    people = [
        factories.user(
            code.lower(),
            factories.role("maker", actions=factories.EDITOR_ACTIONS),
            department=factories.department(code, code, code),
        )
        for code in ("QA", "HR", "IT")
    ]
    months = [datetime(2026, month, 15, tzinfo=UTC) for month in (1, 2)]
    wanted = [(person, at) for person in people for at in months for _turn in range(5)]

    def make(one: tuple[Any, datetime]) -> str:
        [change] = records.plan_creates(
            factories.actor(one[0]), live, [{"name": "x"}], source="screen", at=one[1]
        )
        records.commit([change])
        return str(change.record["number"])

    with ThreadPoolExecutor(len(wanted)) as pool:
        numbers = sorted(pool.map(make, wanted))
    assert numbers == [
        f"{code}-2026{m:02}-{n:02}" for code in ("HR", "IT", "QA") for m in (1, 2) for n in range(1, 6)
    ]
    assert accounted(db, live)[1] == []


def test_the_month_of_a_number_is_the_month_where_the_actor_is(db: Store) -> None:
    live = numbered("{mm}-{seq}")
    with times.set_clock(datetime(2026, 1, 31, 16, 30, tzinfo=UTC)):  # in Shanghai it is February
        assert factories.record(live, name="x")["number"] == "02-1"


def test_a_number_by_department_needs_a_department(db: Store) -> None:
    maker = factories.role("maker", actions=factories.EDITOR_ACTIONS)
    live, nobody = numbered("{dept}{seq}"), factories.user("nowhere", maker, name="n")
    with pytest.raises(InvalidError):
        records.create(factories.actor(nobody), live, {"name": "x"})
    assert db.counters.count_documents({}) == 0


def test_a_record_that_is_refused_takes_no_number(db: Store) -> None:
    live = numbered()
    with pytest.raises(InvalidError):
        factories.record(live)
    assert factories.record(live, name="x")["number"] == "N-001"
    assert accounted(db, live)[1] == []


def test_a_number_whose_transaction_failed_is_void_with_the_reason(db: Store) -> None:
    live = numbered()
    factories.record(live, name="a", code="same")
    with pytest.raises(InvalidError):
        factories.record(live, name="b", code="same")
    assert factories.record(live, name="c")["number"] == "N-003"
    assert accounted(db, live) == (["N-001", "N-003"], ["N-002"])
    void = db.number_voids.find_one({})
    assert void
    assert "marked fields" in void["reason"]
    assert db.number_reservations.count_documents({}) == 0


def test_numbers_of_a_batch_are_void_together_whatever_failed(db: Store) -> None:
    live = numbered()
    changes = records.plan_creates(factories.actor(), live, [{"name": "x"}] * 3, source="import")

    def give_up(_session: ClientSession) -> None:
        raise ConflictError

    with pytest.raises(ConflictError):
        records.commit(changes, give_up)
    assert accounted(db, live) == ([], ["N-001", "N-002", "N-003"])


def test_a_record_too_large_to_store_leaves_its_number_void(
    db: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = numbered()
    monkeypatch.setattr(planning, "MAX_RECORD_BYTES", 10)
    with pytest.raises(TooLargeError):
        factories.record(live, name="x")
    assert accounted(db, live) == ([], ["N-001"])


@pytest.mark.parametrize("place", ["_write_reservations", "_used", "confirm"])
def test_numbers_of_a_process_that_died_become_void(
    db: Store, died: Death, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    live = numbered()
    died(place)
    with pytest.raises(SystemExit):
        factories.record(live, name="x")
    monkeypatch.undo()
    assert numbering.void_abandoned() == 0  # it may still be alive
    with times.set_clock(later(hours=2)):
        assert numbering.void_abandoned() == 1
        assert numbering.void_abandoned() == 0
    assert accounted(db, live) == ([], ["N-001"])
    assert factories.record(live, name="y")["number"] == "N-002"


def test_numbers_of_a_process_that_died_become_void_once_in_parallel(
    db: Store, died: Death, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = numbered()
    for place in ("_write_reservations", "confirm"):
        died(place)
        with pytest.raises(SystemExit):
            records.commit(
                records.plan_creates(factories.actor(), live, [{"name": "x"}] * 20, source="import")
            )
        monkeypatch.undo()
    with times.set_clock(later(hours=2)), ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _n: numbering.void_abandoned(), range(8))) == 40
    assert accounted(db, live) == ([], [f"N-{n:03}" for n in range(1, 41)])


def test_a_number_given_up_meanwhile_is_not_used_after_all(db: Store) -> None:
    live = numbered()
    changes = records.plan_creates(factories.actor(), live, [{"name": "x"}], source="screen")
    with times.set_clock(later(hours=2)):
        numbering.void_abandoned()
    with pytest.raises(ConflictError):
        records.commit(changes)
    assert accounted(db, live) == ([], ["N-001"])
    assert db.history.count_documents({}) == 0


def test_the_number_of_a_deleted_record_stays_taken(db: Store) -> None:
    live = numbered()
    gone = factories.record(live, name="x")
    records.delete(factories.actor(), live, gone["_id"], revision=1, reason="twice")
    assert factories.record(live, name="y")["number"] == "N-002"
    assert records.restore(factories.actor(), live, gone["_id"])["number"] == "N-001"
    assert accounted(db, live) == (["N-001", "N-002"], [])


def test_another_pattern_never_makes_a_number_again(db: Store) -> None:
    live = numbered("Q-{seq}")
    for _turn in range(3):
        factories.record(live, name="x")
    for person in ("1", "11"):
        factories.department(person, person, person)
    by_department = factories.republish(live, numbering="Q-{dept}{seq}")
    maker = factories.role("maker", actions=factories.EDITOR_ACTIONS)
    one = factories.user("one", maker, department=factories.department("1"))
    eleven = factories.user("eleven", maker, department=factories.department("11"))
    numbers = [factories.record(by_department, one, name="x")["number"] for _turn in range(11)]
    assert numbers[:3] == ["Q-11", "Q-12", "Q-13"]
    assert factories.record(by_department, eleven, name="x")["number"] == "Q-112"  # Q-111 is taken
    back = factories.republish(by_department, numbering="Q-{seq}")
    made = [factories.record(back, name="x")["number"] for _turn in range(9)]
    assert made == ["Q-4", "Q-5", "Q-6", "Q-7", "Q-8", "Q-9", "Q-10", "Q-20", "Q-21"]
    assert len(set(accounted(db, live)[0])) == 24


def test_a_void_number_is_not_made_again_by_another_pattern(db: Store) -> None:
    live = numbered("Q-1{seq}")
    in_transaction(lambda _session: None)
    numbers = numbering.reserve(live.key, "", "Q-1{seq}", DAY)
    numbering.void(live.key, "", numbers, "test")
    assert numbering.reserve(live.key, "", "Q-{seq}", DAY, count=12)[9:] == ["Q-10", "Q-12", "Q-13"]
    assert db.number_voids.count_documents({}) == 1


def test_a_block_is_reserved_in_few_steps_and_in_order(db: Store) -> None:
    numbers = numbering.reserve("sheet", "", "B-{seq:4}", DAY, count=500)
    assert numbers == [f"B-{n:04}" for n in range(1, 501)]
    assert db.number_reservations.count_documents({}) == 500


def test_serial_fields_count_for_themselves(db: Store) -> None:
    fields = [factories.field("name"), factories.field("lot", "serial", serial_pattern="L{seq:2}")]
    live = factories.form(*fields, numbering="N{seq}")
    made = [factories.record(live, name="x") for _turn in range(3)]
    assert [(record["number"], record["data"]["lot"]) for record in made] == [
        ("N1", "L01"),
        ("N2", "L02"),
        ("N3", "L03"),
    ]
    again = factories.republish(live, fields=[fields[0], {**fields[1], "serial_pattern": "L0{seq}"}])
    assert factories.record(again, name="x")["data"]["lot"] == "L04"  # L01 to L03 are taken
    assert db.number_reservations.count_documents({}) == 0


def test_hostile_keys_and_patterns_do_not_reach_the_database_as_operators(db: Store) -> None:
    numbers = numbering.reserve("sheet", "", "$value{seq}$$ROOT", DAY, "$where", count=2)
    assert numbers == ["$value1$$ROOT", "$value2$$ROOT"]
    assert db.counters.count_documents({}) == 1
