"""Pareto analysis (P02.40): the few groups that make up most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

Group = TypeVar("Group")
ZERO = Decimal(0)


@dataclass(frozen=True)
class Bar(Generic[Group]):
    """One group: its value, its share of the whole, and the share of it and all before (0 to 1)."""

    group: Group
    value: Decimal
    share: Decimal
    cumulative: Decimal


def pareto(values: Mapping[Group, Decimal], *, last: Sequence[Group] = ()) -> list[Bar[Group]]:
    """Return the groups, largest first, groups without value left out; those in `last` stand at the end.

    Equal ones keep the order they come in.
    """
    ordered = sorted(
        ((group, value) for group, value in values.items() if value > 0),
        key=lambda pair: (pair[0] in last, -pair[1]),
    )
    total = sum((value for _group, value in ordered), ZERO)
    bars: list[Bar[Group]] = []
    passed = ZERO
    for group, value in ordered:
        passed += value
        bars.append(Bar(group, value, value / total, passed / total))
    return bars


def vital(bars: Sequence[Bar[Group]], share: Decimal = Decimal("0.8")) -> list[Group]:
    """Return the groups that together reach a share for the first time, from the largest."""
    found = []
    for bar in bars:
        found.append(bar.group)
        if bar.cumulative >= share:
            break
    return found
