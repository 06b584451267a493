"""Reading for a long time what there is at one moment, whatever is written meanwhile."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from pymongo.client_session import ClientSession
from pymongo.errors import OperationFailure

from models.database import client
from models.errors import DomainError
from models.messages import _

_TOO_OLD: Final = 239
_UNAVAILABLE: Final = 246
_ATTEMPTS: Final = 50
_WAIT: Final = 0.1


@contextmanager
def snapshot(count: Callable[[ClientSession], int]) -> Iterator[tuple[ClientSession, int]]:
    """Open a session that sees the database as it is now, and count in it what will be read.

    Raises DomainError when the reading takes longer than the database remembers.
    """
    session, total = _counted(count)
    with session:
        try:
            yield session, total
        except OperationFailure as error:
            if error.code != _TOO_OLD:
                raise
            raise DomainError(_("This took too long. Please export fewer records at once.")) from error


def _counted(count: Callable[[ClientSession], int]) -> tuple[ClientSession, int]:
    """Begin a snapshot. Right after an index was built there is none yet; it comes within moments."""
    for attempt in range(_ATTEMPTS):
        session = client().start_session(snapshot=True)
        try:
            return session, count(session)
        except OperationFailure as error:
            session.end_session()
            if error.code != _UNAVAILABLE or attempt == _ATTEMPTS - 1:
                raise
            time.sleep(_WAIT)
    raise AssertionError  # the last attempt returned or raised
