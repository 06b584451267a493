"""A small ledger and its slip, as tests of the ledger publish them."""

from typing import Any

from models.forms import LiveForm
from models.ledger.kinds import OUTCOMES, STATUSES
from tests import factories
from tests.factories import field


def _options(keys: Any) -> list[dict[str, Any]]:
    return [{"key": key, "label": {"zh": key, "en": key}} for key in keys]


def ledger_form(**properties: Any) -> LiveForm:
    """Publish a ledger of things."""
    written: Any = {"readonly": True}
    return factories.form(
        field("name", required=True, searchable=True),
        field("quantity", "decimal", required=True),
        field("unit", "choice", options=_options(["piece", "kg"]), default="piece"),
        field("serial"),
        field("keeper", "department"),
        field("place"),
        field("customer", "reference", form="client", filterable=True, indexed=True),
        field("arrived_on", "date"),
        field("available", "decimal", **written),
        field("lent", "decimal", **written),
        field("holders", "person", many=True, filterable=True, **written),
        field("due_on", "date", filterable=True, **written),
        field("status", "choice", options=_options(STATUSES), filterable=True, **written),
        field("kept_by", "department", **written),
        field("kept_at", **written),
        key="thing",
        ledger={
            "quantity": "quantity", "unit": "unit", "serial": "serial", "fractional_units": ["kg"],
            "keeper": "keeper", "place": "place", "customer": "customer", "arrived_on": "arrived_on",
            "available": "available", "lent": "lent",
            "holders": "holders", "due_on": "due_on", "status": "status",
            "kept_by": "kept_by", "kept_at": "kept_at",
        },
        workflow=properties.pop("workflow", _ledger_workflow()),
        **properties,
    )  # fmt: skip


def _ledger_workflow() -> dict[str, Any]:
    return {
        "initial": "received",
        "states": [state("received"), state("kept"), state("gone", "done")],
        "transitions": [
            step("accept", "received", "kept", {"action": "hand_over"}),
            step("give_back", "kept", "gone", {"action": "give_back"}),
        ],
    }


def slip_form(**properties: Any) -> LiveForm:
    """Publish a slip that lends things; its steps are those of a simple company."""
    columns = [
        field("item", "reference", form="thing"),
        field("quantity", "decimal"),
        field("lent", "decimal"),
        field("returned", "decimal"),
    ]
    returns = [
        field("item", "reference", form="thing"),
        field("quantity", "decimal"),
        field("outcome", "choice", options=_options(OUTCOMES)),
        field("condition"),
        field("place"),
    ]
    return factories.form(
        field("purpose"),
        field("items", "table", fields=columns),
        field("borrower", "person"),
        field("department", "department"),
        field("begins", "date"),
        field("ends", "date"),
        field("extend_to", "date"),
        field("receiver", "person"),
        field("outstanding", "decimal", readonly=True),
        field("returns", "table", fields=returns),
        key="slip",
        slip={
            "ledger": "thing", "items": "items", "item": "item", "quantity": "quantity", "lent": "lent",
            "returned": "returned", "borrower": "borrower", "department": "department",
            "begins": "begins", "ends": "ends", "offer": "offer", "outstanding": "outstanding",
            "returns": {
                "table": "returns", "item": "item", "quantity": "quantity", "outcome": "outcome",
                "condition": "condition", "place": "place",
            },
        },
        workflow=_slip_workflow(),
        **properties,
    )  # fmt: skip


def _slip_workflow() -> dict[str, Any]:
    return {
        "initial": "draft",
        "states": [
            state("draft"), state("queued"), state("asked"), state("lent"),
            state("closed", "done"), state("cancelled", "void"),
        ],
        "transitions": [
            step("ask", "draft", "asked", {"action": "reserve"}),
            step("queue", "draft", "queued", {"action": "queue"}),
            step("offer", "queued", "asked", {"action": "reserve"}),
            step("lend", "asked", "lent", {"action": "lend"}),
            step("cancel", "asked", "cancelled", {"action": "release"}, sources=["asked", "queued"]),
            step("take_back", "lent", "lent", {"action": "take_back"}, fields=["returns"]),
            step("extend", "lent", "lent", {"action": "extend", "until": "extend_to"},
                  {"do": "set", "field": "ends", "source": "extend_to"}, fields=["extend_to"]),
            step("pass_on", "lent", "lent", {"action": "pass_on", "person": "receiver"},
                  {"do": "set", "field": "borrower", "source": "receiver"}, fields=["receiver"]),
            {**step("close", "lent", "closed"), "by": "rule",
             "condition": {"field": "outstanding", "op": "eq", "value": 0}},
        ],
    }  # fmt: skip


def state(key: str, category: str = "open") -> dict[str, Any]:
    return {"key": key, "label": {"zh": key, "en": key}, "category": category}


def step(key: str, source: str, to: str, *effects: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "label": {"zh": key, "en": key},
        "sources": [source],
        "to": to,
        "effects": [{"do": "ledger", **effect} for effect in effects],
        **more,
    }
