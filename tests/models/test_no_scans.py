"""What people and sweeps do every minute is found through indexes, however much there is of the rest."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pymongo.database import Database

from models import audit, clocks, outbox, queries, times
from models.audit import chain, reading
from models.audit.reading import Search
from models.database import Document
from models.duties import refreshing
from models.people import Actor
from models.workflow import filing
from tests import factories
from tests.models.approvals import cases
from tests.models.clocks import casting
from tests.models.clocks.test_recurring import monthly
from tests.models.workflow import procedures

Store = Database[Document]
GROWING = {
    "approvals",
    "audit",
    "clocks",
    "deliveries",
    "duties",
    "filings",
    "history",
    "notifications",
    "outbox",
    "property_check_lines",
    "property_movements",
}
pytestmark = pytest.mark.usefixtures("db")


@contextmanager
def watched(db: Store) -> Iterator[list[str]]:
    """Collect what looked through the whole of a collection that grows."""
    found: list[str] = []
    db.command("profile", 2)
    try:
        yield found
    finally:
        db.command("profile", 0)
    for entry in db["system.profile"].find({"planSummary": {"$regex": "COLLSCAN"}}):
        collection = entry["ns"].partition(".")[2]
        if collection in GROWING or collection.startswith("record_"):
            found.append(f"{collection}: {_asked(entry['command'])}")


def _asked(command: dict[str, Any]) -> object:
    return command.get("filter") or command.get("q") or command.get("query") or command.get("pipeline")


def test_looking_through_the_audit_log(db: Store) -> None:
    editor, day = factories.actor(factories.editor()), date(2026, 3, 2)
    with watched(db) as scans:
        for number in range(5):
            audit.note("file.downloaded", actor=editor, subject=f"投诉单 {number}")
        for search in (
            Search(),
            Search(person=editor.id, group="file"),
            Search(first=day, last=day),
            Search(words="投诉", first=day),
        ):
            for before in (None, 4):
                reading.page(search.filter(ZoneInfo("Asia/Shanghai")), before=before, limit=50)
        chain.tell_newest()
    assert scans == []


def test_who_refers_to_a_record(db: Store) -> None:
    client = factories.form(factories.field("name"), key="client")
    named = factories.record(client, name="Buyer")
    one, other = (
        factories.form(
            factories.field("buyer", "reference", form="client"),
            factories.field("seller", "reference", form="client", unique=True),
            key=key,
        )
        for key in ("one", "other")
    )
    factories.record(one, seller=str(named["_id"]))
    with watched(db) as scans:
        found = list(queries.linked_to(factories.administrator(), [one, other], client, named, 5))
    assert [form.key for form, _records in found] == ["one"]
    assert scans == []


def test_an_approval_from_the_question_to_its_end(db: Store) -> None:
    live = cases.form(cases.step("one", ("amy",)), cases.step("two", ("ben",)))
    amy, ben = cases.person("amy"), cases.person("ben")
    with watched(db) as scans:
        approval = cases.ask(live)
        cases.say(approval, amy)
        cases.say(approval, ben)
        outbox.carry_out_due()
    assert scans == []


def test_a_clock_from_its_start_to_its_end(db: Store) -> None:
    factories.reader()
    live = casting.form(monthly(), casting.rule(ladder=[{"key": "due"}]))
    with watched(db) as scans:
        record = casting.create(live)
        for moment in (casting.START, casting.at(hours=25), casting.at(days=4)):
            casting.sweep(moment)
            with times.set_clock(moment):
                clocks.ensure_schedules()
        casting.move(live, record, "close", casting.at(days=5))
    assert scans == []


def test_a_filing_and_tasks_that_change_hands(db: Store) -> None:
    clerk = factories.user("clerk", department=factories.department("FIN"))
    procedures.holder("quality")
    work = procedures.state("work", who={"roles": ["quality"]})
    step = {**procedures.START, "effects": [{"do": "file", "department": "FIN"}]}
    live = procedures.form(
        procedures.flow(step, procedures.FINISH, states=[procedures.OPEN, work, procedures.DONE])
    )
    with watched(db) as scans:
        record = procedures.take(live, factories.record(live, name="a"), "start")
        [filed] = filing.of_record(live.key, record["_id"])
        filing.acknowledge(Actor.of(clerk), clerk, filed["_id"])
        procedures.holder("quality", "second")
        assert refreshing.refresh() == 1
    assert scans == []
