"""A department becomes part of another: people, records and departments below it move, it is retired."""

from collections.abc import Iterator

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import audit, departments, handover, staffing
from models.changes import MAX_REASON
from models.database import Document, db, in_transaction
from models.duties.store import OPEN
from models.errors import ConflictError, InvalidError
from models.handover import Heap, Run, every_form, open_records
from models.job_files import KEEP
from models.jobs import Job, RunningJob
from models.messages import Message, _, translate
from models.people import Actor, Department, Permission, User
from models.permissions import require_permission
from models.reorganising.moving import begin

JOB = "department_merge"


def check_merge(source: Department, target: Department | None) -> None:
    """Raise InvalidError beside `target` for a merge that cannot be."""
    problem = _problem(source, target)
    if problem or target is None:
        raise InvalidError({"target": [problem or _("This is needed.")]})
    for child in Department.objects(parent=source, merged_into=None):
        try:
            departments.check_place(child, target)
        except InvalidError as error:
            raise InvalidError({"target": error.errors["parent"]}) from None


def _problem(source: Department, target: Department | None) -> Message | None:
    if target is None:
        return _("This is needed.")
    if source.merged_into:
        return _("It was merged into another department; that cannot be undone.")
    if target.retired or target.merged_into:
        return _("This department is no longer in use.")
    if target.id == source.id:
        return _("A department cannot be merged into itself.")
    if target.id in departments.below(source):
        return _("This department is below it. Move it first, or merge the other way round.")
    return None


def merge(person: User, source: Department, target: Department, *, everything: bool, reason: str = "") -> Job:
    """Make a department part of another; return the job that hands on its records. It cannot be undone.

    Args:
        person: who does it.
        source: is retired.
        target: takes over people, records, the departments below.
        everything: hand on finished records, too; otherwise they keep the old department as their history,
            and are seen by the people of the new one all the same.
        reason: for the history of every record.

    Raises:
        ForbiddenError: the person may not administer departments.
        InvalidError: beside `target` or `reason`.
        ConflictError: somebody else merged or moved one of them meanwhile.
    """
    require_permission(person, Permission.CONFIGURE_DEPARTMENTS)
    if len(reason.strip()) > MAX_REASON:
        raise InvalidError({"reason": [_("At most %(max)s characters.", max=MAX_REASON)]})
    check_merge(source, target)
    title = f"{source} → {target}"
    params = {"from": source.id, "to": target.id, "everything": everything, "reason": reason.strip()}
    job = handover.prepare_job(JOB, person, params, title)

    def write(session: ClientSession) -> None:
        begin(session)
        _require_standing(target, session)
        _retire(source, target, session)
        moved = _move_people(source, target, session)
        handover.store_job(job, session)
        staffing.changed(session)
        details = {**moved, "into": str(target.code), "everything": everything, "reason": reason.strip()}
        subject = f"{source.code} {source}"
        audit.note(
            "department.merged", actor=Actor.of(person), subject=subject, details=details, session=session
        )

    in_transaction(write)
    return job


def _require_standing(target: Department, session: ClientSession) -> None:
    standing = {"_id": target.id, "retired": {"$ne": True}, "merged_into": None}
    if not db().departments.find_one(standing, {"_id": 1}, session=session):
        raise ConflictError


def _retire(source: Department, target: Department, session: ClientSession) -> None:
    """Retire the source and let it lie under the target: what is below is seen by whoever sees the target."""
    if target.id in _below(source.id, session):
        raise ConflictError
    gone = {"retired": True, "merged_into": target.id, "parent": target.id, "deputies": [], "calendar": ""}
    retired = db().departments.update_one(
        {"_id": source.id, "merged_into": None}, {"$set": gone, "$unset": {"head": ""}}, session=session
    )
    if not retired.matched_count:
        raise ConflictError


def _below(department: ObjectId, session: ClientSession) -> set[ObjectId]:
    """Return what lies under a department, as this transaction sees it."""
    found, newest = {department}, {department}
    while newest:
        wanted: Document = {"parent": {"$in": list(newest)}}
        newest = {one["_id"] for one in db().departments.find(wanted, {"_id": 1}, session=session)} - found
        found |= newest
    return found


def _move_people(source: Department, target: Department, session: ClientSession) -> Document:
    """Move people, departments below and routes of messages; return how many of each."""
    into = {"$set": {"department": target.id}}
    people = db().users.update_many({"department": source.id}, into, session=session)
    below = db().departments.update_many(
        {"parent": source.id}, {"$set": {"parent": target.id}}, session=session
    )
    routed = {"departments": source.id}
    db().channels.update_many(routed, {"$addToSet": {"departments": target.id}}, session=session)
    db().channels.update_many(routed, {"$pull": {"departments": source.id}}, session=session)
    return {"people": people.modified_count, "departments": below.modified_count}


def carry_out(job: RunningJob) -> None:
    """Carry out the job that hands on the records of a department that was merged."""
    params = job.params
    source, target = Department.objects.get(id=params["from"]), Department.objects.get(id=params["to"])
    merged = translate(
        _("Department %(source)s became part of %(target)s.", source=source, target=target), "zh"
    )
    reason = params["reason"] or merged
    run = Run(job, Actor.of(job.owner()), reason)
    run.carry_out(list(_heaps(source.id, target.id, everything=params["everything"])))
    owed: Document = {"department": source.id, **OPEN}
    db().duties.update_many(owed, {"$set": {"department": target.id}})
    job.finish(run.result(), keep=KEEP)


def _heaps(source: ObjectId, target: ObjectId, *, everything: bool) -> Iterator[Heap]:
    for form in every_form():
        which = {"deleted_at": None} if everything else open_records(form)
        yield Heap(form, {"$and": [{"department": source}, which]}, lambda _record: {"department": target})
