"""How sheets look on paper: A4, as wide as the page or, with many columns, a few pages; numbered."""

from dataclasses import dataclass

from xlsxwriter.worksheet import Worksheet

from models.spreadsheets.text import clean

_A4 = 9
_COLUMNS = 18
"""That a page is wide enough for."""
_LONGEST = 100
"""Of 255 characters that Excel allows above and below a page."""


@dataclass(frozen=True, slots=True)
class Paper:
    """How the sheets of a workbook are printed.

    `heading` stands above each page, `note` below it beside the number of the page.
    """

    heading: str
    note: str = ""
    landscape: bool = True


def lay_out(worksheet: Worksheet, paper: Paper, columns: int = 0, frozen: int = 0) -> None:
    """Make a sheet ready to be printed; what is too wide for a page repeats its frozen columns on each."""
    across = max(1, -(-columns // _COLUMNS))
    worksheet.set_paper(_A4)
    if paper.landscape:
        worksheet.set_landscape()
    worksheet.fit_to_pages(across, 0)
    if across > 1 and frozen:
        worksheet.repeat_columns(0, frozen - 1)
    worksheet.set_margins(left=0.5, right=0.5, top=0.8, bottom=0.7)
    worksheet.set_header(f'&L&"-,Bold"&12 {_plain(paper.heading)}&R&A')
    worksheet.set_footer(f"&L{_plain(paper.note)}&R&P / &N")


def _plain(text: str) -> str:
    """Return a text in which nothing is read as a mark of the layout."""
    return clean(text[:_LONGEST]).text.replace("&", "&&")
