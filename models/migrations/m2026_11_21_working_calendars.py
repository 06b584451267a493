"""Deadlines count by working calendars; every installation has the standard one to begin with."""

from typing import Any

from pymongo.database import Database

from models import calendars


def migrate(_database: Database[dict[str, Any]]) -> None:
    """Create the index of calendars and, where there is none, China's calendar."""
    calendars.ensure_indexes()
    calendars.ensure_default()
