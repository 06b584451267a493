"""A company in which everything has a name somebody chose, and something behind every address."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId
from flask import Flask
from werkzeug.routing import Rule

from models import (
    api_tokens,
    audit,
    calendars,
    comments,
    database,
    delegations,
    deliveries,
    files,
    forms,
    jobs,
    notifications,
    outbox,
    records,
    saved_views,
    workflow,
)
from models.calendars import china
from models.channels import Channel
from models.database import Document
from models.definition_parts import Label
from models.forms import LiveForm
from models.people import Actor, FieldRule, Grant, Limit, Name, User
from models.queries import ListQuery
from models.reports import keeping as reports
from models.reports.parts import ReportDefinition
from models.retention import holds, lists
from models.retention.rules import save as save_rule
from models.times import now, set_clock, today
from tests import everything, factories, letter_forms
from tests.factories import field
from tests.hostile import property_stage

_LETTER = {"zh": "{{ name }} {{ story }}", "en": "{{ name }} {{ story }}"}
UNFILLED = frozenset({"static", "admin.static"})


@dataclass(frozen=True)
class Stage:
    """What stands behind the addresses, by the names of their parts."""

    admin: User
    live: LiveForm
    record: Document
    values: dict[str, Any]
    property: dict[str, Any]

    def path(self, app: Flask, rule: Rule, **instead: str) -> str:
        """Return an address of a route, with other values for some of its parts."""
        part = rule.endpoint.partition(".")[0]
        values = {**self.values, **_OF_ENDPOINT.get(part, {})}
        if part in {"property", "label"} or rule.endpoint in _OF_LEDGERS:
            values |= self.property
        if rule.endpoint in {"records.mapping_view", "configure_users.import_preview"}:
            values["file_id"] = values["import_id"]
        values["key"] = (
            values["form"] if any(one in rule.rule for one in ("form", "api", "report")) else "none"
        )
        with app.test_request_context():
            parts = {name: instead.get(name, values[name]) for name in rule.arguments}
            return app.url_map.bind("localhost").build(rule.endpoint, parts, append_unknown=False)


_OF_ENDPOINT: dict[str, dict[str, str]] = {
    "configure_forms": {"kind": "yaml"},
    "configure_reports": {"kind": "yaml"},
}
_OF_LEDGERS = frozenset({"api.book_movement", "api.list_movements", "api.show_stock", "api.undo_movement"})


def routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Yield every route of the product with every method it takes."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule):
        if rule.endpoint not in UNFILLED:
            yield from ((rule, method) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))


def build(words: str = "plain", *, long_words: str = "", **of_property: str) -> Stage:
    """Fill an empty database; whatever people name is called `words` (at most 60 characters).

    `of_property` says what is called otherwise in the ledger; see `property_stage.build`.
    """
    text = {"zh": words, "en": words}
    rich = {"zh": long_words or words, "en": long_words or words}
    admin = _people(words, text)
    calendars.ensure_default()
    calendar = china.standard().model_copy(update={"label": Label(**text)})
    calendars.create(factories.actor(admin), "odd", calendar.model_dump(mode="json"), words)
    factories.form(field("name", required=True, searchable=True), key="customers", label=text)
    live = _form(text, rich)
    record = _records(live, admin, words, long_words or words)
    held, values = property_stage.build(admin, words, **of_property), _values(admin, live, record, words)
    record = live.records().find_one({"_id": record["_id"]}) or {}
    return Stage(admin, live, record, values, held)


def _people(words: str, text: dict[str, str]) -> User:
    admin = factories.administrator()
    department = admin.department
    department.update(name=Name(**text), head=admin.id, calendar="odd")
    admin.roles[0].update(label=Name(**text))
    rules = [FieldRule(form="sheet", fields=["mail"], limit=Limit.MASKED)]
    clerk = factories.role("clerk", field_rules=rules)
    clerk.update(label=Name(**text), grants=[Grant(form="*", actions=["see", "edit"], scope="department")])
    factories.user("clerk", clerk, name=words, department=department)
    admin.update(name=words)
    admin.reload()
    return admin


def _form(text: dict[str, str], rich: dict[str, str]) -> LiveForm:
    fields = [{**one, "label": text, "help": rich} for one in everything.FIELDS]
    for one in fields:
        if "options" in one:
            one["options"] = [{"key": "a", "label": text, "color": "red"}]
        if "fields" in one:
            one["fields"] = [{**column, "label": text} for column in one["fields"]]
            one["fields"][3]["options"] = [{"key": "a", "label": text}]
        if "unit" in one:
            one["unit"] = text
        one["filterable"] = one["type"] not in everything.UNFILTERED
        one["placeholder"] = text if one["type"] == "text" else {}
    fields[0]["pattern"], fields[0]["pattern_message"] = "^[^!]*$", text
    listed = [one["key"] for one in fields if one["type"] not in {"section", "help", "signature"}]
    return factories.form(
        *fields,
        label=text,
        description=rich,
        form_number=text["zh"],
        form_revision=text["zh"][:20],
        list_columns=listed,
        inline_columns=["name", "kind"],
        numbering="T-{seq:4}",
        workflow=_workflow(text, rich),
        letters=[{"key": "report", "label": text, "recipient": "customer", "address": "story",
                  "subject": _LETTER, "body": _LETTER}],
        clocks=[
            {
                "key": "answer", "label": text, "help": rich, "start": {"states": ["new"]},
                "stop": {"states": ["done"]}, "length": {"amount": "2", "unit": "hours"},
                "who": {"people": ["admin"]}, "exempt": {"people": ["admin"]}, "calendar": "odd",
                "ladder": [{"key": "soon", "side": "before", "offset": {"amount": "1", "unit": "hours"},
                            "who": {"people": ["admin"]}, "text": rich}],
            }
        ],
    )  # fmt: skip


def _workflow(text: dict[str, str], rich: dict[str, str]) -> dict[str, Any]:
    mine = {"people": ["admin"]}
    check = {"key": "check", "label": text, "who": mine, "signature": "typed"}
    approval = {
        "steps": [check],
        "approved": "yes",
        "rejected": "no",
        "withdrawn": "back",
        "own_work": True,
    }
    return {
        "initial": "new",
        "states": [
            {"key": "new", "label": text, "help": rich, "task": rich, "who": mine},
            {"key": "asked", "label": text, "approval": approval, "help": rich},
            {"key": "done", "label": text, "category": "done"},
        ],
        "transitions": [
            {"key": "ask", "label": text, "sources": ["new"], "to": "asked", "help": rich, "effects": [
                {"do": "file", "department": "QA", "text": rich},
                {"do": "notify", "who": mine, "text": {"zh": "{name}", "en": "{name}"}}]},
            {"key": "end", "label": text, "sources": ["new"], "to": "done", "fields": ["story"],
             "reason": "optional", "signature": "typed"},
            {"key": "yes", "label": text, "sources": ["asked"], "to": "done", "by": "approval"},
            {"key": "no", "label": text, "sources": ["asked"], "to": "new", "by": "approval"},
            {"key": "back", "label": text, "sources": ["asked"], "to": "new", "by": "approval"},
        ],
    }  # fmt: skip


def _records(live: LiveForm, admin: User, words: str, long_words: str) -> Document:
    customer = factories.record(forms.current("customers"), name=words)
    actor = factories.actor(admin)
    values = {
        "name": words, "story": long_words, "kind": "a", "kinds": ["a"], "who": str(admin.id),
        "where": str(admin.department.id), "customer": str(customer["_id"]), "mail": "a@example.com",
        "site": "https://example.com/?a='b", "items": [{"part": words, "n": 1, "sort": "a",
        "by": "2026-01-02"}],
        "papers": [_upload(admin, b"text", f"{words}.txt"), _upload(admin, b"more", "../../etc/passwd.txt")],
        "pictures": [_upload(admin, everything.PNG, f"{words}.png")],
        "sign": _upload(admin, everything.PNG, "sign.png"),
    }  # fmt: skip
    factories.record(live, admin, name=f"{words} 1", where=values["where"], kind="a")
    made = factories.record(live, admin, **values)
    record = workflow.take(actor, admin, live, made["_id"], "ask", {}, revision=1, reason=long_words)
    comments.add(actor, live, record, f"@admin @clerk {long_words}")
    change = {"name": f"{words} 2"}
    revision = record["revision"]
    record = records.update(
        actor, live, record["_id"], change, revision=revision, partial=True, reason=long_words
    )
    outbox.carry_out_due()
    return record


def _upload(admin: User, content: bytes, name: str) -> str:
    return str(files.store(BytesIO(content), name, admin.id, purpose="upload", max_bytes=10**6))


def _report(admin: User, live: LiveForm, words: str) -> None:
    """Keep a report that bears the key of the form, and whose every part is called the same."""
    text = {"zh": words, "en": words}
    part = {"key": "one", "label": text}
    document = {
        "key": live.key,
        "label": text,
        "description": text,
        "sources": [{**part, "form": live.key, "date": "@created_at"}],
        "measures": [{**part, "source": "one", "unit": text}],
        "groupings": [{**part, "field": "name"}],
        "analyses": [{**part, "kind": "pareto", "measures": ["one"], "by": ["one"], "note": text}],
    }
    reports.put(Actor.of(admin), ReportDefinition.load(document), version=0, note=words)


def _values(admin: User, live: LiveForm, record: Document, words: str) -> dict[str, Any]:
    db = database.db()
    query = ListQuery(search=words)
    view = saved_views.save(admin, live.key, words, query, [["name.contains", words]], shared=True)
    job = jobs.enqueue("export", admin, {"query": {}}, form=live.key)
    job.update(file_name=words, result={"notes": [words], "rows": 1}, error={"msgid": words})
    api_tokens.create(admin, words, 30)
    day = today(ZoneInfo("Asia/Shanghai"))
    delegation = delegations.create(
        admin, admin, factories.user("clerk"), first=day, last=day, reason=words, forms=[live.key]
    )
    channel = _channel(words)
    _report(admin, live, words)
    audit.note("form.published", actor=factories.actor(admin), subject=words, details={"note": words})
    letter = letter_forms.written(admin, live, record, "report")
    _told(admin, words)
    return {
        "form": live.key,
        "record_id": record["_id"],
        "file_id": record["data"]["papers"][0]["file"],
        "import_id": files.store(
            BytesIO(b"name,user name\nx,x\n"), "a.csv", admin.id, purpose="import", max_bytes=100
        ),
        "view_id": view.id,
        "job_id": job.id,
        "calendar_key": "odd",
        "channel_id": channel.id,
        "delivery_id": _delivery(channel, words),
        "template": "task.zh",
        "transition": "ask",
        "person_id": admin.id,
        "field": "mail",
        "approval_id": _one(db, "approvals"),
        "clock_id": _one(db, "clocks"),
        "filing_id": _one(db, "filings"),
        "department_id": admin.department.id,
        "role": factories.role("clerk").name,
        "role_id": factories.role("clerk").id,
        "user_id": factories.user("clerk").id,
        "factor_id": ObjectId(),
        "letter": "report",
        "letter_id": letter["_id"],
        "key_id": api_tokens.of_person(admin)[0]["_id"],
        "delegation_id": delegation.id,
        "number": int(db.audit.find().sort("_id", -1)[0]["_id"]),
        "hold_id": holds.set_on(admin, live, words),
        "list_id": _disposal(admin, words),
        "kind": "csv",
        "export_type": "csv",
        "token": "x" * 43,
    }


def _one(db: Any, collection: str) -> ObjectId:
    found: ObjectId = db[collection].find_one()["_id"]
    return found


def _channel(words: str) -> Channel:
    # stopped, so that nothing is ever sent
    return Channel(
        key="mail", name=words, kind="email", host="127.0.0.1", sender="a@example.com", active=False
    ).save()


def _delivery(channel: Channel, words: str) -> ObjectId:
    told = {"kind": "task", "title": words, "text": words, "url": "", "level": "info", "late": False}
    stored = {"_id": channel.id, "kind": "email"}
    delivery = deliveries.new("one", stored, told, now(), due=now() + timedelta(days=1))
    database.db().deliveries.insert_one(delivery)
    key: ObjectId = delivery["_id"]
    return key


def _told(admin: User, words: str) -> None:
    told = notifications.tell([admin.id], key="told", kind="mention", title=words, text=words, by_name=words)
    outbox.put(told)
    outbox.carry_out_due()


def _disposal(admin: User, words: str) -> ObjectId:
    kept = forms.current("customers")
    save_rule(admin, kept, {"months": "12", "note": words})
    with set_clock(now() - timedelta(days=800)):
        factories.record(kept, admin, name=words)
    return lists.draw(admin, kept)
