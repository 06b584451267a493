"""What somebody owes, most urgent first: their own duties, and those of whom they stand in for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING

from models import delegations, directory
from models.database import Document, db
from models.duties.store import OPEN
from models.duties.visibility import visible_records
from models.errors import ForbiddenError
from models.people import User
from models.times import now

PAGE = 50
COUNT_CAP = 10_000
_ORDER = [("due_sort", ASCENDING), ("rank", ASCENDING), ("_id", ASCENDING)]
_CURSOR = re.compile(r"(-?\d{1,16}):(\d):([0-9a-f]{24})")


@dataclass(frozen=True)
class Page:
    """Some duties, and where the next page begins ("" on the last).

    Each has `overdue`, and `on_behalf_of`: for whom the person would do it, None for themselves.
    """

    duties: list[Document]
    after: str


@dataclass(frozen=True)
class Total:
    """How much somebody owes; `on_behalf` of the open ones are owed by those they stand in for."""

    open: int = 0
    overdue: int = 0
    tasks: int = 0
    approvals: int = 0
    on_behalf: int = 0


def for_person(
    person: User,
    *,
    on_behalf_of: ObjectId | None = None,
    own_only: bool = False,
    kind: str = "",
    form: str = "",
    department: ObjectId | None = None,
    overdue: bool | None = None,
    before: datetime | None = None,
    text: str = "",
    after: str = "",
    limit: int = PAGE,
) -> Page:
    """Return what a person owes: overdue first, then by deadline, level and age.

    Args:
        person: whose inbox it is.
        on_behalf_of: only what this person owes, for whom they stand in. Raises ForbiddenError otherwise.
        own_only: leave out what they would do for others.
        kind: `task`, `approval`, `filing` or `report`.
        form: the key of a form.
        department: whose records.
        overdue: only what is late, or only what is not.
        before: only what is due before a moment.
        text: part of number or title.
        after: where the page before ended.
        limit: how many.
    """
    represented = {} if own_only else delegations.forms_by_person(person.id, now())
    if on_behalf_of is not None:
        if on_behalf_of not in represented:
            raise ForbiddenError
        whose = _owed_by({on_behalf_of: represented[on_behalf_of]})
    else:
        whose = _owed_by({person.id: [], **represented})
    narrowed = _narrowed(kind, form, department, text)
    found = _page({"$and": [*whose, *narrowed, *_timed(overdue, before)]}, after, limit)
    for duty in found.duties:
        duty["on_behalf_of"] = _on_behalf_of(duty, person.id, represented, on_behalf_of)
    return found


def for_department(
    person: User,
    department: ObjectId,
    *,
    kind: str = "",
    form: str = "",
    overdue: bool | None = None,
    before: datetime | None = None,
    text: str = "",
    after: str = "",
    limit: int = PAGE,
) -> Page:
    """Return what the members of a department owe, for its head, its deputies and administrators.

    Raises ForbiddenError for others.
    """
    with directory.batch() as known:
        if not person.is_administrator and department not in known.led_by(person.id):
            raise ForbiddenError
        members = known.members(department)
    whose: list[Document] = [{"people": {"$in": members}}]
    narrowed = _narrowed(kind, form, None, text)
    found = _page({"$and": [*whose, *narrowed, *_timed(overdue, before)]}, after, limit)
    return _told(person, found) if text.strip() else found


def _told(person: User, page: Page) -> Page:
    """Leave out what was found by the name of a record that the person may not see."""
    seen = visible_records(person, page.duties)
    return Page([one for one in page.duties if one["record"] in seen], page.after)


def open_for(person: User, *, limit: int = PAGE) -> list[Document]:
    """Return the most urgent of what a person owes themselves or for others."""
    return for_person(person, limit=limit).duties


def counts(person: User) -> Total:
    """Return how much a person owes, those for whom they stand in included; one query."""
    whose = _owed_by({person.id: [], **delegations.forms_by_person(person.id, now())})
    late = {"$lt": ["$due_sort", now()]}
    totals: Document = {
        "open": {"$sum": 1},
        "overdue": {"$sum": {"$cond": [late, 1, 0]}},
        "tasks": {"$sum": {"$cond": [{"$eq": ["$kind", "task"]}, 1, 0]}},
        "approvals": {"$sum": {"$cond": [{"$eq": ["$kind", "approval"]}, 1, 0]}},
        "on_behalf": {"$sum": {"$cond": [{"$in": [person.id, "$people"]}, 0, 1]}},
    }
    pipeline: list[Mapping[str, Any]] = [
        {"$match": {"$and": whose, **OPEN}},
        {"$limit": COUNT_CAP},
        {"$group": {"_id": None, **totals}},
    ]
    [found] = list(db().duties.aggregate(pipeline)) or [{}]
    return Total(**{key: found.get(key, 0) for key in totals})


def count_for(person: User) -> int:
    """Return how many duties are open for a person."""
    return counts(person).open


def _owed_by(forms_by_person: Mapping[ObjectId, Sequence[str]]) -> list[Document]:
    """Return the filter of what some people owe, each for some forms or (an empty list) for all."""
    parts: list[Document] = [
        {"people": person, **({"form": {"$in": list(forms)}} if forms else {})}
        for person, forms in forms_by_person.items()
    ]
    return parts if len(parts) == 1 else [{"$or": parts}]


def _narrowed(kind: str, form: str, department: ObjectId | None, text: str) -> list[Document]:
    found: list[Document] = [OPEN]
    if kind:
        found.append({"kind": kind})
    if form:
        found.append({"form": form})
    if department:
        found.append({"department": department})
    if wanted := text.replace("\x00", "").encode(errors="replace").decode().strip():
        contains = {"$regex": re.escape(wanted[:100]), "$options": "i"}
        found.append({"$or": [{"number": contains}, {"title": contains}]})
    return found


def _timed(overdue: bool | None, before: datetime | None) -> list[Document]:  # noqa: FBT001  (three answers)
    found: list[Document] = []
    if overdue is not None:
        found.append({"due_sort": {"$lt" if overdue else "$gte": now()}})
    if before is not None:
        found.append({"due_sort": {"$lt": before}})
    return found


def _page(query: Document, after: str, limit: int) -> Page:
    at = _read_cursor(after)
    full = {"$and": [*query["$and"], *([at] if at else [])]}
    found = list(db().duties.find({**full, **OPEN}).sort(_ORDER).limit(limit + 1))
    shown, moment = found[:limit], now()
    for duty in shown:
        duty["overdue"] = duty["due_at"] is not None and duty["due_at"] < moment
        duty["on_behalf_of"] = None
    return Page(shown, _cursor(shown[-1]) if len(found) > limit else "")


def _cursor(duty: Document) -> str:
    return f"{round(duty['due_sort'].timestamp() * 1000)}:{duty['rank']}:{duty['_id']}"


def _read_cursor(after: str) -> Document | None:
    """Return the filter of what comes after a page; an address nobody wrote begins at the beginning."""
    match = _CURSOR.fullmatch(after)
    if match is None:
        return None
    millis, rank, last = int(match[1]), int(match[2]), ObjectId(match[3])
    try:
        due = datetime.fromtimestamp(millis / 1000, tz=now().tzinfo)
    except (OverflowError, ValueError, OSError):
        return None
    return {
        "due_sort": {"$gte": due},
        "$or": [
            {"due_sort": {"$gt": due}},
            {"rank": {"$gt": rank}},
            {"rank": rank, "_id": {"$gt": last}},
        ],
    }


def _on_behalf_of(
    duty: Document,
    person: ObjectId,
    represented: Mapping[ObjectId, Sequence[str]],
    wanted: ObjectId | None,
) -> ObjectId | None:
    if wanted is not None or person in duty["people"]:
        return wanted
    return next((one for one in duty["people"] if one in represented), None)
