"""What the editor knows of each type, and which definitions make no sense."""

from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from models.definition import Field, FieldTypeKey
from models.fields import TYPES, ParseContext, type_of
from models.fields.rows import SIMPLE_TYPES
from models.fields.text import compile_pattern
from models.form_checks import COLUMN_TYPES
from models.messages import Message
from models.rules import OPERATORS
from models.spreadsheets.columns import Column
from models.times import set_clock
from tests.field_samples import CONTEXT, OPTIONS, QUALITY, SALES, WANG, make_field


def complaints(type_key: str, **properties: Any) -> dict[str, str]:
    field = make_field(type_key, **properties)
    return {name: str(message) for name, message in type_of(field).check(field)}


def test_every_type_has_its_behaviour() -> None:
    assert set(TYPES) == set(get_args(FieldTypeKey))
    assert all(key == behaviour.key for key, behaviour in TYPES.items())


@pytest.mark.parametrize("type_key", sorted(TYPES))
def test_the_editor_can_introduce_every_type(type_key: str) -> None:
    behaviour = TYPES[type_key]
    assert isinstance(behaviour.name, Message)
    assert isinstance(behaviour.description, Message)
    assert behaviour.icon
    assert behaviour.widget
    assert set(behaviour.properties) <= set(Field.model_fields)
    assert len(set(behaviour.properties)) == len(behaviour.properties)
    assert set(behaviour.operators_for(make_field(type_key))) <= set(OPERATORS)
    assert isinstance(behaviour.column(make_field(type_key), "zh"), Column)


@pytest.mark.parametrize("type_key", sorted(TYPES))
def test_the_samples_make_sense(type_key: str) -> None:
    assert complaints(type_key) == {}


def test_types_have_names_of_their_own() -> None:
    assert len({behaviour.name.msgid for behaviour in TYPES.values()}) == len(TYPES)


def test_the_columns_of_tables_are_the_simple_types() -> None:
    assert set(SIMPLE_TYPES) == COLUMN_TYPES


@pytest.mark.parametrize(
    ("type_key", "properties", "wrong"),
    [
        ("text", {"pattern": "(?=a)b"}, {"pattern"}),
        ("text", {"pattern": r"(a)\1"}, {"pattern"}),
        ("text", {"pattern": "["}, {"pattern"}),
        ("text", {"pattern": "((a{1,100}){1,100}){1,100}"}, {"pattern"}),
        ("text", {"min_length": 5, "max_length": 2}, {"min_length"}),
        ("text", {"max_length": 100_001}, {"max_length"}),
        ("text", {"default": "abc", "pattern": r"\d+"}, {"default"}),
        ("text", {"default_from": "today"}, {"default_from"}),
        ("integer", {"min": 5, "max": 2}, {"min"}),
        ("integer", {"min": "x"}, {"min"}),
        ("integer", {"min": 5, "default": 4}, {"default"}),
        ("decimal", {"min": float("nan")}, {"min"}),
        ("money", {"currency": "yuan"}, {"currency"}),
        ("money", {"currencies": ["US$"]}, {"currencies"}),
        ("date", {"min": "2026-02-30"}, {"min"}),
        ("date", {"min": "2026-02-03", "max": "2026-02-01"}, {"min"}),
        ("date", {"default_from": "me"}, {"default_from"}),
        ("datetime", {"max": "soon"}, {"max"}),
        ("duration", {"min": "2h", "max": "1h"}, {"min"}),
        ("duration", {"min": "long"}, {"min"}),
        ("choice", {"options": []}, {"options"}),
        ("choice", {"options": [{"key": "a"}, {"key": "A"}]}, {"options"}),
        (
            "choice",
            {"options": [{"key": "a", "label": {"zh": "甲"}}, {"key": "b", "label": {"zh": "甲 "}}]},
            {"options"},
        ),
        ("choice", {"options": [{"key": "a", "retired": True}]}, {"options"}),
        ("choice", {"default": "fuel"}, {"default"}),
        ("multi_choice", {"default": ["air", "steam"]}, {"default"}),
        ("boolean", {"default": "maybe"}, {"default"}),
        ("rating", {"default": 6}, {"default"}),
        ("reference", {"form": ""}, {"form"}),
        ("table", {"fields": []}, {"fields"}),
        ("table", {"fields": [{"key": "a", "type": "text", "sum": True}]}, {"a.sum"}),
        ("table", {"fields": [{"key": "a", "type": "text", "required_if": {"all": []}}]}, {"a.visible_if"}),
        ("computed", {"formula": " "}, {"formula"}),
        ("serial", {"serial_pattern": ""}, {"serial_pattern"}),
        ("help", {"help": {}, "label": {}}, {"help"}),
    ],
)
def test_definitions_without_sense_are_found(
    type_key: str, properties: dict[str, Any], wrong: set[str]
) -> None:
    assert set(complaints(type_key, **properties)) == wrong


def test_defaults_are_what_a_new_record_starts_with() -> None:
    with set_clock(datetime(2026, 2, 3, 20, tzinfo=UTC)):
        for type_key, properties, expected in (
            ("text", {"default": "x"}, "x"),
            ("boolean", {"default": False}, False),
            ("choice", {"default": "气囊"}, "air"),
            ("choice", {"default": "fuel"}, None),
            ("date", {"default_from": "today"}, "2026-02-04"),
            ("datetime", {"default_from": "now"}, datetime(2026, 2, 3, 20, tzinfo=UTC)),
            ("person", {"default_from": "me"}, WANG),
            ("department", {"default_from": "my_department"}, SALES),
            ("department", {"default": str(QUALITY)}, QUALITY),
            ("integer", {}, None),
            ("table", {}, None),
            ("computed", {}, None),
        ):
            field = make_field(type_key, **properties)
            assert type_of(field).default(field, CONTEXT) == expected
    field = make_field("person", default_from="me")
    assert type_of(field).default(field, ParseContext()) is None


def test_columns_of_a_spreadsheet_say_what_they_hold() -> None:
    money, choice = make_field("money"), make_field("choice")
    assert type_of(money).column(money, "zh") == Column("f", "字段", "money", decimals=2, currency="CNY")
    column = type_of(choice).column(choice, "en")
    assert (column.kind, column.label) == ("choice", "Field")
    assert column.choices == ("Air bags", "Brakes, front", "front", "转向", "Fuel")
    computed = make_field("computed", result="integer", unit={"en": "h"})
    assert type_of(computed).column(computed, "en") == Column("f", "Field", "integer", unit="h")


def test_options_are_remembered_per_definition_and_never_mixed_up() -> None:
    for number in range(3):
        options = [*OPTIONS, {"key": f"k{number}", "label": {"zh": "新"}}]
        field = make_field("choice", options=options)
        assert type_of(field).parse(field, "新", CONTEXT) == f"k{number}"


def test_patterns_are_compiled_once() -> None:
    assert compile_pattern(r"\d+") is compile_pattern(r"\d+")
