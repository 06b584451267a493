"""A beat that goes on when the machine's clock is set back; Celery's own waits until the old time is back."""

import time
from typing import Final

from celery.beat import Scheduler

STEP_SECONDS: Final = 1.0


class SteadyScheduler(Scheduler):  # type: ignore[misc]
    """Celery's scheduler, which counts anew from the moment it sees that the clock was set."""

    _offset: float | None = None

    def tick(self) -> float:  # type: ignore[override]  # Celery passes nothing
        """Send what is due; return for how many seconds nothing will be."""
        offset = time.time() - time.monotonic()
        if self._offset is not None and abs(offset - self._offset) > STEP_SECONDS:
            self._count_anew()
        self._offset = offset
        return float(super().tick())

    def _count_anew(self) -> None:
        for entry in self.schedule.values():
            entry.last_run_at = entry.default_now()
        self._heap = None  # it is filled again from the schedule
