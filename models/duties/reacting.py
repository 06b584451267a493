"""What a change of a record makes of its duties: entering a state opens its task, leaving it closes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import directory, who
from models.changes import QUIET_SOURCES, Change
from models.database import Document, db
from models.duties import store
from models.forms import LiveForm
from models.messages import LANGUAGES
from models.people import Actor
from models.procedure import State, Who

_ASSIGNED = Who(fields=("@assignees",))
_OWNED = Who(fields=("@owner",))


def entered(change: Change) -> State | None:
    """Return the state a record comes to rest in by a change: a new one, or the same once more.

    Taking a transition back to the same state enters it again; so does coming back from the bin.
    """
    workflow, record = change.form.definition.workflow, change.record
    if workflow is None or record.get("deleted_at"):
        return None
    state = workflow.by_state.get(record.get("state") or "")
    before = change.before
    if before is None or before.get("deleted_at") or before.get("state") != record.get("state"):
        return state
    taken = [workflow.by_transition.get(key) for key in change.transitions]
    return state if any(one and one.to == record["state"] for one in taken) else None


def react(change: Change) -> None:
    """Open and close what is owed by a change, in its transaction, and keep what stays open current."""
    ended = _end(change)
    if ended:
        change.writes.append(partial(_close, change, ended))
    state = entered(change)
    if state and not state.is_end:
        resolved = _resolve(_owes(state, change.record), change.form, change.record, change.actor)
        change.writes.append(_Entering(change, state, resolved))
    elif change.before is not None and not ended:
        change.writes.append(partial(_follow, change, _newly_owed(change, change.before)))


def _end(change: Change) -> str:
    """Return why nothing more is to be done for a record, or ""."""
    workflow, before = change.form.definition.workflow, change.before
    if before is None:
        return ""
    if change.record.get("deleted_at") and not before.get("deleted_at"):
        return "deleted"
    state = entered(change) if workflow else None
    return state.category if state and state.is_end else ""


def _close(change: Change, ended: str, session: ClientSession) -> None:
    store.close_of_record(
        change.form.key,
        change.record["_id"],
        at=change.at,
        by=change.actor.id,
        kinds=store.TIMED if ended == "done" else (),  # what was filed is acknowledged even afterwards
        outcome=ended,
        for_person=change.facts.get("on_behalf_of"),
        session=session,
    )


def _owes(state: State, record: Document) -> Who:
    """Return who owes a state's task; without a word about it, those it is assigned to, or its owner."""
    if state.who or not state.task or state.approval:
        return state.who
    return _ASSIGNED if record.get("assignees") else _OWNED


def _what(state: State) -> dict[str, str]:
    label = state.task or state.label
    return {language: label.text(language) for language in LANGUAGES}


@dataclass(frozen=True)
class _Entering:
    """The write that opens the task of a state a record enters, and closes the one of the state it left."""

    change: Change
    state: State
    resolved: who.Resolved

    def __call__(self, session: ClientSession) -> None:
        change = self.change
        if change.before is not None:
            done = {"form": change.form.key, "record": change.record["_id"], "kind": "task"}
            behalf = change.facts.get("on_behalf_of")
            store.close(done, at=change.at, by=change.actor.id, for_person=behalf, session=session)
        _open([self], session)

    def duty(self, session: ClientSession) -> Document:
        """Return what is owed; the record has its title by now."""
        change, record = self.change, self.change.record
        return store.duty(
            "task",
            f"task:{record['_id']}:{record['revision']}",
            form=change.form.key,
            record=record,
            what=_what(self.state),
            people=self.resolved.people,
            at=change.at,
            due_at=store.due_of(change.form.key, record["_id"], session) if change.before else None,
        )


def _open(entering: Sequence[_Entering], session: ClientSession) -> None:
    owed = [one for one in entering if _owes(one.state, one.change.record)]
    opened = [one.duty(session) for one in owed]
    store.insert(opened, session)
    for one, duty in zip(owed, opened, strict=True):
        _tell(one.change, duty, one.resolved.people, session)
        who.tell_substitutions(one.change.form.key, one.change.record, one.resolved.substitutions, session)


def gather(changes: Sequence[Change]) -> None:
    """Let new records of one transaction open their tasks in one write: an import brings hundreds."""
    new = [change for change in changes if change.before is None]
    found = [write for change in new for write in change.writes if isinstance(write, _Entering)]
    if len(found) > 1:
        for change in new:
            change.writes[:] = [write for write in change.writes if not isinstance(write, _Entering)]
        new[0].writes.append(partial(_open, found))


def _tell(change: Change, duty: Document, people: list[ObjectId], session: ClientSession) -> None:
    if change.source in QUIET_SOURCES:
        return
    told = [person for person in people if person != change.actor.id]  # who did it knows
    key = f"{duty['key']}:{change.record['revision']}"
    store.tell(duty, told, key=key, session=session, by_name=_name(change.actor))


def _name(actor: Actor) -> str:
    return actor.name if actor.id else ""


def _newly_owed(change: Change, before: Document) -> who.Resolved | None:
    """Return who owes the task of a state the record stays in, if a change made that somebody else."""
    owed = owed_by(change.form, change.record, change.actor)
    had = owed_by(change.form, before, change.actor)
    return None if owed and had and owed.people == had.people else owed


def owed_by(form: LiveForm, record: Document, actor: Actor | None = None) -> who.Resolved | None:
    """Return who owes the task of the state a record is in; None where there is none."""
    workflow = form.definition.workflow
    state = workflow.by_state.get(record.get("state") or "") if workflow else None
    if state is None or state.is_end or record.get("deleted_at"):
        return None
    wanted = _owes(state, record)
    return _resolve(wanted, form, record, actor) if wanted else None


def _resolve(wanted: Who, form: LiveForm, record: Document, actor: Actor | None) -> who.Resolved:
    """Return who owes a task: whom it means, or the administrators where nobody is left who could do it.

    A field that is still empty is no such case: the record says later whose task it is.
    """
    found = who.resolve(wanted, form, record, actor=actor)
    if not found.people and (wanted.roles or wanted.people or wanted.members):
        found.people = list(directory.current().administrators)
    return found


def _follow(change: Change, resolved: who.Resolved | None, session: ClientSession) -> None:
    """Show what the record is called by now, and ask those who owe its task by now."""
    record, about = change.record, {"form": change.form.key, "record": change.record["_id"]}
    shown = store.shown(record)
    if change.before is None or shown != store.shown(change.before):
        department = shown.pop("department")
        db().duties.update_many({**about, **store.OPEN}, {"$set": shown}, session=session)
        timed = {
            "kind": {"$in": list(store.TIMED)}
        }  # what was filed stays with the department it was filed with
        db().duties.update_many(
            {**about, **timed, **store.OPEN}, {"$set": {"department": department}}, session=session
        )
    if resolved is None:
        return
    task = db().duties.find_one({**about, "kind": "task", **store.OPEN}, session=session)
    if task is None or task["people"] == resolved.people:
        return
    new = [one for one in resolved.people if one not in task["people"]]
    db().duties.update_one({"_id": task["_id"]}, {"$set": {"people": resolved.people}}, session=session)
    store.ask([(task, new)], session)
    _tell(change, task, new, session)
    who.tell_substitutions(change.form.key, record, resolved.substitutions, session)
