"""Somebody leaves: their account ends at once, and what was theirs goes to whoever was named."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import accounts, api_tokens, audit, delegations, handover, notifications, staffing
from models.access import permitted
from models.database import Document, db
from models.definition_parts import Label
from models.errors import InvalidError
from models.forms import LiveForm
from models.handover import Heap, Run, every_form, open_records
from models.job_files import KEEP
from models.jobs import Job, RunningJob
from models.leaving import pieces
from models.ledger_parts import MovePieces
from models.messages import Message, _, translate
from models.people import Action, Actor, User
from models.who import put_once

JOB = "handover"
MOVED: Final = ("records", "pieces")
"""What of a plan a job carries out, record by record."""


@dataclass(frozen=True)
class Plan:
    """Who takes over what; None leaves it to deputies and heads (tasks), or as it is.

    Attributes:
        tasks: who is asked instead, from now on: tasks, approvals, whatever procedures name.
        records: to whom their open records go.
        departments: who leads what they led, and is a deputy where they were.
        pieces: into whose hands goes what was lent to them, with its slips.
    """

    tasks: ObjectId | None = None
    records: ObjectId | None = None
    departments: ObjectId | None = None
    pieces: ObjectId | None = None

    @property
    def chosen(self) -> Mapping[str, ObjectId]:
        """Those who were chosen, by what they take over."""
        return {key: one for key, one in vars(self).items() if one}


def leave(person: User, leaver: User, plan: Plan, *, seen: str) -> Job | None:
    """End an account and hand over what was theirs; return the job that hands over records, if any.

    Sessions and API keys end at once, delegations from and to the person too.

    Args:
        person: who does it.
        leaver: whose account ends.
        plan: who takes over what.
        seen: `edits.stamp` of the account as the person saw it.

    Raises:
        ForbiddenError: the person may not administer people, or not this one.
        InvalidError: beside `tasks`, `records` or `departments`, or what else was refused.
        ConflictError: someone else changed the account first.
    """
    _check(leaver, plan)
    leaver.active = False
    job = _job(person, leaver, plan)
    accounts.save_user(person, leaver, seen=seen, also=partial(_write, person, leaver, plan, job))
    return job


def let_return(person: User, user: User, *, seen: str) -> None:
    """Let somebody sign in again; what was handed over stays where it is. Raises as `leave`."""
    user.active = True

    def write(session: ClientSession) -> None:
        db().users.update_one({"_id": user.id}, {"$unset": {"successor": ""}}, session=session)
        audit.note("user.reactivated", actor=Actor.of(person), subject=str(user.username), session=session)

    accounts.save_user(person, user, seen=seen, also=write)


def _check(leaver: User, plan: Plan) -> None:
    errors: dict[str, list[Message]] = {}
    for key, one in plan.chosen.items():
        successor = User.objects(id=one, active=True).first()
        if successor is None or successor.id == leaver.id:
            errors[key] = [_("Choose somebody else who works here.")]
        elif key in MOVED and (closed := _closed_to(successor, _heaps(leaver.id, {key: successor}))):
            errors[key] = [_("%(name)s may not open “%(form)s”.", name=str(successor), form=closed)]
    if errors:
        raise InvalidError(errors)


def _closed_to(successor: User, heaps: Iterable[Heap]) -> Label | None:
    """Return the name of a form with records to be handed over that the successor could not even see."""
    for heap in heaps:
        if not permitted(successor, heap.form.key, Action.SEE) and heap.count():
            return heap.form.definition.label
    return None


def _job(person: User, leaver: User, plan: Plan) -> Job | None:
    chosen = {key: plan.chosen[key] for key in MOVED if key in plan.chosen}
    takers = {key: User.objects.get(id=one) for key, one in chosen.items()}
    if not any(heap.count() for heap in _heaps(leaver.id, takers)):
        return None
    title = translate(_("Records of %(name)s", name=str(leaver)), str(person.language))
    return handover.prepare_job(JOB, person, {"from": leaver.id, **chosen}, title)


def _write(person: User, leaver: User, plan: Plan, job: Job | None, session: ClientSession) -> None:
    """Write what belongs to the end of an account, in its transaction."""
    successor = {"$set": {"successor": plan.tasks}} if plan.tasks else {"$unset": {"successor": ""}}
    db().users.update_one({"_id": leaver.id}, successor, session=session)
    led = _hand_over_departments(leaver.id, plan.departments, session)
    delegations.end_all(leaver.id, by=person.id, session=session)
    api_tokens.end_all(leaver.id, session=session)
    if led:
        staffing.changed(session)
    if job:
        handover.store_job(job, session)
    names = {
        key: str(User.objects(id=one).only("username").first().username) for key, one in plan.chosen.items()
    }
    details = {**names, "led": led}
    subject = str(leaver.username)
    audit.note("user.handed_over", actor=Actor.of(person), subject=subject, details=details, session=session)


def _hand_over_departments(leaver: ObjectId, successor: ObjectId | None, session: ClientSession) -> list[str]:
    """Let somebody lead what the leaver led; return the codes of the departments."""
    if successor is None:
        return []
    concerned: Document = {"$or": [{"head": leaver}, {"deputies": leaver}]}
    found = list(db().departments.find(concerned, session=session))
    for department in found:
        head = successor if department.get("head") == leaver else department.get("head")
        deputies = [successor if one == leaver else one for one in department.get("deputies") or ()]
        kept = [one for one in dict.fromkeys(deputies) if one != head]
        posts = {"$set": {"head": head, "deputies": kept}}
        db().departments.update_one({"_id": department["_id"]}, posts, session=session)
    return [department["code"] for department in found]


def hand_over(job: RunningJob) -> None:
    """Carry out the job that hands over records and pieces, and tell who takes over how many there were."""
    leaver = User.objects.get(id=job.params["from"])
    chosen = {"records": job.params.get("to"), **job.params}  # `to`: as jobs of earlier versions say it
    takers = {key: User.objects.get(id=chosen[key]) for key in MOVED if chosen.get(key)}
    actor, first = Actor.of(job.owner()), next(iter(takers.values()))
    reason = translate(_("%(name)s has left.", name=str(leaver)), str(first.language))
    run = Run(job, actor, reason)
    run.carry_out(list(_heaps(leaver.id, takers)))
    told = notifications.tell(
        list(dict.fromkeys(one.id for one in takers.values())),
        key=f"{JOB}:{job.id}",
        kind="system",
        title=_("You take over from %(name)s.", name=str(leaver)),
        text=_("Open records that are yours now: %(count)s.", count=run.moved),
        url="/inbox/",
        by_name=actor.name,
    )
    put_once(told)
    job.finish(run.result(), keep=KEEP)


def _heaps(leaver: ObjectId, takers: Mapping[str, User]) -> Iterator[Heap]:
    """Yield what goes to whoever takes over `records` and `pieces`, a heap for each form."""
    for form in every_form():
        theirs: list[Document] = []
        if "records" in takers:
            theirs.append({"$or": [{"owner": leaver}, {"assignees": leaver}]})
        if "pieces" in takers and (slips := pieces.slips_held(form, leaver)):
            theirs.append({"_id": {"$in": slips}, **_borrowed_by(form, leaver)})
        if theirs:
            query = {"$and": [open_records(form), {"$or": theirs}]}
            values, todo = partial(_instead, leaver, takers, form), partial(_passed_on, leaver, takers, form)
            yield Heap(form, query, values, todo)


def _borrowed_by(form: LiveForm, person: ObjectId) -> Document:
    part = form.definition.slip
    return {f"data.{part.borrower}": person} if part else {}


def _instead(leaver: ObjectId, takers: Mapping[str, User], form: LiveForm, record: Document) -> Document:
    found: Document = {}
    if records_to := takers.get("records"):
        found = _to(leaver, records_to.id, record)
    part = form.definition.slip
    if part and _goes_on(leaver, takers, form, record):
        taker = takers["pieces"]
        department = {part.department: taker.department.id} if part.department and taker.department else {}
        found["data"] = {**record["data"], part.borrower: taker.id, **department}
    return found


def _to(leaver: ObjectId, successor: ObjectId, record: Document) -> Document:
    assignees = [successor if one == leaver else one for one in record.get("assignees") or ()]
    owner = successor if record.get("owner") == leaver else record.get("owner")
    return {"owner": owner, "assignees": list(dict.fromkeys(assignees))}


def _passed_on(
    leaver: ObjectId, takers: Mapping[str, User], form: LiveForm, record: Document
) -> tuple[MovePieces, ...]:
    """Return the movement that gives the pieces of a slip into the next hands."""
    goes_on = _goes_on(leaver, takers, form, record)
    return (MovePieces(do="ledger", action="pass_on"),) if goes_on else ()


def _goes_on(leaver: ObjectId, takers: Mapping[str, User], form: LiveForm, record: Document) -> bool:
    part = form.definition.slip
    return bool(part and "pieces" in takers and record["data"].get(part.borrower) == leaver)
