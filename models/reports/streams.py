"""Rows that are read when they are asked for, and not kept: a month may have 200,000 records."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import overload

from typing_extensions import override

from models.reports.results import Row


class Stream(Sequence[Row]):
    """The rows of a result as they are read; each pass reads them anew, in batches.

    There are as many as there were when it was made, or fewer where some are gone since.
    """

    def __init__(self, count: int, read: Callable[[int], Iterator[Row]]) -> None:
        """Begin; `read` yields the rows from a place (0 is the first) on."""
        self._count, self._read = count, read

    @override
    def __len__(self) -> int:
        return self._count

    @override
    def __iter__(self) -> Iterator[Row]:
        return islice(self._read(0), self._count)

    @overload
    def __getitem__(self, at: int) -> Row: ...

    @overload
    def __getitem__(self, at: slice) -> list[Row]: ...

    @override
    def __getitem__(self, at: int | slice) -> Row | list[Row]:
        wanted = range(self._count)[at]
        if isinstance(wanted, int):
            return _first(self._read(wanted))
        if not wanted:
            return []
        span = list(islice(self._read(min(wanted)), max(wanted) - min(wanted) + 1))
        return span[:: wanted.step]


def _first(rows: Iterator[Row]) -> Row:
    for row in rows:
        return row
    raise IndexError
