"""Times two ways in turns, and says whether a limit holds."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from unicodedata import east_asian_width

ROUNDS: Final = 41
MILLISECONDS: Final = "ms"
SECONDS: Final = "s"
_HEAD: Final = ("what", "ours", "baseline", "value", "limit", "")


class Against(StrEnum):
    """What a limit is a limit of."""

    RATIO = "ratio"  # ours divided by the baseline
    DIFFERENCE = "difference"  # ours minus the baseline
    ITSELF = "itself"  # ours alone


@dataclass(frozen=True)
class Result:
    """One line of the table; `ours` and `baseline` in `unit`, the limit as `against` says."""

    benchmark: str
    what: str
    ours: float
    baseline: float | None = None
    limit: float | None = None
    against: Against = Against.RATIO
    unit: str = MILLISECONDS

    @property
    def value(self) -> float:
        """What the limit is compared with."""
        if self.against is Against.ITSELF or self.baseline is None:
            return self.ours
        return self.ours - self.baseline if self.against is Against.DIFFERENCE else self.ours / self.baseline

    @property
    def passed(self) -> bool:
        """Whether the limit holds; always where there is none."""
        return self.limit is None or self.value <= self.limit

    def as_json(self) -> dict[str, Any]:
        """Return it for a program that keeps the figures."""
        return {
            "benchmark": self.benchmark,
            "what": self.what,
            "unit": self.unit,
            "ours": round(self.ours, 3),
            "baseline": None if self.baseline is None else round(self.baseline, 3),
            "against": self.against.value,
            "value": round(self.value, 4),
            "limit": self.limit,
            "passed": self.passed,
        }


def in_turns(*ways: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Return the median seconds of each way, after one warm-up, each round asking all of them."""
    for way in ways:
        way()
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for way, own in zip(ways, times, strict=True):
            own.append(seconds(way))
    return [statistics.median(own) for own in times]


def seconds(way: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


def table(results: Iterable[Result]) -> str:
    """Return the results as a table for a terminal."""
    rows = [_HEAD, *map(_row, results)]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    head, *lines = [_line(row, widths) for row in rows]
    return "\n".join([head, "-" * len(head), *lines])


def _row(result: Result) -> Sequence[str]:
    sign = "× " if result.against is Against.RATIO else ""
    form = "+.3g" if result.against is Against.DIFFERENCE else ",.4g"
    compared = result.baseline is not None and result.against in {Against.DIFFERENCE, Against.RATIO}
    return [
        result.what,
        _figure(result.ours, result.unit),
        "" if result.baseline is None else _figure(result.baseline, result.unit),
        f"{sign}{result.value:{form}}" if compared else "",
        "" if result.limit is None else f"≤ {sign}{result.limit:{form}}",
        "" if result.limit is None else "pass" if result.passed else "FAIL",
    ]


def _figure(value: float, unit: str) -> str:
    return f"{value:,.{2 if unit == SECONDS else 1}f} {unit}"


def _width(text: str) -> int:
    """Return how many places a text takes: a Chinese character takes two."""
    return len(text) + sum(east_asian_width(character) in "WF" for character in text)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Put the first cell to the left, and figures to the right."""
    gaps = [" " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)]
    first, *others = zip(cells, gaps, strict=True)
    return "  ".join(["".join(first), *(gap + cell for cell, gap in others)]).rstrip()
