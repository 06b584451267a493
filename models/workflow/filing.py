"""Filing with a department (备案): kept for good, shown with the record, acknowledged by the department."""

from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.client_session import ClientSession

from models import delegations, directory, duties, forms, who
from models.changes import QUIET_SOURCES, Change
from models.database import Document, db, in_transaction
from models.definition_parts import Label
from models.errors import ConflictError, ForbiddenError, NotFoundError
from models.messages import _
from models.people import Actor, User
from models.procedure import FileWith, Who
from models.times import now
from models.workflow import texts
from models.workflow.run import Run


def file(run: Run, change: Change, effect: FileWith) -> None:
    """File the record of a change with a department, and ask its people to acknowledge it."""
    key = run.key(change, "filing")
    label = effect.text or _FILED  # kept with the record, for whoever sees it
    text = texts.for_everybody(label, change.form, change.record, run.lookup, run.audience)
    people = _people(effect.department, change)
    change.facts.setdefault("filed", []).append(effect.department)
    where = directory.current().by_code.get(effect.department)
    change.writes.append(partial(_store, change, effect.department, where, key, text, people))


_FILED = Label(zh="请知悉备案", en="Filed with your department: please acknowledge")


def _people(department: str, change: Change) -> list[ObjectId]:
    """Return the members of a department; one without any is led by somebody all the same."""
    for asked in (Who(members=(department,)), Who(heads=(department,))):
        if people := who.people(asked, change.form, change.record, actor=change.actor):
            return people
    return []


def _store(
    change: Change,
    department: str,
    where: ObjectId | None,
    key: str,
    text: dict[str, str],
    people: list[ObjectId],
    session: ClientSession,
) -> None:
    """Store the filing and what the department owes; the record has its title by now."""
    record = change.record
    filing = {
        "_id": ObjectId(),
        "key": key,
        "form": change.form.key,
        "record": record["_id"],
        "number": record.get("number"),
        "title": record.get("title"),
        "department": department,
        "text": text,
        "people": people,
        "at": change.at,
        "by": change.actor.id,
        "by_name": change.actor.name,
        "acknowledged_at": None,
        "acknowledged_by": None,
    }
    db().filings.insert_one(filing, session=session)
    owed = duties.duty(
        "filing",
        key,
        form=change.form.key,
        record=record,
        what=text,
        people=people,
        at=change.at,
        department=where,
    )
    duties.insert([owed], session)
    if change.source not in QUIET_SOURCES:
        duties.tell(owed, people, key=key, session=session, by_name=change.actor.name)


def acknowledge(actor: Actor, person: User, filing_id: ObjectId) -> Document:
    """Acknowledge a filing for the department, or for one of its people who is away; return it.

    Raises:
        NotFoundError: there is none.
        ForbiddenError: the person does not belong to the department, nor stands in for somebody who does.
        ConflictError: somebody did already.
    """
    filing = db().filings.find_one({"_id": filing_id})
    if filing is None:
        raise NotFoundError
    for_person = _acknowledges_for(person, filing)
    done: dict[str, Any] = {
        "acknowledged_at": now(),
        "acknowledged_by": actor.id,
        "acknowledged_by_name": actor.name,
    }

    def write(session: ClientSession) -> None:
        waiting = {"_id": filing_id, "acknowledged_at": None}
        if not db().filings.update_one(waiting, {"$set": done}, session=session).matched_count:
            raise ConflictError(_("Somebody acknowledged this already."), current=filing)
        duties.close(
            {"key": filing["key"]},
            at=done["acknowledged_at"],
            by=actor.id,
            for_person=for_person,
            session=session,
        )

    in_transaction(write)
    return {**filing, **done}


def _acknowledges_for(person: User, filing: Document) -> ObjectId | None:
    """Return for whom somebody acknowledges, None for themselves. Raises ForbiddenError."""
    department = filing["department"]
    asked = Who(heads=(department,), members=(department,))
    record: Document = {"_id": filing["record"], "data": {}}
    people = who.people(asked, forms.current(filing["form"]), record) if person.active else []
    if person.id in people:
        return None
    for absent in delegations.acting_for(person.id, now(), filing["form"]):
        if absent in people:
            return absent
    raise ForbiddenError


def of_record(form: str, record_id: ObjectId) -> list[Document]:
    """Return the filings of a record, oldest first."""
    return list(db().filings.find({"form": form, "record": record_id}).sort("_id", ASCENDING))


def of_department(code: str, *, waiting: bool = False, limit: int = 200) -> list[Document]:
    """Return what was filed with a department, newest first; with `waiting` only what nobody acknowledged."""
    query: dict[str, Any] = {"department": code} | ({"acknowledged_at": None} if waiting else {})
    return list(db().filings.find(query).sort("_id", DESCENDING).limit(limit))


def ensure_indexes() -> None:
    """Create the unique key and what records and departments read."""
    db().filings.create_index([("key", ASCENDING)], unique=True)
    db().filings.create_index([("form", ASCENDING), ("record", ASCENDING)])
    db().filings.create_index([("department", ASCENDING), ("_id", DESCENDING)])
