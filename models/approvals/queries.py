"""Reading approvals: those of a record, what a person may do with one, and whether content changed since."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING

from models import delegations, sealing
from models.approvals import signers
from models.database import Document, db
from models.errors import NotFoundError
from models.forms import collection_name
from models.messages import Message, _
from models.people import User
from models.times import now
from models.workflow import signing

_TOLD = "content of an approval"


@dataclass(frozen=True)
class Slot:
    """A place in the current step that a person can fill: their own, or that of whom they stand in for."""

    signer: Document
    for_person: ObjectId | None


@dataclass(frozen=True)
class Options:
    """What a person can do with an approval now; `why_not` says what stands in the way of deciding.

    `slots` are the places they can fill, `return_to` the earlier steps it can go back to.
    """

    slots: list[Slot]
    step: Document
    decide: bool
    why_not: Message | None
    add_signer: bool
    hand_over: bool
    return_to: list[Document]
    withdraw: bool


@dataclass(frozen=True)
class Demand:
    """What the current step of an approval asks for: which signature, and of whom it is asked now."""

    signature: str
    people: tuple[ObjectId, ...]


def get(approval_id: ObjectId) -> Document:
    """Return an approval. Raises NotFoundError."""
    found = db().approvals.find_one({"_id": approval_id})
    if found is None:
        raise NotFoundError
    return found


def of_record(form: str, record_id: ObjectId) -> list[Document]:
    """Return the approvals of a record, newest first."""
    return list(db().approvals.find({"form": form, "record": record_id}).sort("_id", DESCENDING))


def open_of_record(form: str, record_id: ObjectId) -> Document | None:
    """Return the approval that is open for a record, if any."""
    return db().approvals.find_one({"form": form, "record": record_id, "status": "open"})


def demands(approvals: Iterable[ObjectId]) -> dict[ObjectId, Demand]:
    """Return what the current step of each of some open approvals asks for; one query."""
    query = {"_id": {"$in": list(approvals)}, "status": "open"}
    wanted = {"status": 1, "current": 1, "steps.signature": 1, "steps.signers": 1}
    return {one["_id"]: _demand(one) for one in db().approvals.find(query, wanted)}


def as_told(content: str) -> str:
    """Return the hash of a content as a page bears it: nobody checks by it what they guess of a record."""
    return sealing.seal(content, _TOLD)


def as_held(told: str) -> str | None:
    """Return the hash that a page bore; None where it bore none, nothing that fits where it is made up."""
    if not told:
        return None
    return sealing.open_sealed(told, _TOLD) if sealing.is_sealed(told) else told


def contents(owed: Iterable[Document]) -> dict[ObjectId, str]:
    """Return, by duty, the hash of what its record holds now: what somebody sees who is about to approve."""
    by_form: dict[str, dict[ObjectId, ObjectId]] = {}
    for duty in owed:
        by_form.setdefault(duty["form"], {})[duty["_id"]] = duty["record"]
    return {
        duty: content for form, records in by_form.items() for duty, content in _held(form, records).items()
    }


def _held(form: str, records: Mapping[ObjectId, ObjectId]) -> dict[ObjectId, str]:
    wanted = {"_id": {"$in": list(records.values())}}
    held = {one["_id"]: one for one in db()[collection_name(form)].find(wanted, {"data": 1})}
    return {
        duty: signing.content_hash(form, held[record]) for duty, record in records.items() if record in held
    }


def _demand(approval: Document) -> Demand:
    people = tuple(one["person"] for one in signers.asked(approval).values())
    return Demand(str(signers.current_step(approval)["signature"]), people)


def slots(approval: Document, person: User, at: datetime | None = None) -> list[Slot]:
    """Return the places of the current step that a person can fill, their own first."""
    asked = signers.asked(approval).values()
    if not person.active or not asked:
        return []
    own = [Slot(one, None) for one in asked if one["person"] == person.id]
    absent = set(delegations.acting_for(person.id, at or now(), approval["form"])) - {person.id}
    return own + [Slot(one, one["person"]) for one in asked if one["person"] in absent]


def is_own_work(approval: Document, person: ObjectId, for_person: ObjectId | None = None) -> bool:
    """Tell whether somebody would decide about what they asked for themselves, and may not."""
    return not approval["own_work"] and approval["started_by"] in {person, for_person or person}


def options(approval: Document, person: User) -> Options:
    """Return what a person can do with an approval now."""
    found = slots(approval, person)
    step = signers.current_step(approval)
    free = [one for one in found if not is_own_work(approval, person.id, one.for_person)]
    why_not = None
    if not found:
        why_not = _("You are not asked to sign now.")
    elif not free:
        why_not = _("Nobody decides about what they asked for themselves.")
    return Options(
        slots=found,
        step=step,
        decide=bool(free),
        why_not=why_not,
        add_signer=bool(found) and step["add_signers"],
        hand_over=bool(found) and step["hand_over"],
        return_to=earlier(approval) if free else [],
        withdraw=approval["status"] == "open" and bool(person.active) and person.id == approval["started_by"],
    )


def earlier(approval: Document) -> list[Document]:
    """Return the steps before the current one that were asked."""
    return [one for one in approval["steps"][: approval["current"]] if one["status"] != signers.LEFT_OUT]


def changed_since(approval: Document, record: Mapping[str, Any]) -> bool:
    """Tell whether a record holds something else than what the last signature was given to.

    What the procedure wrote together with a signature does not count.
    """
    return bool(approval["content_hash"] != signing.content_hash(approval["form"], record))


def signed_earlier(signer: Document, form: str, record: Mapping[str, Any]) -> bool:
    """Tell whether somebody signed an earlier content than a record holds now."""
    return signer["holds"] is not None and signer["holds"] != signing.content_hash(form, record)


def ensure_indexes() -> None:
    """Create the unique key, and what a record's page and the leavers' check read."""
    db().approvals.create_index([("key", ASCENDING)], unique=True)
    db().approvals.create_index([("form", ASCENDING), ("record", ASCENDING), ("_id", DESCENDING)])
    db().approvals.create_index(
        [("steps.signers.person", ASCENDING)],
        partialFilterExpression={"status": "open"},
        name="open_of_signer",
    )
