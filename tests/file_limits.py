"""Other limits for files than the usual ones, for a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from models.files import limits


@contextmanager
def limited(**chosen: Any) -> Iterator[None]:
    before = limits.limits()
    limits.set_file_limits(replace(before, **chosen))
    try:
        yield
    finally:
        limits.set_file_limits(before)
