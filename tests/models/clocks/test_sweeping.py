"""The sweep tells each rung once, late or in time, however many sweep and however long nobody did."""

import gc
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from models import clocks, outbox, records, times
from models.database import db
from tests import factories
from tests.models.clocks import casting
from tests.models.clocks.casting import ME, at

pytestmark = pytest.mark.usefixtures("db")

LADDER: list[dict[str, Any]] = [
    {"key": "warn", "side": "before", "offset": {"amount": 1, "unit": "hours"}, "who": ME},
    {"key": "due", "who": ME},
    {"key": "boss", "side": "after", "offset": {"amount": 2, "unit": "hours"}, "who": ME, "level": "urgent"},
]


def test_rungs_are_told_when_their_time_comes() -> None:
    record = casting.create(casting.form(casting.rule(ladder=LADDER)))
    assert casting.sweep(at(hours=22, minutes=59, seconds=59)) == 0
    assert casting.sweep(at(hours=23)) == 1
    assert casting.sweep(at(hours=24)) == 1
    assert casting.only(record).get("breached_at") is None
    assert casting.sweep(at(hours=24, seconds=5)) == 1
    assert casting.only(record).get("breached_at") == at(hours=24, milliseconds=1)
    assert casting.only(record).late_since == at(hours=24)
    assert casting.sweep(at(hours=26)) == 1
    assert [(one["text"]["en"], one["level"], one["late"]) for one in casting.told()] == [
        ("“Reply” is due soon.", "warning", False),
        ("“Reply” is due now.", "warning", False),
        ("“Reply” is overdue.", "urgent", False),
    ]
    assert casting.sweep(at(days=300)) == 0


def test_after_three_days_each_missed_step_is_told_once_and_late() -> None:
    often = {"key": "again", "side": "after", "offset": {"amount": 2, "unit": "hours"}, "who": ME,
             "repeat": {"amount": 2, "unit": "hours"}, "times": 100}  # fmt: skip
    casting.create(casting.form(casting.rule(ladder=[*LADDER[:2], often])))
    casting.sweep(at(days=4))
    assert [one["late"] for one in casting.told()] == [True, True, True]
    assert casting.sweep(at(days=4)) == 0
    assert casting.sweep(at(days=4, hours=1, minutes=59)) == 0
    assert casting.sweep(at(days=4, hours=2)) == 1
    assert [one["late"] for one in casting.told()] == [True, True, True, False]


def test_of_what_is_taken_over_late_only_the_newest_rung_is_told_and_the_others_do_what_they_do() -> None:
    marked = {"key": "mark", "effects": [{"do": "set", "field": "note", "value": "late"}]}
    later = {"key": "later", "side": "after", "offset": {"amount": 9, "unit": "hours"}, "who": ME}
    live = casting.form(
        casting.rule(length={"field": "until"}, ladder=[*LADDER, marked, later]),
        fields=[factories.field("name"), factories.field("note"), factories.field("until", "datetime")],
    )
    raw = {"name": "A", "until": at(hours=-3).isoformat()}
    with times.set_clock(at()):
        [typed, taken] = [
            records.create(factories.actor(), live, raw, source=source) for source in ("screen", "import")
        ]
        clocks.sweep()
    told = [(one["record"], one["text"]["en"]) for one in casting.told()]
    assert sum(record == typed["_id"] for record, _text in told) == 3
    assert [text for record, text in told if record == taken["_id"]] == ["“Reply” is overdue."]
    outbox.carry_out_due()
    stored = live.records().find_one({"_id": taken["_id"]})
    assert stored
    assert stored["data"]["note"] == "late"
    casting.sweep(at(hours=6))
    assert len([one for one in casting.told() if one["record"] == taken["_id"]]) == 2


def test_a_repeated_rung_ends_after_its_number_of_times() -> None:
    often = {"key": "again", "who": ME, "repeat": {"amount": 1, "unit": "hours"}, "times": 3}
    casting.create(casting.form(casting.rule(ladder=[often])))
    for hours in range(24, 40):
        casting.sweep(at(hours=hours))
    assert len(casting.told()) == 3


def test_a_stopped_clock_tells_nothing_more() -> None:
    live = casting.form(casting.rule(ladder=LADDER))
    record = casting.create(live)
    casting.move(live, record, "close", at(hours=1))
    assert casting.sweep(at(days=9)) == 0
    assert casting.told() == []


def test_setting_the_time_back_and_forth_tells_nothing_twice() -> None:
    casting.create(casting.form(casting.rule(ladder=LADDER)))
    for hours in (23, 22, 24.5, 23, 24, 25, 26.5, 25, 27, 24):
        casting.sweep(at(hours=hours))
    assert len(casting.told()) == 3


def test_two_sweepers_at_once_tell_everything_once() -> None:
    live = casting.form(casting.rule(ladder=LADDER))
    for number in range(60):
        casting.create(live, name=str(number))
    with times.set_clock(at(days=2)), ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(lambda _turn: clocks.sweep(), range(4)))
    assert done >= 60
    assert len(casting.told()) == 180
    assert db().clocks.count_documents({"next_action_at": {"$exists": True}}) == 0


def test_a_spoilt_clock_is_set_aside_and_holds_up_nobody() -> None:
    live = casting.form(casting.rule(ladder=LADDER))
    spoilt, sound = casting.create(live), casting.create(live)
    db().clocks.update_one({"record": spoilt["_id"]}, {"$set": {"snapshot.form_version": 99}})
    casting.sweep(at(days=2))
    assert len(casting.told()) == 3
    clock = casting.only(spoilt)
    assert clock.get("trouble")["attempts"] == 1
    assert clock.get("next_action_at") == at(days=2) + timedelta(minutes=1)
    assert casting.only(sound).get("trouble") is None
    db().clocks.update_one({"record": spoilt["_id"]}, {"$set": {"snapshot.form_version": live.version}})
    casting.sweep(at(days=3))
    assert len(casting.told()) == 6


def test_effects_of_a_rung_go_to_the_outbox_once() -> None:
    stop = {"key": "stop", "effects": [{"do": "transition", "transition": "drop"}]}
    plain = [one for one in casting.flow()["transitions"] if one["key"] != "drop"]
    workflow = casting.flow(transitions=[*plain, casting.transition("drop", ["new"], "dropped", by="clock")])
    record = casting.create(casting.form(casting.rule(ladder=[stop]), workflow=workflow))
    casting.sweep(at(days=1))
    [effect] = db().outbox.find({"kind": "clock_effects"})
    assert effect["key"] == f"clock_effects:clock:{casting.only(record).id}:stop:1:0"
    assert effect["payload"]["rung"] == "stop"
    assert effect["payload"]["record"] == record["_id"]


def test_what_is_owed_becomes_as_urgent_as_the_rung() -> None:
    task = {"key": "new", "label": {"zh": "新", "en": "new"}, "task": {"zh": "答复", "en": "Answer"}}
    workflow = casting.flow(states=[task, *casting.states()[1:]])
    record = casting.create(casting.form(casting.rule(ladder=LADDER), workflow=workflow))
    levels = []
    for hours in (1, 23, 26):
        casting.sweep(at(hours=hours))
        levels += [duty["level"] for duty in db().duties.find({"record": record["_id"]})]
    assert levels == ["info", "warning", "urgent"]


def test_people_without_a_rung_of_their_own_are_those_of_the_clock() -> None:
    person = factories.reader()
    casting.create(casting.form(casting.rule(who={"people": ["reader"]}, ladder=[{"key": "due"}])))
    casting.sweep(at(days=1))
    assert [one["person"] for one in casting.told()] == [person.id]


def test_a_notice_that_was_stored_before_is_left_out_and_holds_up_nobody() -> None:
    live = casting.form(casting.rule(ladder=LADDER))
    known, other = casting.create(live), casting.create(live)
    key = f"clock:{casting.only(known).id}:warn:1:0:{known['owner']}"
    db().notifications.insert_one({"key": key})
    assert casting.sweep(at(hours=23)) == 2
    assert {one["key"] for one in casting.told()} == {
        key,
        f"clock:{casting.only(other).id}:warn:1:0:{other['owner']}",
    }
    assert casting.only(known).get("trouble") is None
    assert casting.only(known).get("next_action_at") == at(hours=24)
    assert gc.isenabled()
