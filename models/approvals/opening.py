"""Entering a state with an approval opens one; leaving the state by another way closes it."""

from models.changes import Change


def react(change: Change) -> None:
    """Open or close the approval of the state a record enters or leaves, in the change's transaction."""
