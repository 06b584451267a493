"""What the tests of the ledger do again and again: have an item, write a slip, take its steps."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId

from models import workflow
from models.database import Document, db
from models.errors import InvalidError
from models.forms import LiveForm
from models.ledger.stock import Stock
from models.messages import translate
from models.people import Actor, User
from models.times import today
from tests import factories

ZONE = ZoneInfo("Asia/Shanghai")


def day(after: int) -> str:
    """Return the date so many days from now where the users of these tests are."""
    return (today(ZONE) + timedelta(days=after)).isoformat()


def thing(things: LiveForm, **raw: Any) -> Document:
    return factories.record(things, **{"name": "Gauge", "quantity": "5", **raw})


def slip(
    slips: LiveForm, item: Document, quantity: int | str = 1, person: User | None = None, **raw: Any
) -> Document:
    person = person or factories.administrator()
    values = {
        "items": [{"item": str(item["_id"]), "quantity": str(quantity)}],
        "borrower": str(person.id),
        "begins": day(0),
        "ends": day(7),
        **raw,
    }
    return factories.record(slips, person, **values)


def take(slips: LiveForm, record: Document, step: str, person: User | None = None, **raw: Any) -> Document:
    person = person or factories.administrator()
    return workflow.take(
        Actor.of(person), person, slips, record["_id"], step, raw, revision=record["revision"]
    )


def taken(slips: LiveForm, record: Document, *steps: str) -> Document:
    """Return a slip after steps that ask for nothing."""
    for step in steps:
        record = take(slips, record, step)
    return record


def back(item: Document, quantity: int | str = 1, outcome: str = "return", **raw: Any) -> dict[str, Any]:
    """A row of the table of returns."""
    return {"item": str(item["_id"]), "quantity": str(quantity), "outcome": outcome, **raw}


def rows_as_sent(record: Document, table: str) -> list[dict[str, Any]]:
    """The rows of a table as a browser sends them back."""
    return [
        {key: str(value) for key, value in row.items() if key not in {"lent", "returned"}}
        for row in record["data"].get(table) or ()
    ]


def stock(things: LiveForm, item: Document) -> Stock:
    found = things.records().find_one({"_id": item["_id"]})
    assert found
    return Stock.load(found["stock"])


def now_stored(live: LiveForm, record: Document) -> Document:
    found = live.records().find_one({"_id": record["_id"]})
    assert found
    return found


def kinds(item: Document) -> list[str]:
    """The kinds of all movements of an item."""
    return [one["kind"] for one in db().property_movements.find({"item": item["_id"]}).sort("_id", 1)]


def told(refused: InvalidError) -> dict[str, str]:
    """What was said beside which field."""
    return {path: translate(found[0], "en") for path, found in refused.errors.items()}


def ids(*records: Document) -> list[ObjectId]:
    return [one["_id"] for one in records]
