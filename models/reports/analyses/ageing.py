"""Ageing: what is still open, by how long it has been (P02.42)."""

from datetime import timedelta

from models.messages import _
from models.reports.look import Look
from models.reports.parts import Analysis
from models.reports.results import Chart, Column, Result, Row, Series

LIMITS = (7, 30, 60, 90)
MOST = 12
"""So many limits at most; each span is counted by itself."""


def compute(look: Look, analysis: Analysis) -> Result:
    """Return one row for each span of days that open records have waited, counted from their source's date.

    The measure says what is open (its rule names the states). Options: `days`, the limits of the spans.
    """
    key = analysis.measures[0]
    limits = sorted({int(one) for one in analysis.options.get("days", LIMITS)})
    spans = list(zip([0, *(one + 1 for one in limits)], [*limits, None], strict=True))
    at = min(look.today, look.period.last)
    date = look.source_of(key).date
    rows = []
    for least, most in spans:
        rule = {
            "all": [
                {"field": date, "op": "lte", "value": (at - timedelta(days=least)).isoformat()},
                *(
                    [{"field": date, "op": "gte", "value": (at - timedelta(days=most)).isoformat()}]
                    if most is not None
                    else []
                ),
            ]
        }
        source, where = look.drill(key, None, rule)
        count = look.figures.total((key,), None, rule)[key]
        words = (
            _("More than %(days)s days", days=least - 1)
            if most is None
            else _("%(least)s to %(most)s days", least=least, most=most)
        )
        rows.append(
            Row({"span": look.say(words), key: count}, source, where, () if most or not count else ("old",))
        )
    title = analysis.label.text(look.language)
    return Result(
        analysis.key,
        title,
        (Column("span", _("Open for")), look.column(key)),
        tuple(rows),
        (Chart("bar", title, "span", (Series(key),), mark="old"),),
        _("Open at %(day)s, counted from “%(field)s”.", day=at.isoformat(), field=look.field_name(key, date)),
        [_("Whether something is open is judged as it is now.")],
    )
