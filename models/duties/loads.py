"""How much whom: what the people of a supervisor's departments owe, and how much of it is late."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

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
    """Return how much is open, by the people who owe it together: far fewer groups than duties."""
    moment = now()
    late = {"$lt": ["$due_sort", moment]}
    soon = {"$and": [{"$gte": ["$due_sort", moment]}, {"$lt": ["$due_sort", moment + SOON]}]}
    totals: Document = {
        "open": {"$sum": 1},
        "overdue": {"$sum": {"$cond": [late, 1, 0]}},
        "soon": {"$sum": {"$cond": [soon, 1, 0]}},
        "oldest": {"$min": "$created_at"},
        "next_due": {"$min": "$due_at"},
    }
    pipeline: list[Mapping[str, Any]] = [
        {"$match": {"people": {"$in": list(people)}, **OPEN}},
        {"$group": {"_id": "$people", **totals}},
    ]
    return list(db().duties.aggregate(pipeline))


def _people(people: Iterable[ObjectId], owed: Iterable[Document], known: Directory) -> list[PersonLoad]:
    wanted = list(people)
    known.know(wanted)
    found = {one: PersonLoad(one, known.name(one), known.department_of(one)) for one in wanted}
    for group in owed:
        for one in group["_id"]:
            if one in found:
                _add(found[one], group)
    return sorted(found.values(), key=lambda one: (-one.overdue, -one.open, one.name))


def _add(counted: PersonLoad | DepartmentLoad, group: Document) -> None:
    counted.open += group["open"]
    counted.overdue += group["overdue"]
    counted.soon += group["soon"]
    counted.oldest = min(group["oldest"], counted.oldest or group["oldest"])
    if isinstance(counted, PersonLoad) and group["next_due"]:
        counted.next_due = min(group["next_due"], counted.next_due or group["next_due"])


def _department(
    department: ObjectId, members: set[ObjectId], owed: Iterable[Document], known: Directory
) -> DepartmentLoad:
    about = known.departments[department]
    counted = DepartmentLoad(department, about["code"], about.get("name") or {}, len(members))
    for group in owed:
        if not members.isdisjoint(group["_id"]):
            _add(counted, group)
    return counted
