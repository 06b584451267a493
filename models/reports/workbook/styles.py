"""The formats of a report's workbook, made once each."""

from collections.abc import Mapping
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from models.reports.results import Column

FONT: Final = "Microsoft YaHei"
_BASE: Final = {"font_name": FONT, "font_size": 10, "valign": "vcenter"}
_LINES: Final = {"border": 1, "border_color": "#C9D3E0"}
_LOOKS: Final[Mapping[str, dict[str, Any]]] = {
    "plain": {},
    "title": {"bold": True, "font_size": 16, "font_color": "#1F3A5F"},
    "form": {"bold": True, "font_size": 18, "font_color": "#1F3A5F", "align": "center"},
    "subtitle": {"font_color": "#57606A"},
    "note": {"font_color": "#57606A", "italic": True, "text_wrap": True, "valign": "top"},
    "formula": {"font_color": "#1F3A5F"},
    "head": {**_LINES, "bold": True, "bg_color": "#E8EDF3", "text_wrap": True, "align": "center"},
    "cell": {**_LINES, "text_wrap": True},
    "marked": {**_LINES, "text_wrap": True, "bg_color": "#FDE7E5", "font_color": "#8E1F1A"},
    "notable": {**_LINES, "text_wrap": True, "bg_color": "#FFF5DF"},
    "number": {"font_color": "#57606A", "align": "right"},
    "sign": {**_LINES, "bold": True, "valign": "top"},
    "total": {**_LINES, "bold": True, "bg_color": "#F3F5F8"},
    "label": {**_LINES, "bold": True, "bg_color": "#F3F5F8"},
    "box": {**_LINES, "valign": "top"},
    "link": {**_LINES, "font_color": "#2F6FDE", "underline": 1},
}


def number_format(column: Column) -> str:
    """Return how a column's numbers are shown."""
    places = "." + "0" * column.decimals if column.decimals else ""
    shapes = {
        "integer": "#,##0",
        "decimal": f"#,##0{places}",
        "money": "#,##0.00",
        "percent": f"0{places}%",
        "date": "yyyy-mm-dd",
        "datetime": "yyyy-mm-dd hh:mm",
    }
    return shapes.get(column.kind, "General")


class Styles:
    """Formats by look and number format."""

    def __init__(self, book: Workbook) -> None:
        """Begin for a workbook."""
        self._book = book
        self._made: dict[tuple[str, str], Format] = {}

    def get(self, look: str, shape: str = "General") -> Format:
        """Return the format of a look."""
        key = look, shape
        if key not in self._made:
            self._made[key] = self._book.add_format({**_BASE, **_LOOKS[look], "num_format": shape})
        return self._made[key]
