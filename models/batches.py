"""What is read one by one, handled some at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

One = TypeVar("One")


def in_batches(found: Iterable[One], size: int) -> Iterator[list[One]]:
    """Yield what was found in lists of at most so many; nothing is read before it is asked for."""
    following = iter(found)
    while batch := list(islice(following, size)):
        yield batch
