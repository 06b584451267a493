"""A look at a report that belongs to a closing: while it is made, and whenever it is read again."""

from dataclasses import dataclass

from models.reports.closing.keeping import Closing
from models.reports.look import Look


@dataclass
class ClosingLook(Look):
    """A look at a report as it is closed, or as it was."""

    closing: Closing | None = None


def closing_of(look: Look) -> Closing | None:
    """Return the closing that a look belongs to, None for figures of today."""
    return look.closing if isinstance(look, ClosingLook) else None
