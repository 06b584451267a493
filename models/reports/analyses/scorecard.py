"""Scorecard (P02.45, A13): suppliers, or any other groups, by several figures, each against its target."""

from collections.abc import Iterator
from typing import Any

from models.messages import _
from models.reports.analyses.figures_table import misses
from models.reports.figures import Values
from models.reports.look import Look, ordered
from models.reports.parts import Analysis, Target
from models.reports.results import Chart, Column, Result, Row, Series

MISSED = "missed"
_MET = "met"


def compute(look: Look, analysis: Analysis) -> Result:
    """Return one row for each group with all measures; those with a target say whether it is met.

    A figure that cannot be computed neither meets nor misses its target.
    """
    grouping, keys = look.grouping(analysis.by[0]), analysis.measures
    found = look.figures.by(keys, grouping.key, look.period)
    targets = {one.measure: one for one in look.report.targets if one.measure in keys}
    something = [(group, one[keys[0]]) for group, one in found.items() if any(one.values())]
    groups = [group for group, _value in ordered(something)][: grouping.top or None]
    look.prime(grouping, groups)
    rows = []
    for group in groups:
        source, where = look.drill(keys[0], look.period, look.group_rule(grouping, group))
        marks = _marks(look, targets, found[group])
        values: dict[str, Any] = {"group": look.group_name(grouping, group), **found[group], **marks}
        flags = (MISSED,) if any(_misses(targets, found[group])) else ()
        rows.append(Row(values, source, where, flags))
    title = analysis.label.text(look.language)
    return Result(
        analysis.key,
        title,
        _columns(look, analysis, targets),
        tuple(rows),
        tuple(Chart("bar", look.named(key), "group", (Series(key),), rows=20) for key in keys[:3]),
        "; ".join(look.say(look.formula(key)) for key in keys),
        facts={MISSED: sum(1 for row in rows if row.flags)},
    )


def _misses(targets: dict[str, Target], found: Values) -> Iterator[bool]:
    return (misses(target, found[key]) for key, target in targets.items())


def _marks(look: Look, targets: dict[str, Target], found: Values) -> dict[str, Any]:
    """Return for each target whether it is met, and how many of those that can be told are."""
    marks: dict[str, Any] = {}
    told = [key for key in targets if found[key] is not None]
    for key in told:
        missed = misses(targets[key], found[key])
        marks[f"{key}_mark"] = look.say(_("Missed") if missed else _("Met"))
    met = sum(1 for key in told if not misses(targets[key], found[key]))
    return {**marks, _MET: f"{met}/{len(told)}" if told else None}


def _columns(look: Look, analysis: Analysis, targets: dict[str, Target]) -> tuple[Column, ...]:
    columns = [look.group_column(analysis.by[0])]
    for key in analysis.measures:
        columns.append(look.column(key))
        if target := targets.get(key):
            sign = "≤" if target.better == "lower" else "≥"
            columns.append(Column(f"{key}_mark", f"{look.say(_('Target'))} {sign} {target.value:f}"))
    return (*columns, Column(_MET, _("Targets met"))) if targets else tuple(columns)
