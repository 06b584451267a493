"""What a field cannot hold is refused with a message, whatever it is and however it arrives."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bson import Decimal128, ObjectId

from models.errors import ValueProblem
from models.fields import TYPES, ParseContext, type_of
from models.times import set_clock
from tests.field_samples import CONTEXT, NAMES, make_field, read, refusal

NAN = float("nan")
REFUSED: dict[str, list[object]] = {
    "text": [
        "a\x00b",
        "a\x1bb",
        "\ud800",
        "a\udfffb",
        "\uffff",
        "a" * 40_000,
        "e" + "\u0301" * 1000,
        True,
        {"a": 1},
    ],
    "long_text": ["a\x00b", "\ud800", "a" * 40_000, "\x9f", {"$gt": ""}],
    "integer": [
        NAN,
        float("inf"),
        "1e999",
        2**63,
        -(2**63) - 1,
        "12.5",
        12.5,
        "zwölf",
        "1,23",
        True,
        10**5000,
        "٣",
    ],
    "decimal": [
        "NaN",
        "Infinity",
        NAN,
        "1e999",
        "1e-999",
        "1234,567",
        "1,23",
        "1.2.3",
        "--5",
        "9" * 35,
        "5%",
        "0x10",
    ],
    "percent": ["NaN", "50%%", "%", "1e999", "abc", "9" * 36],
    "money": [
        "NaN",
        "1.234",
        "5 EUR",
        "USD 5 元",
        {"amount": "$5", "currency": "CNY"},
        {"$ne": 1},
        "1e999",
        "abc",
    ],
    "date": [
        "2026-02-30",
        "9999-01-01",
        "1899-12-31",
        "3000-01-01",
        "0000-00-00",
        "2/3/2026",
        "2026-13-01",
        46056,
    ],
    "datetime": [
        "2026-02-30 12:00",
        "2026-02-03 25:00",
        "9999-12-31T23:59:59Z",
        "2026-02-03T04:05:00+99:00",
        NAN,
    ],
    "duration": ["-5", "-1:00", "1e999", "1:75", "2h 2h", "3 Äpfel", -1, 10**12, NAN, "1.0001 s"],
    "choice": ["steam", "fuel", ["air"], {"$ne": "air"}, 0],
    "multi_choice": ["air, steam", ["steam"], [["air"]], [{"$ne": 1}], ["air"] * 10, {"$in": []}, ["fuel"]],
    "boolean": ["maybe", 2, "是的吗", {}, ["true"]],
    "rating": [0, 6, "4.5", "-1", NAN, "★" * 6],
    "phone": ["62571234", "1380013800", "abc", "+", "110", "1" * 100, "+999 123", True],
    "email": [
        "a@b",
        "a b@example.com",
        "a@b.c\nd@e.f",
        "@example.com",
        "a" * 300 + "@example.com",
        "<script>@x.cn",
    ],
    "link": [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.com",
        "http://user:secret@example.com",
    ],
    "person": ["f" * 24, "nobody", {"$ne": None}, 5, ["0" * 24]],
    "department": ["f" * 24, "nowhere", {"$gt": ""}],
    "reference": ["f" * 24, "C-999", {"$ne": None}, [["x"]]],
    "table": ["rows", 5, [5], {"$gt": 1}, [{"part": "x", "unknown": 1}], [{"part": "x", "qty": {"$gt": 1}}]],
    "attachment": ["f" * 24, {"$ne": 1}, ["x"], [{"file": "x"}], 5],
    "image": ["f" * 24, {"$ne": 1}],
    "signature": ["f" * 24, {"$ne": 1}, "data:image/png;base64,"],
    "computed": ["5", 5],
    "serial": ["B-0001"],
    "section": ["x"],
    "help": ["x"],
}


@pytest.mark.parametrize(
    ("type_key", "raw"),
    [
        pytest.param(key, raw, id=f"{key}-{number}")
        for key, cases in REFUSED.items()
        for number, raw in enumerate(cases)
    ],
)
def test_what_does_not_fit_is_refused_with_a_message(type_key: str, raw: object) -> None:
    assert refusal(make_field(type_key), raw)


HOSTILE: list[Any] = [
    NAN, float("inf"), float("-inf"), "NaN", "1e999", "-1e999", 2**63, 2**64, 10**5000, "9" * 5000,
    "2026-02-30", "9999-12-31", "\ud800", "a\x00b", "字" * 40_000, " " * 40_000 + "x", "(" * 40_000,
    {"$gt": ""}, {"$where": "1"}, {"$ne": None}, {"a.b": 1}, {"file": {"$gt": ""}}, [{"$gt": ""}], [[[]]],
    [None], {"amount": {"$gt": 1}, "currency": {"$gt": 1}}, {"amount": "1", "currency": "C" * 40_000}, {1: 2},
    "<img src=x onerror=alert(1)>", "' || 1==1", "%00", "../../etc/passwd", object(), b"bytes", 1j, True,
    datetime.fromisoformat("0001-01-01"), datetime.max.replace(tzinfo=UTC),
    Decimal("1e6000"), Decimal("sNaN"), Decimal128("NaN"),
    Decimal128("Infinity"), Decimal128("1e6000"), ObjectId("f" * 24),
    ["x"] * 100_000, [{}] * 100_000, list(range(100_000)),
    "e" + "\u0301\u0323" * 500, "ﷺ" * 200, "1" + ",000" * 49, "1 " * 99, "1:" * 100,
    "2026-02-03" + " " * 180 + "x", ";" * 40_000, " ;" * 20_000,
]  # fmt: skip


def attempt(function: Callable[..., object], *arguments: object) -> object:
    """Return what a function makes of something; None where it refuses."""
    try:
        return function(*arguments)
    except ValueProblem:
        return None


@pytest.mark.parametrize("type_key", sorted(TYPES))
def test_hostile_values_are_refused_or_held_but_never_break(type_key: str) -> None:
    field = make_field(type_key)
    behaviour = type_of(field)
    for raw in HOSTILE:
        start = time.perf_counter()
        values = [
            attempt(read, field, raw),
            attempt(behaviour.filter_value, field, raw, CONTEXT),
            attempt(read, field, attempt(behaviour.from_cell, field, raw, CONTEXT)),
        ]
        held = [value for value in values if isinstance(value, dict)]
        assert all(set(value) <= {"amount", "currency", "file", "by", "at"} for value in held)
        assert time.perf_counter() - start < 2


def test_what_a_hostile_value_becomes_can_be_stored_and_shown() -> None:
    for type_key in TYPES:
        field = make_field(type_key)
        for raw in HOSTILE:
            if not refusal(field, raw) and (value := read(field, raw)) is not None:
                type_of(field).to_json(field, value)
                assert type_of(field).display(field, value, NAMES, "zh").encode()


def test_a_pattern_that_would_take_forever_elsewhere_does_not() -> None:
    field = make_field("text", pattern="(a+)+$", max_length=100_000)
    start = time.perf_counter()
    assert refusal(field, "a" * 90_000 + "b")
    assert time.perf_counter() - start < 1


def test_a_pattern_must_match_as_a_whole_and_says_so_in_its_own_words() -> None:
    words = {"zh": "两个字母加数字 100%", "en": "Two letters and digits 100%"}
    field = make_field("text", pattern=r"[A-Z]{2}\d+", pattern_message=words)
    assert read(field, "AB12") == "AB12"
    assert refusal(field, "xAB12") == "两个字母加数字 100%"
    assert refusal(field, "AB12x", ParseContext(language="en")) == "Two letters and digits 100%"
    assert refusal(make_field("text", pattern=r"\d"), "x") == "This does not have the expected form."


def test_lengths_count_characters() -> None:
    field = make_field("text", min_length=2, max_length=3)
    assert read(field, "😀中文") == "😀中文"
    assert read(field, "e\u0301e\u0301e\u0301") == "ééé"
    assert refusal(field, "四个汉字") == "At most 3 characters."
    assert refusal(field, "一") == "At least 2 characters."


@pytest.mark.parametrize(
    ("type_key", "properties", "refused", "accepted"),
    [
        ("integer", {"min": 1, "max": "1,000"}, ["0", "1001"], ["1", "1000"]),
        ("decimal", {"min": "0.5"}, ["0.49"], ["0.5"]),
        ("percent", {"min": 0, "max": 100}, ["-1%", "101%"], ["0", "100%"]),
        ("money", {"min": 0}, ["-0.01"], ["0"]),
        (
            "date",
            {"min": "2020/1/1", "max": "2026年12月31日"},
            ["2019-12-31", "2027-01-01"],
            ["2020-01-01", "2026-12-31"],
        ),
        ("datetime", {"min": "2020-01-01 00:00"}, ["2019-12-31 23:59"], ["2020-01-01 00:00"]),
        ("duration", {"min": "30", "max": "2h"}, ["29", "2:01"], ["0:30", "2 h"]),
        ("rating", {"max_rating": 3}, ["4"], ["3"]),
    ],
)
def test_bounds_hold(
    type_key: str, properties: dict[str, Any], refused: list[str], accepted: list[str]
) -> None:
    field = make_field(type_key, **properties)
    assert all(refusal(field, raw) for raw in refused)
    assert not any(refusal(field, raw) for raw in accepted)


def test_a_date_may_be_bounded_by_today_where_the_person_is() -> None:
    field = make_field("date", max="today")
    with set_clock(datetime(2026, 2, 3, 20, tzinfo=UTC)):
        assert read(field, "2026-02-04") == "2026-02-04"
        assert refusal(field, "2026-02-04", ParseContext(timezone=ZoneInfo("UTC")))
        assert refusal(make_field("datetime", max="now"), "2026-02-04 04:01")


def test_a_time_that_the_clocks_skip_is_refused() -> None:
    berlin = ParseContext(timezone=ZoneInfo("Europe/Berlin"))
    assert "does not exist" in refusal(make_field("datetime"), "2026-03-29 02:30", berlin)


def test_too_many_references_are_refused() -> None:
    assert refusal(make_field("reference", many=True), [f"{number:024x}" for number in range(201)])
