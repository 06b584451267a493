"""What is told to people is found by its channel, and channels by their key."""

from typing import Any

from pymongo.database import Database

from models import channels, deliveries


def migrate(_database: Database[dict[str, Any]]) -> None:
    """Create the indexes of channels and deliveries."""
    channels.ensure_indexes()
    deliveries.ensure_indexes()
