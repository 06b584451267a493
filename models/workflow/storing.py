"""The one way to store changes: the procedures act on them, then everything is sealed and written at once."""

from collections.abc import Callable, Sequence

from pymongo.client_session import ClientSession

from models import changes
from models.changes import Change
from models.errors import DomainError
from models.planning import seal
from models.workflow import signing
from models.workflow.engine import react


def commit(planned: Sequence[Change], also: Callable[[ClientSession], None] | None = None) -> None:
    """Store changes, all or none, with everything that the procedures of their forms make of them.

    Args:
        planned: as planned; each must still be at the revision it was planned from.
        also: further writes of the same transaction, such as a job's position.

    Raises:
        ConflictError: a record changed since it was planned.
        InvalidError: a value that must be unique is taken, or an effect of the procedure is refused.
    """
    try:
        everything = [*planned, *react(planned)]
    except DomainError:
        changes.void(planned, "refused")
        raise
    try:
        for change in everything:
            signing.complete(change)
            seal(change)
    except DomainError:
        changes.void(everything, "refused")
        raise
    changes.commit(everything, also)
