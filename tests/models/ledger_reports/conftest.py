"""A small ledger of two customers with something lent, late and gone."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bson import ObjectId

from models import job_files, workflow
from models.channels import surroundings
from models.channels.surroundings import Surroundings
from models.database import Document
from models.forms import LiveForm
from models.people import Actor, User
from models.times import now, set_clock
from tests import factories
from tests.factories import field
from tests.ledger_forms import ledger_form, slip_form

SITE = "https://property.example.com"
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(autouse=True)
def _known_site(monkeypatch: pytest.MonkeyPatch, db: object) -> None:
    monkeypatch.setattr(surroundings, "_current", Surroundings(public_url=SITE, company="Example Works"))
    monkeypatch.setattr(job_files, "_SECONDS_BETWEEN", 0)


class Company:
    """The ledger, its slips, its customers, and whoever moves things."""

    def __init__(self) -> None:
        self.admin: User = factories.administrator()
        self.actor = Actor.of(self.admin)
        self.clients = factories.form(field("name"), key="client")
        self.things: LiveForm = ledger_form()
        self.slips: LiveForm = slip_form()

    def client(self, name: str) -> Document:
        return factories.record(self.clients, self.admin, name=name)

    def thing(
        self, name: str, client: Document | None = None, at: datetime | None = None, **raw: Any
    ) -> Document:
        values = {"name": name, "quantity": "5", **raw}
        if client:
            values["customer"] = str(client["_id"])
        with set_clock(at or now()):
            return factories.record(self.things, self.admin, **values)

    def lend(
        self, item: Document, quantity: str, borrower: User, *, at: datetime | None = None, days: int = 7
    ) -> Document:
        """Lend pieces by a slip, so many days before they are due."""
        at = at or now()
        with set_clock(at):
            values = {
                "purpose": "Trial",
                "items": [{"item": str(item["_id"]), "quantity": quantity}],
                "borrower": str(borrower.id),
                "department": str(borrower.department.id),
                "begins": at.astimezone(ZONE).date().isoformat(),
                "ends": (at + timedelta(days=days)).astimezone(ZONE).date().isoformat(),
            }
            slip = factories.record(self.slips, self.admin, **values)
            for step in ("ask", "lend"):
                slip = self.take(slip, step)
        return slip

    def take(self, slip: Document, step: str, **raw: Any) -> Document:
        return workflow.take(
            self.actor, self.admin, self.slips, slip["_id"], step, raw, revision=slip["revision"]
        )

    def take_back(self, slip: Document, quantity: str, outcome: str = "return") -> Document:
        rows = [
            {**row, "item": str(row["item"]), "quantity": str(row["quantity"])}
            for row in slip["data"].get("returns") or ()
        ]
        item = slip["data"]["items"][0]["item"]
        new = {"item": str(item), "quantity": quantity, "outcome": outcome, "condition": "as it was"}
        return self.take(slip, "take_back", returns=[*rows, new])

    def stored(self, item: ObjectId) -> Document:
        found = self.things.records().find_one({"_id": item})
        assert found
        return found


@pytest.fixture
def company() -> Company:
    return Company()
