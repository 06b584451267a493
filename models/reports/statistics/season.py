"""Season (P03.33): how each month of the year compares with the average month, over years."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

MONTHS: Final = 12


@dataclass(frozen=True)
class Season:
    """Index by month, 1 is the average month, None where no year tells; `years`: how many each rests on."""

    index: tuple[float | None, ...]
    years: tuple[int, ...]


def season(counts: Mapping[tuple[int, int], float | None], complete: Sequence[int]) -> Season:
    """Return the season of counts by (year, month), from complete years alone.

    Each month is compared with the mean of its own year, so that growth from year to year is no season;
    a year without any count says nothing, nor does a month that cannot be computed (None).
    """
    shares: list[list[float]] = [[] for _month in range(MONTHS)]
    for year in complete:
        of_year = [counts.get((year, month), 0.0) for month in range(1, MONTHS + 1)]
        mean = fmean([count for count in of_year if count is not None] or [0.0])
        for at, count in enumerate(of_year):
            if mean and count is not None:
                shares[at].append(count / mean)
    return Season(tuple(fmean(one) if one else None for one in shares), tuple(len(one) for one in shares))
