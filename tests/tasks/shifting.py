"""The clock of the programs as the tests set it."""

import mmap
import os
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from tests.tasks.workers import ROOT

SHIFTED = Path(__file__).parent / "shifted"


class ShiftedClock:
    """A clock that a test moves while programs run by it."""

    def __init__(self, folder: Path) -> None:
        path = folder / "clock"
        path.write_bytes(struct.pack("d", 0))
        self._offset = mmap.mmap(os.open(path, os.O_RDWR), 8)
        self.environment = {"SHIFTED_CLOCK": str(path), "PYTHONPATH": f"{SHIFTED}{os.pathsep}{ROOT}"}

    def move(self, by: timedelta) -> Self:
        """Set it forward, or back."""
        (seconds,) = struct.unpack("d", self._offset[:8])
        self._offset[:8] = struct.pack("d", seconds + by.total_seconds())
        return self

    def now(self) -> datetime:
        """Return the present as the programs see it."""
        (seconds,) = struct.unpack("d", self._offset[:8])
        return datetime.now(UTC) + timedelta(seconds=seconds)
