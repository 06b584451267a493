"""Entering a state with an approval opens one; leaving the state by another way closes it."""

from functools import partial

from bson import ObjectId
from pymongo import DESCENDING
from pymongo.client_session import ClientSession

from models import duties, who
from models.approvals import asking, recording, signers
from models.approvals.asking import Moment
from models.changes import Change
from models.database import Document, db
from models.definition_parts import Label
from models.messages import LANGUAGES
from models.procedure import Approval, ApprovalStep, State, Who

FALLBACK = ApprovalStep(key="administrators", label=Label(zh="系统管理员", en="Administrators"), who=Who())


def react(change: Change) -> None:
    """Open or close the approval of the state a record enters or leaves, in the change's transaction."""
    state = duties.entered(change)
    if change.before is not None and (state or change.record.get("deleted_at")):
        change.writes.append(partial(_close, change))
    if state and state.approval and not state.is_end:
        with who.batch():
            _open(change, state, state.approval)


def _open(change: Change, state: State, approval: Approval) -> None:
    moment = Moment(change.actor, change.form, change.record, change.at)
    if not any(asking.applies(step, moment) for step in approval.steps):
        approval = approval.model_copy(update={"steps": (*approval.steps, FALLBACK)})
    document = _document(change, state, approval)
    asking.go_on(document, moment, 0)
    change.facts["approval_opened"] = document["_id"]
    change.writes.append(partial(_insert, change, document, moment))


def _document(change: Change, state: State, approval: Approval) -> Document:
    record = change.record
    return {
        "_id": ObjectId(),
        "key": f"{record['_id']}:{record['revision']}",
        "form": change.form.key,
        "form_version": change.form.version,
        "record": record["_id"],
        "state": state.key,
        "label": _both(state.task or state.label),
        "status": "open",
        "started_by": _asked_before(change, state) or change.actor.id or record.get("owner"),
        "started_at": change.at,
        "ended_at": None,
        "definition": approval.model_dump(mode="json", exclude_defaults=True),
        "own_work": approval.own_work,
        "steps": [_step(step, state) for step in approval.steps],
        "current": 0,
        "turn": 1,
        "content_hash": None,
        "log": [],
    }


def _asked_before(change: Change, state: State) -> ObjectId | None:
    """Return who asked for the approval of a record that comes back from the bin; it stays their work."""
    if change.before is None or not change.before.get("deleted_at"):
        return None
    about = {"form": change.form.key, "record": change.record["_id"], "state": state.key}
    found = db().approvals.find_one(about, {"started_by": 1}, sort=[("_id", DESCENDING)])
    return found["started_by"] if found else None


def _step(step: ApprovalStep, state: State) -> Document:
    return {
        "key": step.key,
        "label": _both(step.label or state.task or state.label),
        "mode": step.mode,
        "count": step.count,
        "signature": step.signature,
        "add_signers": step.add_signers,
        "hand_over": step.hand_over,
        "status": signers.WAITING,
        "signers": [],
        "rounds": [],
    }


def _both(label: Label) -> dict[str, str]:
    return {language: label.text(language) for language in LANGUAGES}


def _insert(change: Change, approval: Document, moment: Moment, session: ClientSession) -> None:
    approval["content_hash"] = recording.hash_of(change)
    db().approvals.insert_one(approval, session=session)
    recording.follow(change, {}, approval, moment, session)


def _close(change: Change, session: ClientSession) -> None:
    """Close what is still open: the record left by another way than the approval's outcome."""
    about = {"form": change.form.key, "record": change.record["_id"]}
    db().approvals.update_many(
        {**about, "status": "open", "key": {"$ne": f"{change.record['_id']}:{change.record['revision']}"}},
        {"$set": {"status": "closed", "ended_at": change.at}, "$inc": {"turn": 1}},
        session=session,
    )
    duties.close(
        {**about, "kind": "approval"},
        at=change.at,
        by=change.actor.id,
        outcome="closed",
        session=session,
    )
