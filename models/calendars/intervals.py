"""Times of work within a day, as people write them: `08:00–12:00, 13:00–17:00`, `20:00–04:00`."""

import itertools
import re
from typing import NamedTuple

from models.errors import ValueProblem
from models.messages import _

DAY_MINUTES = 24 * 60
LONGEST_NIGHT_MINUTES = 16 * 60
MOST = 12

_BETWEEN = re.compile(r"[,，、;；\s]+")
_DASH = re.compile(r"\s*[-‐‑–—~～〜至到]\s*")
_TIME = re.compile(r"(\d{1,2})[:：](\d{2})", re.ASCII)


class Interval(NamedTuple):
    """From when to when, in minutes since midnight of the day it begins; it counts on past the next."""

    start: int
    end: int

    def __str__(self) -> str:
        end = self.end if self.end <= DAY_MINUTES else self.end - DAY_MINUTES
        return f"{_clock(self.start)}-{_clock(end)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def split(text: str) -> tuple[str, ...]:
    """Return the intervals of a line of text, one by one, as they were written."""
    return tuple(part for part in _BETWEEN.split(_DASH.sub("-", text.strip())) if part)


def parse(text: str) -> Interval:
    """Return one interval; an end before its start lies on the next day, at most 16 hours after it.

    Raises ValueProblem for what is no interval, has no length, or runs backwards.
    """
    ends = _DASH.split(text.strip())
    if len(ends) != 2:  # noqa: PLR2004  (from and to)
        raise ValueProblem(_("Write hours as 08:00-12:00. “%(text)s” is not like that.", text=text[:40]))
    start, end = (_minutes(part, text) for part in ends)
    if start >= DAY_MINUTES or start == end:
        raise ValueProblem(_("“%(text)s” has no length.", text=text[:40]))
    if end > start:
        return Interval(start, end)
    if end + DAY_MINUTES - start > LONGEST_NIGHT_MINUTES:
        raise ValueProblem(
            _(
                "“%(text)s” ends before it begins. Only a shift of at most 16 hours may pass midnight.",
                text=text,
            )
        )
    return Interval(start, end + DAY_MINUTES)


def _minutes(part: str, text: str) -> int:
    found = _TIME.fullmatch(part)
    minutes = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else None  # noqa: PLR2004
    if minutes is None or minutes > DAY_MINUTES:
        raise ValueProblem(_("Write hours as 08:00-12:00. “%(text)s” is not like that.", text=text[:40]))
    return minutes


def parse_all(texts: tuple[str, ...]) -> tuple[Interval, ...]:
    """Return the intervals of one day, the earliest first. Raises ValueProblem, also where two overlap."""
    if len(texts) > MOST:
        raise ValueProblem(_("At most %(max)s.", max=MOST))
    found = tuple(sorted(map(parse, texts)))
    for earlier, later in itertools.pairwise(found):
        if later.start < earlier.end:
            raise ValueProblem(
                _("“%(first)s” and “%(second)s” overlap.", first=str(earlier), second=str(later))
            )
    return found


def show(intervals: tuple[Interval, ...]) -> str:
    """Return intervals as `parse_all` reads them."""
    return ", ".join(map(str, intervals))
