"""Scorecard (P02.45, A13): suppliers, or any other groups, by several figures, each against its target."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from models.errors import DomainError
from models.messages import Message, _
from models.reports.analyses.figures_table import misses
from models.reports.figures import Values
from models.reports.look import Look, ordered
from models.reports.parts import Analysis, Grouping, Measure, Source, Target
from models.reports.results import Chart, Column, Result, Row, Series

MISSED = "missed"
_MET = "met"


def compute(look: Look, analysis: Analysis) -> Result:
    """Return one row for each group with all measures; those with a target say whether it is met.

    A figure that cannot be computed neither meets nor misses its target. Records that state no group are
    nobody's: they are left out, and a note says how many there are.
    """
    grouping, keys = look.grouping(analysis.by[0]), analysis.measures
    found = look.figures.by(keys, grouping.key, look.period)
    targets = {one.measure: one for one in look.report.targets if one.measure in keys}
    something = [(group, one[keys[0]]) for group, one in _stated(found) if any(one.values())]
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
        notes=list(_left_out(look, grouping, keys)),
        facts={MISSED: sum(1 for row in rows if row.flags)},
    )


def _stated(found: dict[Any, Values]) -> Iterator[tuple[Any, Values]]:
    return ((group, values) for group, values in found.items() if group is not None)


def _left_out(look: Look, grouping: Grouping, keys: Iterable[str]) -> Iterator[Message]:
    """Say how many of the records that are counted state no group, for each source that could."""
    counted: defaultdict[str, list[Measure]] = defaultdict(list)
    for one in look.figures.measures(keys):
        counted[one.source].append(one)
    for name, measures in counted.items():
        source = look.report.by_source[name]
        with suppress(DomainError):  # the figures themselves say that they are closed
            if count := _unstated(look, source, grouping, measures):
                yield _(
                    "%(count)s records of “%(source)s” do not state “%(name)s” and are left out.",
                    count=count,
                    source=_named(look, source),
                    name=look.group_column(grouping.key).label,
                )


def _named(look: Look, source: Source) -> str:
    definition = look.figures.form(source).definition
    return source.label.text(look.language) or definition.label.text(look.language) or definition.key


def _unstated(look: Look, source: Source, grouping: Grouping, measures: Iterable[Measure]) -> int:
    """Count the records of a source that count for any of its measures, and state no group."""
    rule = look.group_rule(grouping, None)
    if look.figures.cut(source, grouping.key) is None or not look.figures.can_run(source, rule):
        return 0
    wheres = [one.where for one in measures]
    of_any = {"any": wheres} if all(wheres) else None
    match = look.figures.match(source, look.figures.rule(source, look.period, of_any, rule))
    return look.figures.form(source).records().count_documents(match)


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
