"""Cause and effect 因果图 (P02.41, A7): causes by 人机料法环, each with what it led to."""

from collections.abc import Iterator
from typing import Any

from models.messages import _
from models.reports.figures import Value
from models.reports.look import Look, ordered
from models.reports.parts import Analysis, Grouping
from models.reports.results import Chart, Column, Result, Row, Series


def compute(look: Look, analysis: Analysis) -> Result:
    """Return one row for each category of cause (first grouping) and cause within it (second grouping)."""
    bones, twigs, key = look.grouping(analysis.by[0]), look.grouping(analysis.by[1]), analysis.measures[0]
    rows = []
    for bone, twig, count in _causes(look, key, bones, twigs):
        rules = look.group_rule(bones, bone), look.group_rule(twigs, twig)
        source, where = look.drill(key, look.period, *rules)
        values = {"bone": look.group_name(bones, bone), "twig": look.group_name(twigs, twig), key: count}
        rows.append(Row(values, source, where))
    title = analysis.label.text(look.language)
    return Result(
        analysis.key,
        title,
        (
            Column("bone", bones.label.text(look.language)),
            Column("twig", twigs.label.text(look.language)),
            look.column(key),
        ),
        tuple(rows),
        (Chart("fishbone", title, "bone", (Series(key),)),),
        look.formula(key),
        [] if rows else [_("No causes are stated in this period.")],
    )


def _causes(look: Look, key: str, bones: Grouping, twigs: Grouping) -> Iterator[tuple[Any, Any, Value]]:
    """Yield each bone, largest first, with its twigs, and what stands behind both."""
    of_bones = look.figures.by((key,), bones.key, look.period)
    found: dict[Any, list[tuple[Any, Value]]] = {}
    for (bone, twig), values in look.figures.across((key,), (bones.key, twigs.key), look.period).items():
        found.setdefault(bone, []).append((twig, values[key]))
    look.prime(bones, found)
    look.prime(twigs, {twig for of_bone in found.values() for twig, _value in of_bone})
    for bone, _value in ordered([(bone, of_bones.get(bone, {}).get(key)) for bone in found]):
        yield from ((bone, twig, value) for twig, value in ordered(found[bone]))
