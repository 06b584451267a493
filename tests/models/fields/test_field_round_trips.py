"""What is stored comes back unchanged through JSON, an input on a screen, and a spreadsheet."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import ValueProblem
from models.fields import TYPES, type_of
from models.spreadsheets.columns import Column
from tests.field_samples import CONTEXT, NAMES, STORED, make_field, read

SOME = settings(max_examples=60, deadline=None)
by_type = pytest.mark.parametrize("type_key", sorted(STORED))


@by_type
@SOME
@given(data=st.data())
def test_json_reads_back(type_key: str, data: st.DataObject) -> None:
    field, value = make_field(type_key), data.draw(STORED[type_key])
    assert read(field, type_of(field).to_json(field, value)) == value


@by_type
@SOME
@given(data=st.data())
def test_an_input_left_alone_changes_nothing(type_key: str, data: st.DataObject) -> None:
    field, value = make_field(type_key), data.draw(STORED[type_key])
    assert read(field, type_of(field).to_input(field, value, NAMES), before=value) == value


@by_type
@pytest.mark.parametrize("language", ["zh", "en"])
@SOME
@given(data=st.data())
def test_a_cell_reads_back(type_key: str, language: str, data: st.DataObject) -> None:
    field, value = make_field(type_key), data.draw(STORED[type_key])
    behaviour = type_of(field)
    cell: object = behaviour.cell(field, value, NAMES, language)
    if type_key == "duration":
        cell = timedelta(seconds=value)  # a workbook keeps it as a time, and gives it back as one
    assert read(field, behaviour.from_cell(field, cell, CONTEXT)) == value


@by_type
@SOME
@given(data=st.data())
def test_everything_stored_can_be_shown_searched_and_filtered(type_key: str, data: st.DataObject) -> None:
    field, value = make_field(type_key), data.draw(STORED[type_key])
    behaviour = type_of(field)
    for language in ("zh", "en"):
        assert behaviour.display(field, value, NAMES, language)
        assert isinstance(behaviour.column(field, language), Column)
    assert isinstance(behaviour.search_text(field, value, NAMES), str)
    json: Any = behaviour.to_json(field, value)
    assert behaviour.filter_value(field, json[0] if isinstance(json, list) else json, CONTEXT) is not None


names = st.text(st.sampled_from("ab, ;、|\n气"), max_size=6)


@pytest.mark.parametrize("called", [["a, b"], ["a, b", "a; b"], ["a, b", "a; b", "a | b"]])
def test_an_option_called_like_others_with_a_comma_between_is_not_taken_for_them(called: list[str]) -> None:
    labels = ["", "", *called]
    options = [{"key": key, "label": {"en": label}} for key, label in zip("abcde", labels, strict=False)]
    field = make_field("multi_choice", options=options)
    behaviour = type_of(field)
    for value in (["a", "b"], ["a", "b", "c"], ["c"]):
        cell = behaviour.cell(field, value, NAMES, "en")
        assert read(field, behaviour.from_cell(field, cell, CONTEXT)) == value


@SOME
@given(labels=st.lists(st.tuples(names, names), min_size=1, max_size=5), data=st.data())
def test_options_with_any_labels_survive_a_spreadsheet(
    labels: list[tuple[str, str]], data: st.DataObject
) -> None:
    keys = "abcde"[: len(labels)]
    options = [
        {"key": key, "label": {"zh": zh, "en": en}} for key, (zh, en) in zip(keys, labels, strict=True)
    ]
    chosen = sorted(data.draw(st.sets(st.sampled_from(keys), min_size=1)))
    several, single = make_field("multi_choice", options=options), make_field("choice", options=options)
    for language in ("zh", "en"):
        for field, value in ((several, chosen), (single, chosen[0])):
            behaviour = type_of(field)
            cell = behaviour.cell(field, value, NAMES, language)
            assert read(field, behaviour.from_cell(field, cell, CONTEXT)) == value


@SOME
@given(
    raw=st.one_of(
        st.text(),
        st.floats(),
        st.integers(),
        st.binary(),
        st.lists(st.text()),
        st.dictionaries(st.text(), st.text()),
    )
)
def test_anything_at_all_is_read_or_refused(raw: object) -> None:
    for type_key in TYPES:
        field = make_field(type_key)
        try:
            value = read(field, raw)
        except ValueProblem:
            continue
        if value is not None:
            again = read(field, type_of(field).to_json(field, value), before=value)
            assert again == value
