"""Control charts for counts and shares, and the rules that tell chance from change (P03.34, P14.09).

Formulas as in ISO 7870-2: limits are three standard deviations from the centre line, never below zero, nor
above one for shares. Limits come only from enough points.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from statistics import fmean
from types import MappingProxyType
from typing import Final, Literal

Kind = Literal["c", "u", "p", "i"]
MIN_POINTS: Final = 8
"""Fewer points say nothing about how much is chance."""
SIGMAS: Final = 3.0
NEIGHBOURS: Final = 1.128
"""How far two values lie apart on average, in standard deviations (d2 for two)."""


@dataclass(frozen=True)
class Point:
    """One period: how many (None where that is not known), of how many units (None where none)."""

    count: float | None
    size: float | None = None


@dataclass(frozen=True)
class Judged:
    """A point on a chart: its value, the limits that hold for it, and the numbers of the rules it breaks."""

    value: float | None
    centre: float | None
    lower: float | None
    upper: float | None
    breaks: tuple[int, ...] = ()


def chart(
    kind: Kind, points: Sequence[Point], *, rules: Iterable[int] = (1,), least: int = MIN_POINTS
) -> list[Judged]:
    """Return the points of a control chart, judged by some of Nelson's rules (1 to 8).

    Args:
        kind: `c` counts per period; `u` counts per unit; `p` the share of units; `i` any single values.
        points: in the order of time; a size of 0 or None makes a point that cannot be computed, and so does
            a count of None.
        rules: which of Nelson's rules are looked at.
        least: how many computable points limits need; with fewer there are values only.
    """
    values = [_value(kind, point) for point in points]
    known = [index for index, value in enumerate(values) if value is not None]
    if len(known) < least:
        return [Judged(value, None, None, None) for value in values]
    centre = _centre(kind, [points[index] for index in known])
    moving = _moving({index: values[index] or 0.0 for index in known}) if kind == "i" else 0.0
    if moving is None:
        return [Judged(value, None, None, None) for value in values]
    sigmas = {index: _sigma(kind, centre, points[index], moving) for index in known}
    broken = _broken({index: values[index] or 0.0 for index in known}, centre, sigmas, rules)
    below = any((value or 0.0) < 0 for value in values)
    judged = []
    for index, value in enumerate(values):
        if value is None:
            judged.append(Judged(None, centre, None, None))
            continue
        spread = SIGMAS * sigmas[index]
        upper = min(1.0, centre + spread) if kind == "p" else centre + spread
        lower = centre - spread if below else max(0.0, centre - spread)
        judged.append(Judged(value, centre, lower, upper, tuple(broken.get(index, ()))))
    return judged


def _value(kind: Kind, point: Point) -> float | None:
    if kind in {"c", "i"} or point.count is None:
        return point.count
    return point.count / point.size if point.size else None


def _centre(kind: Kind, points: Sequence[Point]) -> float:
    """Return the mean: of counts, or weighted by size."""
    count = sum(point.count or 0.0 for point in points)
    plain = kind in {"c", "i"}
    return count / len(points) if plain else count / sum(point.size or 0.0 for point in points)


def _sigma(kind: Kind, centre: float, point: Point, moving: float) -> float:
    if kind == "i":
        return moving
    if kind == "c":
        return sqrt(max(0.0, centre))
    variance = centre * (1 - centre) if kind == "p" else centre
    return sqrt(max(0.0, variance) / (point.size or 1.0))


def _moving(values: Mapping[int, float]) -> float | None:
    """Return the standard deviation that the mean difference of neighbours tells of; None without any."""
    ranges = [
        abs(values[later] - values[earlier])
        for together in _unbroken(list(values))
        for earlier, later in pairwise(together)
    ]
    return fmean(ranges) / NEIGHBOURS if ranges else None


# -- Nelson's rules -----------------------------------------------------------------------------------------

_RUN, _TREND, _SAWTOOTH, _NEAR, _FAR = 9, 6, 14, 15, 8
_ZONES: Final = {5: (3, 2, 2.0), 6: (5, 4, 1.0)}
"""Rules 5 and 6: of so many points in a row, so many lie beyond so many sigmas on one side."""


def _broken(
    values: Mapping[int, float], centre: float, sigmas: Mapping[int, float], rules: Iterable[int]
) -> dict[int, list[int]]:
    """Return which rules each point breaks; a pattern marks every point it consists of.

    Where nothing varies there is no pattern either, and none goes on beyond a point that is not known.
    """
    found: dict[int, list[int]] = {}
    for order in _unbroken([index for index in values if sigmas[index]]):
        scores = [(values[index] - centre) / sigmas[index] for index in order]
        raw = [values[index] for index in order]
        for rule in sorted(set(rules)):
            for at in sorted(_RULES[rule](scores, raw)):
                found.setdefault(order[at], []).append(rule)
    return found


def _unbroken(indexes: Sequence[int]) -> list[list[int]]:
    """Return the points that follow each other, each row of them by itself."""
    found: list[list[int]] = []
    for index in indexes:
        if found and found[-1][-1] == index - 1:
            found[-1].append(index)
        else:
            found.append([index])
    return found


def _beyond(scores: Sequence[float], _raw: Sequence[float]) -> set[int]:
    return {at for at, score in enumerate(scores) if abs(score) > SIGMAS}


def _windows(length: int, count: int) -> Iterable[range]:
    return (range(start, start + length) for start in range(count - length + 1))


def _marked(length: int, count: int, holds: Callable[[range], bool]) -> set[int]:
    return {at for window in _windows(length, count) if holds(window) for at in window}


def _same_side(scores: Sequence[float], _raw: Sequence[float]) -> set[int]:
    return _marked(
        _RUN,
        len(scores),
        lambda window: all(scores[at] > 0 for at in window) or all(scores[at] < 0 for at in window),
    )


def _rising_or_falling(_scores: Sequence[float], raw: Sequence[float]) -> set[int]:
    def holds(window: range) -> bool:
        steps = [raw[later] - raw[earlier] for earlier, later in pairwise(window)]
        return all(step > 0 for step in steps) or all(step < 0 for step in steps)

    return _marked(_TREND, len(raw), holds)


def _alternating(_scores: Sequence[float], raw: Sequence[float]) -> set[int]:
    def holds(window: range) -> bool:
        steps = [raw[later] - raw[earlier] for earlier, later in pairwise(window)]
        return all(one * other < 0 for one, other in pairwise(steps))

    return _marked(_SAWTOOTH, len(raw), holds)


def _in_zone(rule: int) -> Callable[[Sequence[float], Sequence[float]], set[int]]:
    length, least, sigmas = _ZONES[rule]

    def look(scores: Sequence[float], _raw: Sequence[float]) -> set[int]:
        found: set[int] = set()
        for window in _windows(length, len(scores)):
            for side in (1, -1):
                far = {at for at in window if scores[at] * side > sigmas}
                found |= far if len(far) >= least else set()
        return found

    return look


def _near_centre(scores: Sequence[float], _raw: Sequence[float]) -> set[int]:
    return _marked(_NEAR, len(scores), lambda window: all(abs(scores[at]) < 1 for at in window))


def _far_from_centre(scores: Sequence[float], _raw: Sequence[float]) -> set[int]:
    return _marked(_FAR, len(scores), lambda window: all(abs(scores[at]) > 1 for at in window))


_RULES: Mapping[int, Callable[[Sequence[float], Sequence[float]], set[int]]] = MappingProxyType(
    {
        1: _beyond,
        2: _same_side,
        3: _rising_or_falling,
        4: _alternating,
        5: _in_zone(5),
        6: _in_zone(6),
        7: _near_centre,
        8: _far_from_centre,
    }
)
RULES: Final = tuple(_RULES)
