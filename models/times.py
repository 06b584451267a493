"""The present, in one place, so that rules can be tried at any moment."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

_clock: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731  (replaced by set_clock)


def now() -> datetime:
    """Return the present in UTC, in whole milliseconds as MongoDB keeps it."""
    moment = _clock()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def today(timezone: ZoneInfo) -> date:
    """Return the date it is in a time zone."""
    return now().astimezone(timezone).date()


def noon(day: str, timezone: ZoneInfo) -> datetime:
    """Return the middle of a day (ISO date): it is that day in nearly every other time zone too."""
    return datetime.combine(date.fromisoformat(day), time(12), timezone).astimezone(UTC)


@contextmanager
def set_clock(moment: datetime) -> Iterator[None]:
    """Let `now` stand still at an aware moment while the block runs."""
    global _clock  # noqa: PLW0603  (the one clock of the process)
    before, _clock = _clock, lambda: moment.astimezone(UTC)
    try:
        yield
    finally:
        _clock = before


@cache
def timezones() -> frozenset[str]:
    """Return every time zone that this machine knows; it takes a walk over hundreds of files."""
    return frozenset(available_timezones())
