"""Removing for good what an approved list names: record, history, files, and whatever else is about it.

A batch is one transaction, and what became of a record stands on the list in the same one, so that a worker
that dies leaves nothing half done and its successor goes on. Of each record a tombstone stays.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bson import ObjectId
from pymongo import ASCENDING
from pymongo.client_session import ClientSession

from models import audit, files, forms, numbering
from models.database import Document, db, in_transaction
from models.definition import Definition
from models.errors import DomainError
from models.forms import LiveForm, collection_name
from models.jobs import RunningJob
from models.ledger import disposing
from models.messages import Message, _
from models.people import Actor, Permission
from models.permissions import require_permission
from models.retention import holds, lists
from models.times import now

BATCH = 100
ABOUT_A_RECORD = ("history", "comments", "duties", "clocks", "approvals", "filings", "letters")
"""Collections found by form and record."""
TOLD_OF_A_RECORD = (
    ("notifications", "record"),
    ("deliveries", "notice.record"),
    ("property_check_lines", "check"),
)
"""Collections without such an index: what still tells of the records goes at the end, many in one go."""
REMOVED = "removed"
OUTCOMES: dict[str, Message] = {
    REMOVED: _("removed"),
    "held": _("kept: legal hold"),
    "changed": _("kept: changed since the list was drawn up"),
    "referred": _("kept: another record refers to it"),
    "needed": _("kept: pieces of it are still here or out"),
    "gone": _("was gone already"),
    "rule": _("kept: the rule was changed"),
}


@dataclass
class Disposal:
    """One approved list being carried out."""

    job: RunningJob
    list: Document
    form: LiveForm

    @property
    def done(self) -> int:
        """How many records of the list came to something."""
        return db().disposal_items.count_documents({"list": self.list["_id"], "outcome": {"$ne": None}})


def run(job: RunningJob) -> None:
    """Carry out a disposal job.

    Raises:
        ForbiddenError: who approved it may not any more.
        DomainError: the list is not an approved one.
        LeaseLostError: another worker took over.
        CancelledError: the owner stopped it; what is gone stays gone.
    """
    person = job.owner()
    require_permission(person, Permission.RETENTION_MANAGE)
    found = lists.get(job.params["list"])
    if found["state"] == lists.DONE and found["job"] == job.id:  # all but the job itself was finished
        job.finish(found["outcomes"], keep=timedelta(0))
        return
    if found["state"] != lists.APPROVED or found["job"] != job.id or found["drawn_by"] == person.id:
        raise DomainError(_("This list is not approved."))
    disposal = Disposal(job, found, forms.current(found["form"]))
    while _pass(disposal):
        pass
    _give_up_on(disposal)
    _forget_what_was_told(disposal)
    files.sweep_unclaimed()
    _finish(disposal, Actor.of(person))


def _pass(disposal: Disposal) -> bool:
    """Go once through what is left; tell whether something went, so that others are no longer referred to."""
    last, removed = None, 0
    while batch := _left(disposal, last):
        last = batch[-1]["_id"]
        removed += in_transaction(partial(_carry_out, disposal, batch))
    return removed > 0


def _left(disposal: Disposal, after: ObjectId | None) -> list[Document]:
    query: Document = {"list": disposal.list["_id"], "outcome": None}
    if after:
        query["_id"] = {"$gt": after}
    return list(db().disposal_items.find(query).sort("_id", ASCENDING).limit(BATCH))


def _carry_out(disposal: Disposal, batch: list[Document], session: ClientSession) -> int:
    """Remove those of a batch that may go, note of the others why not; return how many went."""
    form = disposal.form
    holds.take_turn(form.key, session)
    ids = [item["record"] for item in batch]
    records = {
        record["_id"]: record for record in form.records().find({"_id": {"$in": ids}}, session=session)
    }
    same_rule = _is_same_rule(disposal, session)
    held = holds.held(form.key, ids, session)
    fates: dict[ObjectId, str] = {}
    for item in batch:
        fate = _fate(form, item, records.get(item["record"]), held, same_rule=same_rule)
        if fate:
            fates[item["record"]] = fate
    free = [one for one in ids if one not in fates]
    referred_to = _referred_to(form.key, free, session)
    may_go = [one for one in free if one not in referred_to]
    _remove(disposal, [records[one] for one in may_go], session)
    fates |= dict.fromkeys(may_go, REMOVED)
    for fate in set(fates.values()):
        which = [record for record, one in fates.items() if one == fate]
        _note_fate(disposal, which, fate, session)
    disposal.job.keep_position({}, disposal.done + len(fates), disposal.list["count"], session)
    return len(may_go)


def _is_same_rule(disposal: Disposal, session: ClientSession) -> bool:
    rule = db().retention_rules.find_one({"_id": disposal.form.key}, session=session) or {}
    return all(rule.get(name) == value for name, value in disposal.list["rule"].items())


def _fate(
    form: LiveForm, item: Document, record: Document | None, held: set[ObjectId], *, same_rule: bool
) -> str:
    """Return why a record does not go; "" when nothing of its own speaks against it."""
    if record is None:
        return "gone"
    if record["_id"] in held:
        return "held"
    if not same_rule:
        return "rule"
    if record["revision"] != item["revision"]:
        return "changed"
    return "needed" if disposing.is_needed(form, record) else ""


def _referred_to(form: str, ids: list[ObjectId], session: ClientSession) -> set[ObjectId]:
    """Return which of some records of a form another record that is not in the bin refers to."""
    found: set[ObjectId] = set()
    for referring, path in _references(form):
        query = {path: {"$in": ids}, "deleted_at": None}
        for record in db()[collection_name(referring)].find(query, {path: 1}, session=session):
            found |= {one for one in _ids_in(record, path.split(".")) if one != record["_id"]}
    return found & set(ids)


def _references(target: str) -> Iterator[tuple[str, str]]:
    """Yield every place that refers to records of a form, or did in an earlier version of its own form."""
    for form in db().forms.find({}, {"field_types": 1}):
        for path, kind in form.get("field_types", {}).items():
            if kind.removesuffix("*") == f"reference:{target}":
                yield form["_id"], f"data.{path.replace('/', '.')}"


def _ids_in(value: object, path: list[str]) -> Iterator[ObjectId]:
    if isinstance(value, list):
        for one in value:
            yield from _ids_in(one, path)
    elif path and isinstance(value, dict):
        yield from _ids_in(value.get(path[0]), path[1:])
    elif isinstance(value, ObjectId):
        yield value


def _remove(disposal: Disposal, records: list[Document], session: ClientSession) -> None:
    if not records:
        return
    form, ids = disposal.form, [record["_id"] for record in records]
    db().disposals.insert_many([_tombstone(disposal, record) for record in records], session=session)
    _keep_numbers(form, records, session)
    about: Document = {"form": form.key, "record": {"$in": ids}}
    for name in ABOUT_A_RECORD:
        db()[name].delete_many(about, session=session)
    db().legal_holds.update_many(about, {"$set": {"number": None}}, session=session)
    disposing.forget_movements(form, ids, session)
    files.give_up(form.key, ids, session)
    form.records().delete_many({"_id": {"$in": ids}}, session=session)


def _tombstone(disposal: Disposal, record: Document) -> Document:
    """Return what stays of a record: that it was, under which number, and the seal of its last entry."""
    return {
        "_id": record["_id"],
        "form": disposal.form.key,
        "number": record["number"],
        "revision": record["revision"],
        "seal": record.get("seal", ""),
        "list": disposal.list["_id"],
        "at": now(),
    }


def _keep_numbers(form: LiveForm, records: list[Document], session: ClientSession) -> None:
    """Let nobody else ever be given a number that was used."""
    numbering.retire(form.key, "", [record["number"] for record in records if record["number"]], session)
    for key in _serials(form.definition):
        used = [record["data"][key] for record in records if record["data"].get(key)]
        numbering.retire(form.key, key, used, session)


def _serials(definition: Definition) -> list[str]:
    return [field.key for field in definition.value_fields if field.type == "serial"]


def _note_fate(disposal: Disposal, which: list[ObjectId], fate: str, session: ClientSession) -> None:
    of_list = {"list": disposal.list["_id"], "record": {"$in": which}}
    db().disposal_items.update_many(of_list, {"$set": {"outcome": fate, "at": now()}}, session=session)


def _give_up_on(disposal: Disposal) -> None:
    """Note of what is left that it is still referred to."""
    left = {"list": disposal.list["_id"], "outcome": None}
    db().disposal_items.update_many(left, {"$set": {"outcome": "referred", "at": now()}})


def _forget_what_was_told(disposal: Disposal) -> None:
    """Remove notices and messages about what is gone."""
    removed = lists.items(disposal.list["_id"], outcome=REMOVED)
    for start in range(0, len(removed), lists.BATCH):
        ids = [item["record"] for item in removed[start : start + lists.BATCH]]
        for name, path in TOLD_OF_A_RECORD:
            db()[name].delete_many({path: {"$in": ids}})
        disposal.job.progress(disposal.list["count"], disposal.list["count"])


def _finish(disposal: Disposal, actor: Actor) -> None:
    """Close the list, and let the audit log say what went, sealed."""
    list_id = disposal.list["_id"]
    found, seal = lists.outcomes(list_id), digest(list_id)
    removed = found.get(REMOVED, 0)
    ended = {"state": lists.DONE, "open": False, "done_at": now(), "outcomes": found, "seal": seal}
    details = {"form": disposal.form.key, "list": list_id, "count": removed, "seal": seal,
               "skipped": sum(found.values()) - removed}  # fmt: skip

    def work(session: ClientSession) -> None:
        approved = {"_id": list_id, "state": lists.APPROVED}
        db().disposal_lists.update_one(approved, {"$set": ended}, session=session)
        subject = str(disposal.form.definition.label)
        audit.note("disposal.finished", actor=actor, subject=subject, details=details, session=session)

    in_transaction(work)
    disposal.job.finish(found, keep=timedelta(0))


def digest(list_id: ObjectId) -> str:
    """Return the hash over the tombstones of a list: `db check` tells by it that none was added or lost."""
    hashed = hashlib.sha256()
    for tombstone in db().disposals.find({"list": list_id}).sort("_id", ASCENDING):
        hashed.update(f"{tombstone['_id']} {tombstone['number']} {tombstone['seal']}\n".encode())
    return hashed.hexdigest()
