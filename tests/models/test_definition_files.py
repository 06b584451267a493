import json
from collections.abc import Callable

import pytest

from models import definition_files
from models.definition import Definition
from models.errors import InvalidError, TooLargeError
from tests import factories
from tests.ledger_forms import ledger_form, slip_form
from tests.letter_forms import cases, customers

DEFINITION = Definition.load(
    {"key": "sheet", "label": {"zh": "单"}, "fields": [{"key": "day", "type": "date", "min": "2020-01-01"}]}
)


@pytest.mark.parametrize("write", [definition_files.to_json, definition_files.to_yaml])
def test_what_is_written_reads_back_the_same(write: object) -> None:
    text = write(DEFINITION)  # type: ignore[operator]
    assert Definition.load(definition_files.read_file(text.encode())) == DEFINITION


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[1]",
        "not json",
        '{"a": 1e999}',
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": ' + "9" * 30 + "}",
        '{"a": ' + "9" * 5000 + "}",
        '{"a": "\\ud800"}',
        '{"a": "\\u0000"}',
        '{"$where": 1}',
        '{"a": {"b.c": 1}}',
        '{"a\\u0000": 1}',
        '{"a": ' + "[" * 10_000 + "]" * 10_000 + "}",
        '{"a": ' * 10_000 + "1" + "}" * 10_000,
        '{"a": ' + "[" * 100_000,
    ],
)
def test_json_that_nobody_could_keep_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        definition_files.read_json(text.encode())


def test_brackets_inside_texts_are_not_depth() -> None:
    text = "[{" * 100
    assert definition_files.read_json(json.dumps({"a": text}).encode()) == {"a": text}


@pytest.mark.parametrize(
    "text",
    [
        "- 1",
        "a: &x [1]\nb: *x",
        "a: !!python/object/apply:os.system ['true']",
        "a: !!binary aGVsbG8=",
        "a: .inf",
        "1: 2",
        "a: " + "[" * 10_000,
        "a: [",
        "&a [*a]",
        "\x00",
    ],
)
def test_yaml_that_nobody_could_keep_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        definition_files.read_file(text.encode())


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidError):
        definition_files.read_file(b"\xff\xfe\x00")


def test_more_than_the_limit_is_refused() -> None:
    with pytest.raises(TooLargeError):
        definition_files.read_json(b" " * (definition_files.MAX_BYTES + 1))


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("write", [definition_files.to_json, definition_files.to_yaml])
def test_ledgers_slips_and_letters_read_back_the_same(write: Callable[[Definition], str]) -> None:
    factories.form(key="client")
    customers()
    for live in (ledger_form(), slip_form(), cases()):
        text = write(live.definition)
        assert Definition.load(definition_files.read_file(text.encode())) == live.definition
        assert live.definition.ledger or live.definition.slip or live.definition.letters
