"""Tables of sub-rows: rows keep their identity, and every wrong cell is named."""

import re
import time
from decimal import Decimal
from typing import Any

import pytest
from bson import Decimal128
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from models.errors import TooLargeError, ValueProblem
from models.fields import RowProblems, sums, type_of
from models.fields.rows import MAX_ROWS
from tests.field_samples import CONTEXT, NAMES, STORED, make_field, read

TABLE = make_field("table", key="items")


def row(**values: Any) -> dict[str, Any]:
    return {"_row": "0000000a", "part": "螺栓", **values}


def problems(raw: object, field: Any = TABLE) -> dict[str, str]:
    with pytest.raises(RowProblems) as caught:
        read(field, raw)
    return {path: str(message) for path, message in caught.value.problems.items()}


def test_rows_are_read_column_by_column() -> None:
    (stored,) = read(TABLE, [row(qty="1,000", price="￥2.5", kind="气囊", at="2026-02-03 12:05")])
    assert stored["_row"] == "0000000a"
    assert stored["qty"] == 1000
    assert stored["price"] == {"amount": Decimal128("2.50"), "currency": "CNY"}
    assert stored["kind"] == "air"


def test_wrong_cells_are_named_by_their_place_in_what_was_sent() -> None:
    found = problems([{"part": ""}, row(qty="x"), {"qty": 5}, row(qty=0, kind="steam")])
    assert set(found) == {"1.qty", "2.part", "3.qty", "3.kind"}
    assert found["2.part"] == "This is needed."


def test_empty_rows_are_dropped() -> None:
    empty = {"_row": "0000000b", "part": " ", "qty": "", "price": {"amount": "", "currency": "CNY"}}
    assert read(TABLE, [empty, row(), {}, None]) == [row()]
    assert read(TABLE, [empty]) is None


@pytest.mark.parametrize("given", [None, "", "xyz", "0000000A", 7, {"$gt": ""}, "0000000a"])
def test_a_row_without_a_proper_identity_of_its_own_gets_one(given: object) -> None:
    first, second = read(TABLE, [row(), row(_row=given)])
    assert first["_row"] == "0000000a"
    assert second["_row"] != "0000000a"
    assert re.fullmatch("[0-9a-f]{8}", second["_row"])


def test_rows_may_come_as_a_mapping_of_positions() -> None:
    assert read(TABLE, {"10": row(_row="0000000c"), "2": row()}) == [row(), row(_row="0000000c")]
    with pytest.raises(ValueProblem):
        read(TABLE, {"$gt": row()})


def test_what_is_no_row_and_columns_nobody_knows_are_refused() -> None:
    assert problems([5, row(**{"$where": "1"})]) == {
        "0": "This is not a row.",
        "1": "There is no column “$where”.",
    }


def test_two_thousand_rows_fit_and_no_more() -> None:
    start = time.perf_counter()
    assert len(read(TABLE, [{"part": "x", "qty": number + 1} for number in range(MAX_ROWS)])) == MAX_ROWS
    with pytest.raises(ValueProblem, match="At most 2000 rows"):
        read(TABLE, [{"part": "x"}] * 100_000)
    assert time.perf_counter() - start < 5


def test_a_unique_column_holds_each_value_once() -> None:
    columns = [{"key": "part", "type": "text", "unique": True}]
    assert problems(
        [{"part": "a"}, {"part": "b"}, {"part": "a"}, {}], make_field("table", fields=columns)
    ) == {"2.part": "This is already in another row."}


def test_a_retired_option_may_stay_in_its_own_row_only() -> None:
    before = [row(kind="fuel")]
    assert read(TABLE, [row(kind="fuel")], before=before) == before
    with pytest.raises(RowProblems):
        read(TABLE, [row(_row="0000000b", kind="fuel")], before=before)


def test_inputs_of_a_form_become_rows_in_the_order_of_the_screen() -> None:
    form = MultiDict(
        [
            ("items-10-part", "b"),
            ("items-10-price.amount", "5"),
            ("items-10-price.currency", "USD"),
            ("items-2-_row", "0000000a"),
            ("items-2-part", "a"),
            ("items-__new__-part", "template"),
            ("items-99999999999-part", "far"),
            ("items-1e3-part", "odd"),
            ("itemsx-1-part", "other"),
        ]
    )
    raw = type_of(TABLE).from_form(TABLE, form, "items")
    first, second = read(TABLE, raw)
    assert (first["part"], second["part"], second["_row"]) == ("b", "a", "0000000a")
    assert first["price"] == {"amount": Decimal128("5.00"), "currency": "USD"}


def test_a_big_form_is_read_in_one_pass() -> None:
    form = MultiDict(
        (f"items-{index}-{name}", "1") for index in range(MAX_ROWS) for name in ("part", "qty", "_row")
    )
    start = time.perf_counter()
    assert len(read(TABLE, type_of(TABLE).from_form(TABLE, form, "items"))) == MAX_ROWS
    assert time.perf_counter() - start < 3


def test_more_rows_than_anybody_types_are_not_even_shown_again() -> None:
    form = MultiDict((f"items-{index}-part", "x") for index in range(100_000))
    start = time.perf_counter()
    with pytest.raises(TooLargeError):
        type_of(TABLE).from_form(TABLE, form, "items")
    assert time.perf_counter() - start < 1


def test_an_absent_table_is_empty() -> None:
    assert type_of(TABLE).from_form(TABLE, MultiDict(), "items") == []


def test_sums_are_exact_and_keep_currencies_apart() -> None:
    rows = read(
        TABLE,
        [row(qty=1, price="0.10"), {"part": "b", "qty": 2, "price": "0.2"}, {"part": "c", "price": "$3"}],
    )
    assert sums(TABLE, rows) == {
        "qty": [3],
        "price": [
            {"amount": Decimal128("0.30"), "currency": "CNY"},
            {"amount": Decimal128("3.00"), "currency": "USD"},
        ],
    }
    assert sums(TABLE, []) == {"qty": [], "price": []}


def test_a_sum_beyond_34_digits_is_rounded_rather_than_lost() -> None:
    field = make_field("table", fields=[{"key": "n", "type": "decimal", "sum": True}])
    rows = read(field, [{"n": "9" * 34}, {"n": "9" * 34}])
    assert sums(field, rows)["n"][0].to_decimal() == Decimal("2e34")


def test_a_table_is_shown_row_by_row_and_counted_in_a_cell() -> None:
    rows = read(TABLE, [row(qty=2000, kind="air")])
    assert type_of(TABLE).display(TABLE, rows, NAMES, "zh") == "零件: 螺栓; 数量: 2,000; kind: 气囊"
    assert type_of(TABLE).cell(TABLE, rows, NAMES, "en") == "Rows: 1"


def test_rows_from_a_sheet_are_read_cell_by_cell() -> None:
    raw = type_of(TABLE).from_cell(TABLE, [{"part": 12.0, "qty": 3.0, "kind": "气囊"}], CONTEXT)
    (stored,) = read(TABLE, raw)
    assert (stored["part"], stored["qty"], stored["kind"]) == ("12", 3, "air")


rows_of = st.lists(
    st.fixed_dictionaries(
        {"part": STORED["text"]},
        optional={"qty": st.integers(1, 10**9), "price": STORED["money"], "at": STORED["datetime"]},
    ),
    max_size=5,
)


@settings(max_examples=40, deadline=None)
@given(rows_of)
def test_rows_read_back_from_json_and_inputs(rows: list[dict[str, Any]]) -> None:
    field = make_field("table", fields=[
        {"key": "part", "type": "text"},
        {"key": "qty", "type": "integer"},
        {"key": "price", "type": "money", "currencies": ["USD", "JPY"]},
        {"key": "at", "type": "datetime"},
    ])  # fmt: skip
    value = [{"_row": f"{index:08x}", **one} for index, one in enumerate(rows)] or None
    behaviour = type_of(field)
    if value:
        assert read(field, behaviour.to_json(field, value)) == value
        assert read(field, behaviour.to_input(field, value, NAMES), before=value) == value
        assert behaviour.display(field, value, NAMES, "en")
