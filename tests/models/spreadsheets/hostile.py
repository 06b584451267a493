"""Values that have broken spreadsheet writers, by the kind of column they are put into."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from bson.decimal128 import Decimal128

from models.spreadsheets.columns import Column, Kind
from models.spreadsheets.workbook import About

ABOUT = About(
    title="投诉",
    author="王芳",
    created=datetime(2026, 11, 21, 9, 30),  # noqa: DTZ001
    language="en",
    timezone=ZoneInfo("Asia/Shanghai"),
)

TEXTS = [
    "=1+1",
    "+86 10 1234",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("http://x")',
    "<r><t>bold</t></r>",
    "<r>_x0041__x0042_</r>",
    "<r>a</r>",
    "a\ud800b",
    "\ud83d\ude00 joined",
    "\x00\x01\x0b\x1f",
    "\ufffe\uffff",
    "_x0041_",
    "_x0041_x0042_",
    "_x005F_x0041_",
    "x" * 32_767,
    "x" * 32_768,
    "😀" * 20_000,
    "&lt;" * 12_000,
    "]]>",
    "a & b < c > d",
    "https://example.com/?a=1&b=2",
    "mailto:a@example.com",
    "internal:Sheet1!A1",
    "  both ends  ",
    "\tleading tab",
    "trailing\n",
    "line\nbreak",
    "line\r\nbreak\rold",
    "\u3000全角空格\u3000",
    "\x85\u2028",
    "😀👩‍👩‍👧",
    "000123",
    "1E5",
    "TRUE",
    "",
    None,
    "'quoted",
    '"',
    "1/2",
]

NUMBERS: list[Any] = [
    0,
    -1,
    999_999_999_999_999,
    10**15,
    -(10**15),
    2**63,
    10**400,
    1.5,
    float("nan"),
    float("inf"),
    -0.0,
    1e300,
    True,
    Decimal("0.1"),
    Decimal("-12345678901234.5"),
    Decimal("1234567890123456.7"),
    Decimal("1E+20"),
    Decimal("1E-400"),
    Decimal("NaN"),
    Decimal("Infinity"),
    Decimal128("12.50"),
    Decimal128("-0.01"),
    Decimal128("0"),
    Decimal128("-0"),
    Decimal128("0E+3"),
    Decimal128("999999999999999"),
    Decimal128("1000000000000000"),
    Decimal128("1234567890123456789.123456"),
    Decimal128("1E+6000"),
    Decimal128("1E-6000"),
    Decimal128("1E-7"),
    Decimal128("9.99999999999999"),
    Decimal128("8.12345678901234"),
    Decimal128("9999999999999999999999999999999999"),
    Decimal128("NaN"),
    Decimal128("-Infinity"),
    "12",
    "=1",
    None,
    [1, 2],
    {"amount": Decimal128("12.50"), "currency": "USD"},
    {"amount": Decimal128("1234567890123456789.12"), "currency": "USD"},
    {"amount": Decimal128("5"), "currency": "<&>"},
    {"amount": None, "currency": "CNY"},
    {"amount": Decimal128("1"), "currency": ["CNY"]},
    {},
]

DATES: list[Any] = [
    "2026-11-21",
    "1900-01-01",
    "1900-02-28",
    "1900-03-01",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "20261121",
    "=1",
    "",
    None,
    20_261_121,
    ["2026-11-21"],
]

MOMENTS: list[Any] = [
    datetime(2026, 11, 21, 16, 30, 15, 123_000, tzinfo=UTC),
    datetime(2026, 11, 21, 0, 30, tzinfo=timezone(timedelta(hours=-11))),
    datetime(1900, 2, 28, tzinfo=UTC),
    datetime(1900, 3, 1, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, tzinfo=UTC),
    datetime(2026, 11, 21),  # noqa: DTZ001
    "2026-11-21",
    None,
    5,
]

BOOLEANS: list[Any] = [True, False, None, 1, 0, "yes", 1.0, [True]]

PLACE = 'https://example.com/records/thing/1?a=1&b="2"'
RECORDS: list[Any] = [
    *((text, PLACE) for text in TEXTS),
    ("A-1", ""),
    ("A-2", "file:///x"),
    ("A", PLACE * 9),
    "B",
    None,
]

VALUES: dict[Kind, list[Any]] = {
    "text": TEXTS,
    "long_text": [*TEXTS, 5, ["a"]],
    "link": TEXTS,
    "choice": [*TEXTS, 1, True, 1.0, ["a"]],
    "integer": NUMBERS,
    "decimal": NUMBERS,
    "money": NUMBERS,
    "percent": NUMBERS,
    "rating": NUMBERS,
    "duration": NUMBERS,
    "date": DATES,
    "datetime": MOMENTS,
    "boolean": BOOLEANS,
    "record": RECORDS,
}

COLUMNS = [
    Column(kind, f"<r>{kind}</r> =1", kind, currency="CNY" if kind == "money" else None) for kind in VALUES
]


def rows() -> list[list[Any]]:
    """Every hostile value in its column; short lists begin again."""
    length = max(map(len, VALUES.values()))
    return [[values[index % len(values)] for values in VALUES.values()] for index in range(length)]
