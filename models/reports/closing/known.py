"""What was last said of records of closed periods: as they were frozen, or as a later closing told them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from bson import ObjectId
from pymongo import ASCENDING

from models.database import Document, db
from models.reports.closing import keeping
from models.reports.closing.keeping import Closing

_BRIEFLY: Final = ("closing", "of", "source", "record", "digest", "counts")
Key = tuple[ObjectId, str, ObjectId]
"""The closing of a period, the source that it counted, and a record."""


class Known:
    """What the closings in force say of records; those reopened said nothing."""

    def __init__(self, report: str, own: Closing | None) -> None:
        """Begin; with `own`, what was said before that closing and not by itself."""
        self._tellers = [
            one for one in keeping.in_force(report) if own is None or (one.id != own.id and one.at <= own.at)
        ]

    def since(self, closing: Closing) -> datetime:
        """Return when somebody last looked at what became of a closed period's records."""
        return max([closing.at, *(one.at for one in self._tellers if closing.id in one.told_of)])

    def states(
        self, closings: Collection[ObjectId], records: Collection[ObjectId], *, briefly: bool = False
    ) -> dict[Key, Document]:
        """Return records as they were last said to be; `briefly`, whether they counted and as what."""
        wanted = {"record": {"$in": list(records)}}
        only = dict.fromkeys(_BRIEFLY, 1) if briefly else None
        frozen = {**wanted, "closing": {"$in": list(closings)}}
        told = {
            **wanted,
            "of": {"$in": list(closings)},
            "closing": {"$in": [one.id for one in self._tellers]},
        }
        found = {_key(one): one for one in db().report_frozen.find(frozen, only)}
        later = db().report_told.find(told, only).sort([("at", ASCENDING), ("_id", ASCENDING)])
        return {**found, **{_key(one): one for one in later}}


def counted(state: Mapping[str, Any] | None) -> bool:
    """Tell whether a record counted when this was said of it: what is frozen does."""
    return state is not None and bool(state.get("counts", True))


def _key(state: Mapping[str, Any]) -> Key:
    closing = state["of"] if "of" in state else state["closing"]
    return closing, state["source"], state["record"]
