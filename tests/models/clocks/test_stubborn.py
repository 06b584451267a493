"""Clocks that others would like to keep running, start twice, or forget: none of them gets its way."""

import logging
from datetime import date, timedelta
from typing import Any

import pytest

from models import calendars, clocks, times
from models.clocks import Clock, schedules
from models.database import db
from models.errors import ForbiddenError
from models.forms import LiveForm
from tests import factories
from tests.factories import field
from tests.models.clocks import casting
from tests.models.clocks.casting import ME, START, at
from tests.models.clocks.test_recurring import DUE, ensure, form_clock, monthly, owed, two_hourly

pytestmark = pytest.mark.usefixtures("db")


def open_of_form() -> int:
    return db().clocks.count_documents({"record": None, "state": "running"})


# -- of forms -----------------------------------------------------------------------------------------


def test_two_sweeps_that_start_the_clock_of_a_form_leave_one() -> None:
    factories.reader()
    live = casting.form(monthly())
    [rule] = live.definition.form_clocks
    with times.set_clock(START):
        assert [schedules._start(live, rule), schedules._start(live, rule)] == [True, False]
    assert (open_of_form(), len(owed())) == (1, 1)


def test_two_sweeps_that_follow_a_changed_schedule_leave_one_clock() -> None:
    factories.reader()
    live = casting.form(monthly())
    ensure(START)
    seen = form_clock()  # by a sweep that is then slower than the other
    live = factories.republish(live, clocks=[monthly(recurrence={"monthly": 10, "at": "17:00"})])
    [rule] = live.definition.form_clocks
    ensure(START)
    with times.set_clock(START):
        assert schedules._keep(seen, live, rule) is False
    assert (open_of_form(), len(owed())) == (1, 1)


def test_whoever_is_let_off_a_report_owes_the_next_one() -> None:
    reader = factories.reader()
    casting.form(monthly(exempt={"people": ["reader"]}))
    ensure(START)
    with times.set_clock(START + timedelta(hours=1)):
        clocks.exempt(factories.actor(reader), reader, form_clock().id, "the works are closed")
    assert owed() == []
    assert ensure(START + timedelta(hours=2)) == 0
    assert owed() == []
    clock = form_clock()
    assert (clock.due_at, clock.get("exemption")["reason"]) == (DUE.replace(month=4), "the works are closed")
    ensure(DUE.replace(month=3, day=28))
    assert [one["due_at"] for one in owed()] == [DUE.replace(month=4)]


def test_two_reports_in_a_row_can_be_let_off() -> None:
    reader = factories.reader()
    casting.form(monthly(exempt={"people": ["reader"]}))
    ensure(START)
    with times.set_clock(START + timedelta(hours=1)):
        for _month in range(2):
            clocks.exempt(factories.actor(reader), reader, form_clock().id, "the works are closed")
    ensure(START + timedelta(hours=2))
    assert (form_clock().due_at, owed()) == (DUE.replace(month=5), [])
    assert ensure(DUE.replace(month=5)) == 1
    assert [one["due_at"] for one in owed()] == [DUE.replace(month=5)]


# -- that stand still ---------------------------------------------------------------------------------

PAUSE: dict[str, Any] = {"pause": {"states": ["waiting"]}, "start": {"states": ["new", "waiting"]}}


def daily() -> dict[str, Any]:
    return casting.rule(
        kind="recurring",
        length={},
        recurrence={"times": ["17:00"]},
        done_by=["note"],
        ladder=[{"key": "soon", "side": "before", "offset": {"amount": 1, "unit": "hours"}, "who": ME},
                {"key": "boss", "side": "after", "offset": {"amount": 10, "unit": "hours"}, "who": ME}],
        **PAUSE,
    )  # fmt: skip


def test_a_turn_that_came_and_went_in_a_pause_is_neither_late_nor_mistaken_for_the_next() -> None:
    live = casting.form(daily())  # 17:00 in Shanghai is eight hours after the start
    record = casting.create(live)
    casting.sweep(at(hours=7))
    casting.move(live, record, "wait", at(hours=7, minutes=30))
    casting.move(live, record, "go_on", at(hours=9))
    casting.sweep(at(hours=30))
    assert len(casting.told()) == 1  # nobody was late for what was due while everything stood still
    casting.sweep(at(hours=31))
    assert len(casting.told()) == 2  # and the next one is announced like any other


def test_what_climbs_for_a_late_report_ends_with_it_even_after_a_pause() -> None:
    live = casting.form(two_hourly(**PAUSE))
    record = casting.create(live)
    casting.sweep(at(hours=2, seconds=1))
    casting.move(live, record, "wait", at(hours=2, minutes=10))
    casting.move(live, record, "go_on", at(hours=3, minutes=10))
    told = len(casting.told())
    casting.change(live, record, at(hours=3, minutes=20), note="late, but here it is")
    casting.sweep(at(hours=4))
    assert len(casting.told()) == told


def test_a_pause_that_the_form_no_longer_knows_ends_with_the_next_change() -> None:
    live = casting.form(casting.rule(**PAUSE))
    record = casting.create(live)
    casting.move(live, record, "wait", at(hours=1))
    live = factories.republish(live, clocks=[casting.rule(start=PAUSE["start"])])
    casting.change(live, record, at(hours=3), note="x")
    clock = casting.only(record)
    assert (clock.state, clock.due_at) == ("running", at(hours=26))


# -- whose rule or date changed -----------------------------------------------------------------------


def test_a_corrected_beginning_moves_the_reminders_of_what_comes_again_too() -> None:
    rule = {**two_hourly(), "start_at": "came"}
    live = casting.form(rule, fields=[field("name"), field("note"), field("came", "datetime")])
    record = casting.create(live, came=START.isoformat())
    later = START + timedelta(minutes=30)
    casting.change(live, record, at(hours=5), came=later.isoformat())
    clock = casting.only(record)
    assert clock.due_at == at(hours=6, minutes=30)
    assert clock.get("next_action_at") == at(hours=6, minutes=30)
    [said] = clock.get("recalculations")
    assert (said["after"], said["reason"]) == (at(hours=6, minutes=30), "corrected")


def other_clock(live: LiveForm) -> LiveForm:
    """Return the form with another clock in place of its own."""
    return factories.republish(live, clocks=[casting.rule("other", start={"transitions": ["again"]})])


def test_a_clock_whose_rule_is_gone_still_ends_with_its_record() -> None:
    live = casting.form()
    record = casting.create(live)
    live = other_clock(live)
    casting.move(live, record, "close", at(hours=1))
    assert casting.only(record).state == "done"
    assert casting.sweep(at(days=3)) == 0


def test_a_clock_of_a_form_without_clocks_by_now_ends_too_and_never_starts_again() -> None:
    live = casting.form()
    record = casting.create(live)
    live = factories.republish(live, clocks=[])
    casting.move(live, record, "drop", at(hours=1))
    assert casting.only(record).state == "stopped"
    other = casting.create(live)
    assert db().clocks.count_documents({"record": other["_id"]}) == 0


def test_whoever_may_not_see_a_form_exempts_nothing_of_it() -> None:
    live = casting.form(casting.rule(exempt={"people": ["stranger"]}))
    record = casting.create(live)
    stranger = factories.stranger()
    with pytest.raises(ForbiddenError):
        clocks.exempt(factories.actor(stranger), stranger, casting.only(record).id, "please")
    assert Clock(db().clocks.find_one({}) or {}).state == "running"


def test_correcting_a_report_is_no_second_report() -> None:
    live = casting.form(two_hourly())
    record = casting.create(live)
    casting.change(live, record, at(hours=1, minutes=50), note="frist report")
    casting.change(live, record, at(hours=1, minutes=55), note="first report")
    assert casting.only(record).due_at == at(hours=4)
    casting.change(live, record, at(hours=2, minutes=5), note="second report")
    assert casting.only(record).due_at == at(hours=6)


# -- in trouble ---------------------------------------------------------------------------------------


def test_trouble_on_its_way_does_not_make_a_clock_forget_that_it_stood_still(
    caplog: pytest.LogCaptureFixture,
) -> None:
    live = casting.form(casting.rule(**PAUSE, ladder=[{"key": "due", "who": ME}]))
    record = casting.create(live)
    casting.move(live, record, "wait", at(hours=1))
    casting.move(live, record, "go_on", at(hours=4))
    version = "snapshot.form_version"
    db().clocks.update_one({}, {"$set": {version: 99}})
    with caplog.at_level(logging.CRITICAL):
        casting.sweep(at(hours=28))
    assert casting.only(record).get("trouble") is not None
    db().clocks.update_one({}, {"$set": {version: live.version}})
    casting.sweep(at(hours=29))
    clock = casting.only(record)
    assert (clock.due_at, clock.late_since, clock.get("trouble")) == (at(hours=27), at(hours=27), None)
    assert len(casting.told()) == 1


def exhausted(first_free: str) -> None:
    """Make a calendar with work on Mondays, and with none from a date on for longer than is looked ahead."""
    free = [date.fromisoformat(first_free) + timedelta(weeks=week) for week in range(12 * 53)]
    works: dict[str, Any] = {
        "label": {"zh": "厂历", "en": "Works"},
        "timezone": "Asia/Shanghai",
        "week": {"mon": ["08:00-12:00"]},
        "exceptions": [{"date": day.isoformat(), "kind": "holiday"} for day in free],
    }
    calendars.create(factories.actor(), "works", works)


def test_what_was_told_is_not_lost_when_the_calendar_ends(caplog: pytest.LogCaptureFixture) -> None:
    exhausted("2026-03-16")
    every = {"every": {"amount": 1, "unit": "working_days"}}
    rule = casting.rule(kind="recurring", length={}, recurrence=every, calendar="works",
                        ladder=[{"key": "due", "who": ME}])  # fmt: skip
    record = casting.create(casting.form(rule))
    assert casting.only(record).due_at == at(days=7)
    with caplog.at_level(logging.CRITICAL):
        casting.sweep(at(days=7, minutes=5))
        casting.sweep(at(days=7, minutes=10))
    assert len(casting.told()) == 1
    clock = casting.only(record)
    assert (clock.get("missed"), clock.get("trouble")["attempts"]) == (0, 2)


def test_a_calendar_that_never_works_again_keeps_nobody_from_saving(
    caplog: pytest.LogCaptureFixture,
) -> None:
    exhausted("2026-03-02")
    rule = casting.rule(length={"amount": 1, "unit": "working_days"}, calendar="works")
    live = casting.form(rule)
    record = casting.create(live)
    clock = casting.only(record)
    assert (clock.state, clock.due_at, clock.get("next_action_at")) == ("running", None, at(minutes=1))
    assert "no working time" in clock.get("trouble")["text"]
    with caplog.at_level(logging.CRITICAL):
        for minute in range(60 * 24):
            casting.sweep(at(minutes=minute))
    assert casting.only(record).get("trouble")["attempts"] < 40  # it is asked less and less often
    casting.move(live, record, "close", at(days=2))
    assert (casting.only(record).state, casting.only(record).get("next_action_at")) == ("done", None)
