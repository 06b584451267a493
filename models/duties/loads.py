"""How much whom: what the people of a supervisor's departments owe, and how much of it is late."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bson import ObjectId

from models import directory
from models.database import Document, db
from models.directory import Directory
from models.duties.store import OPEN
from models.people import User
from models.times import now

SOON = timedelta(days=7)


@dataclass
class PersonLoad:
    """What one person owes.

    `soon`: due within a week, not yet late; `next_due`: the soonest deadline, which may be over; `oldest`:
    since when the oldest is owed.
    """

    person: ObjectId
    name: str
    department: ObjectId | None
    open: int = 0
    overdue: int = 0
    next_due: datetime | None = None
    soon: int = 0
    oldest: datetime | None = None


@dataclass
class DepartmentLoad:
    """What the people of a department and of everything under it owe; a duty of several counts once."""

    department: ObjectId
    code: str
    name: Mapping[str, str]
    people: int
    open: int = 0
    overdue: int = 0
    soon: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True)
class Load:
    """What a supervisor sees: people, the latest first; departments in the order of the tree."""

    people: list[PersonLoad]
    departments: list[DepartmentLoad]


def may_supervise(person: User) -> bool:
    """Tell whether somebody leads a department, as head or deputy, or administers everything."""
    with directory.batch() as known:
        return bool(person.active) and (person.is_administrator or bool(known.led_by(person.id)))


def load(person: User) -> Load:
    """Return what is owed in the departments somebody leads; administrators see everybody.

    Whoever leads none sees nothing.
    """
    with directory.batch() as known:
        led = list(known.departments) if person.is_administrator else known.led_by(person.id)
        members = {department: set(known.members(department)) for department in led}
        everybody = set(known.everybody) if person.is_administrator else set().union(*members.values())
        owed = _owed(everybody) if everybody else []
        people = _people(everybody, owed, known)
        departments = [_department(one, members[one], owed, known) for one in led]
    return Load(people, departments)


def _owed(people: Iterable[ObjectId]) -> list[Document]:
    """Return every open duty of some people, with no more than is counted."""
    query = {"people": {"$in": list(people)}, **OPEN}
    return list(db().duties.find(query, {"_id": 0, "people": 1, "due_at": 1, "created_at": 1}))


def _people(people: Iterable[ObjectId], owed: Iterable[Document], known: Directory) -> list[PersonLoad]:
    found = {one: PersonLoad(one, known.name(one), known.department_of(one)) for one in people}
    moment = now()
    for duty in owed:
        for one in duty["people"]:
            if one in found:
                _count(found[one], duty, moment)
    return sorted(found.values(), key=lambda one: (-one.overdue, -one.open, one.name))


def _count(counted: PersonLoad | DepartmentLoad, duty: Document, moment: datetime) -> None:
    due_at, since = duty["due_at"], duty["created_at"]
    counted.open += 1
    counted.oldest = min(since, counted.oldest or since)
    if due_at is None:
        return
    counted.overdue += due_at < moment
    counted.soon += moment <= due_at < moment + SOON
    if isinstance(counted, PersonLoad):
        counted.next_due = min(due_at, counted.next_due or due_at)


def _department(
    department: ObjectId, members: set[ObjectId], owed: Iterable[Document], known: Directory
) -> DepartmentLoad:
    about, moment = known.departments[department], now()
    name = about.get("name") or {}
    counted = DepartmentLoad(department, about["code"], name, len(members))
    for duty in owed:
        if not members.isdisjoint(duty["people"]):
            _count(counted, duty, moment)
    return counted
