"""Python runs this first: the program's clock is the machine's and what a file says, in seconds.

It shifts `time.time` and `datetime.now`, so that the libraries are deceived like everything else; time that
is only measured (`time.monotonic`) goes on as it does on a machine whose clock is set.
"""

import datetime as dt
import mmap
import os
import struct
import time
from pathlib import Path

_time, _datetime = time.time, dt.datetime
with Path(os.environ["SHIFTED_CLOCK"]).open("rb") as _file:
    _offset = mmap.mmap(_file.fileno(), 8, access=mmap.ACCESS_READ)


def _shifted() -> float:
    seconds: float = struct.unpack("d", _offset[:8])[0]
    return _time() + seconds


class _Like(type):
    """Every moment is one of the shifted class, also those that C code made."""

    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, _datetime)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, _datetime)


class _Datetime(dt.datetime, metaclass=_Like):
    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
        return _datetime.fromtimestamp(_shifted(), tz)

    @classmethod
    def utcnow(cls) -> dt.datetime:  # type: ignore[override]
        return _datetime.fromtimestamp(_shifted(), dt.UTC).replace(tzinfo=None)


time.time = _shifted
dt.datetime = _Datetime  # type: ignore[misc]
