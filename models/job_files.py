"""What jobs share: a sign of life that costs little, and handing over the file they made."""

import io
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

from models import files
from models.database import Document
from models.jobs import LeaseLostError, RunningJob

KEEP = timedelta(days=7)
MAX_BYTES = 4 * 1024**3
_SECONDS_BETWEEN = 0.5


class Pace:
    """Reports progress now and then; raises CancelledError or LeaseLostError like the job does."""

    def __init__(self, job: RunningJob, total: int) -> None:
        self._job, self.total = job, total
        self.done = 0
        self._last = 0.0

    def reach(self, done: int) -> None:
        """Say how far it is."""
        self.done = done
        self.tick()

    def tick(self) -> None:
        """Say that it goes on."""
        if time.monotonic() - self._last >= _SECONDS_BETWEEN:
            self._job.progress(self.done, self.total)
            self._last = time.monotonic()


class _TickingFile(io.BufferedReader):
    """A file that calls `tick` whenever a piece of it is read."""

    def __init__(self, path: Path, tick: Callable[[], None]) -> None:
        super().__init__(io.FileIO(path))
        self._tick = tick

    def read(self, size: int | None = -1, /) -> bytes:
        """Read a piece."""
        self._tick()
        return super().read(size)


def deliver(
    job: RunningJob,
    path: Path,
    name: str,
    result: Document,
    *,
    pace: Pace,
    keep: timedelta = KEEP,
    effects: Iterable[Document] = (),
) -> None:
    """Store the file a job made, record the outcome and what it brings about.

    A job that lost its lease leaves no file behind.
    """
    with _TickingFile(path, pace.tick) as file:
        file_id = files.store(file, name, job.document["owner"], purpose=files.MADE, max_bytes=MAX_BYTES)
    try:
        told = {**result, "bytes": path.stat().st_size}
        job.finish(told, file=file_id, file_name=name, keep=keep, effects=effects)
    except LeaseLostError:
        files.delete(file_id)
        raise
