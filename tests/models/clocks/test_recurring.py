"""Clocks that come again: of a record until it is solved, and of a form for as long as it is used."""

from datetime import timedelta
from typing import Any

import pytest

from models import clocks, times
from models.clocks import Clock
from models.database import db
from tests import factories
from tests.models.clocks import casting
from tests.models.clocks.casting import ME, START, at

pytestmark = pytest.mark.usefixtures("db")


def two_hourly(**more: Any) -> dict[str, Any]:
    return casting.rule(
        kind="recurring",
        length={},
        recurrence={"every": {"amount": 2, "unit": "hours"}},
        done_by=["note"],
        ladder=[{"key": "due", "who": ME},
                {"key": "boss", "side": "after", "offset": {"amount": 30, "unit": "minutes"}, "who": ME}],
        **more,
    )  # fmt: skip


def test_a_report_in_time_settles_one_turn() -> None:
    live = casting.form(two_hourly())
    record = casting.create(live)
    casting.change(live, record, at(hours=1, minutes=50), note="first report")
    clock = casting.only(record)
    assert (clock.due_at, clock.get("occurrence"), clock.late_since) == (at(hours=4), 2, None)
    assert casting.sweep(at(hours=3)) == 0
    assert casting.told() == []


def test_a_missed_report_climbs_and_the_next_is_due_all_the_same() -> None:
    live = casting.form(two_hourly())
    record = casting.create(live)
    casting.sweep(at(hours=2))
    casting.sweep(at(hours=2, seconds=1))
    clock = casting.only(record)
    assert (clock.late_since, clock.due_at, clock.get("missed")) == (at(hours=2), at(hours=4), 1)
    casting.sweep(at(hours=2, minutes=30))
    assert len(casting.told()) == 2
    casting.change(live, record, at(hours=2, minutes=40), note="late")
    clock = casting.only(record)
    assert (clock.late_since, clock.due_at) == (None, at(hours=4))
    casting.sweep(at(hours=4))
    assert len(casting.told()) == 3


def test_three_days_without_anybody_tell_each_rung_once() -> None:
    record = casting.create(casting.form(two_hourly()))
    casting.sweep(at(days=3))
    assert [one["late"] for one in casting.told()] == [True, True]
    assert casting.only(record).due_at == at(days=3, hours=2)
    assert casting.sweep(at(days=3)) == 0


def test_it_ends_when_the_record_is_solved() -> None:
    live = casting.form(two_hourly())
    record = casting.create(live)
    casting.move(live, record, "close", at(hours=1))
    assert casting.sweep(at(days=3)) == 0
    assert casting.only(record).state == "done"


def monthly(**more: Any) -> dict[str, Any]:
    return {
        "key": "summary",
        "label": {"zh": "月报", "en": "Monthly summary"},
        "kind": "recurring",
        "scope": "form",
        "recurrence": {"monthly": 5, "at": "17:00"},
        "who": {"people": ["reader"]},
        "ladder": [{"key": "due"}],
        **more,
    }


def ensure(moment: Any) -> int:
    with times.set_clock(moment):
        return clocks.ensure_schedules()


def form_clock() -> Clock:
    return Clock(db().clocks.find_one({"record": None, "state": "running"}) or {})


def owed() -> list[Any]:
    return list(db().duties.find({"kind": "report", "done_at": None}))


DUE = START.replace(day=5, hour=9)  # 17:00 in Shanghai


def test_a_published_form_owes_its_monthly_report() -> None:
    reader = factories.reader()
    casting.form(monthly())
    assert ensure(START) == 1
    assert form_clock().due_at == DUE
    [duty] = owed()
    assert (duty["people"], duty["due_at"], duty["what"]["en"]) == ([reader.id], DUE, "Monthly summary")
    assert ensure(START + timedelta(minutes=1)) == 0
    casting.sweep(DUE)
    assert [one["person"] for one in casting.told()] == [reader.id]


def test_a_record_of_the_form_settles_the_report_and_the_next_is_owed_in_time() -> None:
    factories.reader()
    live = casting.form(monthly())
    ensure(START)
    casting.create(live, START + timedelta(hours=3))
    assert ensure(START + timedelta(hours=4)) == 1
    assert owed() == []
    next_due = DUE.replace(month=4)
    assert form_clock().due_at == next_due
    assert ensure(next_due - timedelta(days=15)) == 0
    assert ensure(next_due - timedelta(days=13)) == 1
    assert [one["due_at"] for one in owed()] == [next_due]
    assert ensure(next_due - timedelta(days=12)) == 0


def test_a_report_that_nobody_made_stays_owed() -> None:
    factories.reader()
    live = casting.form(monthly())
    ensure(START)
    casting.sweep(DUE + timedelta(seconds=1))
    ensure(DUE + timedelta(days=2))
    assert [one["due_at"] for one in owed()] == [DUE]
    assert form_clock().late_since == DUE
    casting.create(live, DUE + timedelta(days=3))
    ensure(DUE + timedelta(days=3, minutes=1))
    assert owed() == []
    assert (form_clock().late_since, form_clock().due_at) == (None, DUE.replace(month=4))


def test_a_changed_schedule_begins_anew_and_a_removed_one_ends() -> None:
    factories.reader()
    live = casting.form(monthly())
    ensure(START)
    live = factories.republish(live, clocks=[monthly(recurrence={"monthly": 10, "at": "17:00"})])
    ensure(START)
    assert form_clock().due_at == START.replace(day=10, hour=9)
    assert len(owed()) == 1
    factories.republish(live, clocks=[])
    ensure(START)
    assert form_clock().document == {}
    assert owed() == []
