"""Where a page of a list begins and ends: cursors that say after which record, whatever the order."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import Decimal128, ObjectId, encode, json_util
from bson.errors import BSONError

from models.database import Document

MAX_CURSOR = 20_000
_SORTED = str | int | float | datetime | Decimal128 | ObjectId


@dataclass(frozen=True)
class Position:
    """A place in a list: the value it is sorted by there, and the record."""

    value: Any
    record: ObjectId
    backwards: bool = False


def neighbours(
    records: list[Document], path: str, position: Position | None, *, more: bool, backwards: bool
) -> tuple[str, str]:
    """Return the cursors of the pages after and before some records; empty where there is none."""
    if not records:
        return "", ""
    has_next = more if not backwards else True
    has_previous = (position is not None) if not backwards else more
    return (
        _encode(records[-1], path, backwards=False) if has_next else "",
        _encode(records[0], path, backwards=True) if has_previous else "",
    )


def beyond(path: str, position: Position, *, descending: bool) -> Document:
    """Return the filter of what comes after a position in an order."""
    compare = "$lt" if descending else "$gt"
    if path == "_id":
        return {"_id": {compare: position.record}}
    same = {path: position.value, "_id": {compare: position.record}}
    if position.value is None:  # nothing sorts before an empty value, everything after it
        return same if descending else {"$or": [same, {path: {"$ne": None}}]}
    further: list[Document] = [{path: {compare: position.value}}]
    if descending:
        further.append({path: None})
    return {"$or": [same, *further]}


def _encode(record: Document, path: str, *, backwards: bool) -> str:
    value = None if path == "_id" else _dig(record, path)
    position = [path, value, record["_id"], backwards]
    text = json_util.dumps(position, json_options=json_util.CANONICAL_JSON_OPTIONS)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, path: str) -> Position | None:
    """Read a cursor of a list in the order of `path`; None for any other: it comes from the address."""
    if not cursor or len(cursor) > MAX_CURSOR:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        its_path, value, record, backwards = json_util.loads(base64.urlsafe_b64decode(padded))
        encode({"value": value})
    except (ArithmeticError, BSONError, LookupError, RecursionError, TypeError, ValueError):
        return None
    if its_path != path or not isinstance(record, ObjectId) or not isinstance(value, _SORTED | None):
        return None
    return Position(value, record, bool(backwards))


def _dig(record: Document, path: str) -> Any:  # noqa: ANN401  (any stored value)
    value: Any = record
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
