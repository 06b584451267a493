"""Putting a report's workbook together: cover, summary, one sheet for each analysis."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from models.channels.surroundings import surroundings
from models.messages import _
from models.reports.look import Look
from models.reports.results import Result
from models.reports.workbook import layout
from models.reports.workbook.pages import Link, Page, Paper
from models.reports.workbook.styles import Styles
from models.spreadsheets.engine import write_text
from models.spreadsheets.names import SheetNames
from models.spreadsheets.text import clean

A4: Final = 9
_NAME, _TEXT = 44, 62
_NAMED: Final = 6
_LONG: Final = 500
"""Records of a list are not looked through once more for its cover."""


@dataclass(frozen=True)
class Cover:
    """What stands on the first sheet, as label and text; signature boxes by who signs."""

    title: str
    lines: Sequence[tuple[str, str]]
    boxes: Sequence[str] = ()
    at: datetime | None = None
    """When it was made, in UTC; the same moment gives the same file, byte by byte."""
    paper: Paper | None = None
    """What every sheet bears, where that is not as things stand now; and `period`, the line below titles."""
    period: str = ""


class Content(NamedTuple):
    """One analysis as the cover names it: its title, its sheet, and what stands out in it."""

    title: str
    sheet: str
    marked: str


def _marked(result: Result) -> str:
    """Name the rows of an analysis that say something is wrong."""
    if len(result.rows) > _LONG or not result.columns:
        return ""
    first = result.columns[0].key
    found = [str(row.values.get(first) or "") for row in result.rows if row.tone == "bad"]
    return ", ".join(found[:_NAMED]) + (" …" if len(found) > _NAMED else "")


def write(
    path: Path,
    look: Look,
    cover: Cover,
    found: Iterable[Result],
    *,
    link: Link | None = None,
    tick: Callable[[], None] = lambda: None,
) -> list[str]:
    """Write the workbook; return the names of its sheets. The same results give the same content.

    `tick` is called now and then: a list may have 200,000 rows.
    """
    with Workbook(str(path), {"constant_memory": True, "use_zip64": True}) as book:
        book.set_properties(
            {"title": cover.title, "created": cover.at} if cover.at else {"title": cover.title}
        )
        styles, names = Styles(book), SheetNames()
        front = book.add_worksheet(names.take(look.say(_("Cover"))))
        paper = cover.paper or Paper(surroundings().company, look.report.form, cover.boxes)
        period = cover.period or look.say(look.period.label())
        contents: list[Content] = []
        for result in found:
            sheet = book.add_worksheet(names.take(look.say(result.title)))
            page = Page(book, styles, sheet, look.say, link, paper, tick)
            page.write(result, period, look.say(_("There is nothing in this period.")))
            contents.append(Content(look.say(result.title), sheet.name, _marked(result)))
        _write_cover(front, styles, look, cover, contents)
        front.set_paper(A4)
        front.fit_to_pages(1, 1)
        return [sheet.name for sheet in book.worksheets()]


def _write_cover(
    front: Worksheet, styles: Styles, look: Look, cover: Cover, contents: Sequence[Content]
) -> None:
    front.hide_gridlines(2)
    front.set_column(0, 0, _NAME)
    front.set_column(1, 1, _TEXT)
    front.set_row(0, 36)
    write_text(front, 0, 0, clean(cover.title).text, styles.get("title"))
    row = 2
    for label, text in cover.lines:
        write_text(front, row, 0, clean(label).text, styles.get("label"))
        write_text(front, row, 1, clean(text or "—").text, styles.get("cell"))
        front.set_row(row, layout.LINE * layout.broken(text, _TEXT))
        row += 1
    row += 1
    write_text(front, row, 0, look.say(_("Contents")), styles.get("head"))
    write_text(front, row, 1, look.say(_("What stands out")), styles.get("head"))
    for one in contents:
        row += 1
        quoted = one.sheet.replace("'", "''")
        front.write_url(row, 0, f"internal:'{quoted}'!A1", styles.get("link"), " ")
        write_text(front, row, 0, clean(one.title).text, styles.get("link"))
        write_text(front, row, 1, clean(one.marked).text, styles.get("marked" if one.marked else "cell"))
    for at, who in enumerate(cover.boxes):
        write_text(front, row + 2 + at, 0, clean(who).text, styles.get("label"))
        front.set_row(row + 2 + at, 48)
        front.write_blank(row + 2 + at, 1, None, styles.get("box"))
