"""One sheet for each analysis: what it asks, its table with native cells, its charts beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from models.messages import _
from models.reports.results import Result, Row, Words
from models.reports.workbook import charts, layout
from models.reports.workbook.charts import Cells
from models.reports.workbook.rows import Rows, cleaned
from models.reports.workbook.styles import Styles
from models.spreadsheets.engine import write_text

HEAD: Final = 4
"""The row of the header, from 0; above it stand title, period, and what it is worked out from."""
MOST_LINKS: Final = 65_000
"""Excel takes 65,530 on a sheet."""
_LINKED: Final = _("Only the first %(count)s rows lead to their records.", count=MOST_LINKS)
_LINK, _SHORT = 6, 500
"""Rows of so short a table are as high as their texts; no program makes them so by itself."""
_BESIDE, _BELOW = 6, 40
"""A chart stands beside a table of so few columns, below one of so few rows."""
_CHART_ROWS: Final = 20
_TONES: Final = {"": "cell", "bad": "marked", "warm": "notable"}
Say = Callable[[Words], str]
Link = Callable[[Result, Row], str]


@dataclass(frozen=True)
class Paper:
    """What every printed page bears: the company, the number of the form, and who signs it."""

    company: str = ""
    number: str = ""
    boxes: Sequence[str] = ()


class Page:
    """The sheet of one analysis."""

    def __init__(
        self,
        book: Workbook,
        styles: Styles,
        sheet: Worksheet,
        say: Say,
        link: Link | None,
        paper: Paper = Paper(),
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin; `link` gives the address of the records behind a row, `tick` is called now and then."""
        self._book, self._styles, self._sheet = book, styles, sheet
        self._say, self._link, self._paper, self._tick = say, link, paper, tick
        left = "  ".join(filter(None, (paper.company, paper.number))).replace("&", "&&")
        sheet.set_footer(f"&L&8 {left}&R&8 &P / &N")  # a space, or a number would belong to the size
        self._links = 0

    def write(self, result: Result, subtitle: str, empty: str) -> None:
        """Write everything of a result."""
        self._above(result, subtitle)
        across = layout.widths(result)
        self._head(result, across)
        below = self._say_empty(result, empty) if result.is_empty else self._table(result, across)
        self._finish(result, across)
        if result.as_form:
            self._sign(below, max(len(result.columns) - 1, 1))

    def _above(self, result: Result, subtitle: str) -> None:
        """Write the title block: of a paper form across the page, with the form's number.

        Row by row from above: a cell above what was written last would be dropped.
        """
        self._sheet.set_row(0, 26)
        last = len(result.columns) - 1
        is_wide = result.as_form and last > 0
        if is_wide:
            self._sheet.merge_range(0, 0, 0, last, "", self._styles.get("form"))
        self._text(0, 0, self._say(result.title), "form" if result.as_form else "title")
        if is_wide:
            self._text(1, last, self._paper.number, "number")
        self._text(1, 0, subtitle, "subtitle")
        self._text(2, 0, self._say(result.formula), "formula")

    def _say_empty(self, result: Result, empty: str) -> int:
        """Say below the header that there is nothing; return the row after it."""
        row = HEAD + bool(result.columns)
        self._text(row, 0, " ".join(map(self._say, result.notes)) or empty, "subtitle")
        return row + 2

    def _table(self, result: Result, across: Sequence[int]) -> int:
        """Write rows, total, notes and charts; return the row after them."""
        rows = Rows(self._sheet, self._styles, result.columns)
        is_short = len(result.rows) <= _SHORT
        for at, row in enumerate(result.rows):
            self._row(rows, HEAD + 1 + at, result, row)
            if at % _SHORT == 0:
                self._tick()
            if is_short and (lines := layout.lines(result, across, row)) > 1:
                self._sheet.set_row(HEAD + 1 + at, lines * layout.LINE)
        last = HEAD + len(result.rows)
        below = last + 2
        if result.total is not None:
            self._row(rows, last + 1, result, result.total, "total")
            below += 1
        notes = [*result.notes, *([_LINKED] if self._links == MOST_LINKS else [])]
        for at, note in enumerate(notes):
            self._text(below + at, 0, self._say(note), "subtitle")
        below += len(notes)
        self._draw(result, below)
        return below + 1

    def _sign(self, row: int, wide: int) -> None:
        """Draw the boxes for signatures side by side, and let the page end there."""
        boxes = self._paper.boxes
        if len(boxes) > wide + 1:  # no room side by side
            for at, who in enumerate(boxes):
                self._box(row + at, 0, wide, who)
            row += len(boxes) - 1
        else:
            edges = [at * (wide + 1) // max(len(boxes), 1) for at in range(len(boxes) + 1)]
            for who, (first, after) in zip(boxes, pairwise(edges), strict=True):
                self._box(row, first, after - 1, who)
        self._sheet.print_area(0, 0, row, wide)

    def _box(self, row: int, first: int, last: int, who: str) -> None:
        self._sheet.set_row(row, 40)
        if last > first:
            self._sheet.merge_range(row, first, row, last, "", self._styles.get("sign"))
        self._text(row, first, f"{who}：", "sign")

    def _text(self, row: int, column: int, text: str, look: str) -> None:
        if text:
            write_text(self._sheet, row, column, cleaned(text), self._styles.get(look))

    def _head(self, result: Result, across: Sequence[int]) -> None:
        labels = [self._say(column.label) for column in result.columns]
        self._sheet.set_row(HEAD, layout.head_lines(labels, across) * layout.LINE)
        for at, (column, label) in enumerate(zip(result.columns, labels, strict=True)):
            self._text(HEAD, at, label, "head")
            if meaning := self._say(column.meaning):
                self._sheet.write_comment(HEAD, at, meaning, {"x_scale": 2, "font_size": 9})

    def _row(self, rows: Rows, at: int, result: Result, row: Row, look: str = "") -> None:
        rows.write(at, row, look or _TONES[row.tone])
        if self._link and self._links < MOST_LINKS and (address := self._link(result, row)):
            self._links += 1
            self._sheet.write_url(at, len(result.columns), address, self._styles.get("link"), "→")

    def _finish(self, result: Result, across: Sequence[int]) -> None:
        last = HEAD + len(result.rows)
        for at, (column, width) in enumerate(zip(result.columns, across, strict=True)):
            self._sheet.set_column(at, at, width)
            if result.rows and column.kind == "percent" and "change" not in column.key:
                self._sheet.conditional_format(
                    HEAD + 1, at, last, at, {"type": "data_bar", "bar_color": "#9DC3F2", "bar_solid": True}
                )
        if self._link:
            self._sheet.set_column(len(result.columns), len(result.columns), _LINK)
        self._sheet.freeze_panes(HEAD + 1, 1)
        if result.rows:
            self._sheet.autofilter(HEAD, 0, last, len(result.columns) - 1)
        self._sheet.set_landscape()
        self._sheet.set_paper(9)
        on_one = bool(result.charts) and len(result.rows) <= _BELOW
        self._sheet.fit_to_pages(1, 1 if on_one else 0)
        self._sheet.repeat_rows(HEAD)
        self._sheet.hide_gridlines(2)

    def _draw(self, result: Result, below: int) -> None:
        columns = len(result.columns) + bool(self._link)
        cells = Cells(self._sheet.name, HEAD, 0, len(result.rows))
        is_below = columns > _BESIDE and len(result.rows) <= _BELOW
        row, column = (below + 1, 0) if is_below else (HEAD, columns + 1)
        for at, chart in enumerate(result.charts):
            native = charts.draw(self._book, result, chart, cells, self._say(chart.title))
            if native is not None:
                self._sheet.insert_chart(row + at * _CHART_ROWS, column, native)
