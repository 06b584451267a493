"""One clock as a document, with the rule it was started under and the way it counts."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from bson import ObjectId

from models import forms
from models.clocks import calendars_of
from models.clocks.pace import Pace
from models.database import Document
from models.errors import NotFoundError
from models.forms import LiveForm
from models.procedure import ClockRule

OPEN: Final = ("running", "paused")
BREACH: Final = ""  # the step that marks a clock as late, beside the rungs of its ladder


@dataclass
class Clock:
    """A clock; what it means is read from the version of the form it was started under."""

    document: Document

    @cached_property
    def form(self) -> LiveForm:
        """The form, in the version the clock was started under. Raises NotFoundError when it is gone."""
        return forms.at_version(self.document["form"], self.document["snapshot"]["form_version"])

    @cached_property
    def rule(self) -> ClockRule:
        """The rule it was started under. Raises NotFoundError."""
        rule = self.form.definition.by_clock.get(self.document["rule"])
        if rule is None:
            raise NotFoundError
        return rule

    @cached_property
    def pace(self) -> Pace:
        """How it counts: by the version of the calendar it was started or recalculated with."""
        return calendars_of.pace(self.document["snapshot"].get("calendar"))

    @property
    def id(self) -> ObjectId:
        """The clock's id."""
        found: ObjectId = self.document["_id"]
        return found

    @property
    def state(self) -> str:
        """Where it stands: `running`, `paused`, `done`, `stopped` or `exempt`."""
        return str(self.document["state"])

    @property
    def is_open(self) -> bool:
        """Tell whether it runs or is paused."""
        return self.state in OPEN

    @property
    def due_at(self) -> datetime | None:
        """When it is due, in UTC; None while that is not known."""
        return self.document.get("due_at")

    @property
    def late_since(self) -> datetime | None:
        """The due time that was missed and is still owed."""
        return self.document.get("late_since")

    def get(self, name: str) -> Any:  # noqa: ANN401  (a part of the document)
        """Return a part of the document, None where there is none."""
        return self.document.get(name)

    def is_late(self, at: datetime) -> bool:
        """Tell whether it is late at a moment; the due time itself is still in time (内 means ≤)."""
        if self.rule.kind == "retention" or not self.is_open:
            return False
        return bool(self.late_since) or (
            self.due_at is not None and self.state == "running" and at > self.due_at
        )
