"""A ledger with labels, a slip that is filled in on a telephone, and the people who hold the telephone."""

from typing import Any

from models.access import Action
from models.database import Document
from models.forms import LiveForm
from models.people import User
from tests import factories
from tests.factories import field
from tests.ledger_forms import ledger_form, slip_form

USES = [Action.SEE, Action.CREATE, Action.EDIT, Action.TRANSITION, Action.PRINT]
LONG_NAME = "前保险杠左侧安装支架总成三坐标检具（含定位销、通止规及附件箱）第二版"


def ledger(**changes: Any) -> LiveForm:
    """Publish a ledger whose items have pictures, a customer and something secret."""
    live = ledger_form(numbering="TH-{yyyy}-{seq:4}")
    more = [
        field("belongs_to", filterable=True),
        field("edition"),
        field("secret"),
        field("pictures", "image", max_files=5),
    ]
    return factories.republish(live, fields=[*live.definition.dump()["fields"], *more], **changes)


def slip(*, purpose: bool = True, **changes: Any) -> LiveForm:
    """Publish a slip that wants a purpose and takes photos of what comes back."""
    live = slip_form(numbering="SL-{seq:4}", title_fields=["purpose"])
    stored = live.definition.dump()
    fields = [{**one, "required": purpose} if one["key"] == "purpose" else one for one in stored["fields"]]
    flow = stored["workflow"]
    for step in flow["transitions"]:
        if step["key"] == "take_back":
            step["fields"] = ["returns", "photos"]
    return factories.republish(
        live,
        **{
            "fields": [*fields, field("photos", "image", max_files=20)],
            "slip": {**stored["slip"], "photos": "photos"},
            "workflow": flow,
            **changes,
        },
    )


def incident() -> LiveForm:
    """Publish a form on which damage of a thing is reported."""
    return factories.form(
        field("what", required=True),
        field("thing", "reference", form="thing"),
        field("slip", "reference", form="slip"),
        field("count", "integer"),
        key="incident",
        label={"zh": "损坏报告", "en": "Damage report"},
        workflow={
            "initial": "told",
            "states": [
                {"key": "told", "label": {"en": "Told"}},
                {"key": "booked", "label": {"en": "Booked"}, "category": "done"},
            ],
            "transitions": [
                {
                    "key": "book", "label": {"en": "Book"}, "sources": ["told"], "to": "booked",
                    "effects": [
                        {
                            "do": "ledger", "action": "damage", "item": "thing",
                            "quantity": "count", "slip": "slip",
                        }
                    ],
                }
            ],
        },
    )  # fmt: skip


def borrower(username: str = "wang", name: str = "王小明") -> User:
    """Return somebody who sees the ledger and fills in slips, but keeps nothing."""
    return factories.user(
        username, _borrowing(), name=name, department=factories.department("PROD", "生产部", "Production")
    )


def _borrowing() -> Any:
    found = factories.role("borrowing", form="slip", actions=USES)
    if len(found.grants) == 1:
        seeing = factories.role("seeing_things", form="thing", actions=[Action.SEE, Action.PRINT])
        found.grants.extend(seeing.grants)
        found.save()
    return found


def thing(live: LiveForm, **raw: Any) -> Document:
    """Return an item of five pieces."""
    return factories.record(live, **{"name": "Gauge", "quantity": "5", "belongs_to": "华东汽车", **raw})
