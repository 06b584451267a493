"""A rule must mean the same in Python, as a MongoDB filter, and in the browser."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from bson import Decimal128, ObjectId
from hypothesis import HealthCheck, given, settings
from playwright.sync_api import Browser
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.write_concern import WriteConcern

from models import rules
from models.definition import Definition
from tests.models.rule_cases import CREATED, Case, cases, to_values

SCRIPT = Path(__file__).parents[2] / "backoffice" / "static" / "js" / "rules.js"
Judge = Callable[[dict[str, Any], list[dict[str, Any]]], list[bool]]
Records = Collection[dict[str, Any]]

CONTEXT = rules.RuleContext(CREATED)
SHEET = Definition.load({"key": "sheet", "label": {"en": "Sheet"}, "fields": [{"key": "f0", "type": "text"}]})
BATCH = count()


@pytest.fixture(scope="module")
def judge(browser: Browser) -> Iterator[Judge]:
    page = browser.new_page()
    page.add_script_tag(content=SCRIPT.read_text(encoding="utf-8"))
    yield lambda rule, rows: page.evaluate(
        "([rule, rows]) => rows.map((row) => Rules.evaluate(rule, row))", [rule, rows]
    )
    page.close()


# --- the three answers --------------------------------------------------------------------------------


def to_json(value: Any) -> Any:
    """Write a stored value as the contract with the browser says."""
    if isinstance(value, dict):
        return {key: to_json(part) for key, part in value.items()}
    if isinstance(value, list):
        return [to_json(part) for part in value]
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
        return str(value)
    return str(value) if isinstance(value, Decimal128 | ObjectId) else value


@pytest.fixture
def collection(db: Database[dict[str, Any]]) -> Records:
    return db.get_collection("record_sheet", write_concern=WriteConcern(w=1, j=False))


def store(collection: Records, records: list[dict[str, Any]]) -> list[str]:
    batch = next(BATCH)
    ids = [f"{batch}-{at}" for at in range(len(records))]
    collection.insert_many([record | {"_id": one} for one, record in zip(ids, records, strict=True)])
    return ids


def agreed(
    rule: rules.Rule, records: list[dict[str, Any]], ids: list[str], collection: Records, judge: Judge
) -> list[bool]:
    """Return the answer for each record, once all three have given the same."""
    values = [to_values(record) for record in records]
    in_python = [rule.holds(one) for one in values]
    found = {
        record["_id"]
        for record in collection.find({"$and": [{"_id": {"$in": ids}}, rule.filter()]}, {"_id": 1})
    }
    assert [one in found for one in ids] == in_python, "MongoDB finds others"
    assert judge(rule.for_browser(), [to_json(one) for one in values]) == in_python, (
        "the browser says otherwise"
    )
    return in_python


@settings(
    max_examples=120, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(case=cases())
def test_python_mongodb_and_the_browser_give_the_same_answer(
    collection: Records, judge: Judge, case: Case
) -> None:
    ids = store(collection, case.records)
    for tree in case.trees:
        rule = rules.compile_rule(tree, case.definition, case.context)
        agreed(rule, case.records, ids, collection, judge)


def test_only_ascii_letters_ignore_case_in_all_three(collection: Records, judge: Judge) -> None:
    words = ["k", "K", "\u212a", "s", "\u017f", "é", "É", "ß", "SS", "İ", "i"]
    records = [{"data": {"f0": word}} for word in words]
    ids = store(collection, records)
    expected = {"k": {"k", "K"}, "S": {"s", "SS"}, "é": {"é"}, "İ": {"İ"}, "ss": {"SS"}}
    for part, matching in expected.items():
        rule = rules.compile_rule({"field": "f0", "op": "contains", "value": part}, SHEET, CONTEXT)
        assert agreed(rule, records, ids, collection, judge) == [word in matching for word in words]


@pytest.mark.parametrize(
    "text", ["a.c", "(a+)+$", "[", "\\", "^", "$", "a|b", "a{1}", "-", "/", "#", "&", "~", "\n", "中.文"]
)
def test_text_from_people_is_never_a_pattern(collection: Records, judge: Judge, text: str) -> None:
    records = [{"data": {"f0": f"x{text}y"}}, {"data": {"f0": "abc"}}, {"data": {"f0": text}}]
    ids = store(collection, records)
    for operator, answers in {"contains": [True, False, True], "starts_with": [False, False, True]}.items():
        rule = rules.compile_rule({"field": "f0", "op": operator, "value": text}, SHEET, CONTEXT)
        assert agreed(rule, records, ids, collection, judge) == answers


def test_numbers_that_differ_in_their_last_digit_differ_in_all_three(
    collection: Records, judge: Judge
) -> None:
    sheet = Definition.load(
        {
            "key": "sheet",
            "label": {"en": "Sheet"},
            "fields": [{"key": "n", "type": "integer"}, {"key": "d", "type": "decimal"}],
        }
    )
    records = [
        {"data": {"n": 2**53, "d": Decimal128("0.1")}},
        {"data": {"n": 2**53 + 1, "d": Decimal128("0.1000000000000000000000000000000001")}},
        {"data": {"n": 2**63 - 1, "d": Decimal128("1E+3")}},
    ]
    ids = store(collection, records)
    for name, value, answers in (
        ("n", 2**53 + 1, [False, True, False]),
        ("n", str(2**63 - 1), [False, False, True]),
        ("d", 0.1, [True, False, False]),
        ("d", "0.1000000000000000000000000000000001", [False, True, False]),
        ("d", 1000, [False, False, True]),
    ):
        rule = rules.compile_rule({"field": name, "op": "eq", "value": value}, sheet, CONTEXT)
        assert agreed(rule, records, ids, collection, judge) == answers
