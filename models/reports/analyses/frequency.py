"""Frequency (P03.30, A2): what happens again and again (经常) and what happened by chance (偶发)."""

from models.messages import _
from models.reports.look import Look, ordered
from models.reports.parts import Analysis
from models.reports.results import Chart, Column, Result, Row, Series

FREQUENT = "frequent"
LIMIT = 3
MONTHS = 3


def compute(look: Look, analysis: Analysis) -> Result:
    """Return one row for each group: how often in the period, in how many periods of late, and what that is.

    Options: `limit` (so many times in the period are frequent), `periods` and `in_periods` (or so many of
    the last periods).
    """
    grouping, key = look.grouping(analysis.by[0]), analysis.measures[0]
    limit = int(analysis.options.get("limit", LIMIT))
    back = int(analysis.options.get("periods", MONTHS))
    enough = int(analysis.options.get("in_periods", back))
    periods = look.period.until(back)
    found = [look.figures.by((key,), grouping.key, period) for period in periods]
    look.prime(grouping, found[-1])
    rows = []
    for group, count in ordered([(group, one[key]) for group, one in found[-1].items() if one[key]]):
        seen = sum(1 for of_period in found if (of_period.get(group, {}).get(key) or 0) > 0)
        frequent = group is not None and ((count or 0) >= limit or seen >= enough)
        source, where = look.drill(key, look.period, look.group_rule(grouping, group))
        values = {
            "group": look.group_name(grouping, group),
            key: count,
            "periods": seen,
            "kind": look.say(_("Frequent") if frequent else _("Occasional")) if group is not None else "",
        }
        rows.append(Row(values, source, where, (FREQUENT,) if frequent else ()))
    title = analysis.label.text(look.language)
    return Result(
        analysis.key,
        title,
        (
            look.group_column(grouping.key),
            look.column(key),
            Column("periods", _("In how many of the last %(count)s periods", count=back), "integer"),
            Column("kind", _("Frequency")),
        ),
        tuple(rows),
        (Chart("bar", title, "group", (Series(key),), rows=20, mark=FREQUENT),),
        _(
            "Frequent: %(limit)s times or more in the period, or in %(enough)s of the last %(back)s.",
            limit=limit,
            enough=enough,
            back=back,
        ),
    )
