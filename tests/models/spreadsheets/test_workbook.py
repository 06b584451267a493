import re
import tempfile
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from bson.decimal128 import Decimal128
from openpyxl.cell import Cell, MergedCell

from models.spreadsheets import engine
from models.spreadsheets.cells import Note
from models.spreadsheets.columns import Column
from models.spreadsheets.paper import Paper
from models.spreadsheets.text import unescape
from models.spreadsheets.workbook import Book, Written
from tests.models.spreadsheets import hostile

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
TEXT = Column("text", "说明", "text")


def write(
    path: Path, columns: list[Column], rows: list[list[Any]], *, quick: bool | None = None, limit: int = 1000
) -> Written:
    with Book(path, hostile.ABOUT, quick=quick, rows_per_sheet=limit) as book:
        book.sheet("投诉", columns).write(rows)
    assert book.written
    return book.written


def texts_by_cell(parts: zipfile.ZipFile, sheet: str) -> dict[str, str]:
    """Texts as Excel shows them; openpyxl does not undo `_xHHHH_`, which is done for each part of a text."""

    def text(node: ET.Element) -> str:
        return "".join(unescape(part.text or "") for part in node.iter(f"{MAIN}t"))

    names = parts.namelist()
    shared = parts.read("xl/sharedStrings.xml") if "xl/sharedStrings.xml" in names else b"<sst/>"
    strings = [text(node) for node in ET.fromstring(shared).iter(f"{MAIN}si")]  # noqa: S314
    cells = {}
    for cell in ET.fromstring(parts.read(sheet)).iter(f"{MAIN}c"):  # noqa: S314
        if cell.get("t") == "s":
            cells[cell.get("r", "")] = strings[int(cell.findtext(f"{MAIN}v", ""))]
        elif cell.get("t") == "inlineStr":
            cells[cell.get("r", "")] = text(cell)
    return cells


def read(path: Path) -> dict[str, list[list[Cell | MergedCell]]]:
    workbook = openpyxl.load_workbook(path)
    with zipfile.ZipFile(path) as parts:
        for number, sheet in enumerate(workbook.worksheets, 1):
            for reference, text in texts_by_cell(parts, f"xl/worksheets/sheet{number}.xml").items():
                sheet[reference]._value = text
    return {sheet.title: [list(row) for row in sheet.iter_rows()] for sheet in workbook.worksheets}


def column(path: Path, index: int = 0) -> list[object]:
    return [row[index].value for row in read(path)["投诉"][1:]]


def looks(cell: Cell | MergedCell) -> tuple[object, ...]:
    value: object = cell.value
    if isinstance(value, float):
        value = pytest.approx(value, rel=1e-14)
    return value, cell.data_type, cell.number_format, cell.alignment.wrap_text, cell.hyperlink


def test_quick_and_plain_way_agree_on_every_hostile_cell(tmp_path: Path) -> None:
    quick = write(tmp_path / "quick.xlsx", hostile.COLUMNS, hostile.rows(), quick=True)
    plain = write(tmp_path / "plain.xlsx", hostile.COLUMNS, hostile.rows(), quick=False)
    assert quick == plain
    ours, theirs = read(tmp_path / "quick.xlsx"), read(tmp_path / "plain.xlsx")
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert len(ours[name]) == len(theirs[name])
        for one, other in zip(ours[name], theirs[name], strict=True):
            assert [looks(cell) for cell in one] == [looks(cell) for cell in other]


@pytest.mark.parametrize("quick", [True, False])
def test_every_value_alone_agrees_with_itself_among_others(tmp_path: Path, quick: bool) -> None:  # noqa: FBT001
    write(tmp_path / "all.xlsx", [TEXT], [[text] for text in hostile.TEXTS], quick=quick)
    together = column(tmp_path / "all.xlsx")
    for text, among in zip(hostile.TEXTS, together, strict=True):
        write(tmp_path / "one.xlsx", [TEXT, TEXT], [[text, "x"]], quick=quick)
        assert column(tmp_path / "one.xlsx") == [among]


@pytest.mark.parametrize("quick", [True, False])
def test_text_is_what_was_typed_and_never_a_formula(tmp_path: Path, quick: bool) -> None:  # noqa: FBT001
    texts = [
        "=1+1",
        "@x",
        "<r><t>x</t></r>",
        "_x0041_",
        "_x0041_x0042_",
        "https://a.b/",
        "  a ",
        "a\nb",
        "😀",
    ]
    write(tmp_path / "a.xlsx", [TEXT], [[text] for text in texts], quick=quick)
    cells = [row[0] for row in read(tmp_path / "a.xlsx")["投诉"][1:]]
    assert [cell.value for cell in cells] == texts
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)


@pytest.mark.parametrize("quick", [True, False])
def test_a_record_leads_to_its_page_and_its_name_never_breaks_out(tmp_path: Path, quick: bool) -> None:  # noqa: FBT001
    page = "https://example.com/records/thing/1"
    names = ["A-1", '"),1+1,HYPERLINK("x', "two\nlines", "_x0041_", "x" * 256]
    cells = [[(name, page)] for name in names] + [[("A-2", "")], [("A-3", "javascript:1")]]
    write(tmp_path / "a.xlsx", [Column("number", "编号", "record")], cells, quick=quick)
    assert column(tmp_path / "a.xlsx") == [
        f'=HYPERLINK("{page}","A-1")',
        f'=HYPERLINK("{page}","""),1+1,HYPERLINK(""x")',
        *names[2:],
        "A-2",
        "A-3",
    ]


def test_sheets_are_ready_to_be_printed(tmp_path: Path) -> None:
    paper = Paper("2026 A&B", "Note & more")
    with Book(tmp_path / "a.xlsx", hostile.ABOUT, paper=paper) as book:
        book.sheet("投诉", [TEXT, TEXT], frozen=1).write([["a", "b"]])
    with zipfile.ZipFile(tmp_path / "a.xlsx") as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        names = parts.read("xl/workbook.xml").decode()
    for said in (
        '<pageSetUpPr fitToPage="1"/>',
        '<pageSetup paperSize="9" fitToHeight="0" orientation="landscape"/>',
        '<pane xSplit="1" ySplit="1"',
        "2026 A&amp;&amp;B&amp;R&amp;A</oddHeader>",
        "<oddFooter>&amp;LNote &amp;&amp; more&amp;R&amp;P / &amp;N</oddFooter>",
    ):
        assert said in sheet
    assert "投诉!$1:$1" in names


def test_a_sheet_of_many_columns_goes_over_several_pages_with_its_first_columns(tmp_path: Path) -> None:
    with Book(tmp_path / "a.xlsx", hostile.ABOUT, paper=Paper("Ledger")) as book:
        book.sheet("A", [TEXT] * 40, frozen=2).write([["a"] * 40])
    with zipfile.ZipFile(tmp_path / "a.xlsx") as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        names = parts.read("xl/workbook.xml").decode()
    assert 'fitToWidth="3" fitToHeight="0"' in sheet
    assert "A!$A:$B,A!$1:$1" in names


def test_numbers_dates_and_words_arrive_with_their_formats(tmp_path: Path) -> None:
    columns = [
        Column("a", "件数", "integer"),
        Column("b", "重量", "decimal", decimals=3, unit="kg"),
        Column("c", "金额", "money", currency="CNY"),
        Column("d", "不良率", "percent"),
        Column("e", "日期", "date"),
        Column("f", "时间", "datetime"),
        Column("g", "用时", "duration"),
        Column("h", "是否", "boolean"),
    ]
    values = [3, Decimal("1.250"), {"amount": Decimal128("12.50"), "currency": "USD"}, Decimal128("0.5")]
    values += ["2026-02-03", datetime(2026, 2, 3, 4, 5, tzinfo=UTC), 90_061, True]
    write(tmp_path / "a.xlsx", columns, [values])
    header, row = read(tmp_path / "a.xlsx")["投诉"]
    assert [cell.value for cell in header][:3] == ["件数", "重量 (kg)", "金额"]
    assert [cell.value for cell in row] == [
        3, 1.25, 12.5, 0.005, datetime(2026, 2, 3), datetime(2026, 2, 3, 12, 5),  # noqa: DTZ001
        timedelta(days=1, hours=1, minutes=1, seconds=1), "Yes",
    ]  # fmt: skip
    assert [cell.number_format for cell in row] == [
        "0", "#,##0.000", "[$USD] #,##0.00", "0.00%", "yyyy-mm-dd", "yyyy-mm-dd hh:mm", "[h]:mm:ss",
        "General",
    ]  # fmt: skip


def test_digits_that_excel_would_lose_become_text_and_are_reported(tmp_path: Path) -> None:
    values = [2**63, Decimal128("1234567890123456.78"), float("nan"), "1900-01-01"]
    columns = [Column(kind, kind, kind) for kind in ("integer", "decimal", "decimal", "date")]
    result = write(tmp_path / "a.xlsx", columns, [values])
    book = read(tmp_path / "a.xlsx")
    assert [cell.value for cell in book["投诉"][1]] == [
        "9223372036854775808", "1234567890123456.78", "nan", "1900-01-01",
    ]  # fmt: skip
    assert result.notes == {Note.AS_TEXT: 4}
    assert [cell.value for cell in book["Notes"][-1]][1:] == ["投诉", "D2"]


def test_what_was_cleaned_or_cut_is_counted_and_named(tmp_path: Path) -> None:
    result = write(tmp_path / "a.xlsx", [TEXT], [["ok"], ["a\x00b"], ["长" * 40_000], ["\ud800"]])
    assert result.notes == {Note.CLEANED: 2, Note.CUT: 1}
    assert result.sheets == ("投诉", "Notes")
    values = column(tmp_path / "a.xlsx")
    assert values[1] == "a�b"
    assert values[2] == "长" * 32_766 + "…"
    places = [[cell.value for cell in row] for row in read(tmp_path / "a.xlsx")["Notes"]]
    assert [row[2] for row in places[-3:]] == ["A3", "A4", "A5"]


def test_a_workbook_without_changes_has_no_notes_sheet(tmp_path: Path) -> None:
    assert write(tmp_path / "a.xlsx", [TEXT], [["ok"]]).sheets == ("投诉",)


@pytest.mark.parametrize("quick", [True, False])
def test_rows_past_the_limit_go_on_to_a_further_sheet(tmp_path: Path, quick: bool) -> None:  # noqa: FBT001
    result = write(tmp_path / "a.xlsx", [TEXT], [[f"r{n}"] for n in range(25)], quick=quick, limit=11)
    assert result.sheets == ("投诉", "投诉 (2)", "投诉 (3)")
    assert result.rows == {"投诉": 25}
    book = read(tmp_path / "a.xlsx")
    assert [row[0].value for row in book["投诉 (3)"]] == ["说明", *[f"r{n}" for n in range(20, 25)]]


@pytest.mark.parametrize("quick", [True, False])
def test_two_sheets_may_be_written_in_turns(tmp_path: Path, quick: bool) -> None:  # noqa: FBT001
    with Book(tmp_path / "a.xlsx", hostile.ABOUT, quick=quick) as book:
        main, items = book.sheet("投诉", [TEXT]), book.sheet("明细", [TEXT, Column("n", "件数", "integer")])
        for number in range(5):
            main.write([[f"m{number}"]])
            items.write([[f"m{number}", item] for item in range(number)])
    sheets = read(tmp_path / "a.xlsx")
    assert [row[0].value for row in sheets["投诉"]] == ["说明", "m0", "m1", "m2", "m3", "m4"]
    assert len(sheets["明细"]) == 1 + 10
    assert book.written
    assert book.written.rows == {"投诉": 5, "明细": 10}


def test_the_header_is_frozen_filtered_and_wide_enough(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx", [TEXT, Column("b", "b", "long_text", width=33)], [["中" * 20, "x"]])
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["投诉"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:B2"
    assert sheet.column_dimensions["A"].width == pytest.approx(42.5, abs=1)
    assert sheet.column_dimensions["B"].width == pytest.approx(33, abs=1)
    assert sheet["A1"].font.bold


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write(tmp_path / name, hostile.COLUMNS, hostile.rows())
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    properties = openpyxl.load_workbook(tmp_path / "a.xlsx").properties
    assert (properties.title, properties.creator) == ("投诉", "王芳")
    assert properties.created == datetime(2026, 11, 21, 9, 30)  # noqa: DTZ001


def test_sheet_names_are_made_legal_and_unique(tmp_path: Path) -> None:
    with Book(tmp_path / "a.xlsx", hostile.ABOUT) as book:
        for name in ("a/b:c", "A b C", "'x'", "History", "", "名" * 40, "名" * 40):
            book.sheet(name, [TEXT]).write([["x"]])
    assert book.written
    assert book.written.sheets == (
        "a b c", "A b C (2)", "x", "History (2)", "Sheet", "名" * 31, "名" * 27 + " (2)",
    )  # fmt: skip


class ExplodedError(Exception):
    pass


def test_a_failure_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = tmp_path / "a.xlsx"

    def explode() -> None:
        raise ExplodedError

    def write_and_explode(*, at_once: bool) -> None:
        with Book(path, hostile.ABOUT, tick=explode) as book:
            book.sheet("投诉", [TEXT]).write([["x"]])
            if at_once:
                explode()

    for at_once in (True, False):
        with pytest.raises(ExplodedError):
            write_and_explode(at_once=at_once)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_xlsxwriter_is_used_the_plain_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "TESTED_VERSION", "0.0")
    with Book(tmp_path / "a.xlsx", hostile.ABOUT) as book:
        assert not book.quick
        book.sheet("投诉", [TEXT]).write([["x"]])
    assert column(tmp_path / "a.xlsx") == ["x"]


def test_the_quick_way_is_the_one_in_use() -> None:
    assert engine.knows_xlsxwriter()


def test_parts_are_well_formed(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx", hostile.COLUMNS, hostile.rows())
    with zipfile.ZipFile(tmp_path / "a.xlsx") as parts:
        assert parts.testzip() is None
        formulas = re.findall(rb"<f>(.{9})", parts.read("xl/worksheets/sheet1.xml"))
        assert set(formulas) == {b"HYPERLINK"}
