"""A report's workbook with a long list and many charts, against XlsxWriter's own calls for the same cells."""

import random
import statistics
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from bson import ObjectId
from xlsxwriter import Workbook

from backoffice.bench.exports import in_own_process
from backoffice.bench.ground import Ground
from backoffice.bench.measuring import SECONDS, Against, Result
from models.people import User
from models.reports import results
from models.reports.look import Look
from models.reports.parts import ReportDefinition
from models.reports.periods import Period
from models.reports.results import Chart, Column, Row, Series
from models.reports.workbook.writing import Cover, write

RATIO: Final = 1.3
MEGABYTES: Final = 200
ROUNDS: Final = 3
ROWS: Final = 20_000
CHARTS: Final = 12
_FIRST: Final = date(2026, 9, 1)
_NAMES: Final = ("云溪动力", "石桥湾农机", "Nordwind Pumpen", "长河机电")
_COLUMNS: Final = (
    Column("number", "编号"),
    Column("on", "接收时间", "date"),
    *(Column(f"t{at}", f"文字 {at}") for at in range(8)),
    *(Column(f"n{at}", f"数量 {at}", "integer") for at in range(3)),
    Column("cost", "费用", "money", 2),
    Column("rate", "比率", "percent", 1),
)


def workbook(ground: Ground) -> Iterator[Result]:
    """Measure a workbook of 20,000 records and twelve charts."""
    ours, theirs = [], []
    for _round in range(ROUNDS):
        ours.append(in_own_process(_our_way, ground))
        theirs.append(in_own_process(_bare_way, ground))
    what = f"report workbook, {ROWS:,} rows × {len(_COLUMNS)} columns, {CHARTS} charts"
    mine, bare = (statistics.median(run.seconds for run in runs) for runs in (ours, theirs))
    yield Result("workbook", what, mine, bare, RATIO, unit=SECONDS)
    peak, peak_of_bare = (max(run.megabytes for run in runs) for runs in (ours, theirs))
    yield Result("workbook", "its peak over idle", peak, peak_of_bare, MEGABYTES, Against.ITSELF, unit="MB")


def _rows(count: int) -> Iterator[Row]:
    chance = random.Random(5)  # noqa: S311  (the same each time)
    for at in range(count):
        texts = {f"t{place}": f"{chance.choice(_NAMES)} {chance.randrange(10**6)}" for place in range(8)}
        numbers: dict[str, Any] = {f"n{place}": chance.randrange(10**4) for place in range(3)}
        yield Row(
            {
                "number": f"FK-2026-{at:06}",
                "on": _FIRST + timedelta(days=at % 30),
                **texts,
                **numbers,
                "cost": Decimal(chance.randrange(10**6)) / 100,
                "rate": chance.random(),
            }
        )


def _results() -> Iterator[results.Result]:
    for at in range(CHARTS):
        chart = Chart("pareto", f"图 {at}", "number", (Series("n0"), Series("rate", "line", second=True)))
        yield results.Result(f"chart{at}", f"分析 {at}", _COLUMNS, list(_rows(24)), (chart,))
    yield results.Result("list", "明细", _COLUMNS, list(_rows(ROWS)))


def _our_way(person: ObjectId, path: Path) -> int:
    report = ReportDefinition.load({"key": "bench", "label": {"zh": "汇总", "en": "Summary"}})
    look = Look(report, User.objects.get(id=person), Period.read("2026-09"), "zh")
    write(path, look, Cover("汇总", [("期间", "2026-09")]), _results())
    return ROWS


def _bare_way(_person: ObjectId, path: Path) -> int:
    """Write the same cells, typed, in one format a column, and nothing else."""
    with Workbook(str(path)) as book:
        styles = {"date": "yyyy-mm-dd", "integer": "#,##0", "money": "#,##0.00", "percent": "0.0%"}
        formats = [
            book.add_format({"num_format": styles.get(one.kind, "General"), "border": 1}) for one in _COLUMNS
        ]
        for found in _results():
            sheet = book.add_worksheet()
            for at, row in enumerate(found.rows, 1):
                for place, column in enumerate(_COLUMNS):
                    _bare_cell(sheet, at, place, row.values[column.key], formats[place])
    return ROWS


def _bare_cell(sheet: Any, row: int, column: int, value: Any, style: Any) -> None:  # noqa: ANN401
    if isinstance(value, str):
        sheet.write_string(row, column, value, style)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, style)
    else:
        sheet.write_number(row, column, float(value), style)
