"""Names of people, roles and departments are unique whatever two processes do; sweeps read an index."""

from typing import Any

from pymongo.database import Database

from models import storage


def migrate(_database: Database[dict[str, Any]]) -> None:
    """Create the indexes of everything that is not a record of a form; publishing a form makes those."""
    storage.ensure_indexes()
