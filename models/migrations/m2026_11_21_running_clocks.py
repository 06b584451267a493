"""Clocks are swept by the time of their next step, and found by their record."""

from typing import Any

from pymongo.database import Database

from models import clocks


def migrate(_database: Database[dict[str, Any]]) -> None:
    """Create the indexes of clocks."""
    clocks.ensure_indexes()
