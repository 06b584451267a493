import contextlib
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from models.spreadsheets.columns import Column
from models.spreadsheets.reading import open_table
from models.spreadsheets.table import CellError, Formatted, UnreadableFileError
from models.spreadsheets.text import clean
from models.spreadsheets.workbook import Book
from tests.models.spreadsheets import hostile, packages

MAIN = packages.MAIN


def rows(path: Path, sheet: str = "") -> list[tuple[int, tuple[Any, ...]]]:
    with open_table(path, path.name) as table:
        return [(row.number, row.cells) for row in table.rows(sheet)]


def cells(path: Path, sheet: str = "") -> list[tuple[Any, ...]]:
    return [row for _number, row in rows(path, sheet)]


def read_all(path: Path, name: str) -> None:
    with open_table(path, name) as table:
        for sheet in table.sheets:
            table.header(sheet)
            list(table.rows(sheet))


def refusal(path: Path, name: str = "") -> str:
    with pytest.raises(UnreadableFileError) as refused:
        read_all(path, name or path.name)
    return str(refused.value)


def test_what_openpyxl_wrote_comes_back(tmp_path: Path) -> None:
    moment = datetime(2026, 2, 3, 4, 5, 6)  # noqa: DTZ001
    values = [
        "text", "  spaces ", "a\nb", 5, -7, 1.5, 0.1, True, False, None, moment, date(2026, 2, 3), time(4, 5),
        timedelta(hours=30), "=1+1", "1900", 10**15,
    ]  # fmt: skip
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(values)
    sheet.append([CellRichText("plain ", TextBlock(InlineFont(b=True), "bold"))])
    book.save(tmp_path / "a.xlsx")
    first, second = cells(tmp_path / "a.xlsx")
    assert first == (*values[:11], datetime(2026, 2, 3), *values[12:14], "=", *values[15:])  # noqa: DTZ001
    assert isinstance(first[14], CellError)
    assert second == ("plain bold",)


def test_what_we_wrote_comes_back(tmp_path: Path) -> None:
    texts = [text for text in hostile.TEXTS if text and text.strip() and clean(text).text == text]
    with Book(tmp_path / "a.xlsx", hostile.ABOUT) as book:
        book.sheet("投诉", [Column("a", "说明", "text")]).write([[text] for text in texts])
        book.sheet("明细", [Column("a", "说明", "choice")]).write([[text] for text in texts])
    with open_table(tmp_path / "a.xlsx", "投诉.xlsx") as table:
        assert table.sheets == ("投诉", "明细")
        for sheet in table.sheets:
            assert table.header(sheet).names == ("说明",)
            assert [row.cells[0] for row in table.body(sheet)] == texts


def test_formulas_give_their_cached_values(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_formula("A1", "=1+1", None, 2)
        sheet.write_formula("B1", '="a"&"b"', None, "ab")
        sheet.write_formula("C1", "=NA()", None, "#N/A")
        sheet.write_formula("D1", "=1=1", None, True)  # noqa: FBT003
    [(one, two, three, four)] = cells(tmp_path / "a.xlsx")
    assert (one, two, four) == (2, "ab", True)
    assert isinstance(three, CellError)


def test_dates_of_both_calendars_and_money_and_percent(tmp_path: Path) -> None:
    for from_1904 in (False, True):
        with xlsxwriter.Workbook(tmp_path / "a.xlsx", {"date_1904": from_1904}) as book:
            sheet = book.add_worksheet()
            day = datetime(2026, 2, 3)  # noqa: DTZ001
            for column, code in enumerate(
                ['yyyy"年"m"月"d"日"', "d/m/yyyy", "yyyy年m月d日", "[$-804]mmm d, yyyy"]
            ):
                sheet.write_datetime(0, column, day, book.add_format({"num_format": code}))
            for column, code in enumerate(
                ["0.00%", "[$USD] #,##0.00", "[$¥-804]#,##0.00", '0.0 "days"', "0.00 \\m"]
            ):
                sheet.write_number(1, column, 0.125, book.add_format({"num_format": code}))
        first, second = cells(tmp_path / "a.xlsx")
        assert first == (day,) * 4
        assert second == (0.125,) * 5
        assert [getattr(value, "currency", None) for value in second] == ["", "USD", "CNY", None, None]
        assert isinstance(second[0], Formatted)
        assert second[0].percent


def test_rich_text_hints_and_escapes_of_every_kind(tmp_path: Path) -> None:
    texts = (
        f"<sst {MAIN}><si><t>plain</t></si>"
        '<si><r><t>two </t></r><r><rPr><b/></rPr><t xml:space="preserve">runs</t></r></si>'
        "<si><t>東京</t><rPh sb='0' eb='2'><t>トウキョウ</t></rPh></si>"
        "<si><t>_x005F_x0041_ _x0042_</t></si><si/></sst>"
    )
    sheet = (
        '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="C2" t="s"><v>1</v></c><c t="s"><v>2</v></c></row>'
        '<row><c t="s"><v>3</v></c><c t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r></is></c>'
        '<c t="str"><f>A1</f><v>a_x0041_</v></c><c t="b"><v>1</v></c>'
        '<c t="d"><v>2026-02-03T04:05:00Z</v></c></row>'
        '<row r="9"><c r="A9"/><c r="B9" t="s"><v>4</v></c></row><row r="10"><c r="B10"><v>1E3</v></c></row>'
    )
    path = packages.workbook(tmp_path / "a.xlsx", sheet, **{"xl/sharedStrings.xml": texts})
    assert rows(path) == [
        (2, ("plain", None, "two runs", "東京")),
        (3, ("_x0041_ B", "inline", "aA", True, datetime(2026, 2, 3, 4, 5))),  # noqa: DTZ001
        (10, (None, 1000)),
    ]


def test_strict_and_prefixed_workbooks_are_read(tmp_path: Path) -> None:
    strict = {
        name: part.replace("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main")
        .replace("<sheetData", "<sheetData")
        for name, part in packages.parts('<row><c t="inlineStr"><is><t>x</t></is></c></row>').items()
    }  # fmt: skip
    assert cells(packages.pack(tmp_path / "strict.xlsx", strict)) == [("x",)]
    sheet = (
        f"<x:worksheet {MAIN.replace('xmlns=', 'xmlns:x=')}><x:sheetData><x:row><x:c><x:v>5</x:v></x:c>"
        "</x:row></x:sheetData></x:worksheet>"
    )
    path = packages.workbook(tmp_path / "prefix.xlsx", "", **{"xl/worksheets/sheet1.xml": sheet})
    assert cells(path) == [(5,)]


def test_hidden_sheets_are_left_out(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        seen = book.add_worksheet("seen")
        seen.write(0, 0, "x")
        book.add_worksheet("hidden").hide()
        chart = book.add_chart({"type": "pie"})
        chart.add_series({"values": "=seen!$A$1"})
        book.add_chartsheet("chart").set_chart(chart)
    with open_table(tmp_path / "a.xlsx", "a.xlsx") as table:
        assert table.sheets == ("seen",)


def test_header_is_the_first_row_that_is_not_blank_and_every_column_has_a_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\n ,\n 编号 ,,名称,名称,名称 (2)\n1,2,3,4,5,6\n\n7\n", "utf-8")
    with open_table(path, "a.csv") as table:
        header = table.header()
        assert header.row == 3
        assert header.names == ("编号", "(B)", "名称", "名称 (2)", "名称 (2) (2)", "(F)")
        assert [(row.number, row.cells) for row in table.body()] == [
            (4, ("1", "2", "3", "4", "5", "6")), (6, ("7",)),
        ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_encodings_and_delimiters_are_found(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = [
        delimiter.join(row) for row in (("No", "Name", "备注"), ("1", "Wang", "包装破损"), ("2", "Li", "x"))
    ]
    path = tmp_path / "a.csv"
    path.write_bytes("\r\n".join(lines).encode(encoding))
    assert cells(path) == [("No", "Name", "备注"), ("1", "Wang", "包装破损"), ("2", "Li", "x")]


def test_quotes_line_breaks_and_guards_of_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'a,b\n"x ""y"", z","two\r\nlines"\n\n"\'=1","5"" pipe"\r1,2')
    assert rows(path) == [
        (1, ("a", "b")), (2, ('x "y", z', "two\r\nlines")), (4, ("=1", '5" pipe')), (5, ("1", "2")),
    ]  # fmt: skip


def test_a_hint_for_excel_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("sep=;\na;b\n", "utf-8")
    assert rows(path) == [(2, ("a", "b"))]


def test_tabs_with_stray_quotes_are_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text('a\tb\n"open\t1\nx\t2\ny"\t3\n', "utf-8")
    assert cells(path) == [("a", "b"), ('"open', "1"), ("x", "2"), ('y"', "3")]


def test_the_real_complaints_are_read_as_they_are() -> None:
    found = cells(Path(__file__).parents[2] / "data" / "nhtsa-complaints.tsv")
    assert len(found) == 102
    assert found[0][:2] == ("CMPLID", "ODINO")
    assert {len(row) for row in found} <= set(range(30, 44))


def test_an_unclosed_quote_does_not_swallow_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,2\n3,"open\n5,6\n7,8\n', "utf-8")
    assert refusal(path) == "Row 3: the quotation marks do not match."


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"", "empty"),
        ("a.csv", b"", "empty"),
        ("a.csv", b"\n\n", "nothing in the sheet"),
        ("a.exe", b"MZ", "Only .xlsx"),
        ("a", b"a,b", "Only .xlsx"),
        ("a.xlsx", b"a,b\n1,2", "not what its name says"),
        ("a.csv", b"PK\x03\x04rest", "not what its name says"),
        ("a.xlsx", b"PK\x03\x04rest", "damaged"),
        ("a.xlsx", b"PK\x05\x06" + bytes(18), "not what its name says"),
        ("a.xlsm", b"PK\x03\x04rest", "macros"),
        ("a.xls", b"<html><table>", "kind of workbook"),
        ("a.ods", b"PK\x03\x04", "kind of workbook"),
        ("a.xlsb", b"PK\x03\x04", "kind of workbook"),
        ("a.xls", bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), "kind of workbook"),
        ("a.xlsx", bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), "kind of workbook"),
        ("a.xlsx", bytes.fromhex("D0CF11E0A1B11AE1") + "EncryptedPackage".encode("utf-16-le"), "password"),
        ("a.csv", b"\xff\xfe\x00\xd8\x00\xd8", "characters of the file"),
        ("a.csv", b"a,b\n\x00\x01\x02", "characters of the file"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\x00\x00", "characters of the file"),
        ("a.csv", b"name,caf\xe9\n1,2", "characters of the file"),
        ("a.csv", ("," * 501 + "x").encode(), "500 columns"),
        ("a.csv", b"x" * 1_000_001, "1,000,000 characters"),
        ("a.csv", b'"' + b"x\n" * 600_000, "1,000,000 characters"),
        ("a.csv", b"x" * 4_000_001, "1,000,000 characters"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_plain_words(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    assert said in refusal(path, name)


def test_too_many_rows_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\n" * 1_000_001)
    assert "1,000,000 rows" in refusal(path)


BOMB = (
    '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
OUTSIDE = '<!DOCTYPE a [<!ENTITY c SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("doctype", [BOMB, OUTSIDE, "<!DOCTYPE a>"])
@pytest.mark.parametrize(
    "part",
    ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "_rels/.rels", "xl/styles.xml"],
)
def test_entities_are_never_expanded(tmp_path: Path, doctype: str, part: str) -> None:
    content = packages.parts(
        '<row><c t="s"><v>0</v></c></row>',
        **{
            "xl/sharedStrings.xml": f"<sst {MAIN}><si><t>x</t></si></sst>",
            "xl/styles.xml": f"<styleSheet {MAIN}/>",
        },
    )
    content[part] = doctype + content[part].replace("<t>x</t>", "<t>&c;</t>")
    assert "damaged" in refusal(packages.pack(tmp_path / "a.xlsx", content))


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        ('<row r="1048576"><c r="A1048576"><v>1</v></c></row>', "1,000,000 rows"),
        ('<row r="1"><c r="XFD1"><v>1</v></c></row>', "500 columns"),
        ('<row r="1048577"/>', "damaged"),
        ('<row r="99999999999999999999"/>', "damaged"),
        ('<row r="²"/>', "damaged"),
        ('<row r="2"/><row r="1"/>', "damaged"),
        ('<row><c r="XFE1"/></row>', "damaged"),
        ('<row><c r="AAAAAAAAAAAAAAAAAAA1"/></row>', "damaged"),
        ('<row><c r="é1"/></row>', "damaged"),
        ("<row>" + "<c/>" * 16_385 + "</row>", "damaged"),
        ('<row><c t="s"><v>7</v></c></row>', "damaged"),
        ('<row><c t="s"><v>-1</v></c></row>', "damaged"),
        ('<row><c t="s"><v>x</v></c></row>', "damaged"),
        ('<row><c t="what"><v>x</v></c></row>', "damaged"),
        ('<row><c s="x"><v>1</v></c></row>', "damaged"),
        ("<row><c><v>1</v></row>", "damaged"),
        ("<row><c><v>" + "1" * 1_000_001 + "</v></c></row>", "1,000,000 characters"),
        ("", "nothing in the sheet"),
    ],
)
def test_hostile_sheets_are_refused(tmp_path: Path, sheet: str, said: str) -> None:
    assert said in refusal(packages.workbook(tmp_path / "a.xlsx", sheet))


def test_far_cells_that_are_empty_do_no_harm(tmp_path: Path) -> None:
    sheet = '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"/></row><row r="1048576"><c r="XFD1048576"/></row>'
    assert rows(packages.workbook(tmp_path / "a.xlsx", sheet)) == [(1, (1,))]


def test_a_number_that_is_none_stays_text(tmp_path: Path) -> None:
    sheet = (
        "<row>" + "".join(f"<c><v>{text}</v></c>" for text in ("NaN", "1e999", "1_0", "１", "0x1")) + "</row>"
    )
    assert cells(packages.workbook(tmp_path / "a.xlsx", sheet)) == [("NaN", "1e999", "1_0", "１", "0x1")]


GOOD = packages.parts("<row><c><v>1</v></c></row>")
MACRO_TYPE = '<Types><Override ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/></Types>'
BENT: dict[str, Mapping[str, str | bytes]] = {
    "macros": {**GOOD, "xl/vbaProject.bin": b"x"},
    "macro type": {**GOOD, "[Content_Types].xml": MACRO_TYPE},
    "bomb": {**GOOD, "xl/media/a.bin": bytes(100 * 1024 * 1024)},
    "many parts": {**GOOD, **{f"x/{index}": "" for index in range(6_000)}},
    "large styles": {**GOOD, "xl/styles.xml": f"<styleSheet {MAIN}>" + " " * 33_600_000 + "</styleSheet>"},
    "lzma": GOOD,
    "no workbook": {"mimetype": "application/vnd.oasis.opendocument.spreadsheet"},
    "no sheet part": {name: part for name, part in GOOD.items() if "sheet1" not in name},
}


def cut_off(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def locked(whole: bytes) -> bytes:
    start = b"PK\x01\x02\x14\x03\x14\x00"
    return whole.replace(start + b"\x00\x00", start + b"\x01\x00")


def wrong_sums(whole: bytes) -> bytes:
    at = whole.index(b"PK\x01\x02") + 16
    return whole[:at] + bytes(4) + whole[at + 4 :]


def huge_directory(whole: bytes) -> bytes:
    return whole[:-10] + b"\xff\xff\xff\x7f" + whole[-6:]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("macros", "macros"),
        ("macro type", "macros"),
        ("bomb", "too large"),
        ("many parts", "too many parts"),
        ("large styles", "too large"),
        ("lzma", "damaged"),
        ("no workbook", "not an Excel workbook"),
        ("no sheet part", "damaged"),
    ],
)
def test_hostile_packages_are_refused(tmp_path: Path, name: str, said: str) -> None:
    method = zipfile.ZIP_LZMA if name == "lzma" else zipfile.ZIP_DEFLATED
    assert said in refusal(packages.pack(tmp_path / "a.xlsx", BENT[name], method))


@pytest.mark.parametrize(
    ("bend", "said"),
    [(cut_off, "damaged"), (locked, "password"), (wrong_sums, "damaged"), (huge_directory, "too many parts")],
)
def test_broken_packages_are_refused(tmp_path: Path, bend: Callable[[bytes], bytes], said: str) -> None:
    path = packages.pack(tmp_path / "a.xlsx", GOOD)
    path.write_bytes(bend(path.read_bytes()))
    assert said in refusal(path)


def test_every_cut_and_every_flipped_byte_is_survived(tmp_path: Path) -> None:
    texts = f"<sst {MAIN}><si><t>x</t></si></sst>"
    path = packages.workbook(
        tmp_path / "a.xlsx", '<row><c t="s"><v>0</v></c></row>', **{"xl/sharedStrings.xml": texts}
    )
    whole = path.read_bytes()
    for at in range(0, len(whole), 3):
        for broken in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]):
            path.write_bytes(broken)
            with contextlib.suppress(UnreadableFileError):
                read_all(path, "a.xlsx")


MEASURE = """
import resource, sys
from pathlib import Path
from models.spreadsheets.reading import open_table
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open_table(Path(sys.argv[1]), "a.xlsx") as table:
    try:
        count = sum(1 for row in table.rows())
    except Exception as error:
        count = type(error).__name__
print(count, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def measured(path: Path) -> tuple[str, int]:
    """Read a file in a process of its own; return what came of it and the megabytes it took."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
    )
    count, megabytes = done.stdout.split()
    return count, int(megabytes)


def test_a_row_of_a_million_cells_takes_no_memory(tmp_path: Path) -> None:
    path = packages.workbook(tmp_path / "a.xlsx", "<row>" + '<c r="A1"/>' * 5_000_000 + "</row>")
    assert path.stat().st_size < 1_000_000
    assert measured(path)[0] == "UnreadableFileError"
    assert measured(path)[1] < 20


def test_many_rows_and_many_texts_take_no_memory(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        for number in range(20_000):
            sheet.write_row(number, 0, [f"{number} {'长' * 100}", number, f"b{number}"])
    count, megabytes = measured(tmp_path / "a.xlsx")
    assert count == "20000"
    assert megabytes < 25
