"""The fields that make a form a ledger or a slip, ready to be added: types, options, names."""

from collections.abc import Mapping
from typing import Any

from models.database import Document
from models.definition import Option
from models.ledger.kinds import KINDS, OUTCOMES, STATUSES
from models.messages import LANGUAGES, Message, translate

FRACTIONAL_UNITS = ("kg", "m", "l")

_COLORS: Mapping[str, str] = {
    "in_stock": "green", "partly_lent": "teal", "lent": "blue", "damaged": "red", "repair": "orange",
    "lost": "red", "used": "gray", "disposed": "gray", "returned": "gray", "return": "green",
    "damage": "orange", "lose": "red", "use_up": "gray",
}  # fmt: skip
_UNITS = (
    ("piece", "件", "Piece"),
    ("set", "套", "Set"),
    ("kg", "千克", "kg"),
    ("m", "米", "m"),
    ("l", "升", "l"),
)
_PIECES: Mapping[str, Any] = {"decimals": 3, "min": "0", "required": True, "default": "1"}
_COUNTED: Mapping[str, Any] = {"decimals": 3}
_WRITTEN: Mapping[str, Any] = {"readonly": True, "filterable": True}
_LISTED: Mapping[str, Any] = {**_WRITTEN, "in_list": True}


def ledger_fields() -> dict[str, Document]:
    """Return a field for each property of a ledger that can be made without knowing more of the form."""
    fields = {
        "quantity": _field("decimal", "数量", "Quantity", **_PIECES, in_list=True),
        "unit": _field("choice", "单位", "Unit", required=True, default="piece", options=_units()),
        "serial": _field("text", "序列号", "Serial number", searchable=True),
        "keeper": _field("department", "保管部门", "Keeper", filterable=True),
        "place": _field("text", "存放位置", "Place", searchable=True),
        "arrived_on": _field("date", "来件日期", "Arrived on", default_from="today", filterable=True),
        "status": _field("choice", "现状", "Status", **_LISTED, options=_options(STATUSES)),
        "available": _field("decimal", "在库数", "In stock", **_LISTED, **_COUNTED),
        "lent": _field("decimal", "借出数", "Lent", **_WRITTEN, **_COUNTED),
        "holders": _field("person", "持有人", "Holders", **_LISTED, many=True),
        "due_on": _field("date", "最早应还", "Next return due", **_LISTED),
        "kept_by": _field("department", "现保管部门", "Kept by", **_WRITTEN),
        "kept_at": _field("text", "现存放位置", "Kept at", **_WRITTEN),
    }
    return {name: {**field, "width": 3} for name, field in fields.items()}


def slip_fields() -> dict[str, Document]:
    """Return the same of a slip, its tables still without columns."""
    listed: dict[str, Any] = {"filterable": True, "in_list": True, "width": 4}
    mine, today = {"default_from": "my_department"}, {"default_from": "today"}
    return {
        "borrower": _field("person", "借用人", "Borrower", **listed, required=True, default_from="me"),
        "department": _field("department", "借用部门", "Department", filterable=True, width=4, **mine),
        "begins": _field("date", "借用日期", "From", **listed, required=True, **today),
        "ends": _field("date", "应还日期", "To", **listed, required=True),
        "items": _field("table", "借用明细", "Items", required=True, width=12),
        "outstanding": _field("decimal", "未还数量", "Still out", **_LISTED, **_COUNTED, width=4),
        "photos": _field("image", "领用与归还照片", "Photos", max_files=40, width=12),
        "returns": _field("table", "归还记录", "Returns", width=12),
    }


def item_columns() -> dict[str, Document]:
    """Return the columns of a slip's table of items, by property; `item` wants the ledger as its `form`."""
    return {
        "item": _field("reference", "物品", "Item", required=True),
        "quantity": _field("decimal", "借用数量", "Quantity", **_PIECES),
        "lent": _field("decimal", "已借出", "Lent", **_COUNTED),
        "returned": _field("decimal", "已还", "Returned", **_COUNTED),
        "keeper": _field("department", "发放部门", "Handed over by"),
    }


def return_columns() -> dict[str, Document]:
    """Return the columns of a slip's table of returns, by property; as `item_columns`."""
    outcomes = {key: KINDS[key].label for key in OUTCOMES}
    return {
        "item": _field("reference", "物品", "Item", required=True),
        "quantity": _field("decimal", "数量", "Quantity", **_PIECES),
        "outcome": _field("choice", "归还情况", "Outcome", default="return", options=_options(outcomes)),
        "condition": _field("text", "归还状态", "Condition"),
        "place": _field("text", "存放位置", "Place"),
    }


def name_field() -> Document:
    """Return the field that says what a thing is, for a form without any field."""
    return {"key": "name", **_field("text", "名称", "Name", required=True, searchable=True, in_list=True)}


def headings() -> dict[str, Document]:
    """Return the headings above the fields that are made, by the first property beneath."""
    return {
        "status": _field("section", "在库与借出", "Stock"),
        "items": _field("section", "借用明细", "What is lent"),
        "returns": _field("section", "归还", "Returns"),
    }


def _field(kind: str, zh: str, en: str, **more: Any) -> Document:  # noqa: ANN401  (any property)
    return {"type": kind, "label": {"zh": zh, "en": en}, **more}


def _units() -> list[Document]:
    return [{"key": key, "label": {"zh": zh, "en": en}} for key, zh, en in _UNITS]


def _options(labels: Mapping[str, Message]) -> list[Document]:
    return [
        Option.model_validate(
            {
                "key": key,
                "label": {language: translate(label, language) for language in LANGUAGES},
                "color": _COLORS[key],
            }
        ).model_dump(exclude_defaults=True)
        for key, label in labels.items()
    ]
