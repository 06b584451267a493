"""Small workflows for the tests, built as dictionaries the way packs write them."""

from datetime import timedelta
from typing import Any

from models import delegations, records, workflow
from models.access import Action
from models.database import Document
from models.forms import LiveForm
from models.people import Actor, User
from models.times import now
from tests import factories
from tests.factories import field

OPEN = {"key": "new", "label": {"zh": "新建", "en": "New"}}
WORK = {"key": "work", "label": {"zh": "处理中", "en": "In work"}}
DONE = {"key": "done", "label": {"zh": "完成", "en": "Done"}, "category": "done"}


def state(key: str, category: str = "open", **properties: Any) -> dict[str, Any]:
    return {"key": key, "label": {"zh": f"{key} 态", "en": key}, "category": category, **properties}


def step(key: str, source: str | list[str], to: str, **properties: Any) -> dict[str, Any]:
    sources = [source] if isinstance(source, str) else source
    label = {"zh": f"{key} 步", "en": key.replace("_", " ")}
    return {"key": key, "label": label, "sources": sources, "to": to, **properties}


def flow(
    *transitions: dict[str, Any], states: list[dict[str, Any]] | None = None, **more: Any
) -> dict[str, Any]:
    chosen = states or [OPEN, WORK, DONE]
    return {"initial": chosen[0]["key"], "states": chosen, "transitions": list(transitions), **more}


START = step("start", "new", "work")
FINISH = step("finish", "work", "done")


def form(workflow: dict[str, Any] | None = None, *fields: dict[str, Any], **properties: Any) -> LiveForm:
    chosen = fields or (field("name"), field("cause", "long_text"), field("qty", "integer"))
    return factories.form(*chosen, workflow=workflow or flow(START, FINISH), **properties)


def take(
    live: LiveForm,
    record: Document,
    key: str,
    person: User | None = None,
    revision: int | None = None,
    **more: Any,
) -> Document:
    """Take a step with the revision the record is handed in with."""
    by = person or factories.administrator()
    raw = more.pop("raw", {})
    at = record["revision"] if revision is None else revision
    return workflow.take(Actor.of(by), by, live, record["_id"], key, raw, revision=at, **more)


def update(live: LiveForm, record: Document, **raw: Any) -> Document:
    return records.update(factories.actor(), live, record["_id"], raw, revision=record["revision"])


def stored(live: LiveForm, record: Document) -> Document:
    found = live.records().find_one({"_id": record["_id"]})
    assert found
    return found


def holder(role: str, username: str = "", actions: list[str] | None = None, **properties: Any) -> User:
    """Return somebody with a role that may see every form."""
    held = factories.role(role, actions=actions or [Action.SEE, Action.TRANSITION, Action.APPROVE])
    return factories.user(username or f"{role}_1", held, **properties)


def stand_in(person: User, to: User, *forms: str) -> None:
    """Let somebody act for a person today and tomorrow, on the records of some forms or of all."""
    today = now().date()
    delegations.create(person, person, to, first=today, last=today + timedelta(days=1), forms=forms)
