"""Season (P03.33, A5): how each month compares with the average month, over complete years."""

from dataclasses import replace
from decimal import Decimal

from models.messages import _
from models.reports.figures import Value, Values
from models.reports.look import Look
from models.reports.parts import Analysis
from models.reports.periods import Period
from models.reports.results import Chart, Column, Result, Row, Series
from models.reports.statistics.season import MONTHS, season

YEARS = 5


def compute(look: Look, analysis: Analysis) -> Result:
    """Return one row for each month: its index, and the figure in each of the years. Options: `years`.

    The year in which records begin is complete only if they begin in its first month.
    """
    key = analysis.measures[0]
    years = _years(look, analysis)
    months = [month for year in years for month in year.months()]
    values = look.figures.series((key,), months)
    counts = {(at // MONTHS, at % MONTHS + 1): _number(found[key]) for at, found in enumerate(values)}
    complete = [at for at, year in enumerate(years) if year.is_over(look.today)]
    begun = look.figures.begins(look.report.by_source[look.figures.measures((key,))[0].source])
    told = [at for at in complete if begun is not None and begun <= months[at * MONTHS].last]
    found = season(counts, told)
    rows = [
        Row(
            {
                "month": months[month - 1].name[-2:],
                "index": found.index[month - 1],
                **{
                    year.name: _shown(months, values, at * MONTHS + month - 1, key, look)
                    for at, year in enumerate(years)
                },
            }
        )
        for month in range(1, MONTHS + 1)
    ]
    title = analysis.label.text(look.language)
    return Result(
        analysis.key,
        title,
        (
            Column("month", _("Month")),
            Column("index", _("Season index"), "decimal", 2),
            *(replace(look.column(key), key=year.name, label=year.name) for year in years),
        ),
        tuple(rows),
        (Chart("season", title, "month", (Series("index", "line"),)),),
        _("Each month divided by the average month of its year, averaged over complete years; 1 is average."),
        [_("Complete years with records: %(count)s.", count=len(told))],
    )


def _number(value: Value) -> float | None:
    return None if value is None else float(value)


def ahead(look: Look, analysis: Analysis) -> tuple[tuple[str, ...], list[Period]]:
    """Return which figure of which months it needs."""
    return analysis.measures[:1], [month for year in _years(look, analysis) for month in year.months()]


def _years(look: Look, analysis: Analysis) -> list[Period]:
    last = Period.at("year", look.period.last, look.fiscal)
    return last.until(int(analysis.options.get("years", YEARS)) + 1)


def _shown(months: list[Period], values: list[Values], at: int, key: str, look: Look) -> Decimal | None:
    """Return the figure of a month; a month that is still to come has none."""
    return values[at][key] if months[at].first <= look.today else None
