"""Pareto 排列图 (P02.40, A6): the few groups that make up most, by count, cost or any other measure."""

from models.messages import _
from models.reports.look import Look
from models.reports.parts import Analysis
from models.reports.results import Chart, Result, Row, Series
from models.reports.statistics.pareto import ZERO, pareto, vital

VITAL = "vital"


def compute(look: Look, analysis: Analysis) -> Result:
    """Return one row for each group, largest first, with its share and that of all before it."""
    grouping, key = look.grouping(analysis.by[0]), analysis.measures[0]
    found = look.figures.by((key,), grouping.key, look.period)
    bars = pareto({group: one[key] or ZERO for group, one in found.items()}, last=[None])
    few = set(vital(bars))
    look.prime(grouping, found)
    rows = []
    for bar in bars:
        source, where = look.drill(key, look.period, look.group_rule(grouping, bar.group))
        values = {
            "group": look.group_name(grouping, bar.group),
            key: bar.value,
            "share": bar.share,
            "cumulative": bar.cumulative,
        }
        rows.append(Row(values, source, where, (VITAL,) if bar.group in few else ()))
    title = analysis.label.text(look.language)
    return Result(
        analysis.key,
        title,
        (
            look.group_column(grouping.key),
            look.column(key),
            look.share(),
            look.share("cumulative", _("Cumulative share")),
        ),
        tuple(rows),
        (
            Chart(
                "pareto",
                title,
                "group",
                (Series(key), Series("cumulative", "line", second=True)),
                rows=int(analysis.options.get("rows", 15)),
                mark=VITAL,
            ),
        ),
        look.formula(key),
        [_("Marked: the groups that together reach 80 % for the first time.")] if rows else [],
    )
