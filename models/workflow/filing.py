"""Filing with a department (备案): kept for good, shown with the record, acknowledged by the department."""

from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.client_session import ClientSession

from models import forms, notifications, who
from models.changes import Change
from models.database import Document, db, in_transaction
from models.errors import ConflictError, ForbiddenError, NotFoundError
from models.messages import _
from models.people import Actor, User
from models.procedure import FileWith, Who
from models.times import now
from models.workflow import texts
from models.workflow.run import Run


def file(run: Run, change: Change, effect: FileWith) -> None:
    """File the record of a change with a department, and ask its people to acknowledge it."""
    definition, record = change.form.definition, change.record
    key = run.key(change, "filing")
    title = texts.title(definition, record, change.lookup)
    filing = {
        "_id": ObjectId(),
        "key": key,
        "form": change.form.key,
        "record": record["_id"],
        "number": record.get("number"),
        "title": title,
        "department": effect.department,
        "text": texts.render(effect.text, definition, record, run.lookup),
        "people": _people(effect.department, change),
        "at": change.at,
        "by": change.actor.id,
        "by_name": change.actor.name,
        "acknowledged_at": None,
        "acknowledged_by": None,
    }
    change.writes.append(lambda session: _insert(filing, session))
    change.facts.setdefault("filed", []).append(effect.department)
    change.effects += notifications.tell(
        filing["people"],
        key=key,
        kind="task",
        form=change.form.key,
        record=record["_id"],
        title=title,
        text=filing["text"] if effect.text else _("Filed with your department."),
        by_name=change.actor.name,
    )


def _people(department: str, change: Change) -> list[ObjectId]:
    asked = Who(heads=(department,), members=(department,))
    return who.people(asked, change.form, change.record, actor=change.actor)


def _insert(filing: Document, session: ClientSession) -> None:
    db().filings.insert_one(filing, session=session)


def acknowledge(actor: Actor, person: User, filing_id: ObjectId) -> Document:
    """Acknowledge a filing for the department; return it.

    Raises:
        NotFoundError: there is none.
        ForbiddenError: the person does not belong to the department.
        ConflictError: somebody did already.
    """
    filing = db().filings.find_one({"_id": filing_id})
    if filing is None:
        raise NotFoundError
    if not _may_acknowledge(person, filing):
        raise ForbiddenError
    done = {"acknowledged_at": now(), "acknowledged_by": actor.id, "acknowledged_by_name": actor.name}

    def write(session: ClientSession) -> None:
        waiting = {"_id": filing_id, "acknowledged_at": None}
        if not db().filings.update_one(waiting, {"$set": done}, session=session).matched_count:
            raise ConflictError(_("Somebody acknowledged this already."), current=filing)

    in_transaction(write)
    return {**filing, **done}


def _may_acknowledge(person: User, filing: Document) -> bool:
    department = filing["department"]
    asked = Who(heads=(department,), members=(department,))
    record: Document = {"_id": filing["record"], "data": {}}
    return who.includes(person, asked, forms.current(filing["form"]), record)


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
