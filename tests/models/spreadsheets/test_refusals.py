from datetime import datetime, time, timedelta
from pathlib import Path

import openpyxl

from models.spreadsheets import refusals
from models.spreadsheets.reading import open_table
from models.spreadsheets.refusals import Refusal, write_refusals
from models.spreadsheets.table import CellError, CellValue, Formatted
from tests.models.spreadsheets import hostile

MOMENT = datetime(2026, 2, 3, 4, 5)  # noqa: DTZ001
VALUES: list[CellValue] = [
    "=1+1", "<r>x</r>", 5, 1.5, True, MOMENT, time(4, 5), timedelta(hours=30), CellError("#N/A"), None,
    10**17, Formatted(0.5, percent=True), Formatted(9.5, currency="USD"), datetime(1850, 1, 1),  # noqa: DTZ001
]  # fmt: skip


def test_refused_rows_keep_their_cells_and_say_what_is_wrong(tmp_path: Path) -> None:
    header = [f"列{index}" for index in range(len(VALUES))]
    errors = {3: ["Too large.", "Not whole."], 9: ["This is needed."], None: ["Twice in the file."]}
    rows = [Refusal(7, VALUES, errors), Refusal(9, ["short"], {None: ["No."]})]
    assert write_refusals(tmp_path / "a.xlsx", header, rows, hostile.ABOUT) == 2
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["Refused rows"]
    found = [[cell.value for cell in row] for row in sheet]
    assert found[0] == [*header, "Errors"]
    assert found[1][:-1] == [
        *VALUES[:4], "TRUE", MOMENT, time(4, 5), timedelta(hours=30), "#N/A", None, str(10**17), 0.5, 9.5,
        "1850-01-01T00:00:00",
    ]  # fmt: skip
    assert found[1][-1] == "Row 7\n列3: Too large.\n列3: Not whole.\n列9: This is needed.\nTwice in the file."
    assert found[2][0] == "short"
    assert [cell.coordinate for cell in sheet[2] if cell.fill.fgColor.rgb == "FFFFD7D7"] == ["D2", "J2"]
    assert [cell.comment.text for cell in sheet[2] if cell.comment] == [
        "Too large.\nNot whole.",
        "This is needed.",
    ]


def test_the_workbook_can_be_imported_again(tmp_path: Path) -> None:
    write_refusals(tmp_path / "a.xlsx", ["a", "b"], [Refusal(2, ["=1", 5], {1: ["No."]})], hostile.ABOUT)
    with open_table(tmp_path / "a.xlsx", "a.xlsx") as table:
        assert table.header().names == ("a", "b", "Errors")
        assert [row.cells[:2] for row in table.body()] == [("=1", 5)]


def test_many_comments_are_left_to_the_last_column(tmp_path: Path) -> None:
    rows = [Refusal(number, ["x"], {0: ["No."]}) for number in range(refusals.MAX_COMMENTS + 5)]
    write_refusals(tmp_path / "a.xlsx", ["a"], rows, hostile.ABOUT)
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["Refused rows"]
    assert sum(1 for (cell, _error) in sheet.iter_rows(min_row=2) if cell.comment) == refusals.MAX_COMMENTS
