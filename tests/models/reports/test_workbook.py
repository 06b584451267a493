"""The workbook read back: every cell is what its analysis found, every chart points at the cells it means."""

import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from models.reports.look import Look
from models.reports.results import Chart, Column, Result, Row, Series
from models.reports.running import results
from models.reports.workbook import layout, pages
from models.reports.workbook.pages import HEAD
from models.reports.workbook.writing import Cover, write
from tests.models.reports.stage import Company, report
from tests.models.reports.test_edges import EVERY

CHART: Final = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
RANGE: Final = re.compile(
    r"'?(?P<sheet>[^'!]+)'?!\$(?P<column>[A-Z]+)\$(?P<first>\d+)(?::\$[A-Z]+\$(?P<last>\d+))?"
)
Ranges = list[tuple[str, str, str]]
# openpyxl does not know the solid bars in cells that Excel has since 2010
pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported")


def written(look: Look, path: Path) -> list[Result]:
    """Write the workbook of a look, and return what stands in it."""
    found = list(results(look))
    sheets = write(path, look, Cover("Summary", [("Period", look.period.name)], ["Checked by"]), found)
    assert len(sheets) == len(found) + 1
    return found


@pytest.fixture
def book(company: Company, tmp_path: Path) -> tuple[list[Result], Look, Path]:
    """Return the workbook of a month in which much happened."""
    company.fill(900)
    look = company.look(report(*EVERY))
    path = tmp_path / "report.xlsx"
    return written(look, path), look, path


def shown(value: Any) -> Any:
    """Return a value as a cell holds it."""
    if isinstance(value, bool | str):
        return value or None
    if isinstance(value, Decimal | int | float):
        return pytest.approx(float(value), rel=1e-14)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001  (a cell knows no zone)
    return value


def cells(sheet: Worksheet, row: int, count: int) -> list[Any]:
    return [sheet.cell(row, column).value for column in range(1, count + 1)]


def test_every_cell_is_what_its_analysis_found(book: tuple[list[Result], Look, Path]) -> None:
    found, look, path = book
    sheets = load_workbook(path).worksheets[1:]
    assert len(sheets) == len(found)
    for sheet, result in zip(sheets, found, strict=True):
        assert sheet.cell(1, 1).value == look.say(result.title)
        if not result.rows:
            continue
        count = len(result.columns)
        assert cells(sheet, HEAD + 1, count) == [look.say(column.label) for column in result.columns]
        for at, row in enumerate(result.rows):
            expected = [shown(row.values.get(column.key)) for column in result.columns]
            got = cells(sheet, HEAD + 2 + at, count)
            for value, wanted, column in zip(got, expected, result.columns, strict=True):
                if column.kind == "datetime" and value is not None:
                    assert abs((value - wanted).total_seconds()) < 0.01, (result.key, at, column.key)
                else:
                    assert value == wanted, (result.key, at, column.key)


def test_no_cell_is_a_formula(book: tuple[list[Result], Look, Path]) -> None:
    _found, _look, path = book
    texts = [cell for sheet in load_workbook(path).worksheets for row in sheet.iter_rows() for cell in row]
    assert "=P3" in {cell.value for cell in texts}
    assert all(cell.data_type != "f" for cell in texts)


def test_every_chart_points_at_the_cells_that_it_means(book: tuple[list[Result], Look, Path]) -> None:
    found, look, path = book
    sheets = {sheet.title: sheet for sheet in load_workbook(path).worksheets}
    drawn = charts(path)
    expected = [(result, chart) for result in found for chart in result.charts if len(result.rows)]
    assert len(drawn) == len(expected) > 10
    for (result, chart), ranges in zip(expected, drawn, strict=True):
        by_key = {column.key: column for column in result.columns}
        most = min(chart.rows or len(result.rows), len(result.rows))
        assert len(ranges) == len(chart.series)
        for name, categories, values in ranges:
            sheet = sheets[_sheet(name)]
            assert sheet.cell(1, 1).value == look.say(result.title)
            [label] = read(sheet, name)
            series = next(one for one in chart.series if look.say(by_key[one.column].label) == label)
            rows = list(result.rows)[:most]
            assert read(sheet, categories) == [shown(row.values.get(chart.categories)) for row in rows]
            assert read(sheet, values) == [shown(row.values.get(series.column)) for row in rows]


def test_what_cannot_be_computed_is_no_point_of_a_chart(company: Company, tmp_path: Path) -> None:
    columns = (Column("group", "Group"), Column("value", "Value", "decimal"), Column("odd", "Odd", "integer"))
    values = [(Decimal(3), None), (None, None), (Decimal(0), 0)]
    rows = [Row({"group": f"G{at}", "value": one, "odd": odd}) for at, (one, odd) in enumerate(values)]
    series = (Series("value", "line"), Series("odd", "points"))
    path = tmp_path / "gaps.xlsx"
    found = [Result("gaps", "Gaps", columns, rows, (Chart("control", "Gaps", "group", series),))]
    write(path, company.look(report()), Cover("Gaps", []), found)
    [chart] = _drawn(path)
    points = [
        {point.get("idx"): point.findtext(f"{CHART}v") for point in one.iter(f"{CHART}pt")}
        for one in chart.iter(f"{CHART}val")
    ]
    assert points == [{"0": "3.0", "2": "0.0"}, {"2": "0.0"}]


def charts(path: Path) -> list[Ranges]:
    """Return name, categories and values of each series of each chart, in the order of the sheets."""
    return [_series(one) for one in _drawn(path)]


def _drawn(path: Path) -> list[ET.Element]:
    with ZipFile(path) as file:
        names = [name for name in file.namelist() if re.fullmatch(r"xl/charts/chart\d+\.xml", name)]
        names.sort(key=lambda name: int(re.sub(r"\D", "", name)))
        return [ET.fromstring(file.read(name)) for name in names]  # noqa: S314  (our own)


def _series(chart: ET.Element) -> Ranges:
    return [
        tuple(_formula(one, part) for part in ("tx", "cat", "val"))  # type: ignore[misc]  # three of them
        for one in chart.iter(f"{CHART}ser")
    ]


def _formula(series: ET.Element, part: str) -> str:
    found = series.find(f"{CHART}{part}")
    assert found is not None
    [formula] = found.iter(f"{CHART}f")
    return formula.text or ""


def _sheet(text: str) -> str:
    found = RANGE.fullmatch(text)
    assert found, text
    return found["sheet"]


def read(sheet: Worksheet, text: str) -> list[Any]:
    found = RANGE.fullmatch(text)
    assert found, text
    first = int(found["first"])
    rows = range(first, int(found["last"] or first) + 1)
    return [sheet[f"{found['column']}{row}"].value for row in rows]


def test_an_empty_month_has_every_sheet_and_no_broken_chart(company: Company, tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    look = company.look(report(*EVERY))
    found = written(look, path)
    sheets = load_workbook(path).worksheets
    assert len(sheets) == len(EVERY) + 1
    for sheet, result in zip(sheets[1:], found, strict=True):
        said = {str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None}
        assert len(said) > 1, result.key
    for ranges in charts(path):
        for _name, _categories, values in ranges:
            bounds = RANGE.fullmatch(values)
            assert bounds
            assert int(bounds["first"]) <= int(bounds["last"] or bounds["first"])


def test_the_same_results_give_the_same_content(
    book: tuple[list[Result], Look, Path], tmp_path: Path
) -> None:
    _found, look, path = book
    again = tmp_path / "again.xlsx"
    written(look, again)
    with ZipFile(path) as one, ZipFile(again) as other:
        assert one.namelist() == other.namelist()
        for name in one.namelist():
            if name != "docProps/core.xml":  # when it was made
                assert one.read(name) == other.read(name), name


def test_the_cover_names_what_stands_out(book: tuple[list[Result], Look, Path]) -> None:
    found, look, path = book
    cover = [(row[0].value, row[1].value or "") for row in load_workbook(path).worksheets[0].iter_rows()]
    head = cover.index(("Contents", "What stands out"))
    wrong = []
    for (title, shown_as), result in zip(cover[head + 1 :], found, strict=False):
        said = [str(row.values[result.columns[0].key]) for row in result.rows if row.tone == "bad"]
        assert title == look.say(result.title)
        assert shown_as == ", ".join(said[:6]) + (" …" if len(said) > 6 else "")
        wrong += said
    assert len(wrong) > 6


def test_a_list_is_laid_out_as_its_paper_form(company: Company, tmp_path: Path) -> None:
    company.fill(300)
    look, path = company.look(report(*EVERY, form_number="8.2-07")), tmp_path / "form.xlsx"
    result = next(one for one in written(look, path) if one.as_form)
    sheet = load_workbook(path)[look.say(result.title)]
    last = chr(ord("A") + len(result.columns) - 1)
    assert (sheet["A1"].value, sheet["A2"].value) == (look.say(result.title), look.say(look.period.label()))
    assert sheet[f"{last}2"].value == "8.2-07"
    assert str(next(iter(sheet.merged_cells.ranges))) == f"A1:{last}1"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.print_title_rows == f"${HEAD + 1}:${HEAD + 1}"
    signed = sheet.max_row
    assert str(sheet.print_area).replace("$", "").endswith(f"A1:{last}{signed}")
    assert sheet.cell(signed, 1).value == "Checked by："
    assert sum(sheet.column_dimensions[column].width for column in map(chr, range(65, ord(last) + 1))) < 200


def test_many_columns_stay_readable_on_the_paper_of_their_form() -> None:
    columns = tuple(Column(f"c{at}", "Label", "date" if at % 5 == 0 else "text") for at in range(19))
    rows = [Row({one.key: "云溪动力设备有限公司" * 4 for one in columns if one.kind == "text"})]
    result = Result("list", "List", columns, rows, as_form=True)
    across = layout.widths(result)
    assert sum(across) <= layout.PAPER
    assert min(across) >= 7
    assert layout.lines(result, across, rows[0]) > 5


def test_a_workbook_holds_whatever_its_words_look_like(company: Company, tmp_path: Path) -> None:
    look = company.look(report(form_number="8.2-07"))
    columns = (Column("a", "A"), Column("b", "B"))
    rows = [Row({"a": f"row {at}", "b": at}) for at in range(3)]
    names = ("Bob's list", "<r>x</r>", "=1+1")
    found = [Result(f"r{at}", name, columns, rows, as_form=not at) for at, name in enumerate(names)]
    path = tmp_path / "words.xlsx"
    boxes = ["Prepared", "Reviewed", "Countersigned", "Approved"]
    write(path, look, Cover("Words", [], boxes), found, link=lambda _result, _row: "https://example.test/x")
    book = load_workbook(path)
    cover, form = book.worksheets[:2]
    assert {one.value for one in cover["A"]} >= set(names)
    targets = [one.hyperlink.location for one in cover["A"] if one.hyperlink]
    assert targets[0] == "'Bob''s list'!A1"
    footer = form.oddFooter
    assert footer
    assert (str(footer.left.text).strip(), footer.left.size, footer.right.size) == ("8.2-07", 8, 8)
    assert [one.value for one in form["A"]][-4:] == [f"{one}：" for one in boxes]


def test_links_end_where_excel_takes_no_more(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOST_LINKS", 2)
    look, path = company.look(report()), tmp_path / "links.xlsx"
    rows = [Row({"a": f"row {at}"}) for at in range(5)]
    found = [Result("list", "List", (Column("a", "A"),), rows)]
    write(
        path, look, Cover("Links", []), found, link=lambda _result, row: f"https://x.test/{row.values['a']}"
    )
    sheet = load_workbook(path)["List"]
    assert sum(bool(one.hyperlink) for row in sheet.iter_rows() for one in row) == 2
    assert "lead to their records" in str(sheet.cell(sheet.max_row, 1).value)
