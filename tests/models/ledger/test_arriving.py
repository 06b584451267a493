"""Arrival of items: on the day their record names, which never is one to come."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from models import forms, records
from models.database import Document, db
from models.disclosure import Disclosure
from models.errors import InvalidError
from models.ledger import desk, timeline
from models.ledger.checking import check_ledgers
from models.messages import translate
from models.people import Actor, User
from models.times import noon, now, set_clock
from tests import factories
from tests.ledger_forms import ledger_form

pytestmark = pytest.mark.usefixtures("db")


def arrive(admin: User, **raw: Any) -> Document:
    factories.record(ledger_form(), admin, name="Gauge", quantity="5", **raw)
    found = db().property_movements.find_one()
    assert found
    return found


def test_an_arrival_is_booked_on_the_day_the_record_names(admin: User) -> None:
    arrival = arrive(admin, arrived_on="2024-03-05")
    assert arrival["at"] == noon("2024-03-05", Actor.of(admin).timezone)
    assert (arrival["kind"], "arrived_at" in arrival) == ("arrival", False)


def test_an_arrival_of_today_or_without_a_day_is_booked_at_the_present(admin: User) -> None:
    before = now()
    today = before.astimezone(Actor.of(admin).timezone).date().isoformat()
    assert before <= arrive(admin, arrived_on=today)["at"] <= now()


def test_nothing_arrives_on_a_day_to_come(admin: User) -> None:
    tomorrow = (now() + timedelta(days=2)).date().isoformat()
    with pytest.raises(InvalidError) as refused:
        arrive(admin, arrived_on=tomorrow)
    [message] = refused.value.errors["arrived_on"]
    assert translate(message, "en") == "This day is still to come."
    assert db().property_movements.count_documents({}) == 0


def corrected(admin: User, day: str | None, reason: str = "") -> Document:
    """Correct the day of arrival of the only item."""
    live = forms.current("thing")
    [item] = live.records().find()
    return records.update(
        Actor.of(admin), live, item["_id"], {"arrived_on": day}, revision=item["revision"], partial=True,
        reason=reason,
    )  # fmt: skip


def booked() -> list[tuple[str, str, str]]:
    """Return kind, day and note of all movements, in the order in which they were booked."""
    found = db().property_movements.find().sort("_id", 1)
    return [(one["kind"], f"{one['at']:%Y-%m-%d}", one.get("note", "")) for one in found]


def test_another_day_of_arrival_is_booked_beside_the_one_that_was_wrong(admin: User) -> None:
    wrong = arrive(admin, arrived_on="2024-03-05")
    item = corrected(admin, "2023-12-20", "delivery note")
    said = "来件日期更正：2023-12-20（原为 2024-03-05）。 delivery note"
    assert booked() == [
        ("arrival", "2024-03-05", ""), ("correction", "2024-03-05", said), ("arrival", "2023-12-20", said),
    ]  # fmt: skip
    assert db().property_movements.find_one({"reverses": wrong["_id"]})
    assert item["data"]["available"].to_decimal() == 5
    assert list(check_ledgers()) == []
    corrected(admin, "2023-12-21")
    assert booked()[-1] == ("arrival", "2023-12-21", "来件日期更正：2023-12-21（原为 2023-12-20）。")
    assert list(check_ledgers()) == []


def test_the_day_of_an_arrival_that_was_never_given_can_be_told_later(admin: User) -> None:
    arrive(admin)
    corrected(admin, "2023-12-20")
    assert [kind for kind, _day, _note in booked()] == ["arrival", "correction", "arrival"]
    corrected(admin, None)  # whoever says nothing takes nothing back
    assert len(booked()) == 3


def test_nothing_arrives_after_it_was_moved(admin: User) -> None:
    with set_clock(noon("2024-03-05", Actor.of(admin).timezone)):
        arrive(admin, arrived_on="2024-03-05")
    live = forms.current("thing")
    [item] = live.records().find()
    with set_clock(noon("2024-03-09", Actor.of(admin).timezone)):
        desk.move(Actor.of(admin), admin, live, item["_id"], "relocate", quantity=Decimal(1), place="B")
    with pytest.raises(InvalidError) as refused:
        corrected(admin, "2024-03-10")
    [message] = refused.value.errors["arrived_on"]
    assert translate(message, "en") == "Pieces of it were moved on 2024-03-09 already."
    corrected(admin, "2024-03-09")
    assert list(check_ledgers()) == []


def test_the_timeline_tells_a_corrected_arrival_when_it_was_corrected(admin: User) -> None:
    arrive(admin, arrived_on="2024-03-05")
    item = corrected(admin, "2023-12-20")
    page = timeline.page(Disclosure(admin, forms.current("thing")), item)
    moved = [event for event in page.events if event.kind == "movement"]
    assert [event.document["kind"] for event in moved] == ["arrival", "correction", "arrival"]
    assert moved[0].at == moved[1].at > moved[2].at
    assert page.events[0] is moved[0]
