"""Decides what of a notice leaves the house: mail as each person prefers, groups as their routes say."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from bson import ObjectId

from models import channels, deliveries
from models.database import Document, db
from models.deliveries import preferences, quiet, workdays
from models.deliveries.preferences import Preferences
from models.deliveries.quiet import WorkingDay

_PERSON = {"email": 1, "timezone": 1, "department": 1}


@dataclass(frozen=True)
class Plan:
    """Everything that was looked up for a batch of notices."""

    mail: Document | None
    groups: list[Document]
    people: dict[ObjectId, Document]
    preferences: dict[ObjectId, Preferences]
    _working_days: dict[ObjectId | None, WorkingDay] = field(default_factory=dict)

    @classmethod
    def read(cls, people: Iterable[ObjectId]) -> Self:
        """Look up people, preferences and channels, each at once."""
        ids = list(people)
        stored = list(db().channels.find({"active": True}, _ROUTES).sort("key", 1))
        mail = next((one for one in stored if one["kind"] == channels.EMAIL), None)
        groups = [one for one in stored if one["kind"] != channels.EMAIL]
        found = db().users.find({"_id": {"$in": ids}, "active": True}, _PERSON) if ids and stored else ()
        chosen = preferences.of_people(ids) if ids and mail else {}
        return cls(mail, groups, {one["_id"]: one for one in found}, chosen)

    def departments(self, people: Iterable[ObjectId]) -> tuple[ObjectId, ...]:
        """Return the departments of people."""
        known = (self.people.get(person, {}).get("department") for person in people)
        return tuple({department for department in known if department})

    def to_person(self, notice: Document, content: Document, *, forced: bool = False) -> Iterator[Document]:
        """Yield the mail about a notice, if the person has an address and wants one at once.

        Args:
            notice: of one person.
            content: what it says to everybody.
            forced: whoever tells it asks for mail, so a preference for the digest does not hold.
        """
        person = self.people.get(notice["person"])
        if self.mail is None or person is None or not person.get("email"):
            return
        chosen = self.preferences.get(notice["person"], preferences.DEFAULT)
        urgent = notice["level"] == "urgent" and chosen.urgent_always
        mode = chosen.mode(notice["kind"])
        if mode == "never" or (mode == "digest" and not (forced or urgent)):
            return
        at = notice["created_at"]
        zone = ZoneInfo(person.get("timezone") or "UTC")
        days = self._days_of(person.get("department"))
        due = quiet.first_moment(chosen, zone, at, urgent=urgent, working_day=days)
        key = f"{notice['key']}:{self.mail['_id']}"
        yield deliveries.new(key, self.mail, content, at, person=person["_id"], to=person["email"], due=due)

    def _days_of(self, department: ObjectId | None) -> WorkingDay:
        if department not in self._working_days:
            self._working_days[department] = workdays.of_department(department)
        return self._working_days[department]

    def to_groups(
        self,
        key: str,
        content: Document,
        departments: Sequence[ObjectId],
        named: Sequence[str],
        at: datetime,
    ) -> Iterator[Document]:
        """Yield one message per group that should know.

        Args:
            key: of the event.
            content: what the notices of the event say.
            departments: whose business it is.
            named: keys of channels; with any, only those groups get it, whatever their routes say.
            at: the present.
        """
        wanted = set(named) - {channels.EMAIL}
        for channel in self.groups:
            chosen = channel["key"] in wanted if wanted else channels.fits(channel, content, departments)
            if chosen:
                yield deliveries.new(f"{key}:{channel['_id']}", channel, content, at)


_ROUTES = {"key": 1, "kind": 1, "forms": 1, "departments": 1, "level": 1}
