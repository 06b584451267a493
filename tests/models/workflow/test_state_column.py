"""The state as a column like any other: in rules, lists, filters, exports and on the record's page."""

import pytest

from models import rules
from models.export_columns import record_columns
from models.lookups import Lookup
from models.queries import ListQuery, page
from tests import factories
from tests.models.workflow import procedures
from tests.models.workflow.procedures import take

pytestmark = pytest.mark.usefixtures("db")


def test_lists_are_filtered_and_sorted_by_state() -> None:
    live, person = procedures.form(), factories.administrator()
    records = [factories.record(live, name=name) for name in "abc"]
    take(live, records[1], "start")
    where = {"field": "@state", "op": "in", "value": ["work"]}
    found = page(person, live, ListQuery(where=where)).records
    assert [one["_id"] for one in found] == [records[1]["_id"]]
    by_state = page(person, live, ListQuery(sort="state", descending=True)).records
    assert by_state[0]["_id"] == records[1]["_id"]
    assert "state_1__id_1" in live.records().index_information()


def test_exports_call_the_state_by_its_name() -> None:
    live = procedures.form()
    record = factories.record(live, name="a")
    columns = record_columns(live.definition, ["state", "name"], "en")
    assert list(columns.rows([record, {**record, "state": None}], Lookup("en"))) == [
        ("New", "a"),
        ("New", "a"),
    ]
    assert list(record_columns(live.definition, ["state"], "zh").rows([record], Lookup("zh"))) == [("新建",)]


def test_rules_about_the_state_are_described_and_checked_by_its_names() -> None:
    definition = procedures.form().definition
    tree = {"field": "@state", "op": "in", "value": ["new", "work"]}
    assert rules.describe(tree, definition, "zh") == "状态 属于 新建、处理中"
    assert not list(rules.check(tree, definition))
    [problem] = rules.check({"field": "@state", "op": "eq", "value": "lost"}, definition)
    assert (problem.path, "lost" in str(problem.message)) == ("value", True)
    plain = factories.form(key="plain").definition
    assert not list(rules.check({"field": "@state", "op": "eq", "value": "lost"}, plain))


def test_assignees_are_people_in_rules() -> None:
    live = procedures.form()
    tree = {"field": "@assignees", "op": "contains", "value": {"me": True}}
    assert not list(rules.check(tree, live.definition))
