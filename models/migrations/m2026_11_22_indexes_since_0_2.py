"""Version 0.3 keeps more (audit log, second factors, sessions, throttles, …), found by indexes of its own."""

from typing import Any, Final

from pymongo.database import Database

from models import storage

FORMER: Final = ("limit_counters", "limit_windows")


def migrate(database: Database[dict[str, Any]]) -> None:
    """Create the indexes that are missing, and drop the counters of attempts that others have replaced."""
    storage.ensure_indexes()
    for name in FORMER:
        database.drop_collection(name)
