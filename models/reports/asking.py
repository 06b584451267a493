"""One aggregation as it is asked for, and its answer as cells: by group and by period."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final, NamedTuple, Self

from models.database import Document
from models.definition import RuleTree
from models.reports import measuring
from models.reports.cutting import Cut
from models.reports.measuring import Raw
from models.reports.parts import Measure
from models.reports.periods import Period

Cell = tuple[tuple[Any, ...], str | None]
"""A group of each grouping, and the name of a period of a series."""

ISO_MONTH: Final = 7
"""The length of `2026-10`."""


class Asked(NamedTuple):
    """One aggregation: some measures of a source under one rule, by groups, and by period of a series."""

    source: str
    rule: RuleTree | None
    measures: tuple[Measure, ...]
    groupings: tuple[str, ...]
    period: Period | None
    series: tuple[Period, ...]
    where: RuleTree | None


@dataclass(frozen=True)
class Expected:
    """Series of months that will be asked for of the same records: their measures, first and last month."""

    measures: Mapping[str, Measure]
    first: Period
    last: Period

    @classmethod
    def of(cls, measures: Iterable[Measure], periods: Sequence[Period]) -> Self:
        """Begin with one series. Different values are dear to keep for months that need none."""
        kept = {one.key: one for one in measures if one.kind != "distinct"}
        return cls(kept if periods[0].unit == "month" else {}, periods[0], periods[-1])

    def and_of(self, measures: Iterable[Measure], periods: Sequence[Period]) -> Self:
        """Return what is expected together with one more series."""
        other = self.of(measures, periods)
        if not self.measures or not other.measures:
            return other if other.measures else self
        first = min(self.first, other.first, key=lambda one: one.first)
        last = max(self.last, other.last, key=lambda one: one.last)
        return type(self)({**self.measures, **other.measures}, first, last)

    def has(self, asked: Asked) -> bool:
        """Tell whether a series is among what is expected."""
        return (
            bool(asked.series)
            and asked.series[0].unit == "month"
            and self.first.first <= asked.series[0].first
            and asked.series[-1].last <= self.last.last
            and all(one.key in self.measures for one in asked.measures)
        )

    def asked(self, asked: Asked) -> Asked:
        """Return everything that is expected as one question."""
        span = span_of((self.first, self.last))
        return asked._replace(
            measures=tuple(self.measures.values()), period=span, series=tuple(span.months())
        )


def cells(found: Iterable[Document], asked: Asked, cuts: Sequence[Cut]) -> dict[Cell, list[Raw]]:
    """Return the measures of each cell, as far as its parts can be put together."""
    return _added_up(_each(found, asked, cuts))


def _each(found: Iterable[Document], asked: Asked, cuts: Sequence[Cut]) -> Iterator[tuple[Cell, list[Raw]]]:
    firsts = [period.first for period in asked.series]
    for one in found:
        at = one["_id"] or {}
        name = asked.series[_place(firsts, at["day"])].name if firsts else None
        raw = [measuring.read(measure, one, f"m{index}") for index, measure in enumerate(asked.measures)]
        yield (tuple(cut.group(at.get(f"g{place}")) for place, cut in enumerate(cuts)), name), raw


def _place(firsts: Sequence[date], day: str) -> int:
    """Return which period a day, or the month that begins with it, lies in."""
    return bisect_right(firsts, date.fromisoformat(day if len(day) > ISO_MONTH else f"{day}-01")) - 1


def _added_up(parts: Iterable[tuple[Cell, list[Raw]]]) -> dict[Cell, list[Raw]]:
    """Return each cell; the days of a period are added up, different values are counted once in it."""
    cells: dict[Cell, list[Raw]] = {}
    for cell, raw in parts:
        before = cells.get(cell)
        cells[cell] = (
            raw if before is None else [measuring.added(*pair) for pair in zip(before, raw, strict=True)]
        )
    return cells


def by_source(measures: Iterable[Measure]) -> list[tuple[str, RuleTree | None, tuple[Measure, ...]]]:
    """Return the measures that one aggregation can work out together."""
    ordered = sorted(measures, key=lambda one: (one.source, repr(one.where)))
    return [
        (source, found[0].where, found)
        for (source, _rule), group in groupby(ordered, key=lambda one: (one.source, repr(one.where)))
        if (found := tuple(group))
    ]


def span_of(periods: Sequence[Period]) -> Period:
    """Return the days of some periods that follow each other, however many."""
    first, last = periods[0], periods[-1]
    return Period("custom", first.first, last.last, f"{first.name}..{last.name}", first.fiscal)
