"""What a person sees of a value, what the input starts with, what a form hands in, what a filter asks."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bson import Decimal128
from werkzeug.datastructures import MultiDict

from models.errors import ValueProblem
from models.fields import type_of
from tests.field_samples import CONTEXT, CUSTOMER, NAMES, NOBODY, WANG, Names, make_field

NOON = datetime(2026, 2, 3, 4, 5, 37, tzinfo=UTC)


def yuan(amount: str, currency: str = "CNY") -> dict[str, Any]:
    return {"amount": Decimal128(amount), "currency": currency}


@pytest.mark.parametrize(
    ("type_key", "properties", "value", "zh", "en"),
    [
        ("text", {}, "<b>粗</b>", "<b>粗</b>", "<b>粗</b>"),
        ("integer", {"unit": {"zh": "件", "en": "pcs"}}, 1234567, "1,234,567 件", "1,234,567 pcs"),
        ("decimal", {}, Decimal128("-1234.50"), "-1,234.50", "-1,234.50"),
        ("decimal", {}, Decimal128("1E+3"), "1,000", "1,000"),
        ("decimal", {"decimals": 3}, Decimal128("1200.000"), "1,200", "1,200"),
        ("decimal", {"decimals": 3}, Decimal128("2.500"), "2.5", "2.5"),
        ("decimal", {"decimals": 3}, Decimal128("0.000"), "0", "0"),
        ("decimal", {"decimals": 0}, Decimal128("120"), "120", "120"),
        ("percent", {"decimals": 1}, Decimal128("50.0"), "50%", "50%"),
        ("percent", {}, Decimal128("0.5"), "0.5%", "0.5%"),
        ("money", {}, yuan("1234.50"), "¥1,234.50", "CNY 1,234.50"),
        ("money", {}, yuan("-5.00"), "-¥5.00", "CNY -5.00"),
        ("money", {}, yuan("5", "JPY"), "JPY 5", "JPY 5"),
        ("date", {}, "2026-02-03", "2026-02-03", "2026-02-03"),
        ("datetime", {}, NOON, "2026-02-03 12:05", "2026-02-03 12:05"),
        ("duration", {}, 9000, "2 小时 30 分", "2 h 30 min"),
        ("duration", {}, 90_061, "1 天 1 小时 1 分 1 秒", "1 d 1 h 1 min 1 s"),
        ("duration", {}, 0, "0 分", "0 min"),
        ("choice", {}, "air", "气囊", "Air bags"),
        ("choice", {}, "steering", "转向", "转向"),
        ("choice", {}, "fuel", "燃油", "Fuel"),
        ("choice", {}, "gone", "gone", "gone"),
        ("multi_choice", {}, ["air", "gone"], "气囊、gone", "Air bags, gone"),
        ("boolean", {}, False, "否", "No"),
        ("rating", {}, 3, "3/5", "3/5"),
        ("phone", {}, "+861012345678;ext=12", "010 1234 5678 转 12", "010 1234 5678 ext. 12"),
        ("phone", {}, "+4930123", "+49 30 123", "+49 30 123"),
        ("phone", {}, "garbage", "garbage", "garbage"),
        ("person", {}, WANG, "王伟", "王伟"),
        ("person", {}, NOBODY, "—", "—"),
        ("person", {"many": True}, [WANG, NOBODY], "王伟、—", "王伟, —"),
        ("reference", {"many": True}, [CUSTOMER, NOBODY], "上海电子, 有限公司、—", "上海电子, 有限公司, —"),
        ("computed", {}, Decimal128("2"), "2", "2"),
        ("computed", {"result": "boolean"}, True, "是", "Yes"),
        ("computed", {"result": "date"}, "2026-02-03", "2026-02-03", "2026-02-03"),
        ("serial", {}, "B-0001", "B-0001", "B-0001"),
    ],
)
def test_values_are_shown_as_people_write_them(
    type_key: str, properties: dict[str, Any], value: object, zh: str, en: str
) -> None:
    field = make_field(type_key, **properties)
    assert type_of(field).display(field, value, NAMES, "zh") == zh
    assert type_of(field).display(field, value, NAMES, "en") == en


def test_moments_are_shown_in_the_zone_of_the_viewer() -> None:
    field, viewer = make_field("datetime"), Names(timezone=ZoneInfo("America/New_York"))
    assert type_of(field).display(field, NOON, viewer, "zh") == "2026-02-02 23:05"
    assert type_of(field).to_input(field, NOON, viewer) == "2026-02-02T23:05"


def test_inputs_start_with_what_a_person_would_type() -> None:
    duration, phone = make_field("duration"), make_field("phone")
    assert type_of(duration).to_input(duration, 5400, NAMES) == "1:30"
    assert type_of(duration).to_input(duration, 5415, NAMES) == "1:30:15"
    assert type_of(phone).to_input(phone, "+8613800138000", NAMES) == "138 0013 8000"


def test_numbers_too_large_for_a_browser_travel_as_text() -> None:
    field = make_field("integer")
    assert type_of(field).to_json(field, 2**53) == 2**53
    assert type_of(field).to_json(field, 2**53 + 1) == str(2**53 + 1)


def test_a_form_hands_in_the_last_of_equal_names() -> None:
    field = make_field("boolean")
    assert type_of(field).from_form(field, MultiDict([("f", "false"), ("f", "true")]), "f") == "true"
    assert type_of(field).from_form(field, MultiDict(), "f") is None


def test_a_form_hands_in_money_as_two_inputs_or_one() -> None:
    field = make_field("money")
    both = MultiDict([("f.amount", "5"), ("f.currency", "USD")])
    assert type_of(field).from_form(field, both, "f") == {"amount": "5", "currency": "USD"}
    assert type_of(field).from_form(field, MultiDict([("f", "5")]), "f") == "5"


def test_a_form_hands_in_every_choice() -> None:
    field = make_field("multi_choice")
    assert type_of(field).from_form(field, MultiDict([("f", "air"), ("f", "fuel")]), "f") == ["air", "fuel"]


@pytest.mark.parametrize(
    ("type_key", "operand", "asked"),
    [
        ("text", " 气囊 ", "气囊"),
        ("text", "*", "*"),
        ("integer", "1,000", 1000),
        ("decimal", "1.50", Decimal128("1.5")),
        ("money", "￥5", Decimal128("5")),
        ("percent", "5%", Decimal128("5")),
        ("date", "2026/2/3", "2026-02-03"),
        ("datetime", "2026-02-03 12:05", datetime(2026, 2, 3, 4, 5, tzinfo=UTC)),
        ("duration", "1:30", 5400),
        ("choice", "燃油", "fuel"),
        ("multi_choice", "Air bags", "air"),
        ("boolean", "是", True),
        ("phone", "138-0013", "1380013"),
        ("phone", "010 1234", "101234"),
        ("phone", "138 0013 8000", "+8613800138000"),
        ("email", "@example", "@example"),
        ("link", "example", "example"),
        ("person", "王伟", WANG),
        ("person", str(NOBODY), NOBODY),
        ("reference", str(CUSTOMER), CUSTOMER),
        ("computed", "1.5", Decimal128("1.5")),
        ("serial", "B-", "B-"),
    ],
)
def test_a_filter_is_read_like_a_value_but_without_its_bounds(
    type_key: str, operand: str, asked: object
) -> None:
    field = make_field(type_key, min=10**6) if type_key in {"integer", "decimal"} else make_field(type_key)
    assert type_of(field).filter_value(field, operand, CONTEXT) == asked
    assert type_of(field).filter_value(field, "", CONTEXT) is None


def test_a_filter_never_takes_an_operator_for_a_value() -> None:
    for type_key in ("text", "choice", "person", "integer", "date", "serial"):
        field = make_field(type_key)
        with pytest.raises(ValueProblem):
            type_of(field).filter_value(field, {"$ne": None}, CONTEXT)


def test_search_finds_names_in_both_languages_and_numbers_as_dialled() -> None:
    choice, phone, person = make_field("choice"), make_field("phone"), make_field("person")
    assert type_of(choice).search_text(choice, "air", NAMES) == "气囊 Air bags"
    assert type_of(phone).search_text(phone, "+861012345678;ext=12", NAMES) == "861012345678 01012345678"
    assert type_of(person).search_text(person, WANG, NAMES) == "王伟"


def test_money_is_compared_by_its_amount() -> None:
    field = make_field("money", key="price")
    assert type_of(field).comparable_path(field) == "price.amount"
    assert type_of(make_field("text")).comparable_path(make_field("text", key="name")) == "name"


def test_what_the_system_writes_passes_unchanged_only() -> None:
    computed, serial = make_field("computed"), make_field("serial")
    two = Decimal128("2")
    assert type_of(computed).parse(computed, "2", CONTEXT, two) == two
    assert type_of(computed).parse(computed, "", CONTEXT, two) == two
    assert type_of(serial).parse(serial, "B-0001", CONTEXT, "B-0001") == "B-0001"
    with pytest.raises(ValueProblem):
        type_of(computed).parse(computed, "3", CONTEXT, two)
