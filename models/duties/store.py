"""Duties as they are stored: opened, kept current, given a deadline, closed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.client_session import ClientSession

from models import delegations, invitations, notifications, outbox
from models.database import Document, db
from models.errors import NotFoundError
from models.messages import LANGUAGES, Message, _, translate
from models.times import now
from models.who import called, put_once

Kind = Literal["task", "approval", "filing", "report"]
Level = Literal["info", "warning", "urgent"]

KINDS: Final[dict[str, Message]] = {
    "task": _("Task"),
    "approval": _("Approval"),
    "filing": _("Filing"),
    "report": _("Report"),
}
LEVELS: Final[dict[str, int]] = {"urgent": 0, "warning": 1, "info": 2}
NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)  # what has no deadline comes after everything that has
OPEN: Final[Document] = {"done_at": None}
TIMED: Final[tuple[Kind, ...]] = ("task", "approval")  # what the clocks of a record give a deadline to


def duty(
    kind: Kind,
    key: str,
    *,
    form: str,
    record: Document | None,
    what: Mapping[str, str],
    people: Sequence[ObjectId],
    at: datetime,
    department: ObjectId | None = None,
    due_at: datetime | None = None,
    level: Level = "info",
    clock: ObjectId | None = None,
    approval: ObjectId | None = None,
    step: str | None = None,
) -> Document:
    """Return a duty to be stored with `insert`.

    Args:
        kind: `task` of a state, `approval`, `filing` (acknowledge), `report` (of a form).
        key: unique for ever; the same key is the same duty.
        form: the form's key.
        record: what it is about; None for a report of the form itself.
        what: what is owed, in both languages.
        people: everybody who may do it; one of them has to.
        at: since when it is owed.
        department: by default the record's.
        due_at: until when, in UTC.
        level: how urgent it is besides its deadline.
        clock: the clock that asks for it.
        approval: the approval it belongs to.
        step: the key of the approval's step.
    """
    about = record or {}
    return {
        "_id": ObjectId(),
        "key": key,
        "kind": kind,
        "form": form,
        "record": about.get("_id"),
        **shown(about),
        "department": department or about.get("department"),
        "what": {language: str(what.get(language, "")) for language in LANGUAGES},
        "people": list(people),
        **due(due_at),
        **ranked(level),
        "clock": clock,
        "approval": approval,
        "step": step,
        "created_at": at,
        "done_at": None,
        "done_by": None,
        "for_person": None,
        "outcome": None,
    }


def shown(record: Document) -> Document:
    """Return what a duty repeats of its record, so that a list of duties needs no records."""
    return {
        "number": record.get("number"),
        "title": record.get("title") or "",
        "state": record.get("state"),
        "department": record.get("department"),
    }


def due(due_at: datetime | None) -> Document:
    """Return a deadline and what it sorts by."""
    return {"due_at": due_at, "due_sort": due_at or NEVER}


def ranked(level: str) -> Document:
    """Return a level and what it sorts by."""
    return {"level": level, "rank": LEVELS[level]}


def words(message: Message) -> dict[str, str]:
    """Return a text in both languages, as a duty keeps it."""
    return {language: translate(message, language) for language in LANGUAGES}


def insert(documents: Sequence[Document], session: ClientSession | None = None) -> None:
    """Store new duties in the transaction of their cause, and open their records to whoever is asked."""
    if documents:
        db().duties.insert_many(documents, session=session)
        ask([(document, document["people"]) for document in documents], session)


def ask(asked: Iterable[tuple[Document, Iterable[ObjectId]]], session: ClientSession | None = None) -> None:
    """Open the records of some duties to people who are asked for them from now on."""
    by_form: dict[str, dict[ObjectId, Iterable[ObjectId]]] = {}
    for duty, people in asked:
        if duty["record"]:
            by_form.setdefault(duty["form"], {})[duty["record"]] = people
    for form, records in by_form.items():
        invitations.invite(form, records, session)


def tell(
    document: Document,
    people: Iterable[ObjectId],
    *,
    key: str,
    session: ClientSession | None = None,
    by_name: str = "",
) -> None:
    """Tell people, and those who stand in for them, what they owe; with a key that is new."""
    outbox.put(_told(document, people, key, by_name), session)


def tell_again(
    document: Document, people: Iterable[ObjectId], *, key: str, session: ClientSession | None = None
) -> None:
    """Tell people what they owe unless they were told under this key before."""
    put_once(_told(document, people, key, ""), session)


def _told(document: Document, people: Iterable[ObjectId], key: str, by_name: str) -> list[Document]:
    told = list(people)
    standing_in = delegations.standing_in(told, now(), document["form"])
    told += [one for stand_ins in standing_in.values() for one in stand_ins]
    if not told:
        return []
    return notifications.tell(
        told,
        key=key,
        kind="approval" if document["kind"] == "approval" else "task",
        form=document["form"],
        record=document["record"],
        title=called(document["form"], document),
        text=document["what"],
        level=document["level"],
        department=document["department"],
        by_name=by_name,
        due=document["due_at"],
    )


def close(
    query: Document,
    *,
    at: datetime,
    by: ObjectId | None,
    outcome: str = "done",
    for_person: ObjectId | None = None,
    session: ClientSession | None = None,
) -> int:
    """Close the open duties that a filter finds; return how many.

    Args:
        query: which of the open ones.
        at: when it was done, or became void.
        by: who did it; None for the system.
        outcome: `done`, or why nothing is owed any more.
        for_person: on whose behalf it was done.
        session: of the transaction of the cause.
    """
    done = {"done_at": at, "done_by": by, "for_person": for_person, "outcome": outcome}
    return db().duties.update_many({**query, **OPEN}, {"$set": done}, session=session).modified_count


def close_of_record(
    form: str,
    record_id: ObjectId,
    *,
    at: datetime,
    by: ObjectId | None,
    kinds: Sequence[str] = (),
    outcome: str = "done",
    for_person: ObjectId | None = None,
    session: ClientSession | None = None,
) -> int:
    """Close what is still owed for a record: some kinds, or everything."""
    query: Document = {"form": form, "record": record_id}
    if kinds:
        query["kind"] = {"$in": list(kinds)}
    return close(query, at=at, by=by, outcome=outcome, for_person=for_person, session=session)


def set_due(
    form: str,
    record_id: ObjectId,
    due_at: datetime | None,
    session: ClientSession | None = None,
    *,
    clock: ObjectId | None = None,
    level: Level | None = None,
) -> int:
    """Give what is owed for a record its deadline: that of the record's soonest running clock, or none.

    Args:
        form: the form's key.
        record_id: the record.
        due_at: in UTC; None when no clock runs any more.
        session: of the transaction of the cause.
        clock: whose deadline it is.
        level: how urgent it has become; None leaves it.
    """
    values: Document = {**due(due_at), "clock": clock, **(ranked(level) if level else {})}
    query = {"form": form, "record": record_id, "kind": {"$in": list(TIMED)}, **OPEN}
    return db().duties.update_many(query, {"$set": values}, session=session).modified_count


def due_of(form: str, record_id: ObjectId, session: ClientSession | None = None) -> datetime | None:
    """Return the deadline of what becomes owed for a record now: that of its soonest running clock."""
    running: Document = {"form": form, "record": record_id, "state": "running", "due_at": {"$ne": None}}
    found = db().clocks.find_one(
        {**running, "kind": {"$ne": "retention"}},
        {"due_at": 1},
        sort=[("due_at", ASCENDING)],
        session=session,
    )
    return found["due_at"] if found else None


def of_record(form: str, record_id: ObjectId, *, closed: bool = False) -> list[Document]:
    """Return what is owed for a record, or was, oldest first."""
    query: Document = {"form": form, "record": record_id, **({} if closed else OPEN)}
    return list(db().duties.find(query).sort("_id", ASCENDING))


def get(duty_id: ObjectId) -> Document:
    """Return one duty. Raises NotFoundError."""
    found = db().duties.find_one({"_id": duty_id})
    if found is None:
        raise NotFoundError
    return found


def ensure_indexes() -> None:
    """Create the unique key, and indexes of the open duties only: the inbox does not grow with the past."""
    order: list[tuple[str, Any]] = [("due_sort", ASCENDING), ("rank", ASCENDING), ("_id", ASCENDING)]
    db().duties.create_index([("key", ASCENDING)], unique=True)
    db().duties.create_index(
        [("people", ASCENDING), *order], partialFilterExpression=OPEN, name="open_of_person"
    )
    db().duties.create_index(order, partialFilterExpression=OPEN, name="open")
    db().duties.create_index([("form", ASCENDING), ("record", ASCENDING), ("_id", DESCENDING)])
    db().duties.create_index(
        [("form", ASCENDING), ("record", ASCENDING)], partialFilterExpression=OPEN, name="open_of_record"
    )
