"""What is due: old enough by its form's rule, finished, and nothing speaks against it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import times
from models.database import Document
from models.errors import ConflictError, ForbiddenError, InvalidError
from models.forms import LiveForm
from models.retention import due, holds, rules
from tests import factories
from tests.models.clocks import casting
from tests.models.retention import shelves
from tests.models.workflow import procedures

Store = Database[Document]
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("db")


def due_of(live: LiveForm) -> list[ObjectId]:
    rule = rules.of_form(live.key)
    assert rule
    with times.set_clock(NOW):
        return [one.record["_id"] for one in due.records(live, rule)]


def test_records_are_due_when_their_years_are_over() -> None:
    live = shelves.form()
    over = shelves.record(live, datetime(2021, 3, 1, 15, tzinfo=UTC), name="the day before, in Shanghai")
    shelves.record(live, datetime(2021, 3, 1, 16, tzinfo=UTC), name="on this very day")
    assert due_of(live) == [over["_id"]]


def test_a_due_record_says_since_when() -> None:
    live = shelves.form()
    shelves.record(live, datetime(2020, 2, 29, 4, tzinfo=UTC), name="leap")
    rule = rules.of_form(live.key)
    assert rule
    [one] = due.records(live, rule)
    assert one.since == date(2025, 2, 28)


def test_a_field_may_say_from_when_time_counts() -> None:
    live = shelves.form()
    shelves.keep(live, counts_from="field:signed_on")
    over = shelves.record(live, signed_on="2020-01-05")
    shelves.record(live, signed_on="2025-01-05")
    shelves.record(live, name="never signed")
    assert due_of(live) == [over["_id"]]


def test_what_a_procedure_still_works_on_is_never_due() -> None:
    live = procedures.form(
        procedures.flow(procedures.step("finish", "new", "done"), states=[procedures.OPEN, procedures.DONE])
    )
    shelves.keep(live, counts_from="closed")
    with times.set_clock(shelves.LONG_AGO):
        factories.record(live, name="open")
        lately, early = factories.record(live, name="a"), factories.record(live, name="b")
        early = procedures.take(live, early, "finish")
    with times.set_clock(NOW - timedelta(days=300)):
        procedures.take(live, lately, "finish")
    assert due_of(live) == [early["_id"]]
    shelves.keep(live, counts_from="created")
    assert sorted(due_of(live)) == sorted([lately["_id"], early["_id"]])


def test_a_record_whose_own_clock_still_runs_is_kept(db: Store) -> None:
    live = shelves.form()
    [kept, over] = shelves.old(live, 2)
    for record, day in ((kept, NOW + timedelta(days=9)), (over, NOW - timedelta(days=9))):
        clock = {"form": live.key, "record": record["_id"], "rule": "keep", "count": 0, "kind": "retention"}
        db.clocks.insert_one({**clock, "state": "running", "due_at": day})
    assert due_of(live) == [over["_id"]]


def test_the_retention_clock_of_a_form_may_say_it_all() -> None:
    clock = casting.rule(
        "keep", kind="retention", start={"states": ["closed"]}, stop={}, length={"amount": 5, "unit": "years"}
    )
    live = casting.form(clock)
    assert "clock" in rules.bases(live.definition)
    rules.save(shelves.keeper(), live, {"months": "", "counts_from": "clock"})
    with times.set_clock(NOW - timedelta(days=365 * 6)):
        record = casting.create(live)
    casting.move(live, record, "close", NOW - timedelta(days=365 * 6))
    casting.create(live)
    assert due_of(live) == [record["_id"]]


def test_the_bin_is_due_by_the_same_rule() -> None:
    live = shelves.form()
    [record] = shelves.old(live, 1)
    shelves.into_bin(live, record)
    assert due_of(live) == [record["_id"]]


def test_what_is_held_is_not_due() -> None:
    live = shelves.form()
    [one, other] = shelves.old(live, 2)
    hold = holds.set_on(shelves.keeper(), live, "court case", record=one)
    assert due_of(live) == [other["_id"]]
    whole = holds.set_on(shelves.keeper(), live, "audit of the customer")
    assert due_of(live) == []
    holds.lift(shelves.keeper(), whole, "over", live)
    holds.lift(shelves.keeper(), hold, "settled", live)
    assert due_of(live) == [one["_id"], other["_id"]]


def test_holds_and_rules_are_audited(db: Store) -> None:
    live = shelves.form()
    hold = holds.set_on(shelves.keeper(), live, "court case")
    holds.lift(shelves.keeper(), hold, "settled", live)
    said = [
        (entry["event"], entry["by_name"])
        for entry in db.audit.find({"group": {"$in": ["hold", "retention"]}}).sort("_id", 1)
    ]
    assert said == [("retention.changed", "keeper"), ("hold.set", "keeper"), ("hold.lifted", "keeper")]


def test_one_hold_at_a_time_and_each_lifted_once() -> None:
    live, keeper = shelves.form(), shelves.keeper()
    hold = holds.set_on(keeper, live, "court case")
    with pytest.raises(ConflictError):
        holds.set_on(keeper, live, "another")
    holds.lift(keeper, hold, "settled", live)
    with pytest.raises(ConflictError):
        holds.lift(keeper, hold, "settled", live)
    holds.set_on(keeper, live, "again")


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "\0"])
def test_a_hold_needs_a_reason(reason: str) -> None:
    with pytest.raises(InvalidError):
        holds.set_on(shelves.keeper(), shelves.form(), reason)


def test_only_who_manages_retention_may_hold_or_rule() -> None:
    live = shelves.form()
    with pytest.raises(ForbiddenError):
        holds.set_on(factories.editor(), live, "court case")
    with pytest.raises(ForbiddenError):
        rules.save(factories.editor(), live, {"months": "1"})


@pytest.mark.parametrize(
    ("raw", "beside"),
    [
        ({"months": "0"}, "months"),
        ({"months": "1201"}, "months"),
        ({"months": "five"}, "months"),
        ({"months": "６０"}, "months"),
        ({"months": "60", "counts_from": "closed"}, "counts_from"),  # no procedure, no end of it
        ({"months": "60", "counts_from": "field:name"}, "counts_from"),
        ({"months": "60", "note": "x" * 501}, "note"),
        ({"months": "60", "note": "\ud800"}, "note"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(raw: dict[str, str], beside: str) -> None:
    live = shelves.form()
    with pytest.raises(InvalidError) as refused:
        rules.save(shelves.keeper(), live, raw)
    assert list(refused.value.errors) == [beside]


def test_without_months_there_is_no_rule() -> None:
    live = shelves.form()
    rules.save(shelves.keeper(), live, {"months": ""})
    assert rules.of_form(live.key) is None
