"""A small stock check of the ledger of `tests.ledger_forms`, and its jobs, as tests carry them out."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from bson import Decimal128

from models import workflow
from models.database import Document, db
from models.forms import LiveForm
from models.jobs import Job, RunningJob
from models.ledger.mirroring import mirrored
from models.ledger.movements import Movement
from models.ledger.stock import Spot, Stock
from models.ledger.stock_check import lines
from models.ledger.stock_check.steps import JOB
from models.people import Actor, User
from models.planning import blank_record
from models.times import now
from tasks.jobs import carry_out
from tests import factories
from tests.factories import field


def check_form(**properties: Any) -> LiveForm:
    """Publish a stock check of things."""
    numbers = ("lines", "counted", "open", "differences", "undecided")
    return factories.form(
        field("name"),
        field("department", "department"),
        field("place"),
        field("unit", "choice", options=[_option("piece"), _option("kg")]),
        field("blind", "boolean"),
        *(field(key, "integer", readonly=True) for key in numbers),
        key="stocktaking",
        numbering="ST-{seq:4}",
        stock_check={
            "ledger": "thing", "department": "department", "place": "place", "matches": {"unit": "unit"},
            "blind": "blind", "counting": ["counting"], "reviewing": ["reviewing"], "prepared": "prepared",
            "adjusted": "adjusted", "partly": "partly", **{key: key for key in numbers},
        },
        workflow=_workflow(),
        **properties,
    )  # fmt: skip


def _option(key: str) -> dict[str, Any]:
    return {"key": key, "label": {"zh": key, "en": key}}


def _workflow() -> dict[str, Any]:
    ready = {"field": "open", "op": "eq", "value": 0}
    return {
        "initial": "planned",
        "states": [
            _state("planned"), _state("preparing"), _state("counting"), _state("reviewing"),
            _state("booking"), _state("adjusted"), _state("closed", "done"), _state("cancelled", "void"),
        ],
        "transitions": [
            _step("begin", "planned", "preparing", "snapshot"),
            _step("again", "preparing", "preparing", "snapshot"),
            _step("prepared", "preparing", "counting", by="clock"),
            _step("review", "counting", "reviewing", condition=ready),
            _step("book", "reviewing", "booking", "adjust"),
            _step("adjusted", "booking", "closed", by="clock"),
            _step("partly", "booking", "adjusted", by="clock"),
            _step("close", "adjusted", "closed"),
            {**_step("cancel", "*", "cancelled", "discard")},
        ],
    }  # fmt: skip


def _state(key: str, category: str = "open") -> dict[str, Any]:
    return {"key": key, "label": {"zh": key, "en": key}, "category": category}


def _step(key: str, source: str, to: str, action: str = "", **more: Any) -> dict[str, Any]:
    effects = [{"do": "stock_check", "action": action}] if action else []
    label = {"zh": key, "en": key}
    return {"key": key, "label": label, "sources": [source], "to": to, "effects": effects, **more}


def step(form: LiveForm, person: User, record: Document, key: str) -> Document:
    """Take a step with a check as it is stored now."""
    stored = now_stored(form, record)
    return workflow.take(Actor.of(person), person, form, record["_id"], key, {}, revision=stored["revision"])


def now_stored(form: LiveForm, record: Document) -> Document:
    found = form.records().find_one({"_id": record["_id"]})
    assert found
    return found


def run_jobs(kind: str = JOB) -> list[Job]:
    """Carry out every job of a kind that waits, as workers do; return them as they are then."""
    waiting = [one["_id"] for one in db().jobs.find({"state": "queued", "kind": kind}).sort("_id", 1)]
    for one in waiting:
        job = RunningJob.claim(one, "test")
        assert job
        carry_out(job)
    return [Job.objects.get(id=one) for one in waiting]


def begun(form: LiveForm, person: User, **raw: Any) -> Document:
    """Return a check whose list was drawn up."""
    record = factories.record(form, person, **raw)
    step(form, person, record, "begin")
    [job] = run_jobs()
    assert job.state == "done", job.message
    return now_stored(form, record)


def lines_of(record: Document, **query: Any) -> list[Document]:
    return list(lines.collection().find({"check": record["_id"], **query}).sort([("order", 1), ("_id", 1)]))


def shelf(things: LiveForm, person: User, count: int) -> None:
    """Fill the ledger at once: so many items of five pieces each, fifty at a place."""
    items, movements = [], []
    for number in range(count):
        spot = Spot("kept", person.department.id, f"A-{number // 50}")
        stock = replace(Stock().move(Decimal(5), None, spot), version=1)
        data = {"name": f"Gauge {number}", "quantity": Decimal128("5"), "unit": "piece", "place": spot.place}
        written = {
            key: value for key, value in mirrored(things.definition, stock).items() if value is not None
        }
        record = blank_record(Actor.of(person), {**data, **written}, now())
        items.append({**record, "number": f"T-{number:06}", "title": data["name"], "stock": stock.dump()})
        arrival = Movement("arrival", Decimal(5), None, spot)
        movements.append(arrival.document(things.key, record["_id"], Actor.of(person), now()))
    things.records().insert_many(items)
    db().property_movements.insert_many(movements)


def counted_all(form: LiveForm, record: Document, quantity: int) -> None:
    """Write down that so many pieces were counted on every line, and decide to book that."""
    counted = {
        "status": "counted", "counted": Decimal128(str(quantity)), "book": "$expected", "off": True,
        "difference": {"$subtract": [quantity, "$expected"]}, "decision": "book", "reason": "counted",
        "at": now(),
    }  # fmt: skip
    lines.collection().update_many({"check": record["_id"]}, [{"$set": counted}])
    part = form.definition.stock_check
    assert part
    written = lines.written(part, lines.add_up(record["_id"]))
    form.records().update_one({"_id": record["_id"]}, {"$set": written})
