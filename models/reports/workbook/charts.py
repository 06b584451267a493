"""Native Excel charts of a table: they refer to its cells, so that editing those redraws them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.chart import Chart as NativeChart

from models.reports.results import Chart, Result, Series
from models.spreadsheets.widths import text_width

BLUE, ORANGE, RED, GRAY, LIGHT = "#2F6FDE", "#E07B24", "#C8312B", "#7A8699", "#C9D3E0"
LAYERS: Final = (BLUE, "#3FA66B", ORANGE, "#8A63D2", "#2AA5A0")
"""What is stacked upon each other, from the bottom."""
_KINDS: Final[Mapping[str, dict[str, str]]] = {
    "bar": {"type": "column"},
    "stacked": {"type": "column", "subtype": "stacked"},
    "histogram": {"type": "column"},
    "fishbone": {"type": "bar"},
    "pareto": {"type": "column"},
    "line": {"type": "line"},
    "season": {"type": "line"},
    "control": {"type": "line"},
}
WIDTH, HEIGHT = 760, 380
LONG: Final = 24
"""Longer names than this, in half-width characters, stand beside bars that lie."""
_COLORS: Final = {"": None, "bad": RED, "warm": ORANGE}


@dataclass(frozen=True)
class Cells:
    """Where a table stands: its sheet, the row of its header (from 0), its first column, how many rows."""

    sheet: str
    header: int
    column: int
    rows: int

    def of(self, index: int, rows: int) -> list[Any]:
        """Return the range of a column's first rows, as XlsxWriter takes it."""
        first = self.header + 1
        return [self.sheet, first, self.column + index, first + rows - 1, self.column + index]

    def name(self, index: int) -> list[Any]:
        """Return the cell of a column's header."""
        return [self.sheet, self.header, self.column + index]


def draw(book: Workbook, result: Result, chart: Chart, cells: Cells, title: str) -> NativeChart | None:
    """Return a chart of a result whose table stands at `cells`; None where there is nothing to draw."""
    rows = min(chart.rows or cells.rows, cells.rows)
    if rows == 0:
        return None
    index = {column.key: at for at, column in enumerate(result.columns)}
    lies = _lies(result, chart, rows)
    main = book.add_chart({**_KINDS[chart.kind], **({"type": "bar"} if lies else {})})
    second = None
    for at, series in enumerate(chart.series):
        options = _series(result, chart, series, cells, index, rows, at)
        if series.second:
            second = second or book.add_chart({"type": "line"})
            second.add_series({**options, "y2_axis": True})
        else:
            main.add_series(options)
    if second is not None:
        main.combine(second)
        second.set_y2_axis({"min": 0, "max": 1, "num_format": "0%", "major_gridlines": {"visible": False}})
    _dress(main, title, single=len(chart.series) == 1, lies=lies)
    return main


def _lies(result: Result, chart: Chart, rows: int) -> bool:
    """Tell whether bars lie: a cause and effect diagram, and groups with long names."""
    if chart.kind not in {"bar", "fishbone"}:
        return False
    names = (str(row.values.get(chart.categories) or "") for row in result.rows[:rows])
    return chart.kind == "fishbone" or max(map(text_width, names), default=0) > LONG


def _series(
    result: Result, chart: Chart, series: Series, cells: Cells, index: Mapping[str, int], rows: int, at: int
) -> dict[str, Any]:
    column = index[series.column]
    options: dict[str, Any] = {
        "name": cells.name(column),
        "categories": cells.of(index[chart.categories], rows),
        "values": cells.of(column, rows),
        # what a viewer shows that does not compute; the cells themselves are written row by row
        "categories_data": [_named(row.values.get(chart.categories)) for row in result.rows[:rows]],
        "values_data": [_number(row.values.get(series.column)) for row in result.rows[:rows]],
    }
    marked = (
        [_COLORS[row.tone] if chart.mark in row.flags else None for row in result.rows[:rows]]
        if at == 0
        else []
    )
    return options | _LOOKS[series.draw](series, marked, chart, at)


def _named(value: Any) -> str | float:  # noqa: ANN401  (any value of a table)
    return value if isinstance(value, str) else "" if value is None else float(value)


def _number(value: Any) -> float | None:  # noqa: ANN401  (any value of a table)
    """Return what a point is drawn from; None for none at all, as any text would be drawn at 0."""
    return None if value is None or isinstance(value, str) else float(value)


def _bar(_series: Series, marked: list[Any], chart: Chart, at: int) -> dict[str, Any]:
    points = [{"fill": {"color": one}} if one else None for one in marked]
    return {
        "fill": {"color": LAYERS[at % len(LAYERS)]},
        "gap": 0 if chart.kind == "histogram" else 60,
        **({"points": points} if any(marked) else {}),
    }


def _line(series: Series, marked: list[Any], _chart: Chart, _at: int) -> dict[str, Any]:
    color = ORANGE if series.second else BLUE
    points = [{"fill": {"color": one}, "border": {"color": one}} if one else None for one in marked]
    return {
        "line": {"color": color, "width": 2},
        "marker": {"type": "circle", "size": 6, "fill": {"color": color}, "border": {"color": color}},
        **({"points": points} if any(marked) else {}),
    }


def _limit(series: Series, _marked: list[Any], _chart: Chart, _at: int) -> dict[str, Any]:
    dash = "solid" if series.column == "centre" else "dash"
    color = GRAY if series.column == "centre" else RED
    return {"line": {"color": color, "width": 1.25, "dash_type": dash}, "marker": {"type": "none"}}


def _target(_series: Series, _marked: list[Any], _chart: Chart, _at: int) -> dict[str, Any]:
    return {"line": {"color": ORANGE, "width": 1.5, "dash_type": "long_dash"}, "marker": {"type": "none"}}


def _points(_series: Series, _marked: list[Any], _chart: Chart, _at: int) -> dict[str, Any]:
    dot = {"type": "circle", "size": 9, "fill": {"color": RED}, "border": {"color": RED}}
    return {"line": {"none": True}, "marker": dot}


_LOOKS: Final = {"bar": _bar, "line": _line, "limit": _limit, "target": _target, "points": _points}


def _dress(native: NativeChart, title: str, *, single: bool, lies: bool) -> None:
    font = {"name": "Microsoft YaHei", "size": 9, "color": "#444C56"}
    native.set_title({"name": title, "name_font": {**font, "size": 12, "bold": True}, "overlay": False})
    names = {"num_font": font, "line": {"color": LIGHT}, "major_gridlines": {"visible": False}}
    values = {
        "num_font": font,
        "line": {"none": True},
        "major_gridlines": {"visible": True, "line": {"color": LIGHT}},
    }
    if lies:  # the first stands above
        native.set_y_axis({**names, "reverse": True, "crossing": "max"})
        native.set_x_axis(values)
    else:
        native.set_x_axis(names)
        native.set_y_axis(values)
    native.set_legend({"none": True} if single else {"position": "bottom", "font": font})
    native.set_size({"width": WIDTH, "height": HEIGHT})
    native.set_chartarea({"border": {"color": LIGHT}})
    native.show_blanks_as("gap")
