"""Disposal lists: what is due is written down, a second person approves just that, and a job removes it."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from models import audit, forms, jobs
from models.batches import in_batches
from models.database import Document, db, in_transaction
from models.errors import ConflictError, DomainError, ForbiddenError, InvalidError, NotFoundError
from models.forms import LiveForm
from models.jobs import Job
from models.messages import _
from models.people import Actor, Permission, User
from models.permissions import require_permission
from models.retention import due, holds, rules
from models.storable import storable
from models.times import now

KIND = "disposal"
MOST = 20_000
BATCH = 1000
MAX_REASON = 500
WAITING, APPROVED, DONE, REJECTED, DRAWING = "drawn", "approved", "done", "rejected", "drawing"
_UNDER_WAY: Document = {"open": True}


def ensure_indexes() -> None:
    """Keep one list under way for each form, and each record once on a list."""
    db().disposal_lists.create_index(
        [("form", ASCENDING)], unique=True, partialFilterExpression=_UNDER_WAY, name="under_way"
    )
    db().disposal_items.create_index([("list", ASCENDING), ("record", ASCENDING)], unique=True)
    db().disposal_items.create_index([("list", ASCENDING), ("outcome", ASCENDING), ("_id", ASCENDING)])
    db().disposals.create_index([("list", ASCENDING), ("_id", ASCENDING)])


def draw(person: User, form: LiveForm) -> ObjectId:
    """Write down every record of a form that is due now, at most 20,000; return the list's id.

    Raises:
        ForbiddenError: the person may not manage retention.
        DomainError: there is no rule, or nothing is due, or the form is held.
        ConflictError: a list of this form is under way.
    """
    require_permission(person, Permission.RETENTION_MANAGE)
    rule = rules.of_form(form.key)
    if rule is None:
        raise DomainError(_("There is no rule how long these records are kept."))
    if holds.on_form(form.key):
        raise DomainError(_("A legal hold stands on this form: nothing of it may go."))
    actor, list_id = Actor.of(person), ObjectId()
    _begin(form, rule, actor, list_id)
    try:
        count = _write_items(list_id, due.records(form, rule))
        in_transaction(lambda session: _drawn(form, actor, list_id, count, session))
    except BaseException:
        _remove(list_id)
        raise
    return list_id


def _begin(form: LiveForm, rule: Document, actor: Actor, list_id: ObjectId) -> None:
    _forget_broken_off(form.key)
    begun = {
        "_id": list_id,
        "form": form.key,
        "label": form.definition.label.model_dump(),
        "rule": {name: rule[name] for name in ("keep_months", "counts_from")},
        "state": DRAWING,
        "open": True,
        "drawn_by": actor.id,
        "drawn_by_name": actor.name,
        "drawn_at": now(),
    }
    try:
        db().disposal_lists.insert_one(begun)
    except DuplicateKeyError:
        raise ConflictError(_("A disposal list of this form is under way already.")) from None


def _forget_broken_off(form: str) -> None:
    """Remove a list whose process died while it was drawn up."""
    old = {"form": form, "state": DRAWING, "drawn_at": {"$lt": now() - jobs.LEASE * 10}}
    for found in list(db().disposal_lists.find(old, {"_id": 1})):
        _remove(found["_id"])


def _remove(list_id: ObjectId) -> None:
    db().disposal_items.delete_many({"list": list_id})
    db().disposal_lists.delete_one({"_id": list_id, "state": DRAWING})


def _write_items(list_id: ObjectId, found: Iterator[due.DueRecord]) -> int:
    count, limited = 0, islice(found, MOST)
    for batch in in_batches(limited, BATCH):
        db().disposal_items.insert_many([_item(list_id, one) for one in batch])
        count += len(batch)
    return count


def _item(list_id: ObjectId, one: due.DueRecord) -> Document:
    record = one.record
    return {
        "_id": ObjectId(),
        "list": list_id,
        "record": record["_id"],
        "number": record["number"],
        "title": record["title"],
        "revision": record["revision"],
        "created_at": record["created_at"],
        "since": one.since.isoformat(),
        "in_bin": record["deleted_at"] is not None,
        "outcome": None,
    }


def _drawn(form: LiveForm, actor: Actor, list_id: ObjectId, count: int, session: ClientSession) -> None:
    if not count:
        raise DomainError(_("Nothing is due."))
    drawn = {"state": WAITING, "count": count}
    db().disposal_lists.update_one({"_id": list_id}, {"$set": drawn}, session=session)
    details = {"form": form.key, "count": count}
    audit.note(
        "disposal.drawn", actor=actor, subject=str(form.definition.label), details=details, session=session
    )


def approve(person: User, list_id: ObjectId, language: str) -> Job:
    """Let a job remove what stands on a list, and nothing else; return the job.

    Raises:
        ForbiddenError: the person may not manage retention, or drew the list up (four eyes).
        NotFoundError: there is no such list.
        ConflictError: somebody decided already.
    """
    require_permission(person, Permission.RETENTION_MANAGE)
    found = get(list_id)
    if found["drawn_by"] == person.id:
        raise ForbiddenError(_("Somebody else has to approve what you drew up."))
    label = forms.current(found["form"]).definition.label

    def work(session: ClientSession) -> Job:
        job = jobs.enqueue(
            KIND,
            person,
            {"list": list_id},
            title=label.text(language),
            form=found["form"],
            language=language,
            session=session,
        )
        decided = {
            "state": APPROVED,
            "approved_by": person.id,
            "approved_by_name": str(person),
            "job": job.id,
        }
        _decide(found, {**decided, "approved_at": now()}, session)
        _note(person, "disposal.approved", found, {"count": found["count"]}, session)
        return job

    return in_transaction(work)


def reject(person: User, list_id: ObjectId, reason: str) -> None:
    """Put a list aside; whoever drew it up may, too. Raises as `approve`; InvalidError without a reason."""
    require_permission(person, Permission.RETENTION_MANAGE)
    said = reason.strip()
    if not said or not storable(said):
        raise InvalidError({"reason": [_("Say why.")]})
    if len(said) > MAX_REASON:
        raise InvalidError({"reason": [_("At most %(max)s characters.", max=MAX_REASON)]})
    found = get(list_id)
    decided = {"state": REJECTED, "open": False, "rejected_by_name": str(person), "rejected_because": said}

    def work(session: ClientSession) -> None:
        _decide(found, {**decided, "rejected_at": now()}, session)
        _note(person, "disposal.rejected", found, {"reason": said}, session)

    in_transaction(work)


def _decide(found: Document, decided: Document, session: ClientSession) -> None:
    """Store a decision; one about a list whose job broke off is taken anew."""
    if not (found["state"] == WAITING or broke_off(found)):
        raise ConflictError(_("Somebody decided this already."))
    as_found = {"_id": found["_id"], "state": found["state"], "job": found.get("job")}
    if not db().disposal_lists.update_one(as_found, {"$set": decided}, session=session).matched_count:
        raise ConflictError(_("Somebody decided this already."))


def broke_off(found: Document) -> bool:
    """Tell whether a list was approved, but its job failed or was stopped."""
    if found["state"] != APPROVED:
        return False
    job = Job.objects(id=found["job"]).first()
    return job is None or job.state in {"failed", "cancelled"}


def _note(person: User, event: str, found: Document, details: Document, session: ClientSession) -> None:
    subject = forms.current(found["form"]).definition.label
    said = {"form": found["form"], **details}
    audit.note(event, actor=Actor.of(person), subject=str(subject), details=said, session=session)


def get(list_id: ObjectId) -> Document:
    """Return a list. Raises NotFoundError."""
    found = db().disposal_lists.find_one({"_id": list_id, "state": {"$ne": DRAWING}})
    if found is None:
        raise NotFoundError
    return found


def every(*, form: str = "", limit: int = 100) -> list[Document]:
    """Return the lists, of all forms or of one, the newest first."""
    query: Document = {"state": {"$ne": DRAWING}} | ({"form": form} if form else {})
    return list(db().disposal_lists.find(query).sort("_id", DESCENDING).limit(limit))


def items(
    list_id: ObjectId, *, after: ObjectId | None = None, limit: int = 0, outcome: str = ""
) -> list[Document]:
    """Return what stands on a list, in its order; `outcome` narrows to what became of it."""
    query: Document = {"list": list_id} | ({"_id": {"$gt": after}} if after else {})
    if outcome:
        query["outcome"] = outcome
    return list(db().disposal_items.find(query).sort("_id", ASCENDING).limit(limit))


def outcomes(list_id: ObjectId) -> dict[str, int]:
    """Return how many records of a list came to what."""
    stages: list[dict[str, Any]] = [
        {"$match": {"list": list_id}},
        {"$group": {"_id": "$outcome", "count": {"$sum": 1}}},
    ]
    return {found["_id"]: found["count"] for found in db().disposal_items.aggregate(stages) if found["_id"]}
