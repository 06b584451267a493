"""What rules mean, what they refuse, and how they read."""

# ruff: noqa: FBT003  (an operand may be anything, and yes/no is an operand too)

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bson import Decimal128, ObjectId

from models import rules
from models.definition import Definition
from models.errors import InvalidError
from models.rules import periods

SHEET = Definition.load(
    {
        "key": "sheet",
        "label": {"zh": "单", "en": "Sheet"},
        "fields": [
            {"key": "title", "type": "text", "label": {"zh": "标题", "en": "Title"}},
            {"key": "qty", "type": "integer", "label": {"zh": "数量", "en": "Quantity"}},
            {"key": "price", "type": "money"},
            {"key": "rate", "type": "percent"},
            {"key": "spent", "type": "duration"},
            {
                "key": "kind",
                "type": "choice",
                "label": {"zh": "类型", "en": "Type"},
                "options": [
                    {"key": "complaint", "label": {"zh": "投诉", "en": "Complaint"}},
                    {"key": "claim", "label": {"zh": "索赔", "en": "Claim"}, "retired": True},
                ],
            },
            {"key": "tags", "type": "multi_choice", "options": [{"key": "a"}, {"key": "b"}, {"key": "c"}]},
            {"key": "done", "type": "boolean", "label": {"zh": "完成", "en": "Done"}},
            {"key": "due", "type": "date", "label": {"zh": "期限", "en": "Due"}},
            {"key": "seen", "type": "datetime"},
            {"key": "who", "type": "person", "label": {"zh": "负责人", "en": "Owner"}},
            {"key": "team", "type": "department"},
            {"key": "customers", "type": "reference", "form": "customer", "many": True},
            {"key": "files", "type": "attachment"},
            {"key": "intro", "type": "section"},
            {
                "key": "items",
                "type": "table",
                "label": {"zh": "明细", "en": "Items"},
                "fields": [
                    {"key": "qty", "type": "integer", "label": {"zh": "件数", "en": "Pieces"}},
                    {"key": "price", "type": "money"},
                    {"key": "tags", "type": "multi_choice", "options": [{"key": "a"}]},
                ],
            },
        ],
    }
)
ANNA = ObjectId("6560f0f0f0f0f0f0f0f0f0f0")
QUALITY = ObjectId("6560f0f0f0f0f0f0f0f0f0f1")
NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)  # a Saturday, 09:30 in Shanghai
CONTEXT = rules.RuleContext(NOW, person=ANNA, department=QUALITY)


def leaf(field: str, op: str, *value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, **({"value": value[0]} if value else {})}


def holds(tree: dict[str, Any], context: rules.RuleContext = CONTEXT, /, **values: Any) -> bool:
    assert list(rules.check(tree, SHEET)) == []
    return rules.evaluate(tree, values, SHEET, context)


def refusal(tree: Any) -> tuple[str, str]:
    """Return path and English text of the first problem, and see that the tree does not run either."""
    with pytest.raises(InvalidError):
        rules.to_filter(tree, SHEET, CONTEXT)
    problem = next(iter(rules.check(tree, SHEET)))
    return problem.path, str(problem.message)


@pytest.mark.parametrize("empty", [{}, {"qty": None}, {"qty": ""}, {"qty": []}])
def test_an_empty_number_is_neither_more_nor_less_nor_equal(empty: dict[str, Any]) -> None:
    for operator in ("eq", "gt", "gte", "lt", "lte"):
        assert not holds(leaf("qty", operator, 0), **empty)
    assert holds(leaf("qty", "ne", 0), **empty)
    assert holds(leaf("qty", "not_in", [0]), **empty)
    assert holds(leaf("qty", "empty"), **empty)
    assert not holds(leaf("qty", "not_empty"), **empty)


def test_zero_and_no_are_not_empty() -> None:
    assert holds(leaf("qty", "not_empty"), qty=0)
    assert holds(leaf("done", "not_empty"), done=False)


def test_an_unanswered_yes_no_is_neither() -> None:
    assert not holds(leaf("done", "eq", False))
    assert not holds(leaf("done", "eq", True))
    assert holds(leaf("done", "eq", False), done=False)
    assert not holds(leaf("qty", "eq", 1), qty=True)


def test_numbers_compare_as_numbers_however_they_are_written() -> None:
    amount = {"amount": Decimal128("12.50"), "currency": "USD"}
    for operand in (12.5, "12.5", "12.500", Decimal("12.5"), Decimal128("12.50")):
        assert holds(leaf("price", "eq", operand), price=amount)
    assert holds(leaf("rate", "lt", "0.6"), rate=Decimal128("0.5"))
    assert not holds(leaf("qty", "eq", 2**53), qty=2**53 + 1)
    assert holds(leaf("qty", "between", [1, 3]), qty=3)


def test_any_row_may_satisfy_a_rule_but_one_row_has_to() -> None:
    rows = [{"_row": "1", "qty": 1}, {"_row": "2", "qty": 9}, {"_row": "3"}]
    assert holds(leaf("items.qty", "gt", 5), items=rows)
    assert not holds(leaf("items.qty", "between", [2, 8]), items=rows)
    assert holds(leaf("items.price", "empty"), items=rows)
    assert holds(leaf("items.tags", "contains", "a"), items=[{"tags": ["a"]}])
    assert not holds(leaf("items.qty", "ne", 9), items=rows)
    assert holds(leaf("items", "not_empty"), items=rows)


def test_a_list_holds_when_any_of_its_values_does() -> None:
    assert holds(leaf("tags", "eq", "b"), tags=["a", "b"])
    assert holds(leaf("tags", "in", ["b", "c"]), tags=["a", "b"])
    assert not holds(leaf("tags", "ne", "b"), tags=["a", "b"])
    assert holds(leaf("tags", "not_in", ["c"]), tags=["a", "b"])


def test_people_compare_by_id_and_me_is_who_asks() -> None:
    assert holds(leaf("who", "eq", str(ANNA).upper()), who=ANNA)
    assert holds(leaf("who", "eq", {"me": True}), who=ANNA)
    assert holds(leaf("team", "in", [{"my_department": True}]), team=QUALITY)
    assert holds(leaf("customers", "contains", QUALITY), customers=[ANNA, QUALITY])
    nobody = rules.RuleContext(NOW)
    assert not holds(leaf("who", "eq", {"me": True}), nobody, who=ANNA)
    assert not holds(leaf("who", "eq", {"me": True}), nobody)
    assert holds(leaf("who", "ne", {"me": True}), nobody, who=ANNA)


def test_system_columns_carry_an_at_sign() -> None:
    values = {"@owner": ANNA, "@state": "open", "@created_at": NOW}
    assert rules.evaluate(leaf("@owner", "eq", {"me": True}), values, SHEET, CONTEXT)
    assert rules.evaluate(leaf("@created_at", "eq", {"today": True}), values, SHEET, CONTEXT)
    assert rules.to_filter(leaf("@state", "eq", "open"), SHEET, CONTEXT) == {"state": {"$in": ["open"]}}


def test_today_is_the_persons_day() -> None:
    late = datetime(
        2026, 11, 20, 17, 0, tzinfo=UTC
    )  # already the 21st in Shanghai, still the 20th in New York
    today = leaf("due", "eq", {"today": True})
    assert holds(today, rules.RuleContext(late), due="2026-11-21")
    assert holds(today, rules.RuleContext(late, ZoneInfo("America/New_York")), due="2026-11-20")
    moment = leaf("seen", "eq", "2026-11-21")
    assert holds(moment, seen=late)
    assert not holds(moment, seen=datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC))
    assert not holds(moment, seen=datetime(2026, 11, 21, 16, 0, tzinfo=UTC))


def test_a_time_written_to_the_minute_is_that_minute() -> None:
    at = leaf("seen", "eq", "2026-11-21T09:30")
    assert holds(at, seen=NOW.replace(second=59))
    assert not holds(at, seen=NOW.replace(minute=31))
    assert holds(leaf("seen", "gt", {"relative": {"hours": -2}}), seen=NOW)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("this_week", "2026-11-16", "2026-11-22"),
        ("last_month", "2026-10-01", "2026-10-31"),
        ("next_month", "2026-12-01", "2026-12-31"),
        ("this_quarter", "2026-10-01", "2026-12-31"),
        ("last_quarter", "2026-07-01", "2026-09-30"),
        ("next_quarter", "2027-01-01", "2027-03-31"),
        ("last_year", "2025-01-01", "2025-12-31"),
        ("last_day", "2026-11-20", "2026-11-20"),
        ("past", "1900-01-01", "2026-11-20"),
    ],
)
def test_a_period_is_a_calendar_period_not_so_many_days(name: str, first: str, last: str) -> None:
    assert tuple(day.isoformat() for day in periods.period(name, date(2026, 11, 21))) == (first, last)
    tree = leaf("due", "eq", {"period": name})
    assert holds(tree, due=first)
    assert holds(tree, due=last)
    assert holds(leaf("due", "gt", {"period": name}), due="2028-01-01")
    assert not holds(leaf("due", "gt", {"period": name}), due=last)
    assert not holds(leaf("due", "lt", {"period": name}), due=first)


def test_today_is_neither_past_nor_future() -> None:
    for day, past, future in (
        ("2026-11-20", True, False), ("2026-11-21", False, False), ("2026-11-22", False, True),
    ):  # fmt: skip
        assert holds(leaf("due", "eq", {"period": "past"}), due=day) is past, day
        assert holds(leaf("due", "eq", {"period": "future"}), due=day) is future, day


def test_a_month_before_the_31st_is_the_last_day_of_the_shorter_month() -> None:
    assert periods.step(date(2026, 3, 31), "months", -1) == date(2026, 2, 28)
    assert periods.step(date(2028, 2, 29), "years", -1) == date(2027, 2, 28)


def test_no_parts_at_all_hold_in_all_and_not_in_any() -> None:
    assert holds({"all": []})
    assert not holds({"any": []})
    assert rules.to_filter({"all": []}, SHEET, CONTEXT) == {}


def test_a_rule_of_a_column_sees_its_row_first() -> None:
    table = SHEET.by_key["items"]
    tree = {"all": [leaf("qty", "gt", 5), leaf("title", "eq", "x")]}
    data = {"qty": 1, "title": "x"}
    assert list(rules.check(tree, SHEET, table="items")) == []
    full = rules.row_values(table, data, {"_row": "1", "qty": 9})
    assert rules.evaluate(tree, full, SHEET, CONTEXT, table="items")
    empty = rules.row_values(table, data | {"qty": 9}, {"_row": "1"})
    assert not rules.evaluate(tree, empty, SHEET, CONTEXT, table="items")


def test_a_retired_option_may_be_asked_for_and_an_unknown_one_may_not() -> None:
    assert list(rules.check(leaf("kind", "eq", "claim"), SHEET)) == []
    problems = list(rules.check({"all": [leaf("kind", "in", ["claim", "gone"])]}, SHEET))
    assert [(problem.path, str(problem.message)) for problem in problems] == [
        ("all.0.value.1", "There is no option “gone”.")
    ]
    assert not rules.evaluate(leaf("kind", "eq", "gone"), {"kind": "claim"}, SHEET, CONTEXT)


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        (None, ""),
        ([], ""),
        ({}, ""),
        ("all", ""),
        ({"all": {}}, ""),
        ({"all": [], "any": []}, ""),
        ({"$where": "sleep(1000)"}, ""),
        ({"all": [{"$expr": {}}]}, "all.0"),
        ({"not": {"all": [None]}}, "not.all.0"),
        (leaf("nothing", "eq", 1), "field"),
        (leaf("intro", "empty"), "field"),
        (leaf("items.nothing", "eq", 1), "field"),
        (leaf("qty.amount", "eq", 1), "field"),
        (leaf("data.qty", "eq", 1), "field"),
        (leaf("@password", "eq", "x"), "field"),
        ({"field": {"$gt": ""}, "op": "eq", "value": 1}, "field"),
        ({"field": ["qty"], "op": "eq", "value": 1}, "field"),
        (leaf("qty", "$gt", 1), "op"),
        ({"field": "qty", "op": ["gt"], "value": 1}, "op"),
        ({"field": "qty", "value": 1}, "op"),
        (leaf("qty", "contains", "1"), "op"),
        (leaf("files", "eq", "x"), "op"),
        (leaf("kind", "contains", "complaint"), "op"),
        (leaf("qty", "eq"), "value"),
        (leaf("qty", "empty", 1), "value"),
        (leaf("qty", "eq", {"$gt": 0}), "value"),
        (leaf("qty", "eq", True), "value"),
        (leaf("qty", "eq", float("nan")), "value"),
        (leaf("qty", "eq", float("inf")), "value"),
        (leaf("qty", "eq", "1e999"), "value"),
        (leaf("qty", "eq", "NaN"), "value"),
        (leaf("qty", "eq", Decimal128("NaN")), "value"),
        (leaf("qty", "eq", 10**400), "value"),
        (leaf("qty", "eq", Decimal("1e5000")), "value"),
        (leaf("qty", "eq", "１２"), "value"),
        (leaf("qty", "in", []), "value"),
        (leaf("qty", "in", 5), "value"),
        (leaf("qty", "in", list(range(501))), "value"),
        (leaf("qty", "in", [1, [2]]), "value.1"),
        (leaf("qty", "between", [1]), "value"),
        (leaf("qty", "between", [5, 1]), "value"),
        (leaf("due", "between", ["2026-02-01", "2026-01-01"]), "value"),
        (leaf("title", "contains", ""), "value"),
        (leaf("title", "contains", "\0"), "value"),
        (leaf("title", "eq", "\ud800"), "value"),
        (leaf("title", "eq", "x" * 2001), "value"),
        (leaf("title", "eq", {"$regex": ".*"}), "value"),
        (leaf("title", "eq", 5), "value"),
        (leaf("done", "eq", 1), "value"),
        (leaf("done", "eq", "true"), "value"),
        (leaf("due", "eq", "2026-02-30"), "value"),
        (leaf("due", "eq", "9999-01-01"), "value"),
        (leaf("due", "eq", "2026-1-1"), "value"),
        (leaf("due", "eq", "2026-01-01T10:00"), "value"),
        (leaf("due", "eq", {"relative": {"hours": 1}}), "value"),
        (leaf("due", "eq", {"relative": {"days": 10**9}}), "value"),
        (leaf("due", "eq", {"relative": {"days": True}}), "value"),
        (leaf("due", "eq", {"relative": {"days": 1, "weeks": 1}}), "value"),
        (leaf("due", "eq", {"relative": {}}), "value"),
        (leaf("due", "eq", {"period": "last_decade"}), "value"),
        (leaf("due", "eq", {"period": ["this_week"]}), "value"),
        (leaf("due", "eq", {"today": 1, "$gt": ""}), "value"),
        (leaf("seen", "eq", "2026-01-01T25:00Z"), "value"),
        (leaf("seen", "eq", "0001-01-01T00:00+14:00"), "value"),
        (leaf("who", "eq", "anna"), "value"),
        (leaf("who", "eq", {"my_department": True}), "value"),
        (leaf("team", "eq", {"me": True}), "value"),
        (leaf("who", "eq", {"me": True, "$ne": None}), "value"),
        ({"field": "qty", "op": "eq", "value": 1, "$where": "1"}, ""),
        ({"all": [{"field": "qty", "op": "empty"}] * 100}, "all.99"),
        ({"all": [{"field": "qty", "op": "empty"}] * 1_000_000}, "all.99"),
    ],
)
def test_what_is_not_a_rule_is_refused_where_it_is_wrong(tree: Any, path: str) -> None:
    assert refusal(tree)[0] == path


def test_a_tree_of_any_depth_is_refused_without_harm() -> None:
    tree: dict[str, Any] = leaf("qty", "empty")
    for _turn in range(7):
        tree = {"not": tree}
    assert list(rules.check(tree, SHEET)) == []
    for _turn in range(10_000):
        tree = {"all": [tree]}
    assert "nested" in refusal(tree)[1]
    assert rules.fields_used(tree) == set()
    assert rules.describe(tree, SHEET, "en") == "A condition that can no longer be read"


def test_a_message_does_not_repeat_a_huge_name() -> None:
    assert len(refusal(leaf("x" * 10**6, "eq", 1))[1]) < 200


def test_every_wrong_part_is_reported() -> None:
    tree = {"all": [leaf("nothing", "eq", 1), {"any": [leaf("qty", "gt", "many")]}]}
    assert [problem.path for problem in rules.check(tree, SHEET)] == ["all.0.field", "all.1.any.0.value"]


def test_values_only_stand_behind_operators_of_ours() -> None:
    tree = {
        "all": [
            leaf("title", "contains", "$where.*"),
            leaf("items.qty", "gt", 5),
            {"not": leaf("qty", "in", [1])},
        ]
    }
    assert rules.to_filter(tree, SHEET, CONTEXT) == {
        "$and": [
            {"data.title": {"$regex": r"\$[wW][hH][eE][rR][eE]\.\*"}},
            {"data.items": {"$elemMatch": {"qty": {"$gt": Decimal128("5")}}}},
            {"data.qty": {"$nin": [Decimal128("1")]}},
        ]
    }


def test_fields_used_names_columns_and_system_columns() -> None:
    tree = {
        "any": [leaf("qty", "empty"), {"not": {"all": [leaf("items.qty", "gt", 1), leaf("@owner", "empty")]}}]
    }
    assert rules.fields_used(tree) == {"qty", "items.qty", "@owner"}
    hostile_trees: list[Any] = [None, 5, {"all": 7}, {"field": []}, {"not": "x"}]
    for hostile in hostile_trees:
        assert rules.fields_used(hostile) == set()


def test_every_field_type_offers_operators_that_exist() -> None:
    for field in SHEET.value_fields:
        operators = rules.operators_for(field)
        assert operators
        assert set(operators) <= set(rules.OPERATORS)
    assert rules.operators_for(SHEET.by_key["intro"]) == ()
    assert "contains" in rules.operators_of_type("multi_choice")
    assert "contains" not in rules.operators_of_type("choice")


@pytest.mark.parametrize(
    ("tree", "english"),
    [
        ({"all": [leaf("qty", "gt", 5), leaf("kind", "in", ["complaint", "claim"])]},
         "Quantity is greater than 5 and Type is one of Complaint, Claim"),
        ({"any": [leaf("done", "eq", True),
                  {"all": [leaf("qty", "empty"), leaf("due", "gt", {"period": "last_month"})]}]},
         "Done is Yes or (Quantity is empty and Due is after last month)"),
        ({"not": leaf("items.qty", "between", [1, 3])}, "not (Items.Pieces is between 1 and 3)"),
        (leaf("who", "eq", {"me": True}), "Owner is me"),
        (leaf("due", "lte", {"relative": {"days": -30}}), "Due is on or before 30 days ago"),
        (leaf("seen", "gte", "2026-11-21T01:30:00Z"), "seen is on or after 2026-11-21 09:30"),
        (leaf("rate", "lt", "0.5"), "rate is less than 0.5%"),
        (leaf("spent", "gt", 5400), "spent is greater than 1:30"),
        (leaf("kind", "eq", "gone"), "Type is gone"),
        ({"all": []}, "always"),
    ],
)  # fmt: skip
def test_a_rule_reads_as_people_say_it(tree: dict[str, Any], english: str) -> None:
    assert rules.describe(tree, SHEET, "en") == english


def test_names_take_the_place_of_ids() -> None:
    class Names:
        def person(self, identity: ObjectId) -> str:
            return {ANNA: "Anna"}[identity]

        def department(self, _identity: ObjectId) -> str:
            return "Quality"

        def record(self, form: str, _identity: ObjectId) -> str:
            return f"a {form}"

    described = rules.describe(
        {"all": [leaf("who", "eq", str(ANNA)), leaf("team", "eq", QUALITY),
                 leaf("customers", "contains", QUALITY)]},
        SHEET, "en", names=Names(),
    )  # fmt: skip
    assert described == "Owner is Anna and team is Quality and customers contains a customer"
