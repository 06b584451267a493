"""Refused rows on their way back: as they were sent, what is wrong in front, the cells in question marked."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import xlsxwriter

from models.messages import _, translate
from models.spreadsheets.text import cleaned

COLUMN_WIDTH = 18
ERRORS_WIDTH = 60


class Refused(Protocol):
    """One row: its number in the file, its cells, and notes by column (-1: the row as a whole)."""

    @property
    def number(self) -> int:
        """Its number as the file's own program shows it."""

    @property
    def cells(self) -> Sequence[Any]:
        """What stood in it."""

    @property
    def notes(self) -> Mapping[int, str]:
        """What is wrong, by column."""


def write_refusals(path: Path, header: Sequence[str], rows: Iterable[Refused], *, language: str) -> None:
    """Write the refused rows in their own columns, so that they can be corrected and sent again.

    Two columns are put behind the sender's: the row's number and the errors. Cells in question are red.
    """
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        bold = book.add_format({"bold": True, "bg_color": "#EFF1F4", "border": 1, "border_color": "#C9CFD8"})
        wrong = book.add_format({"bg_color": "#FDE2E2"})
        dated = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        errors = book.add_format({"font_color": "#B42328", "text_wrap": True})
        sheet = book.add_worksheet(translate(_("Refused rows"), language)[:31])
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, max(0, len(header) - 1), COLUMN_WIDTH)
        sheet.set_column(len(header), len(header), 8)
        sheet.set_column(len(header) + 1, len(header) + 1, ERRORS_WIDTH)
        captions = [*header, translate(_("Row"), language), translate(_("Errors"), language)]
        for column, caption in enumerate(captions):
            sheet.write_string(0, column, cleaned(caption), bold)
        for line, row in enumerate(rows, start=1):
            for column, cell in enumerate(row.cells[: len(header)]):
                _write(sheet, line, column, cell, wrong if column in row.notes else None, dated)
            for column in row.notes:
                if column >= len(row.cells) and 0 <= column < len(header):
                    sheet.write_blank(line, column, None, wrong)
            sheet.write_number(line, len(header), row.number)
            sheet.write_string(line, len(header) + 1, cleaned("\n".join(_texts(header, row))), errors)


def _texts(header: Sequence[str], row: Refused) -> list[str]:
    return [
        f"{header[column]}: {text}" if 0 <= column < len(header) else text for column, text in row.notes.items()
    ]


def _write(sheet: Any, line: int, column: int, cell: Any, mark: Any, dated: Any) -> None:  # noqa: ANN401
    if cell is None:
        return
    if isinstance(cell, bool):
        sheet.write_boolean(line, column, cell, mark)
    elif isinstance(cell, int | float):
        sheet.write_number(line, column, cell, mark)
    elif hasattr(cell, "year"):
        sheet.write_datetime(line, column, cell.replace(tzinfo=None), mark or dated)
    else:
        sheet.write_string(line, column, cleaned(str(cell)), mark)
