"""What a clock does to a record when it runs out: once, and only while the record is still there."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import clocks, history, outbox, records, times
from models.database import Document
from models.forms import LiveForm
from models.workflow import timing
from tests import factories
from tests.factories import field
from tests.models.workflow import procedures
from tests.models.workflow.procedures import FINISH, START, flow, stored, take

Store = Database[Document]
pytestmark = pytest.mark.usefixtures("db")


def form(*effects: dict[str, Any], **more: Any) -> LiveForm:
    clock = {
        "key": "answer",
        "label": {"en": "Answer"},
        "start": {"states": ["new"]},
        "stop": {"states": ["done"]},
        "length": {"amount": "1", "unit": "hours"},
        "ladder": [{"key": "late", "who": {"fields": ["@owner"]}, "effects": list(effects)}],
        **more,
    }
    workflow = flow(START, FINISH, {**START, "key": "escalate", "by": "clock"})
    return procedures.form(workflow, field("name"), field("note"), clocks=[clock])


def due(db: Store, live: LiveForm, record: Document | None, **payload: Any) -> Document:
    """Put into the outbox what the sweep of the clocks puts there."""
    about = {
        "form": live.key,
        "record": record and record["_id"],
        "clock": "answer",
        "rung": "late",
        "late": False,
    }
    effect = outbox.effect("clock_effects", f"clock_effects:{ObjectId()}", {**about, **payload})
    db.outbox.insert_one(effect)
    return effect


MOVE = {"do": "transition", "transition": "escalate"}
SET = {"do": "set", "field": "note", "value": "late"}


def test_a_clock_moves_the_record_and_does_the_rest_in_one_revision(db: Store) -> None:
    live = form(MOVE, SET)
    record = factories.record(live, name="a")
    effect = due(db, live, record)
    outbox.carry_out_due()
    moved = stored(live, record)
    assert (moved["state"], moved["data"]["note"], moved["revision"]) == ("work", "late", 2)
    entry = history.of_record(live.key, record["_id"])[0]
    assert (entry["by"], entry["by_clock"]) == (None, {"clock": "answer", "rung": "late", "late": False})
    timing.carry_out(effect)  # once more: a crash may repeat it
    assert stored(live, record)["revision"] == 2


def test_a_record_that_left_meanwhile_is_not_moved(db: Store) -> None:
    live = form(MOVE, SET)
    record = take(live, factories.record(live, name="a"), "start")
    due(db, live, record)
    outbox.carry_out_due()
    assert stored(live, record) == record


def test_a_record_in_the_bin_or_a_clock_that_ended_is_left_alone(db: Store) -> None:
    live = form(SET)
    record = factories.record(live, name="a")
    due(db, live, record, clock_id=ObjectId())
    outbox.carry_out_due()
    assert stored(live, record)["revision"] == 1
    records.delete(factories.actor(), live, record["_id"], revision=1, reason="x")
    due(db, live, record)
    outbox.carry_out_due()
    assert stored(live, record)["revision"] == 2


def test_a_clock_of_the_form_itself_creates_records(db: Store) -> None:
    live = form({"do": "create", "form": "sheet", "values": {"name": "monthly"}})
    due(db, live, None)
    outbox.carry_out_due()
    made = db.record_sheet.find_one({"data.name": "monthly"})
    assert made
    assert made["state"] == "new"


def test_what_a_clock_of_the_form_dates_today_is_the_day_it_is_here(db: Store) -> None:
    create = {"do": "create", "form": "sheet", "values": {"name": "daily"}, "mapped": {"note": "@today"}}
    live = form(create)
    with times.set_clock(datetime(2026, 11, 20, 22, tzinfo=UTC)):  # six in the morning in Shanghai
        due(db, live, None)
        outbox.carry_out_due()
    assert (db.record_sheet.find_one({"data.name": "daily"}) or {})["data"]["note"] == "2026-11-21"


def test_a_clock_that_runs_out_moves_its_record_through_the_sweep() -> None:
    live = form(MOVE, SET, stop={"states": ["work", "done"]})
    begun = datetime(2026, 11, 20, 4, tzinfo=UTC)
    with times.set_clock(begun):
        record = factories.record(live, name="a")
    with times.set_clock(begun + timedelta(minutes=59)):
        clocks.sweep()
        outbox.carry_out_due()
        assert stored(live, record)["state"] == "new"
    with times.set_clock(begun + timedelta(minutes=61)):
        for _turn in range(2):
            clocks.sweep()
            outbox.carry_out_due()
    moved = stored(live, record)
    assert (moved["state"], moved["data"]["note"], moved["revision"]) == ("work", "late", 2)
    [clock] = clocks.of_record(live.key, record["_id"])
    assert clock.state == "done"
