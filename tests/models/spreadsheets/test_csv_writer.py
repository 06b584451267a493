import csv
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from models.spreadsheets.cells import Locale
from models.spreadsheets.columns import Column
from models.spreadsheets.csv_writer import CsvFile, guard, unguard
from models.spreadsheets.names import file_name
from models.spreadsheets.reading import open_table

LOCALE = Locale("en", ZoneInfo("Asia/Shanghai"))


def written(path: Path, columns: list[Column], rows: list[list[object]]) -> list[list[str]]:
    with CsvFile(path, columns, LOCALE) as file:
        file.write(rows)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.reader(text))


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\tx", "\rx", "\nx", "'=1", "＝1", "''-"])
def test_a_text_never_runs_as_a_formula(text: str) -> None:
    assert guard(text) == "'" + text
    assert unguard(guard(text)) == text


@given(st.text())
def test_a_guard_can_always_be_taken_off(text: str) -> None:
    assert unguard(guard(text)) == text
    assert not guard(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_every_kind_is_written_so_that_it_can_be_read_again(tmp_path: Path) -> None:
    columns = [
        Column("a", "说明", "text"), Column("b", "件数", "integer", unit="件"),
        Column("c", "重量", "decimal"),
        Column("d", "金额", "money", currency="CNY"), Column("e", "价", "money", currency="CNY"),
        Column("f", "率", "percent"), Column("g", "日", "date"), Column("h", "时", "datetime"),
        Column("i", "用时", "duration"), Column("j", "是否", "boolean"), Column("k", "=空", "text"),
    ]  # fmt: skip
    row = [
        'a "b", c\nd', -3, Decimal("-1.50"), {"amount": Decimal128("2.00"), "currency": "CNY"},
        {"amount": Decimal128("-2.00"), "currency": "USD"}, Decimal128("0.5"), "2026-02-03",
        datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC), 5_430, False, None,
    ]  # fmt: skip
    found = written(tmp_path / "a.csv", columns, [row])
    assert found[0] == ["说明", "件数 (件)", "重量", "金额", "价", "率", "日", "时", "用时", "是否", "'=空"]
    assert found[1] == [
        'a "b", c\nd', "-3", "-1.50", "2.00", "USD -2.00", "0.5%", "2026-02-03", "2026-02-03 12:05:06",
        "1:30:30", "No", "",
    ]  # fmt: skip


def test_what_no_file_can_hold_is_replaced_and_counted(tmp_path: Path) -> None:
    with CsvFile(tmp_path / "a.csv", [Column("a", "a", "text")], LOCALE) as file:
        file.write([["a\x00b"], ["\ud800"], ["ok"]])
    assert (file.rows, file.replaced) == (3, 2)


def test_own_files_are_read_back(tmp_path: Path) -> None:
    texts = ["=1", "'=1", 'quote " inside', "two\nlines", "逗号,分号;", "-5", "\ttab"]
    written(
        tmp_path / "a.csv",
        [Column("a", "A", "text"), Column("b", "B", "text")],
        [[text, "x"] for text in texts],
    )
    with open_table(tmp_path / "a.csv", "a.csv") as table:
        assert [row.cells[0] for row in table.body()] == texts


def stop() -> None:
    raise RuntimeError


def test_a_failure_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), CsvFile(tmp_path / "a.csv", [Column("a", "a", "text")], LOCALE):
        stop()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("顾客投诉 2026-11", "顾客投诉 2026-11.xlsx"),
        ('a/b\\c:d*?"<>|', "a b c d.xlsx"),
        ("..", "export.xlsx"),
        ("", "export.xlsx"),
        ("x\u202egnp", "x gnp.xlsx"),
        ("长" * 300, "长" * 80 + ".xlsx"),
    ],
)  # fmt: skip
def test_file_names_keep_chinese_and_lose_what_file_systems_refuse(title: str, name: str) -> None:
    assert file_name(title, "xlsx") == name
