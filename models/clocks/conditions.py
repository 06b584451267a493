"""Whether the conditions of a clock hold for a record, before and after a change."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from models.changes import Change
from models.database import Document
from models.definition import Definition
from models.procedure import When
from models.rules import RuleContext, compile_rule, record_values


@dataclass(frozen=True)
class Situation:
    """A record at one moment; None and one in the bin are in no state at all."""

    record: Document | None
    definition: Definition
    context: RuleContext

    @cached_property
    def _values(self) -> dict[str, Any]:
        return record_values(self.record or {"data": {}}, self.definition)

    @property
    def exists(self) -> bool:
        """Tell whether there is a record, outside the bin."""
        return self.record is not None and not self.record.get("deleted_at")

    @property
    def state(self) -> str | None:
        """The state the record rests in."""
        found: str | None = self._values["@state"]
        return found if self.exists else None

    def holds(self, when: When) -> bool:
        """Tell whether a condition holds as long as it lasts, transitions aside. Raises InvalidError."""
        if not self.exists or not (when.states or when.rule is not None):
            return False
        if when.states and self.state not in when.states:
            return False
        return when.rule is None or compile_rule(when.rule, self.definition, self.context).holds(self._values)


@dataclass(frozen=True)
class Moment:
    """What a change makes of a record."""

    change: Change
    before: Situation
    after: Situation

    @classmethod
    def of(cls, change: Change) -> "Moment":
        """Read a change."""
        actor, definition = change.actor, change.form.definition
        context = RuleContext(change.at, actor.timezone, actor.id, actor.department)
        return cls(
            change,
            Situation(change.before, definition, context),
            Situation(change.record, definition, context),
        )

    def takes(self, when: When) -> str | None:
        """Return the transition of a condition that the change takes, if any."""
        return next((key for key in self.change.transitions if key in when.transitions), None)

    def begins(self, when: When) -> Document | None:
        """Return why a condition becomes true by the change, or None when it does not."""
        if taken := self.takes(when):
            return {"transition": taken}
        if not self.after.holds(when) or self.before.holds(when):
            return None
        return {"state": self.after.state} if when.states else {"rule": True}
