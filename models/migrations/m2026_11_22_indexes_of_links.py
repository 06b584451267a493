"""Every record's page asks who refers to it, so references are found by an index."""

from typing import Any

from pymongo.database import Database

from models import form_indexes, forms


def migrate(_database: Database[dict[str, Any]]) -> None:
    """Create the indexes of every form that are missing; safe to run twice."""
    for live in forms.live_forms():
        form_indexes.ensure(live.records(), live.definition)
