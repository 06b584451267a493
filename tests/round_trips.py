"""What is sent to the database, command by command: each is one round trip."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from models import database
from tests.conftest import TEST_DATABASE

_ASIDE = frozenset({"endSessions", "hello", "ping"})
_NAMED = {"find", "aggregate", "insert", "update", "delete", "count", "distinct", "findAndModify"}


class Commands(CommandListener):
    """Keeps what is sent while somebody counts."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self._counting = False

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """Collect what is sent in the block, as `find users`, `insert history`, `commitTransaction`."""
        self.sent, self._counting = [], True
        try:
            yield self.sent
        finally:
            self._counting = False

    def started(self, event: CommandStartedEvent) -> None:
        """Keep a command; the driver's own housekeeping aside."""
        if self._counting and event.command_name not in _ASIDE:
            self.sent.append(_said(event.command_name, dict(event.command)))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing more to know."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing more to know."""


def _said(name: str, command: dict[str, Any]) -> str:
    return f"{name} {command[name]}" if name in _NAMED else name


@contextmanager
def listening(uri: str) -> Iterator[Commands]:
    """Listen to what this process sends to the tests' database."""
    listener = Commands()
    database.connect(uri, TEST_DATABASE, [listener])
    try:
        yield listener
    finally:
        database.connect(uri, TEST_DATABASE)
