"""A rule must mean the same in Python, as a MongoDB filter, and in the browser."""

import json
import shutil
import subprocess
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bson import Decimal128, ObjectId
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from pymongo.database import Database
from pymongo.write_concern import WriteConcern

from models import rules
from models.definition import Definition, Field

SCRIPT = Path(__file__).parents[2] / "backoffice" / "static" / "js" / "rules.js"
Judge = Callable[[dict[str, Any], list[dict[str, Any]]], list[bool]]

PEOPLE = [ObjectId(f"{number:024x}") for number in (1, 0xABCDEF, 3)]
OPTIONS = ("complaint", "claim", "enquiry")
CREATED = datetime(2026, 3, 1, tzinfo=UTC)
SIMPLE = (
    "text", "long_text", "integer", "decimal", "money", "percent", "date", "datetime", "duration", "choice",
    "multi_choice", "boolean", "rating", "phone", "email", "link", "person", "department", "reference",
    "computed",
)  # fmt: skip
BATCH = count()

# --- the browser's judge ----------------------------------------------------------------------------

NODE_LOOP = """
require(process.argv[1]);
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const [rule, rows] = JSON.parse(line);
  console.log(JSON.stringify(rows.map((row) => Rules.evaluate(rule, row))));
});
"""


@contextmanager
def judge_in_node(node: str) -> Iterator[Judge]:
    command = [node, "-e", NODE_LOOP, str(SCRIPT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdin
        assert process.stdout
        stdin, stdout = process.stdin, process.stdout

        def judge(rule: dict[str, Any], rows: list[dict[str, Any]]) -> list[bool]:
            stdin.write(json.dumps([rule, rows]) + "\n")
            stdin.flush()
            answer: list[bool] = json.loads(stdout.readline())
            return answer

        yield judge
        stdin.close()


@contextmanager
def judge_in_chromium() -> Iterator[Judge]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="neither node nor playwright is installed")
    with sync_api.sync_playwright() as playwright:
        path = shutil.which("chromium") or playwright.chromium.executable_path
        if not Path(path).exists():
            pytest.skip("neither node nor Chromium is installed")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.add_script_tag(content=SCRIPT.read_text(encoding="utf-8"))
        yield lambda rule, rows: page.evaluate(
            "([rule, rows]) => rows.map((row) => Rules.evaluate(rule, row))", [rule, rows]
        )
        browser.close()


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    node = shutil.which("node")
    with judge_in_node(node) if node else judge_in_chromium() as judged:
        yield judged


# --- what a record may hold ---------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        "Air bag",
        "AIR BAG",
        "安全气囊 Air",
        "ſ",
        "K",
        "İ",
        "É",
        "é",
        "a",
        ".*",
        "^a",
        "\\",
        "a\nB",
        "[",
        "$where",
        "-",
        "ß",
    ]
) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=4)
TEXTS = WORDS.map(lambda text: unicodedata.normalize("NFC", text))
INTEGERS = st.sampled_from([0, 1, 2, 3, -1, 60, 2**53 + 1, 2**53, 2**63 - 1, -(2**63)]) | st.integers(-5, 5)
DECIMALS = st.sampled_from(
    ["0", "-0", "1", "1.0", "0.1", "0.10", "1E+3", "1000", "9007199254740993.5", "-2.5"]
).map(Decimal) | st.decimals(-5, 5, places=1)
DATES = st.dates(date(2026, 1, 1), date(2026, 4, 30)) | st.sampled_from(
    [date(1900, 1, 1), date(2999, 12, 31), date(2025, 12, 31), date(2026, 2, 28), date(2026, 3, 1)]
)
MOMENTS = st.datetimes(datetime(2026, 2, 26), datetime(2026, 3, 3), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
) | st.integers(-72, 72).map(lambda quarters: CREATED + timedelta(minutes=15 * quarters))
IDS = st.sampled_from(PEOPLE)
KEYS = st.sampled_from(OPTIONS)


def stored_of(field: Field) -> st.SearchStrategy[Any]:
    decimals = DECIMALS.map(Decimal128)
    strategies: dict[str, st.SearchStrategy[Any]] = {
        "integer": INTEGERS,
        "duration": INTEGERS.filter(lambda number: number >= 0),
        "rating": st.integers(1, 5),
        "decimal": decimals,
        "percent": decimals,
        "money": st.builds(lambda amount: {"amount": amount, "currency": "CNY"}, decimals),
        "date": DATES.map(date.isoformat),
        "datetime": MOMENTS,
        "choice": KEYS,
        "multi_choice": st.lists(KEYS, unique=True),
        "boolean": st.booleans(),
        "person": IDS,
        "department": IDS,
        "reference": st.lists(IDS, unique=True) if field.many else IDS,
        "attachment": st.lists(st.builds(lambda file: {"file": file, "name": "a.pdf"}, IDS), max_size=2),
        "signature": st.builds(lambda by: {"file": by, "by": by, "at": CREATED}, IDS),
        "table": st.lists(rows_of(field), max_size=3) if field.type == "table" else st.nothing(),
        "computed": {"decimal": decimals, "integer": INTEGERS, "text": TEXTS, "boolean": st.booleans()}.get(
            field.result, DATES.map(date.isoformat)
        ),
    }
    return strategies.get(field.type, TEXTS)


def rows_of(table: Field) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"_row": st.just("0badcafe")}, optional=values_of(table.fields))


def values_of(fields: tuple[Field, ...]) -> dict[str, st.SearchStrategy[Any]]:
    return {field.key: stored_of(field) for field in fields}


def records_of(definition: Definition) -> st.SearchStrategy[dict[str, Any]]:
    blank = {field.key: st.sampled_from([None, "", []]) for field in definition.fields}
    data = st.fixed_dictionaries({}, optional=values_of(definition.fields))
    blanks = st.fixed_dictionaries({}, optional=blank) if blank else st.just({})
    return st.fixed_dictionaries(
        {
            "data": st.one_of(data, data, data, st.builds(lambda one, two: one | two, data, blanks)),
            "state": st.sampled_from([None, "open", "closed"]),
            "number": st.sampled_from(["QF-1", "qf-2"]),
            "owner": st.none() | IDS,
            "department": st.none() | IDS,
            "created_by": IDS,
            "created_at": MOMENTS,
            "updated_at": MOMENTS,
        }
    )


# --- forms and rules about them -----------------------------------------------------------------------


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    kinds = draw(
        st.lists(st.sampled_from([*SIMPLE, "attachment", "signature", "table"]), min_size=1, max_size=4)
    )
    return Definition.load(
        {
            "key": "sheet",
            "label": {"en": "Sheet"},
            "fields": [field(draw, f"f{at}", kind) for at, kind in enumerate(kinds)],
        }
    )


def field(draw: st.DrawFn, key: str, kind: str) -> dict[str, Any]:
    made: dict[str, Any] = {"key": key, "type": kind}
    if kind in {"choice", "multi_choice"}:
        made["options"] = [{"key": option} for option in OPTIONS]
    if kind == "reference":
        made |= {"form": "customer", "many": draw(st.booleans())}
    if kind == "computed":
        made["result"] = draw(st.sampled_from(["decimal", "integer", "text", "boolean", "date"]))
    if kind == "table":
        columns = draw(st.lists(st.sampled_from(SIMPLE), min_size=1, max_size=2))
        made["fields"] = [field(draw, f"c{at}", column) for at, column in enumerate(columns)]
    return made


RELATIVE = st.sampled_from(
    [{"today": True}, *({"period": name} for name in rules.PERIODS)]
    + [{"relative": {unit: step}} for unit in ("days", "weeks", "months", "years") for step in (-1, 0, 2)]
)
MOMENT_OPERANDS = (
    MOMENTS.map(lambda moment: moment.isoformat().replace("+00:00", "Z"))
    | MOMENTS.map(lambda moment: f"{moment:%Y-%m-%dT%H:%M}")
    | st.sampled_from([{"relative": {"hours": -3}}, {"relative": {"minutes": 90}}])
)


def operand_of(source: rules.Source) -> st.SearchStrategy[Any]:
    dates = DATES.map(date.isoformat) | RELATIVE
    ids = IDS.map(str) | IDS
    people = {"person": st.just({"me": True}) | ids, "department": st.just({"my_department": True}) | ids}
    strategies: dict[rules.Kind, st.SearchStrategy[Any]] = {
        rules.Kind.TEXT: TEXTS | st.sampled_from(["QF-1", "qf"]),
        rules.Kind.KEY: st.sampled_from(["open", "closed"]) if source.field is None else KEYS,
        rules.Kind.ID: people.get(source.target, ids),
        rules.Kind.NUMBER: INTEGERS
        | DECIMALS.map(lambda number: format(number, "f"))
        | DECIMALS
        | st.just(0.1),
        rules.Kind.DATE: dates,
        rules.Kind.DATETIME: dates | MOMENT_OPERANDS,
        rules.Kind.BOOLEAN: st.booleans(),
    }
    return strategies[source.kind]


@st.composite
def leaves(draw: st.DrawFn, definition: Definition) -> dict[str, Any]:
    names = [field.key for field in definition.fields]
    columns = [f"{field.key}.{column.key}" for field in definition.fields for column in field.fields]
    name = draw(st.sampled_from(names * 2 + columns * 2 + list(rules.SYSTEM)))
    source = rules.find_source(name, definition)
    assert source
    operator = draw(st.sampled_from(source.operators))
    arity = rules.OPERATORS[operator].arity
    if arity == "none":
        return {"field": name, "op": operator}
    operand = operand_of(source)
    many = {
        "one": operand,
        "two": st.lists(operand, min_size=2, max_size=2),
        "many": st.lists(operand, min_size=1, max_size=3),
    }
    return {"field": name, "op": operator, "value": draw(many[arity])}


def trees(definition: Definition) -> st.SearchStrategy[dict[str, Any]]:
    return st.recursive(
        leaves(definition),
        lambda inner: st.one_of(
            st.builds(lambda parts: {"all": parts}, st.lists(inner, max_size=3)),
            st.builds(lambda parts: {"any": parts}, st.lists(inner, max_size=3)),
            st.builds(lambda part: {"not": part}, inner),
        ),
        max_leaves=5,
    )


CONTEXTS = st.builds(
    rules.RuleContext,
    now=MOMENTS,
    timezone=st.sampled_from(
        [ZoneInfo(name) for name in ("Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "Pacific/Apia")]
    ),
    person=st.none() | IDS,
    department=st.none() | IDS,
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Definition, dict[str, Any], rules.RuleContext, list[dict[str, Any]]]:
    definition = draw(definitions())
    tree = draw(trees(definition))
    return definition, tree, draw(CONTEXTS), draw(st.lists(records_of(definition), min_size=4, max_size=8))


# --- the three answers --------------------------------------------------------------------------------


def to_values(record: dict[str, Any]) -> dict[str, Any]:
    return record["data"] | {name: record.get(name[1:]) for name in rules.SYSTEM}


def to_json(value: Any) -> Any:  # noqa: ANN401  (any stored value)
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


def found_by_mongodb(
    db: Database[dict[str, Any]], filter_: dict[str, Any], records: list[dict[str, Any]]
) -> list[bool]:
    collection = db.get_collection("record_sheet", write_concern=WriteConcern(w=1, j=False))
    batch = next(BATCH)
    collection.insert_many([record | {"_id": f"{batch}-{at}"} for at, record in enumerate(records)])
    ids = [f"{batch}-{at}" for at in range(len(records))]
    found = {
        record["_id"] for record in collection.find({"$and": [{"_id": {"$in": ids}}, filter_]}, {"_id": 1})
    }
    return [identity in found for identity in ids]


SHEET = Definition.load({"key": "sheet", "label": {"en": "Sheet"}, "fields": [{"key": "f0", "type": "text"}]})
KELVIN = {"field": "f0", "op": "contains", "value": "K"}


@settings(
    max_examples=250, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(case=cases())
@example(
    case=(SHEET, KELVIN, rules.RuleContext(CREATED), [{"data": {"f0": "k"}}, {"data": {"f0": "\u212a"}}])
)
def test_python_mongodb_and_the_browser_give_the_same_answer(
    db: Database[dict[str, Any]],
    judge: Judge,
    case: tuple[Definition, dict[str, Any], rules.RuleContext, list[dict[str, Any]]],
) -> None:
    definition, tree, context, records = case
    assume(not list(rules.check(tree, definition)))
    rule = rules.compile_rule(tree, definition, context)
    in_python = [rule.holds(to_values(record)) for record in records]
    in_browser = judge(rule.for_browser(), [to_json(to_values(record)) for record in records])
    assert found_by_mongodb(db, rule.filter(), records) == in_python
    assert in_browser == in_python


def test_only_ascii_letters_ignore_case_in_all_three(db: Database[dict[str, Any]], judge: Judge) -> None:
    words = ["k", "K", "\u212a", "s", "\u017f", "é", "É", "ß", "SS", "İ", "i"]
    records = [{"data": {"f0": word}} for word in words]
    expected = {
        "k": {"k", "K"}, "S": {"s", "SS"}, "é": {"é"}, "İ": {"İ"}, "ss": {"SS"},
    }  # fmt: skip
    for part, matching in expected.items():
        rule = rules.compile_rule(
            {"field": "f0", "op": "contains", "value": part}, SHEET, rules.RuleContext(CREATED)
        )
        answers = [word in matching for word in words]
        assert [rule.holds(record["data"]) for record in records] == answers
        assert found_by_mongodb(db, rule.filter(), records) == answers
        assert judge(rule.for_browser(), [to_json(record["data"]) for record in records]) == answers


@pytest.mark.parametrize(
    "text", ["a.c", "(a+)+$", "[", "\\", "^", "$", "a|b", "a{1}", "-", "/", "#", "&", "~", "\n", "中.文"]
)
def test_text_from_people_is_never_a_pattern(db: Database[dict[str, Any]], judge: Judge, text: str) -> None:
    records = [{"data": {"f0": f"x{text}y"}}, {"data": {"f0": "abc"}}, {"data": {"f0": text}}]
    context = rules.RuleContext(CREATED)
    for operator, answers in {"contains": [True, False, True], "starts_with": [False, False, True]}.items():
        rule = rules.compile_rule({"field": "f0", "op": operator, "value": text}, SHEET, context)
        assert found_by_mongodb(db, rule.filter(), records) == answers
        assert [rule.holds(record["data"]) for record in records] == answers
        assert judge(rule.for_browser(), [record["data"] for record in records]) == answers
