"""Passwords and addresses of channels are sealed: who reads the database or a backup cannot use them."""

from typing import Any

from pymongo.database import Database

from models import sealing


def migrate(database: Database[dict[str, Any]]) -> None:
    """Seal what stands there in plain."""
    for channel in database.channels.find({}, {"secret": 1, "address": 1}):
        sealed = {
            name: sealing.seal(channel[name], f"channel {name}")
            for name in ("secret", "address")
            if channel.get(name) and not sealing.is_sealed(channel[name])
        }
        if sealed:
            database.channels.update_one({"_id": channel["_id"]}, {"$set": sealed})
