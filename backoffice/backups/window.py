"""How long MongoDB keeps the past, stretched as long as a backup reads it."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from models.database import Document

PARAMETER: Final = "minSnapshotHistoryWindowInSeconds"
MARGIN_SECONDS: Final = 240
STEP_SECONDS: Final = 600


class Window:
    """Stretches the window step by step, so that a killed backup leaves it little longer than it was.

    An account that may not change it leaves it as it is; `seconds` is then None, or what could be read.
    """

    def __init__(self, client: MongoClient[Document], clock: Callable[[], float] = time.monotonic) -> None:
        """Read how long it is."""
        self._admin = client.admin
        self._clock = clock
        self._start = clock()
        self._before = self._ask({"getParameter": 1, PARAMETER: 1})
        self.seconds = self._before

    def __enter__(self) -> Self:
        self.keep_open()
        return self

    def keep_open(self) -> None:
        """Stretch it when its end comes near; call often."""
        wanted = int(self._clock() - self._start) + MARGIN_SECONDS
        if self.seconds is not None and wanted > self.seconds and self._set(wanted + STEP_SECONDS):
            self.seconds = wanted + STEP_SECONDS

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put it back."""
        if self._before is not None and self.seconds != self._before:
            self._set(self._before)

    def _set(self, seconds: int) -> bool:
        return self._ask({"setParameter": 1, PARAMETER: seconds}) is not None

    def _ask(self, command: Document) -> int | None:
        try:
            answer = self._admin.command(command)
        except OperationFailure:  # not allowed, or a router that keeps nothing itself
            return None
        return int(answer.get(PARAMETER, 0))
