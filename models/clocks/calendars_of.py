"""By which calendar a clock counts, and in which version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId

from models import calendars
from models.clocks.pace import Pace
from models.errors import NotFoundError
from models.procedure import ClockRule

_Found = dict[str, Any] | None


@dataclass
class Choice:
    """The calendars in force, each asked for once; for as long as a batch takes."""

    _known: dict[tuple[str, ObjectId | None], _Found] = field(default_factory=dict)

    def of(self, rule: ClockRule, department: ObjectId | None) -> _Found:
        """Return key and version of what a clock counts by that starts now: the rule's, or the department's.

        None where there is no such calendar; then it can only count elapsed time.
        """
        asked = (rule.calendar, None if rule.calendar else department)
        if asked not in self._known:
            self._known[asked] = _in_force(*asked)
        return self._known[asked]


def _in_force(key: str, department: ObjectId | None) -> _Found:
    try:
        found = calendars.current(key or calendars.of_department(department))
    except NotFoundError:
        return None
    return {"key": found.key, "version": found.version}


def pace(calendar: Mapping[str, Any] | None) -> Pace:
    """Return how a clock with a calendar counts. Raises NotFoundError for a version that is gone."""
    if calendar is None:
        return Pace()
    return Pace(calendars.working(calendar["key"], calendar["version"]))
