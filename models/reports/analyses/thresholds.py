"""Defect rate of one mechanism against the limits that ask for a report (P09.12, P09.14, A11).

Exactly: 3.000 ‰ does not exceed 3 ‰, 3.001 ‰ does. Without deliveries a rate cannot be computed.
"""

from decimal import Decimal
from typing import Any

from models.definition import Label
from models.messages import _
from models.reports.look import Look, ordered, plain
from models.reports.parts import Analysis
from models.reports.results import Column, Result, Row
from models.reports.statistics.pareto import ZERO

OVER = "over_limit"


def compute(look: Look, analysis: Analysis) -> Result:
    """Return one row for each group whose rate could be computed, with what it asks for.

    The first measure counts, the second is what it is divided by (the whole, not by group). Options:
    `limits`: [{value: 3, per: 1000, label: {zh, en}, key: anomaly}], each strictly exceeded or not. Every
    group that exceeds one asks for a plan of its own, which is told the `key` of the highest.
    """
    grouping, (key, whole_key) = look.grouping(analysis.by[0]), analysis.measures[:2]
    found = look.figures.by((key,), grouping.key, look.period)
    whole = look.figures.total((whole_key,), look.period)[whole_key]
    limits = [
        (Decimal(str(one["value"])) / Decimal(str(one["per"])), Label(**one["label"]), one.get("key", ""))
        for one in analysis.options.get("limits", ())
    ]
    look.prime(grouping, found)
    rows, over = [], []
    for group, count in ordered([(group, one[key]) for group, one in found.items() if group is not None]):
        rate = (count or ZERO) / whole if whole else None
        exceeded = [one for one in limits if rate is not None and rate > one[0]]
        source, where = look.drill(key, look.period, look.group_rule(grouping, group))
        name = look.group_name(grouping, group)
        if rate is not None and exceeded:
            _limit, _label, highest = max(exceeded, key=lambda one: one[0])
            over.append({"group": plain(group), "name": name, "rate": f"{rate * 1000:.3f}", "limit": highest})
        values: dict[str, Any] = {
            "group": name,
            key: count,
            "rate": None if rate is None else rate * 1000,
            "asked": "; ".join(label.text(look.language) for _limit, label, _key in exceeded),
        }
        rows.append(Row(values, source, where, (OVER,) if exceeded else ()))
    return Result(
        analysis.key,
        analysis.label.text(look.language),
        (
            look.group_column(grouping.key),
            look.column(key),
            Column("rate", _("Rate (‰)"), "decimal", 3),
            Column("asked", _("What it asks for")),
        ),
        tuple(rows),
        formula=_("%(part)s ÷ %(whole)s × 1,000", part=look.named(key), whole=look.named(whole_key)),
        notes=[] if whole != ZERO else [_("Nothing was delivered in the period: rates cannot be computed.")],
        facts={"over": len(over), "groups": over},
    )
