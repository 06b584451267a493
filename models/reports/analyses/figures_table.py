"""The report's key figures, beside the periods and targets they are compared with (A1, 2.5)."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from models.messages import Message, _
from models.reports.figures import Value
from models.reports.look import Look, change
from models.reports.parts import Analysis, Target
from models.reports.results import Column, Result, Row


def compute(look: Look, analysis: Analysis) -> Result:
    """Return one row for each measure or ratio."""
    keys = analysis.measures or tuple(look.report.by_measure)
    now = look.figures.total(keys, look.period)
    compared = [(name, period, look.figures.total(keys, period)) for name, period, _label in look.compared]
    targets = {one.measure: one for one in look.report.targets if "target" in look.report.compare}
    rows = []
    for key in keys:
        values: dict[str, Any] = {"figure": look.named(key), "value": now[key]}
        for name, _period, found in compared:
            values[name] = found[key]
            values[f"{name}_change"] = change(now[key], found[key])
        target = targets.get(key)
        values["target"] = target.value if target else None
        values["unit"] = look.report.by_measure[key].unit.text(look.language)
        values["formula"] = look.say(look.formula(key))
        source, where = look.drill(key, look.period)
        rows.append(
            Row(
                values,
                source,
                where,
                ("missed",) if target and misses(target, now[key]) else (),
                look.report.by_measure[key].decimals,
            )
        )
    return Result(
        analysis.key,
        analysis.label.text(look.language),
        _columns(look, with_target=bool(targets)),
        tuple(rows),
        notes=[*_sources(look, keys), _NOT_COMPUTED],
    )


_NOT_COMPUTED: Final = _("A figure without anything to divide by cannot be computed and is left blank.")


def _sources(look: Look, keys: Iterable[str]) -> Iterator[Message]:
    """Say what the records are that figures count (2.7: what a rate is divided by is a decision)."""
    used = {one.source for one in look.figures.measures(keys)}
    yield from (look.counted(one) for one in look.report.sources if one.key in used)


def _columns(look: Look, *, with_target: bool) -> tuple[Column, ...]:
    columns = [
        Column("figure", _("Figure")),
        Column("value", look.period.name, "decimal", 2),
    ]
    for name, _period, label in look.compared:
        columns.append(Column(name, label, "decimal", 2))
        columns.append(Column(f"{name}_change", _("Change"), "percent", 1))
    if with_target:
        columns.append(Column("target", _("Target"), "decimal", 2))
    return (*columns, Column("unit", _("Unit")), Column("formula", _("How it is worked out")))


def misses(target: Target, value: Value) -> bool:
    """Tell whether a value is on the wrong side of its target; one that cannot be computed is not."""
    if value is None:
        return False
    return value > target.value if target.better == "lower" else value < target.value
