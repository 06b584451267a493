"""Exempting, moving and explaining: what people do with clocks on purpose, and why one is due when it is."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import calendars, checks, clocks, history, times
from models.clocks import Clock, life, listing
from models.clocks.calendars_of import Choice
from models.clocks.pace import Pace
from models.database import db
from models.errors import ConflictError, ForbiddenError, InvalidError
from tests import factories
from tests.models.clocks import casting
from tests.models.clocks.casting import START, at

pytestmark = pytest.mark.usefixtures("db")

ZONE = ZoneInfo("Asia/Shanghai")
WEEK = {day: ["08:00-12:00", "13:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
FRIDAY = datetime(2026, 2, 13, 8, 20, tzinfo=UTC)  # 16:20 in Shanghai, before the Spring Festival


def works(*exceptions: dict[str, Any]) -> dict[str, Any]:
    return {
        "label": {"zh": "厂历", "en": "Works"},
        "timezone": "Asia/Shanghai",
        "week": WEEK,
        "exceptions": list(exceptions),
        "loaded_years": [2026],
    }


def holiday(day: int) -> dict[str, Any]:
    return {"date": f"2026-02-{day}", "kind": "holiday", "name": {"zh": "春节", "en": "Spring Festival"}}


MADE_UP = {
    "date": "2026-02-14",
    "kind": "make_up",
    "like": "fri",
    "name": {"zh": "春节", "en": "Spring Festival"},
}
FESTIVAL = (MADE_UP, *(holiday(day) for day in range(16, 24)))


def in_working_days(amount: str = "1.5", **more: Any) -> dict[str, Any]:
    return casting.rule(length={"amount": amount, "unit": "working_days"}, calendar="works", **more)


def make_calendar(*exceptions: dict[str, Any]) -> None:
    calendars.create(factories.actor(), "works", works(*exceptions))


# -- exempting ----------------------------------------------------------------------------------------


def test_only_those_it_names_may_exempt_and_they_say_why() -> None:
    head = factories.user("head", factories.role("editor", actions=factories.EDITOR_ACTIONS))
    live = casting.form(casting.rule(exempt={"people": ["head"]}))
    record = casting.create(live)
    clock = casting.only(record)
    stranger = factories.reader()
    with times.set_clock(at(hours=3)):
        with pytest.raises(ForbiddenError):
            clocks.exempt(factories.actor(stranger), stranger, clock.id, "too far")
        with pytest.raises(InvalidError):
            clocks.exempt(factories.actor(head), head, clock.id, "  ")
        clocks.exempt(factories.actor(head), head, clock.id, "too far")
        with pytest.raises(ConflictError):
            clocks.exempt(factories.actor(head), head, clock.id, "again")
    clock = casting.only(record)
    assert (clock.state, clock.get("next_action_at")) == ("exempt", None)
    assert clock.get("exemption")["reason"] == "too far"
    entry, *_others = history.of_record(live.key, record["_id"])
    assert entry["exempted"] == {"clock": "reply", "due_at": at(hours=24)}
    assert entry["reason"] == "too far"
    assert list(checks.check_histories()) == []
    assert casting.sweep(at(days=5)) == 0


# -- recalculating ------------------------------------------------------------------------------------


def test_a_changed_calendar_moves_running_clocks_only_when_asked_to() -> None:
    make_calendar()
    live = casting.form(in_working_days(ladder=[{"key": "due"}]))
    record = casting.create(live, FRIDAY)
    before, after = datetime(2026, 2, 17, 3, 20, tzinfo=UTC), datetime(2026, 2, 24, 3, 20, tzinfo=UTC)
    assert casting.only(record).due_at == before
    changed = calendars.save(
        factories.actor(), "works", works(*(holiday(day) for day in range(16, 21))), seen=1
    )
    assert casting.only(record).due_at == before
    [move] = clocks.affected_by_calendar("works", changed.working)
    assert (move.record, move.title, move.due_before, move.due_after) == (record["_id"], "A", before, after)
    with times.set_clock(FRIDAY):
        assert clocks.recalculate(factories.actor(), "works", 2, "holiday announced") == 1
    clock = casting.only(record)
    assert (clock.due_at, clock.get("snapshot")["calendar"]["version"]) == (after, 2)
    assert clock.get("next_action_at") == after
    [said] = clock.get("recalculations")
    assert (said["before"], said["after"], said["reason"]) == (before, after, "holiday announced")
    with times.set_clock(FRIDAY):
        assert clocks.recalculate(factories.actor(), "works", 2, "again") == 0


def test_a_clock_that_was_late_by_the_old_calendar_is_not_by_the_new_one() -> None:
    make_calendar()
    record = casting.create(casting.form(in_working_days(ladder=[{"key": "due"}])), FRIDAY)
    late = datetime(2026, 2, 17, 4, 0, tzinfo=UTC)
    casting.sweep(late)
    assert casting.only(record).late_since
    calendars.save(factories.actor(), "works", works(*FESTIVAL[1:]), seen=1)
    with times.set_clock(late):
        clocks.recalculate(factories.actor(), "works", 2, "holiday announced")
    clock = casting.only(record)
    assert (clock.late_since, clock.get("breached_at")) == (None, None)
    casting.sweep(datetime(2026, 3, 17, 4, 0, tzinfo=UTC))
    assert len(casting.told()) == 2


def test_moving_clocks_wants_a_reason() -> None:
    make_calendar()
    with pytest.raises(InvalidError):
        clocks.recalculate(factories.actor(), "works", 1, " ")


# -- explaining ---------------------------------------------------------------------------------------


def explained(clock: Clock, language: str) -> list[str]:
    return [str(line) for line in clocks.explain(clock, language, ZONE)]


def test_a_deadline_over_the_festival_explains_itself() -> None:
    make_calendar(*FESTIVAL)
    live = casting.form(in_working_days("2.5", pause={"states": ["waiting"]}))
    record = casting.create(live, FRIDAY)
    casting.move(live, record, "wait", datetime(2026, 2, 14, 1, 0, tzinfo=UTC))
    casting.move(live, record, "go_on", datetime(2026, 2, 14, 3, 0, tzinfo=UTC))
    clock = casting.only(record)
    assert explained(clock, "en") == [
        "Started 2026-02-13 16:20 because the record came into state “new”, by 管理员.",
        "Length: 2.5 working days.",
        "2026-02-13: workday, 0:40 of work",
        "2026-02-14: make-up workday, 8:00 of work (Spring Festival)",
        "2026-02-15: day off, no work",
        "2026-02-16 to 2026-02-23: holiday (Spring Festival)",
        "2026-02-24: workday, 8:00 of work",
        "2026-02-25: workday, 5:20 of work",
        "Together: 20:00 of work, without the time it stood still.",
        "Stood still from 2026-02-14 09:00 to 2026-02-14 11:00 (state “waiting”).",
        "Due 2026-02-25 14:20; that moment is still in time.",
        "Rule: “Test sheet”, version 1.",
        "Calendar: “Works”, version 1.",
    ]


def test_a_deadline_explains_itself_in_chinese() -> None:
    make_calendar(*FESTIVAL)
    record = casting.create(casting.form(in_working_days()), FRIDAY)
    text = "\n".join(explained(casting.only(record), "zh"))
    for part in ("2026-02-13 16:20", "2026-02-24 11:20", "厂历", "春节", "测试单"):
        assert part in text
    assert explained(casting.only(record), "zh") == explained(casting.only(record), "zh")


def test_a_year_without_known_holidays_is_said() -> None:
    make_calendar()
    record = casting.create(casting.form(in_working_days("5")), datetime(2026, 12, 30, 1, 0, tzinfo=UTC))
    warnings = [
        str(line) for line in clocks.explain(casting.only(record), "en", ZONE) if line.kind == "warning"
    ]
    assert warnings == ["This uses 2027, whose holidays are not loaded."]


def test_what_ended_and_what_moved_is_explained() -> None:
    fields = [factories.field("name"), factories.field("received", "datetime")]
    live = casting.form(casting.rule(start_at="received"), fields=fields)
    record = casting.create(live, received=at(hours=-2).isoformat())
    casting.change(live, record, at(hours=1), received=at(hours=-5).isoformat())
    casting.move(live, record, "close", at(hours=20))
    assert explained(casting.only(record), "en") == [
        "Started 2026-03-02 09:00 because the record came into state “new”, by 管理员.",
        "Counted from 2026-03-02 04:00, as “received” says.",
        "Length: 24 h.",
        "Due 2026-03-03 04:00; that moment is still in time.",
        "Late since 2026-03-03 04:00.",
        "Done 2026-03-03 05:00 (state “closed”).",
        "Moved 2026-03-02 10:00 from 2026-03-03 07:00 to 2026-03-03 04:00: a date was corrected, by 管理员.",
        "Rule: “Test sheet”, version 1.",
    ]


# -- lists --------------------------------------------------------------------------------------------


def test_lists_show_only_what_a_person_may_see() -> None:
    live = casting.form()
    record = casting.create(live)
    reader, stranger = factories.reader(), factories.stranger()
    with times.set_clock(START):
        assert [one.get("record") for one in clocks.due_within(reader, 2)] == [record["_id"]]
        assert clocks.due_within(reader, 0) == []
        assert clocks.due_within(stranger, 2) == []
        assert clocks.overdue(reader) == []
    casting.sweep(at(days=2))
    assert [one.get("record") for one in clocks.overdue(reader)] == [record["_id"]]
    assert clocks.overdue(stranger) == []
    assert len(clocks.due_between(reader, START, at(days=1, seconds=1), department=record["department"])) == 1
    assert clocks.due_between(reader, START, at(days=1)) == []
    assert listing.open_of_record(live.key, record["_id"])[0].due_at == at(days=1)


# -- never losing time --------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["hours", "working_hours"])
def test_however_often_it_stands_still_a_clock_runs_as_long_as_it_should(unit: str) -> None:
    make_calendar(*FESTIVAL)
    live = casting.form(casting.rule(length={"amount": 20, "unit": unit}, calendar="works"))
    rule = live.definition.clocks[0]
    minutes = st.lists(st.tuples(st.integers(1, 2_000), st.integers(1, 9_000)), max_size=6)

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(minutes)
    def runs(turns: list[tuple[int, int]]) -> None:
        clock = life.start(live, rule, None, count=1, at=FRIDAY, because={}, choice=Choice())
        moment = FRIDAY
        stood_still = []
        for running, still in turns:
            paused_at = moment + timedelta(minutes=running)
            if clock.due_at is None or paused_at >= clock.due_at:
                break
            life.pause(clock, paused_at, by="action", why="action")
            moment = paused_at + timedelta(minutes=still)
            life.resume(clock, moment)
            stood_still.append((paused_at, moment))
        assert clock.due_at
        pace: Pace = clock.pace
        working = unit == "working_hours"
        ran = pace.between(FRIDAY, clock.due_at, working=working)
        for since, until in stood_still:
            ran -= pace.between(since, until, working=working)
        assert ran.total_seconds() == 20 * 3600
        assert clock.get("steps")[0]["at"] > clock.due_at

    runs()


def test_the_calendar_of_a_clock_is_kept_even_when_the_day_comes() -> None:
    make_calendar()
    record = casting.create(casting.form(in_working_days()), FRIDAY)
    calendars.save(factories.actor(), "works", works(*FESTIVAL), seen=1)
    assert casting.only(record).pace.calendar
    assert casting.only(record).pace.calendar.version == 1  # type: ignore[union-attr]
    assert db().clocks.count_documents({"snapshot.calendar.version": 2}) == 0
