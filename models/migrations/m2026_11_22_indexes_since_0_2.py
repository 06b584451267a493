"""Version 0.3 keeps more (audit log, second factors, sessions, throttles, …), found by indexes of its own."""

from typing import Any

from pymongo.database import Database

from models import storage


def migrate(_database: Database[dict[str, Any]]) -> None:
    """Create the indexes that are missing."""
    storage.ensure_indexes()
