"""A plan as JSON for `backoffice/static/js/rules.js`, which compares and resolves nothing itself."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from bson import ObjectId

from models.rules.plan import Among, Between, Condition, Contains, Every, Inverse, Node


def to_browser(node: Node) -> dict[str, Any]:
    """Return the JSON of a plan: the shape of a tree, with `field`, `kind` and the check in its leaves."""
    if isinstance(node, Inverse):
        return {"not": to_browser(node.part)}
    if isinstance(node, Condition):
        leaf = {"field": node.source.name, "kind": str(node.source.kind)}
        return leaf | ({"money": True} if _is_money(node) else {}) | _check(node)
    return {"all" if isinstance(node, Every) else "any": [to_browser(part) for part in node.parts]}


def _is_money(test: Condition) -> bool:
    return test.source.field is not None and test.source.field.type == "money"


def _check(test: Condition) -> dict[str, Any]:
    check = test.check
    if isinstance(check, Among):
        return {"test": "among", "values": [_json(value) for value in check.values]}
    if isinstance(check, Contains):
        return {"test": "starts_with" if check.at_start else "contains", "text": check.text}
    if isinstance(check, Between):
        bounds = {"low": _json(check.low), "high": _json(check.high)}
        return {"test": "between", **bounds, "low_open": check.low_open, "high_open": check.high_open}
    return {"test": "present"}


def _json(value: Any) -> Any:  # noqa: ANN401  (an operand)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    return str(value) if isinstance(value, ObjectId) else value
