"""Formulas give exact answers, say what is wrong with them, and cannot be turned against the server."""

import gc
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bson import Decimal128, ObjectId
from hypothesis import given, settings
from hypothesis import strategies as st

from models import formulas
from models.definition import Definition, Field
from models.errors import InvalidError, ValueProblem
from models.formulas import compiled

FIELDS: list[dict[str, Any]] = [
    {"key": "a", "type": "decimal"},
    {"key": "b", "type": "integer"},
    {"key": "price", "type": "money"},
    {"key": "rate", "type": "percent"},
    {"key": "name", "type": "text"},
    {"key": "kind", "type": "choice", "options": [{"key": "claim"}]},
    {"key": "tags", "type": "multi_choice", "options": [{"key": "x"}, {"key": "y"}]},
    {"key": "done", "type": "boolean"},
    {"key": "sent", "type": "date"},
    {"key": "seen", "type": "datetime"},
    {"key": "who", "type": "person"},
    {"key": "files", "type": "attachment"},
    {"key": "intro", "type": "section"},
    {
        "key": "items",
        "type": "table",
        "fields": [
            {"key": "qty", "type": "integer"},
            {"key": "price", "type": "money"},
            {"key": "note", "type": "text"},
        ],
    },
]
SHEET = Definition.load({"key": "sheet", "label": {"en": "Sheet"}, "fields": FIELDS})


def money(amount: str) -> dict[str, Any]:
    return {"amount": Decimal128(amount), "currency": "CNY"}


VALUES: dict[str, Any] = {
    "a": Decimal128("0.2"),
    "b": 3,
    "price": money("9.99"),
    "rate": Decimal128("13"),
    "name": "Air bag",
    "kind": "claim",
    "tags": ["x", "y"],
    "done": True,
    "sent": "2026-01-31",
    "seen": datetime(2026, 2, 1, 20, tzinfo=UTC),
    "items": [{"_row": "1", "qty": 2, "price": money("1.50")}, {"_row": "2", "qty": 5}, {"_row": "3"}],
}


def compiled_with(text: str, result: str = "decimal", **properties: Any) -> formulas.Formula:
    field = Field.model_validate({"key": "total", "type": "computed", "result": result, **properties})
    return formulas.compile_formula(text, SHEET, field)


def answer(
    text: str, result: str = "decimal", /, values: dict[str, Any] | None = None, **properties: Any
) -> Any:
    found = compiled_with(text, result, **properties).evaluate(VALUES if values is None else values)
    return str(found) if isinstance(found, Decimal128) else found


def refusal(text: str, result: str = "decimal") -> str:
    with pytest.raises(ValueProblem) as problem:
        compiled_with(text, result)
    return str(problem.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + 0.1", "0.3"),
        ("0.1 + 0.2", "0.3"),
        ("price * b", "29.97"),
        ("price * rate / 100", "1.2987"),
        ("1 / 3", "0.3333333333"),
        ("-(a - 1) * 2", "1.6"),
        ("-0 * b", "0"),
        ("round(2.5)", "3"),
        ("round(2.345, 2)", "2.35"),
        ("round(-2.5)", "-3"),
        ("floor(-2.1)", "-3"),
        ("ceil(2.1)", "3"),
        ("abs(-a)", "0.2"),
        ("min(a, b, 1)", "0.2"),
        ("max(a, b)", "3"),
        ('sum(items, "qty")', "7"),
        ("sum(items, 'price')", "1.50"),
        ("average(items, 'qty')", "3.5"),
        ("min(items, 'qty')", "2"),
        ("max(items, 'qty')", "5"),
        ("count(items)", "3"),
        ("if_(b > 2, 1, 0)", "1"),
        ("1 if b > 2 else 0", "1"),
        ("if_(kind == 'claim' and not done, 1, if_(1 < b <= 3, 2, 3))", "2"),
        ("days_between(sent, add_days(sent, 30))", "30"),
        ("days_between(sent, seen)", "2"),
        ("hours_between(seen, seen)", "0"),
        ("year(sent) * 100 + month(sent)", "202601"),
        ("len(name) + len(tags)", "9"),
        ("\n  a\n  + b\n", "3.2"),
        (" + ".join(["b"] * 100), "300"),
    ],
)
def test_a_formula_gives_the_exact_answer(text: str, expected: str) -> None:
    assert answer(text) == expected


@pytest.mark.parametrize(
    ("text", "result", "expected"),
    [
        ("concat(name, ' ', a, '/', sent)", "text", "Air bag 0.2/2026-01-31"),
        ("upper(name)", "text", "AIR BAG"),
        ("a", "text", "0.2"),
        ("add_days(sent, 1)", "date", "2026-02-01"),
        ("max(sent, add_days(sent, 1))", "date", "2026-02-01"),
        ("contains(name, 'AIR') and contains(tags, 'x')", "boolean", True),
        ("a > b", "boolean", False),
        ("10 / 4", "integer", 3),
        ("b", "integer", 3),
    ],
)
def test_a_result_has_the_type_of_its_field(text: str, result: str, expected: Any) -> None:
    found = answer(text, result)
    assert found == expected
    assert type(found) is type(expected)


def test_a_decimal_result_has_the_decimals_of_its_field() -> None:
    assert answer("2 / 3", decimals=2) == "0.67"
    assert answer("b", decimals=2) == "3.00"
    assert answer("2.5", decimals=0) == "3"


def test_an_empty_value_makes_the_result_empty() -> None:
    for text in ("a + 1", "-a", "round(a)", "min(a, 1)", "if_(a > 1, None, a)", "a * 0"):
        assert answer(text, values={}) is None
    for text in ("a > 1", "a == 1", "a != 1", "not (a > 1)", "a > 1 and True", "a > 1 or False"):
        assert answer(text, "boolean", values={}) is None
    assert answer("upper(name)", "text", values={"name": ""}) is None


def test_sums_coalesce_concat_and_certain_answers_see_past_empty_values() -> None:
    assert answer("sum(items, 'qty')", values={}) == "0"
    assert answer("count(items)", values={}) == "0"
    assert answer("average(items, 'qty')", values={}) is None
    assert answer("min(items, 'qty')", values={"items": []}) is None
    assert answer("coalesce(a, b, 7)", values={"b": 2}) == "2"
    assert answer("concat('x', name)", "text", values={}) == "x"
    assert answer("concat(name)", "text", values={}) is None
    assert answer("if_(a > 1, 1, 2)", values={}) == "2"
    assert answer("a > 1 and False", "boolean", values={}) is False
    assert answer("a > 1 or True", "boolean", values={}) is True


@pytest.mark.parametrize(
    "text",
    [
        "b / 0",
        "b / (a - a)",
        "9999999999999999999999999999 * 9999999999999999999999999999",
        " * ".join(["9999999999999999999999999999"] * 60),
        "round(a, 11)",
        "round(a, 0.5)",
        "days_between(sent, add_days(sent, 9999999999))",
        "len(concat(" + ", ".join(["name"] * 20) + "))",
    ],
)
def test_what_has_no_answer_is_empty_and_never_an_error(text: str) -> None:
    assert answer(text, values=VALUES | {"name": "x" * 2000}) is None


@pytest.mark.parametrize(
    "stored",
    ["text", True, [1], {"amount": "x"}, {"$gt": 1}, Decimal128("NaN"), Decimal128("Infinity"),
     Decimal128("1E+6000"),
     2**200, ObjectId(), datetime(2026, 1, 1, tzinfo=UTC)],
)  # fmt: skip
def test_a_value_of_another_type_gives_no_answer(stored: Any) -> None:
    for text, result in (
        ("a * 2", "decimal"),
        ("a", "decimal"),
        ("a", "integer"),
        ("round(a, 10)", "decimal"),
    ):
        assert answer(text, result, values={"a": stored}) is None
    for text in ("sum(items, 'qty')", "count(items)"):
        assert answer(text, values={"items": stored if stored != [1] else [1]}) == "0"


def test_the_smallest_numbers_do_no_harm() -> None:
    assert answer("a", values={"a": Decimal128("1E-6000")}) == "0E-10"
    assert answer("a + 1", values={"a": Decimal128("1E-6000")}) == "1.0000000000"


def test_a_time_falls_on_the_day_of_the_companys_time_zone() -> None:
    formula = compiled_with("days_between(sent, seen)")
    assert formula.evaluate(VALUES, timezone=ZoneInfo("UTC")) == Decimal128("1")
    assert formula.evaluate(VALUES) == Decimal128("2")


ATTACKS = [
    "__import__('os').system('true')",
    "().__class__.__bases__[0].__subclasses__()",
    "name.__class__",
    "name.format(a)",
    "f'{name.__class__}'",
    "'%s' % name",
    "[x for x in (1, 2)]",
    "{x: 1 for x in items}",
    "(lambda: 1)()",
    "items[0]",
    "items['qty']",
    "sum(*items)",
    "sum(table=items)",
    "(a := 5)",
    "a ** 99999999",
    "1 << 99999999",
    "'x' * 1000000000",
    "name * 1000000000",
    "eval('1')",
    "open('/etc/passwd')",
    "exec('1')",
    "getattr(name, 'upper')",
    "concat.__globals__",
    "sum",
    "__builtins__",
    "a; b",
    "a = b",
    "import os",
    "await a",
    "yield a",
    "b'x'",
    "1j",
    "...",
    "a @ b",
    "a is b",
    "a in items",
    "a // b",
    "a % b",
    "~b",
    "1e999",
    "0x7fffffff",
    "1_0",
    "9" * 1500,
    "0." + "9" * 30,
    "'\\x41'",
    "a # b",
    "((" * 500 + "a" + "))" * 500,
    "-" * 1999 + "1",
    "not " * 400 + "done",
    "+".join(["a"] * 150),
    "a" * 2001,
    "abs(" * 120 + "a" + ")" * 120,
    "\0",
    "'\ud800'",
    "1if done else 2",
    "",
    "  ",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_an_attack_is_refused_when_the_form_is_checked(text: str) -> None:
    assert refusal(text)


@given(st.text(alphabet="ab1.()+-*/ ,'\"if_elsumnotrd<>=[]{}:%$\\\n\0", max_size=40))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_any_text_is_a_formula_or_refused(text: str) -> None:
    try:
        formula = compiled_with(text)
    except ValueProblem:
        return
    formula.evaluate(VALUES)
    formula.evaluate({})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("qty + 1", "There is no field “qty”."),
        ("intro", "There is no field “intro”."),
        ("who", "“who” cannot be used in a formula."),
        ("files", "“files” cannot be used in a formula."),
        ("total_of(a)", "There is no function “total_of”."),
        ("round()", "“round” takes 1–2 values."),
        ("if_(done, 1)", "“if_” takes 3 values."),
        ("name + 1", "A value beside + - * / is a text, but should be a number."),
        ("if_(a, 1, 2)", "A condition is a number, but should be yes or no."),
        ("name", "The result is a text, but should be a number."),
        ("items", "The result is a table, but should be a number."),
        ("if_(done, 1, 'x')", "a number and a text do not go together."),
        ("a == name", "a number and a text do not go together."),
        ("if_(name < 'x', 1, 2)", "A compared value is a text, but should be a number or a date or"),
        ("min(a, sent)", "a number and a date do not go together."),
        ("sum(a, 'qty')", "The first value of “sum” is a table."),
        ("sum(items, qty)", "Name the column of “sum” in quotes."),
        ("sum(items, 'nothing')", "There is no field “items.nothing”."),
        ("sum(items, 'note')", "The column of “sum” is a text, but should be a number."),
        ("sum(items)", "“sum” takes 2 values."),
        ("a +", "The formula cannot be read near character"),
    ],
)
def test_a_mistake_is_named_before_the_formula_ever_runs(text: str, says: str) -> None:
    assert refusal(text).startswith(says)


def test_a_formula_names_what_it_reads() -> None:
    assert compiled_with("sum(items, 'qty') * rate").names == {"items", "items.qty", "rate"}


def with_computed(**texts: str) -> Definition:
    extra = [{"key": key, "type": "computed", "formula": text} for key, text in texts.items()]
    return Definition.load({"key": "sheet", "label": {"en": "Sheet"}, "fields": FIELDS + extra})


def test_computed_fields_come_after_what_they_read() -> None:
    definition = with_computed(gross="net * 1.13", net="a + tax", tax="b / 10")
    assert [field.key for field in formulas.order(definition)] == ["tax", "net", "gross"]


@pytest.mark.parametrize("texts", [{"x": "x + 1"}, {"x": "y", "y": "z", "z": "x"}])
def test_a_formula_that_needs_itself_is_refused(texts: dict[str, str]) -> None:
    with pytest.raises(InvalidError) as problem:
        formulas.order(with_computed(**texts))
    ((key, (message,)),) = problem.value.errors.items()
    assert key in texts
    assert "depends on itself" in str(message)


LINES = Definition.load(
    {
        "key": "order",
        "label": {"en": "Order"},
        "fields": [
            {
                "key": "total",
                "type": "computed",
                "formula": "sum(lines, 'total') * (1 + rate / 100)",
                "decimals": 2,
            },
            {"key": "rate", "type": "percent"},
            {"key": "qty", "type": "integer"},
            {
                "key": "lines",
                "type": "table",
                "fields": [
                    {"key": "qty", "type": "integer"},
                    {"key": "price", "type": "money"},
                    {"key": "total", "type": "computed", "formula": "qty * price"},
                ],
            },
        ],
    }
)


def test_computed_columns_are_reckoned_per_row_and_before_their_sum() -> None:
    rows = [{"_row": "1", "qty": 2, "price": money("1.50")}, {"_row": "2", "price": money("7"), "total": 99}]
    data = {"rate": Decimal128("13"), "qty": 100, "lines": rows, "total": 5}
    computed = formulas.compute(LINES, data)
    assert computed["lines"][0]["total"] == Decimal128("3.00")
    assert "total" not in computed["lines"][1]
    assert computed["total"] == Decimal128("3.39")
    assert data["total"] == 5
    assert rows[1]["total"] == 99


def test_a_column_and_a_field_that_need_each_other_are_refused() -> None:
    document = LINES.dump()
    document["fields"][3]["fields"][2]["formula"] = "total / qty"
    with pytest.raises(InvalidError):
        formulas.order(Definition.load(document))


def test_a_formula_is_read_once_and_forgotten_with_its_definition() -> None:
    definition = with_computed(net="a + 1")
    field = definition.by_key["net"]
    kept = id(definition)
    first = formulas.compile_formula(field.formula, definition, field)
    assert formulas.compile_formula(field.formula, definition, field) is first
    assert kept in compiled._kept
    del definition
    gc.collect()
    assert kept not in compiled._kept
