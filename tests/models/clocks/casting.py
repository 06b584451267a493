"""A form with a workflow and one clock, and the shortest way to move its records through time."""

from datetime import UTC, datetime, timedelta
from typing import Any

from models import clocks, forms, records, times, workflow
from models.clocks import Clock
from models.database import Document, db
from models.forms import LiveForm
from tests import factories

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, 09:00 in Shanghai
LABEL = {"zh": "答复", "en": "Reply"}
ME = {"fields": ["@owner"]}


def states(*extra: dict[str, Any]) -> list[dict[str, Any]]:
    names = {"new": "open", "waiting": "paused", "closed": "done", "dropped": "void"}
    plain = [{"key": key, "label": {"zh": key, "en": key}, "category": kind} for key, kind in names.items()]
    return [*plain, *extra]


def transition(key: str, sources: list[str], to: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "label": {"zh": key, "en": key}, "sources": sources, "to": to, **more}


def flow(**more: Any) -> dict[str, Any]:
    return {
        "initial": "new",
        "states": states(),
        "transitions": [
            transition("close", ["new", "waiting"], "closed"),
            transition("wait", ["new"], "waiting"),
            transition("go_on", ["waiting"], "new"),
            transition("again", ["closed"], "new"),
            transition("drop", ["*"], "dropped"),
        ],
        **more,
    }


def rule(key: str = "reply", **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "label": LABEL,
        "start": {"states": ["new"]},
        "stop": {"states": ["closed"]},
        "length": {"amount": 24, "unit": "hours"},
        **more,
    }


def form(
    *rules: dict[str, Any], key: str = "sheet", fields: list[Any] | None = None, **more: Any
) -> LiveForm:
    chosen = fields or [factories.field("name"), factories.field("note")]
    return factories.form(*chosen, key=key, **{"workflow": flow(), "clocks": list(rules or [rule()]), **more})


def at(**later: float) -> datetime:
    return START + timedelta(**later)


def create(live: LiveForm, moment: datetime = START, **raw: Any) -> Document:
    with times.set_clock(moment):
        return factories.record(live, **({"name": "A"} | raw))


def move(live: LiveForm, record: Document, key: str, moment: datetime) -> Document:
    with times.set_clock(moment):
        return workflow.move(factories.actor(), live, record["_id"], key, source="screen")


def change(live: LiveForm, record: Document, moment: datetime, **raw: Any) -> Document:
    with times.set_clock(moment):
        stored = live.records().find_one({"_id": record["_id"]})
        assert stored
        return records.update(
            factories.actor(), live, record["_id"], raw, revision=stored["revision"], partial=True
        )


def sweep(moment: datetime) -> int:
    with times.set_clock(moment):
        return clocks.sweep()


def only(record: Document | None = None, rule: str | None = None) -> Clock:
    query: Document = {**({"record": record["_id"]} if record else {}), **({"rule": rule} if rule else {})}
    [found] = list(db().clocks.find(query))
    return Clock(found)


def told() -> list[Document]:
    return list(db().notifications.find().sort("_id", 1))


def latest(key: str) -> LiveForm:
    return forms.current(key)
