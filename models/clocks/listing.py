"""Lists of clocks: of a record, overdue, due soon, and between two days for a view of the calendar."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from bson import ObjectId
from pymongo import ASCENDING

from models import access, forms
from models.clocks import store
from models.clocks.clock import OPEN, Clock
from models.database import Document, db
from models.people import User
from models.times import now

MOST: Final = 500
_DATED: Final[Document] = {"state": "running", "kind": {"$ne": "retention"}}


def of_record(form_key: str, record_id: ObjectId) -> list[Clock]:
    """Return every clock of a record, oldest first, ended ones too."""
    return store.of_records(form_key, [record_id])


def open_of_record(form_key: str, record_id: ObjectId) -> list[Clock]:
    """Return the clocks of a record that run or stand still, the soonest due first."""
    found = [clock for clock in of_record(form_key, record_id) if clock.get("state") in OPEN]
    return sorted(found, key=lambda clock: (clock.due_at is None, clock.due_at or now()))


def soonest(form_key: str, records: Sequence[ObjectId]) -> dict[ObjectId, datetime]:
    """Return when the next running clock of each of some records is due; of those that have one."""
    query = {**_DATED, "form": form_key, "record": {"$in": list(records)}, "due_at": {"$ne": None}}
    found: dict[ObjectId, datetime] = {}
    for clock in db().clocks.find(query, {"record": 1, "due_at": 1}):
        due_at = clock["due_at"]
        found[clock["record"]] = min(due_at, found.get(clock["record"], due_at))
    return found


def overdue(
    person: User, *, department: ObjectId | None = None, form: str = "", limit: int = MOST
) -> list[Clock]:
    """Return the clocks that are late, the longest first, of forms that a person may see."""
    late: Document = {"late_since": {"$type": "date"}}
    return _find(person, late, "late_since", department=department, form=form, limit=limit)


def due_within(
    person: User, days: int, *, department: ObjectId | None = None, form: str = "", limit: int = MOST
) -> list[Clock]:
    """Return the clocks that come due in the next days, the soonest first, of forms a person may see."""
    return due_between(
        person, now(), now() + timedelta(days=days), department=department, form=form, limit=limit
    )


def due_between(
    person: User,
    start: datetime,
    end: datetime,
    *,
    department: ObjectId | None = None,
    form: str = "",
    whose: ObjectId | None = None,
    limit: int = MOST,
) -> list[Clock]:
    """Return the running clocks due from one moment until just before another, the soonest first.

    Args:
        person: who looks; only clocks of records that they may see are returned.
        start: the first moment.
        end: the first moment that no longer counts.
        department: only of records of this department.
        form: only of this form.
        whose: only of records for which this person owes something.
        limit: how many.
    """
    due: Document = {"due_at": {"$gte": start, "$lt": end}}
    if whose is not None:
        owed = db().duties.find({"people": whose, "done_at": None}, {"record": 1, "clock": 1})
        found = list(owed)
        records = [one["record"] for one in found if one["record"]]
        own = [one["clock"] for one in found if one["clock"]]
        due["$or"] = [{"record": {"$in": records}}, {"_id": {"$in": own}}]
    return _find(person, due, "due_at", department=department, form=form, limit=limit)


def _find(
    person: User, asked: Document, order: str, *, department: ObjectId | None, form: str, limit: int
) -> list[Clock]:
    visible = [key for key in ([form] if form else _every_form()) if _may_see(person, key)]
    query: Document = {**_DATED, **asked, "form": {"$in": visible}}
    if department is not None:
        query["department"] = department
    found = db().clocks.find(query).sort([(order, ASCENDING), ("_id", ASCENDING)]).limit(limit)
    return _only_visible(person, [Clock(one) for one in found])


def _every_form() -> Sequence[str]:
    return [live.key for live in forms.live_forms()]


def _may_see(person: User, form: str) -> bool:
    return access.permitted(person, form, access.Action.SEE)


def _only_visible(person: User, clocks: Sequence[Clock]) -> list[Clock]:
    """Leave out clocks of records that the person's scope does not include."""
    seen: set[ObjectId] = set()
    for form in {clock.get("form") for clock in clocks}:
        ids = [clock.get("record") for clock in clocks if clock.get("form") == form and clock.get("record")]
        seen |= access.visible(person, form, ids)
    return [clock for clock in clocks if clock.get("record") is None or clock.get("record") in seen]
