"""Routing tables: the first row that holds decides, and decides again by the rule that the table says."""

from typing import Any

import pytest
from pymongo.database import Database

from models import history, outbox
from models.database import Document
from models.forms import LiveForm
from tests import factories
from tests.factories import field
from tests.models.workflow import procedures
from tests.models.workflow.procedures import FINISH, START, flow, holder, stored, take, update

Store = Database[Document]
pytestmark = pytest.mark.usefixtures("db")
GRADE = field("grade", "choice", options=[{"key": key, "label": {"en": key}} for key in ("a", "b", "c")])


def rows(*extra: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "when": {"field": "grade", "op": "eq", "value": "a"},
            "department": "QA",
            "person": "ann",
            "label": {"en": "A"},
        },
        {
            "when": {"field": "grade", "op": "eq", "value": "b"},
            "department": "FIN",
            "role": "clerk",
            "label": {"en": "B"},
        },
        *extra,
    ]


def form(*extra: dict[str, Any], **table: Any) -> LiveForm:
    quality, finance = factories.department(), factories.department("FIN", "财务部", "Finance")
    factories.user("ann", department=quality)
    holder("clerk", department=finance)
    holder("clerk", "clerk_elsewhere", department=quality)
    routing = [{"key": "by_grade", "label": {"en": "By grade"}, "routes": rows(*extra), **table}]
    effects = [{"do": "route", "table": "by_grade"}]
    return procedures.form(
        flow(START | {"effects": effects}, FINISH, routing=routing),
        field("name"), GRADE, field("where", "department"), field("person", "person"),
    )  # fmt: skip


def test_the_first_row_that_holds_decides_about_department_and_people() -> None:
    live = form()
    moved = take(live, factories.record(live, name="x", grade="b"), "start")
    finance, clerk = factories.department("FIN"), factories.user("clerk_1")
    assert (moved["department"], moved["assignees"]) == (finance.id, [clerk.id])
    [routed] = history.of_record(live.key, moved["_id"])[0]["routed"]
    assert (routed["table"], routed["row"], routed["department"]) == ("by_grade", 1, "FIN")


def test_a_table_may_fill_fields_instead() -> None:
    live = form(department_field="where", person_field="person")
    record = factories.record(live, name="x", grade="a")
    moved = take(live, record, "start")
    assert moved["data"]["where"] == factories.department().id
    assert moved["data"]["person"] == factories.user("ann").id
    assert (moved["department"], moved["assignees"]) == (record["department"], [])


def test_without_a_row_that_holds_the_record_stays_where_it_is() -> None:
    live = form()
    record = factories.record(live, name="x")
    moved = take(live, record, "start")
    assert (moved["department"], moved["assignees"]) == (record["department"], [])


def test_copies_are_told(db: Store) -> None:
    boss = holder("boss")
    live = form({"department": "QA", "copy_to": {"roles": ["boss"]}, "label": {"zh": "其他", "en": "Other"}})
    take(live, factories.record(live, name="x", grade="c"), "start")
    outbox.carry_out_due()
    assert "Other" in db.notifications.find_one({"person": boss.id})["text"]["en"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("rule", "department", "clocks"),
    [("keep", "QA", "go on"), ("reroute", "FIN", "go on"), ("restart", "FIN", "restarted")],
)
def test_a_changed_grade_follows_the_rule_of_the_table(
    db: Store, rule: str, department: str, clocks: str
) -> None:
    live = form(on_change=rule)
    moved = take(live, factories.record(live, name="x", grade="a"), "start")
    changed = update(live, moved, grade="b")
    assert changed["department"] == factories.department(department).id
    [fact] = history.of_record(live.key, moved["_id"])[0]["rerouted"]
    assert (fact["rule"], fact["clocks"]) == (rule, clocks)
    outbox.carry_out_due()
    told = {one["person"] for one in db.notifications.find({"kind": "record"})}
    owners = {factories.user("ann").id, factories.user("clerk_1").id}
    assert told == (set() if rule == "keep" else owners)


def test_a_record_sent_elsewhere_may_go_back_a_state() -> None:
    live = form(on_change="reroute", back_to="new")
    moved = take(live, factories.record(live, name="x", grade="a"), "start")
    changed = update(live, moved, grade="b")
    assert changed["state"] == "new"
    entry = history.of_record(live.key, moved["_id"])[0]
    assert (entry["from"], entry["to"]) == ("work", "new")


def test_what_the_table_does_not_ask_for_and_what_is_done_is_left_alone() -> None:
    live = form()
    moved = take(live, factories.record(live, name="x", grade="a"), "start")
    renamed = update(live, moved, name="y")
    assert "rerouted" not in history.of_record(live.key, moved["_id"])[0]
    done = take(live, renamed, "finish")
    assert update(live, done, grade="b")["department"] == factories.department().id
    assert stored(live, done)["routed"]["by_grade"]["row"] == 0
