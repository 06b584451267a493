"""Random forms, records and rules, made so that rules often just hold or just fail."""

import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from bson import Decimal128, ObjectId
from hypothesis import strategies as st

from models import rules
from models.definition import Definition, Field

PEOPLE = [ObjectId(f"{number:024x}") for number in (1, 0xABCDEF, 3)]
OPTIONS = ("complaint", "claim", "enquiry")
CREATED = datetime(2026, 3, 1, tzinfo=UTC)
SIMPLE = (
    "text", "long_text", "integer", "decimal", "money", "percent", "date", "datetime", "duration", "choice",
    "multi_choice", "boolean", "rating", "phone", "email", "link", "person", "department", "reference",
    "computed",
)  # fmt: skip
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
    blank: dict[str, st.SearchStrategy[Any]] = {
        field.key: st.sampled_from([None, "", []]) for field in definition.fields
    }
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


def seen_operands(source: rules.Source, records: list[dict[str, Any]]) -> list[Any]:
    """Return what the records hold, as operands: only then do bounds and equality get tried."""
    found = [value for record in records for value in source.values(to_values(record))]
    return [
        value.isoformat() if isinstance(value, datetime) else value
        for value in found
        if isinstance(value, str | int | Decimal128 | ObjectId | datetime)
    ]


def to_values(record: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = record["data"]
    return data | {name: record.get(name[1:]) for name in rules.SYSTEM}


@st.composite
def leaves(draw: st.DrawFn, definition: Definition, records: list[dict[str, Any]]) -> dict[str, Any]:
    names = [field.key for field in definition.fields]
    columns = [f"{field.key}.{column.key}" for field in definition.fields for column in field.fields]
    name = draw(st.sampled_from(names * 2 + columns * 2 + list(rules.SYSTEM)))
    source = rules.find_source(name, definition)
    assert source
    operator = draw(st.sampled_from(source.operators))
    arity = rules.OPERATORS[operator].arity
    if arity == "none":
        return {"field": name, "op": operator}
    seen = seen_operands(source, records)
    operand = st.sampled_from(seen) | operand_of(source) if seen else operand_of(source)
    many = {
        "one": operand,
        "two": st.lists(operand, min_size=2, max_size=2),
        "many": st.lists(operand, min_size=1, max_size=3),
    }
    return {"field": name, "op": operator, "value": draw(many[arity])}


def trees(definition: Definition, records: list[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.recursive(
        leaves(definition, records),
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


@dataclass(frozen=True)
class Case:
    """A form, who asks when, what is stored, and what is asked of it."""

    definition: Definition
    context: rules.RuleContext
    records: list[dict[str, Any]]
    trees: list[dict[str, Any]]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    definition = draw(definitions())
    records = draw(st.lists(records_of(definition), min_size=4, max_size=8))
    asked = st.lists(leaves(definition, records) | trees(definition, records), min_size=4, max_size=8)
    readable = [tree for tree in draw(asked) if not list(rules.check(tree, definition))]
    return Case(definition, draw(CONTEXTS), records, readable)
