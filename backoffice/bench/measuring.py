"""Times two ways in turns, and says whether a limit holds."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

ROUNDS: Final = 15
MILLISECONDS: Final = "ms"


class Against(StrEnum):
    """What a limit is a limit of."""

    RATIO = "ratio"  # ours divided by the baseline
    DIFFERENCE = "difference"  # ours minus the baseline
    ITSELF = "itself"  # ours alone
    NOTHING = "nothing"  # shown for orientation


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
    def value(self) -> float | None:
        """What the limit is compared with."""
        if self.against is Against.ITSELF or self.baseline is None:
            return self.ours if self.against is Against.ITSELF else None
        if self.against is Against.DIFFERENCE:
            return self.ours - self.baseline
        return self.ours / self.baseline

    @property
    def passed(self) -> bool:
        """Whether the limit holds; always where there is none."""
        return self.limit is None or (self.value is not None and self.value <= self.limit)

    def as_json(self) -> dict[str, Any]:
        """Return it for a program that keeps the figures."""
        return {
            "benchmark": self.benchmark,
            "what": self.what,
            "unit": self.unit,
            "ours": round(self.ours, 3),
            "baseline": None if self.baseline is None else round(self.baseline, 3),
            "against": self.against.value,
            "value": None if self.value is None else round(self.value, 4),
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
    rows = [("what", "ours", "baseline", "value", "limit", "")]
    rows += [_row(result) for result in results]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *middle, last = (
        cell.ljust(width) if index == 0 else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([first, *middle, last.ljust(0)]).rstrip()


def _row(result: Result) -> tuple[str, ...]:
    sign = {Against.DIFFERENCE: "+", Against.RATIO: "× "}.get(result.against, "")
    verdict = "" if result.limit is None else "pass" if result.passed else "FAIL"
    return (
        result.what,
        f"{result.ours:,.1f} {result.unit}",
        "" if result.baseline is None else f"{result.baseline:,.1f} {result.unit}",
        "" if result.value is None or result.against is Against.ITSELF else f"{sign}{result.value:,.3g}",
        "" if result.limit is None else f"≤ {sign}{result.limit:g}",
        verdict,
    )
