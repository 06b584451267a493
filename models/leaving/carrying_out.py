"""Somebody leaves: their account ends at once, and what was theirs goes to whoever was named."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

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
from models.messages import Message, _, translate
from models.people import Action, Actor, User
from models.who import put_once

JOB = "handover"


@dataclass(frozen=True)
class Plan:
    """Who takes over what; None leaves it to deputies and heads (tasks), or as it is.

    Attributes:
        tasks: who is asked instead, from now on: tasks, approvals, whatever procedures name.
        records: to whom their open records go.
        departments: who leads what they led, and is a deputy where they were.
    """

    tasks: ObjectId | None = None
    records: ObjectId | None = None
    departments: ObjectId | None = None

    @property
    def chosen(self) -> Mapping[str, ObjectId]:
        """Those who were chosen, by what they take over."""
        found = {"tasks": self.tasks, "records": self.records, "departments": self.departments}
        return {key: one for key, one in found.items() if one}


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
        elif key == "records" and (closed := _closed_to(successor, leaver)):
            errors[key] = [_("%(name)s may not open “%(form)s”.", name=str(successor), form=closed)]
    if errors:
        raise InvalidError(errors)


def _closed_to(successor: User, leaver: User) -> Label | None:
    """Return the name of a form with records to be handed over that the successor could not even see."""
    for heap in _heaps(leaver.id, successor.id):
        if not permitted(successor, heap.form.key, Action.SEE) and heap.count():
            return heap.form.definition.label
    return None


def _job(person: User, leaver: User, plan: Plan) -> Job | None:
    if not plan.records or not any(heap.count() for heap in _heaps(leaver.id, plan.records)):
        return None
    title = translate(_("Records of %(name)s", name=str(leaver)), str(person.language))
    return handover.prepare_job(JOB, person, {"from": leaver.id, "to": plan.records}, title)


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
    """Carry out the job that hands over records, and tell the successor how many there were."""
    params = job.params
    leaver, successor = User.objects.get(id=params["from"]), User.objects.get(id=params["to"])
    actor = Actor.of(job.owner())
    reason = translate(_("%(name)s has left.", name=str(leaver)), str(successor.language))
    run = Run(job, actor, reason)
    run.carry_out(list(_heaps(leaver.id, successor.id)))
    told = notifications.tell(
        [successor.id],
        key=f"{JOB}:{job.id}",
        kind="system",
        title=_("You take over from %(name)s.", name=str(leaver)),
        text=_("Open records that are yours now: %(count)s.", count=run.moved),
        url="/inbox/",
        by_name=actor.name,
    )
    put_once(told)
    job.finish(run.result(), keep=KEEP)


def _heaps(leaver: ObjectId, successor: ObjectId) -> Iterator[Heap]:
    for form in every_form():
        yield Heap(form, _theirs(form, leaver), partial(_instead, leaver, successor))


def _theirs(form: LiveForm, leaver: ObjectId) -> Document:
    return {"$and": [open_records(form), {"$or": [{"owner": leaver}, {"assignees": leaver}]}]}


def _instead(leaver: ObjectId, successor: ObjectId, record: Document) -> Document:
    assignees = [successor if one == leaver else one for one in record.get("assignees") or ()]
    owner = successor if record.get("owner") == leaver else record.get("owner")
    return {"owner": owner, "assignees": list(dict.fromkeys(assignees))}
