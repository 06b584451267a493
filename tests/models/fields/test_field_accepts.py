"""What people type or paste, and what is stored."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bson import Decimal128

from models.errors import ValueProblem
from models.fields import ParseContext, type_of
from tests.field_samples import CONTEXT, CUSTOMER, LI, OTHER_CUSTOMER, QUALITY, WANG, make_field, read

BERLIN = ParseContext(timezone=ZoneInfo("Europe/Berlin"))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def yuan(amount: str, currency: str = "CNY") -> dict[str, Any]:
    return {"amount": Decimal128(amount), "currency": currency}


ACCEPTED: dict[str, list[tuple[object, object]]] = {
    "text": [
        ("  气囊故障\u3000", "气囊故障"),
        ("a\r\nb\tc", "a b c"),
        ("e\u0301", "é"),
        ("\ufeff<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("=1+1", "=1+1"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        (13800138000, "13800138000"),
        (12.5, "12.5"),
    ],
    "long_text": [("一\r\n二\r三", "一\n二\n三"), ("a\tb", "a\tb"), ("\n\n", None)],
    "integer": [
        ("１２３", 123),
        ("1,234", 1234),
        ("-5", -5),
        ("−5", -5),
        ("12.0", 12),
        (12.0, 12),
        ("3万", 30_000),
        ("1e3", 1000),
        (str(2**63 - 1), 2**63 - 1),
        (Decimal(7), 7),
    ],
    "decimal": [
        ("１２３．５", Decimal128("123.5")),
        ("1，234.50", Decimal128("1234.5")),
        ("1 234 567.8", Decimal128("1234567.8")),
        ("12。5", Decimal128("12.5")),
        ("(1,234.5)", Decimal128("-1234.5")),
        ("1.5亿", Decimal128("150000000")),
        (".5", Decimal128("0.5")),
        ("-0.0", Decimal128("0")),
        (0.1 + 0.2, Decimal128("0.3")),
        (1e22, Decimal128("1" + "0" * 22)),
        ("9" * 34, Decimal128("9" * 34)),
    ],
    "percent": [
        ("50%", Decimal128("50")),
        ("０．５％", Decimal128("0.5")),
        ("0.5", Decimal128("0.5")),
        (5, Decimal128("5")),
    ],
    "money": [
        ("￥1,234.50", yuan("1234.50")),
        ("¥-5", yuan("-5.00")),
        ("(¥5)", yuan("-5.00")),
        ("１２３４元", yuan("1234.00")),
        ("1.2万元", yuan("12000.00")),
        ("人民币 3", yuan("3.00")),
        ("USD 12", yuan("12.00", "USD")),
        ("$5", yuan("5.00", "USD")),
        ({"amount": "5", "currency": "JPY"}, yuan("5", "JPY")),
        ({"amount": "￥5", "currency": "JPY"}, yuan("5", "JPY")),
        ({"amount": "5", "currency": ""}, yuan("5.00")),
        ({"amount": "", "currency": "USD"}, None),
        (12.5, yuan("12.50")),
    ],
    "date": [
        ("2026/2/3", "2026-02-03"),
        ("2026.2.3", "2026-02-03"),
        ("2026年2月3日", "2026-02-03"),
        ("2026年2月3日 星期二", "2026-02-03"),
        ("20260203", "2026-02-03"),
        ("２０２６－０２－０３", "2026-02-03"),
        ("2026-02-03 00:00:00", "2026-02-03"),
        ("2024-02-29", "2024-02-29"),
        (date(2026, 2, 3), "2026-02-03"),
    ],
    "datetime": [
        ("2026-02-03 12:05", utc(2026, 2, 3, 4, 5)),
        ("2026-02-03T12:05:37", utc(2026, 2, 3, 4, 5, 37)),
        ("2026/2/3 下午3:05", utc(2026, 2, 3, 7, 5)),
        ("2026/2/3 凌晨12:05", utc(2026, 2, 2, 16, 5)),
        ("2026年2月3日12时5分", utc(2026, 2, 3, 4, 5)),
        ("2026年2月3日 9点", utc(2026, 2, 3, 1)),
        ("2026-02-03 3:05 PM", utc(2026, 2, 3, 7, 5)),
        ("2026-02-03T04:05:00Z", utc(2026, 2, 3, 4, 5)),
        ("2026-02-03T04:05:00.1239+01:00", utc(2026, 2, 3, 3, 5, 0, 123_000)),
        ("2026-02-03", utc(2026, 2, 2, 16)),
    ],
    "duration": [
        ("1:30", 5400),
        ("１：３０：１５", 5415),
        ("2h 30m", 9000),
        ("1.5 h", 5400),
        ("90", 5400),
        ("2 天 3 小时", 183_600),
        ("2小时30分", 9000),
        ("2小时30", 9000),
        ("半小时", 1800),
        ("1个半小时", 5400),
        ("45秒", 45),
        ("1 week", 604_800),
        (5400, 5400),
        ("0", 0),
    ],
    "choice": [
        ("air", "air"),
        ("气囊", "air"),
        ("AIR  BAGS", "air"),
        ("Brakes, front", "brakes"),
        ("Ｆｒｏｎｔ", "front"),
    ],
    "multi_choice": [
        (["steering", "air", "air"], ["air", "steering"]),
        ("转向、气囊", ["air", "steering"]),
        ("brakes, front; front", ["brakes", "front"]),
        ("气囊\n制动", ["air", "brakes"]),
        ("air，brakes", ["air", "brakes"]),
        (["", "air"], ["air"]),
        ([""], None),
    ],
    "boolean": [
        *((yes, True) for yes in ("是", "Y", "✓", "TRUE", "1", 1, True)),
        *((no, False) for no in ("否", "N", "×", "false", "0", 0, False)),
    ],
    "rating": [("3", 3), ("★★★☆☆", 3), ("3/5", 3), ("３星", 3), (5, 5)],
    "phone": [
        ("138 0013 8000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        (13800138000, "+8613800138000"),
        ("010-1234 5678 转 12", "+861012345678;ext=12"),
        ("(010)12345678-12", "+861012345678;ext=12"),
        ("+86 10 1234 5678 ext. 12", "+861012345678;ext=12"),
        ("400-800-1234", "+864008001234"),
        ("95588", "+8695588"),
        ("+49 30 123", "+4930123"),
        ("tel:+8613800138000", "+8613800138000"),
    ],
    "email": [
        ("Wang@Example.COM", "Wang@example.com"),
        ("王伟 <wang@example.com>", "wang@example.com"),
        ("wang＠example.com", "wang@example.com"),
        ("mailto:wang@example.com", "wang@example.com"),
        ("用户@例子.中国", "用户@例子.中国"),
    ],
    "link": [
        ("www.example.com", "https://www.example.com"),
        ("example.com:8080/x", "https://example.com:8080/x"),
        ("HTTP://Example.com/中文?a=1", "http://Example.com/中文?a=1"),
    ],
    "person": [(str(WANG), WANG), (WANG, WANG), ("wangwei", WANG), (" 王伟 ", WANG)],
    "department": [(str(QUALITY), QUALITY), ("质量部", QUALITY)],
    "reference": [(str(CUSTOMER), CUSTOMER), ("C-001", CUSTOMER), ("上海电子, 有限公司", CUSTOMER)],
}  # fmt: skip


@pytest.mark.parametrize(
    ("type_key", "raw", "stored"),
    [
        pytest.param(key, raw, stored, id=f"{key}-{number}")
        for key, cases in ACCEPTED.items()
        for number, (raw, stored) in enumerate(cases)
    ],
)
def test_what_people_type_is_understood(type_key: str, raw: object, stored: object) -> None:
    assert read(make_field(type_key), raw) == stored


@pytest.mark.parametrize("type_key", sorted(ACCEPTED))
@pytest.mark.parametrize("raw", [None, "", "  \u3000\u200b", [], ()])
def test_nothing_is_an_empty_field(type_key: str, raw: object) -> None:
    assert read(make_field(type_key), raw) is None


def test_decimals_are_filled_up_and_never_rounded() -> None:
    field = make_field("decimal", decimals=2)
    assert read(field, "1.5") == Decimal128("1.50")
    assert read(field, "1.500") == Decimal128("1.50")
    with pytest.raises(ValueProblem, match="At most 2 decimals"):
        read(field, "1.505")


def test_a_unit_typed_after_the_number_is_dropped() -> None:
    field = make_field("decimal", unit={"zh": "公斤", "en": "kg"})
    assert read(field, "12.5 KG") == read(field, "12.5公斤") == Decimal128("12.5")


def test_several_references_by_ids_titles_or_lines() -> None:
    field = make_field("reference", many=True)
    both = [CUSTOMER, OTHER_CUSTOMER]
    assert read(field, [str(CUSTOMER), str(OTHER_CUSTOMER), str(CUSTOMER)]) == both
    assert read(field, "上海电子, 有限公司\nNordwind GmbH") == both
    assert read(field, "C-001；Nordwind GmbH") == both
    assert read(field, CUSTOMER) == [CUSTOMER]


def test_several_people_by_ids_or_names() -> None:
    field = make_field("person", many=True)
    assert read(field, [str(WANG), str(LI), str(WANG)]) == [WANG, LI]
    assert read(field, "王伟\n李, 娜") == [WANG, LI]
    assert read(field, "") is None


def test_a_time_that_happens_twice_means_the_earlier_one() -> None:
    assert read(make_field("datetime"), "2026-10-25 02:30", BERLIN) == utc(2026, 10, 25, 0, 30)


def test_a_time_that_happens_twice_stays_when_nothing_was_changed() -> None:
    before = utc(2026, 10, 25, 1, 30)
    assert read(make_field("datetime"), "2026-10-25T02:30", BERLIN, before) == before


def test_seconds_that_the_screen_did_not_show_are_kept() -> None:
    before = utc(2026, 2, 3, 4, 5, 37, 123_000)
    assert read(make_field("datetime"), "2026-02-03T12:05", CONTEXT, before) == before
    assert read(make_field("datetime"), "2026-02-03T12:06", CONTEXT, before) == utc(2026, 2, 3, 4, 6)


def test_a_retired_option_may_stay_but_not_be_chosen() -> None:
    choice, several = make_field("choice"), make_field("multi_choice")
    assert read(choice, "燃油", before="fuel") == "fuel"
    assert read(several, ["fuel", "air"], before=["fuel"]) == ["air", "fuel"]
    for field, raw in ((choice, "fuel"), (several, ["air", "fuel"])):
        with pytest.raises(ValueProblem, match="no longer in use"):
            read(field, raw, before=None)


def test_what_was_chosen_before_may_stay_although_it_is_gone() -> None:
    gone = type(WANG)("e" * 24)
    for type_key in ("person", "department", "reference"):
        assert read(make_field(type_key), str(gone), before=gone) == gone
        with pytest.raises(ValueProblem):
            read(make_field(type_key), str(gone))


def test_a_currency_no_longer_used_may_stay() -> None:
    before = {"amount": Decimal128("1.00"), "currency": "EUR"}
    assert read(make_field("money"), {"amount": "2", "currency": "EUR"}, before=before)["currency"] == "EUR"


@pytest.mark.parametrize(
    ("type_key", "cell", "stored"),
    [
        ("text", 12.0, "12"),
        ("text", datetime(2026, 2, 3), "2026-02-03"),  # noqa: DTZ001  (a spreadsheet knows no zone)
        ("text", datetime(2026, 2, 3, 4, 5), "2026-02-03 04:05:00"),  # noqa: DTZ001
        ("text", True, "TRUE"),
        ("integer", 3.0, 3),
        ("integer", "-", None),
        ("decimal", 0.1 + 0.2, Decimal128("0.3")),
        ("decimal", " / ", None),
        ("percent", "0.5%", Decimal128("0.5")),
        ("money", 1234.5, yuan("1234.50")),
        ("date", datetime(2026, 2, 3), "2026-02-03"),  # noqa: DTZ001
        ("date", date(2026, 2, 3), "2026-02-03"),
        ("date", 46056, "2026-02-03"),
        ("date", 46056.0, "2026-02-03"),
        ("date", "46056", "2026-02-03"),
        ("date", 1, "1900-01-01"),
        ("date", 61, "1900-03-01"),
        ("date", 20260203, "2026-02-03"),
        ("date", "无", None),
        ("datetime", datetime(2026, 2, 3, 12, 5), utc(2026, 2, 3, 4, 5)),  # noqa: DTZ001
        ("datetime", 46056.5, utc(2026, 2, 3, 4)),
        ("datetime", utc(2026, 2, 3, 4), utc(2026, 2, 3, 4)),
        ("duration", timedelta(hours=36), 129_600),
        ("duration", time(1, 30), 5400),
        ("duration", 90, 5400),
        ("duration", "36:30:00", 131_400),
        ("boolean", True, True),
        ("boolean", 0, False),
        ("boolean", "是", True),
        ("choice", "气囊", "air"),
        ("phone", 13800138000.0, "+8613800138000"),
        ("person", "王伟", WANG),
        ("reference", "C-001", CUSTOMER),
        ("reference", None, None),
    ],
)
def test_cells_of_a_spreadsheet_are_understood(type_key: str, cell: object, stored: object) -> None:
    field = make_field(type_key)
    assert read(field, type_of(field).from_cell(field, cell, CONTEXT)) == stored
