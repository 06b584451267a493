"""What the form editor in the browser needs to know to make a form a ledger, a slip or a stock check."""

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from models.definition_parts import Part
from models.forms import live_forms
from models.ledger import making
from models.ledger.kinds import KINDS
from models.ledger_checks import OF_LEDGER, OF_ROWS, OF_SLIP
from models.ledger_parts import TALLIED, WRITTEN, ItemAction, Ledger, Returns, Slip, StockCheck
from models.stock_check_checks import MATCHED, OF_STOCK_CHECK
from views.configure import ledger_catalog as catalog
from views.context import current_language, say

Types = Mapping[str, Iterable[str]]
_TABLE = ("table",)
_WHOLE = ("integer",)
_MANY = frozenset({"holders"})
_WRITTEN = {"ledger": WRITTEN, "slip": ("lent", "returned", "keeper", "outstanding"), "stock_check": TALLIED}


def parts() -> dict[str, Any]:
    """Return every part with its properties: what they are called, which fields fit, what can be made."""
    of_check: Types = {**OF_STOCK_CHECK, **dict.fromkeys(TALLIED, _WHOLE)}
    made = {"ledger": making.ledger_fields(), "slip": making.slip_fields(), "stock_check": {}}
    returned = _properties("returns", Returns, {"table": _TABLE, **OF_ROWS}, making.return_columns())
    listed = {
        "ledger": _properties("ledger", Ledger, OF_LEDGER, made["ledger"]),
        "slip": _properties(
            "slip", Slip, {"items": _TABLE, **OF_ROWS, **OF_SLIP}, {**making.item_columns(), **made["slip"]}
        ),
        "returns": [
            {**one, "make": made["slip"]["returns"]} if one["name"] == "table" else one for one in returned
        ],
        "stock_check": _properties("stock_check", StockCheck, of_check, made["stock_check"]),
    }
    words = {
        name: {"label": str(label), "about": str(about), "make": str(make)}
        for name, (label, about, make) in catalog.PARTS.items()
    }
    return {
        "parts": words | {"returns": {"label": str(catalog.RETURNS), "about": "", "make": ""}},
        "properties": listed,
        "nameField": making.name_field(),
        "headings": making.headings(),
        "fractionalUnits": list(making.FRACTIONAL_UNITS),
        "matched": sorted(MATCHED),
        "ledgers": _ledgers(),
    }


def _properties(part: str, shape: type[Part], types: Types, made: Mapping[str, Any]) -> list[dict[str, Any]]:
    needed = {name for name, one in shape.model_fields.items() if one.is_required()}
    return [
        {
            "name": name,
            "label": str(label),
            "help": str(text),
            "input": entered,
            "types": sorted(types.get(name, ())),
            "needed": name in needed,
            "written": name in _WRITTEN.get(part, ()),
            "many": name in _MANY,
            "make": made.get(name),
        }
        for name, (label, text, entered) in catalog.PROPERTIES[part].items()
    ]


def _ledgers() -> list[dict[str, Any]]:
    """Return the forms in force that are ledgers, with the fields by which a stock check can narrow them."""
    language = current_language()
    return [
        {
            "key": live.key,
            "label": live.definition.label.text(language) or live.key,
            "fields": [
                [one.key, one.label.text(language) or one.key]
                for one in live.definition.value_fields
                if one.type in MATCHED
            ],
        }
        for live in live_forms()
        if live.definition.ledger
    ]


def effect_words() -> dict[str, Any]:
    """Return what the designer calls the effects that book pieces, and their parameters."""
    return {
        "properties": {name: str(text) for name, text in catalog.EFFECT.items()},
        "slipActions": {name: str(text) for name, text in catalog.SLIP_ACTIONS.items()},
        "itemActions": {name: say(KINDS[name].label) for name in get_args(ItemAction)},
        "checkActions": {name: str(text) for name, text in catalog.CHECK_ACTIONS.items()},
    }
