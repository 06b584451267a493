"""When a clock would be due if it started now: to look at before a form is published."""

from datetime import datetime

from bson import ObjectId

from models.clocks.aiming import aim
from models.clocks.calendars_of import Choice
from models.clocks.clock import Clock
from models.database import Document
from models.errors import DomainError
from models.forms import LiveForm
from models.procedure import ClockRule


def due_at(form: LiveForm, rule: ClockRule, department: ObjectId | None, at: datetime) -> datetime | None:
    """Return when a clock is due that starts at a moment; None where only a record can tell."""
    document: Document = {
        "rule": rule.key,
        "state": "running",
        "started_at": at,
        "snapshot": {"calendar": Choice().of(rule, department)},
    }
    clock = Clock(document)
    clock.__dict__["form"] = form  # a draft is no stored version
    try:
        aim(clock, {"data": {}, "department": department}, at)
    except DomainError:
        return None
    found: datetime | None = clock.document.get("due_at")
    return found
