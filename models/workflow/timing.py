"""What a procedure does to clocks, and what clocks do to records when they run out."""

from models.changes import Change


def act(change: Change, clock: str, action: str) -> None:
    """Start, pause, resume, stop or restart a clock of the record; history says so."""
    change.facts.setdefault("clocks", []).append({"clock": clock, "action": action})
