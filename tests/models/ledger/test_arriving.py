"""Arrival of items: on the day their record names, which never is one to come."""

from datetime import timedelta
from typing import Any

import pytest

from models.database import Document, db
from models.errors import InvalidError
from models.messages import translate
from models.people import Actor, User
from models.times import noon, now
from tests import factories
from tests.ledger_forms import ledger_form

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def admin(db: object) -> User:
    return factories.administrator()


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
