"""A plan as a MongoDB filter on the record collection.

Values only ever stand behind operators that this module writes, and paths come from the definition.
The filter relies on binary text comparison: run it without a collation.
"""

from decimal import Decimal
from typing import Any

from bson import Decimal128

from models.rules.plan import (
    Among,
    Check,
    Condition,
    Contains,
    Every,
    Inverse,
    Node,
    Present,
)

Filter = dict[str, Any]

EMPTY_VALUES: tuple[Any, ...] = (None, "", [])
_SPECIAL = frozenset(r"\^$.|?*+()[]{}-/#&~")


def to_mongo(node: Node) -> Filter:
    """Return the filter of a plan."""
    if isinstance(node, Condition):
        return _test(node)
    if isinstance(node, Inverse):
        return _inverse(node.part)
    parts = [to_mongo(part) for part in node.parts]
    if len(parts) == 1:
        return parts[0]
    if isinstance(node, Every):
        return {"$and": parts} if parts else {}
    return {"$or": parts} if parts else {"_id": {"$in": []}}


def _inverse(node: Node) -> Filter:
    """Say it without $nor where MongoDB can use an index for it."""
    if isinstance(node, Condition) and node.source.table is None:
        if isinstance(node.check, Among):
            return {node.source.path: {"$nin": _condition(node.check)["$in"]}}
        if isinstance(node.check, Present):
            return {node.source.path: {"$in": list(EMPTY_VALUES)}}
    return {"$nor": [to_mongo(node)]}


def _test(test: Condition) -> Filter:
    condition = _condition(test.check)
    source = test.source
    if source.table is None:
        return {source.path: condition}
    # One row has to pass as a whole, so the bounds of a range may not be met by two different rows.
    return {f"data.{source.table.key}": {"$elemMatch": {source.path: condition}}}


def _condition(check: Check) -> Filter:
    if isinstance(check, Present):
        return {"$nin": list(EMPTY_VALUES)}
    if isinstance(check, Among):
        return {"$in": [_stored(value) for value in check.values]}
    if isinstance(check, Contains):
        return {"$regex": _pattern(check)}
    condition = {}
    if check.low is not None:
        condition["$gt" if check.low_open else "$gte"] = _stored(check.low)
    if check.high is not None:
        condition["$lt" if check.high_open else "$lte"] = _stored(check.high)
    return condition


def _stored(value: Any) -> Any:  # noqa: ANN401  (what a record may hold)
    return Decimal128(value) if isinstance(value, Decimal) else value


def _pattern(check: Contains) -> str:
    """Spell both cases of ASCII letters out: the `i` option would fold letters by other rules than ours."""
    letters = "".join(_letter(character) for character in check.text)
    return f"^{letters}" if check.at_start else letters


def _letter(character: str) -> str:
    if "a" <= character <= "z":
        return f"[{character}{character.upper()}]"
    return f"\\{character}" if character in _SPECIAL else character
