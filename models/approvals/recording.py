"""Storing what was decided with the record's history, and telling whoever is asked next."""

from datetime import datetime
from typing import Final

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import directory, duties, notifications, outbox, who
from models.approvals import signers
from models.approvals.asking import Moment
from models.changes import QUIET_SOURCES, Change
from models.database import Document, db
from models.errors import ConflictError
from models.messages import Message, _
from models.workflow import signing

OUTCOMES: Final[dict[str, Message]] = {
    "approved": _("Approved."),
    "rejected": _("Rejected."),
    "withdrawn": _("Withdrawn."),
}
ACTIONS: Final[dict[str, Message]] = {  # history's words for what is done with an approval
    "approved": _("approved"),
    "rejected": _("rejected"),
    "returned": _("returned to an earlier step"),
    "withdrawn": _("withdrawn"),
    "signer_added": _("added a signer"),
    "handed_over": _("handed over"),
    "signer_replaced": _("a signer left and was replaced"),
}


def hash_of(change: Change) -> str:
    """Return the hash of a record's content as a change stores it."""
    return signing.content_hash(change.form.key, change.record)


def store(change: Change, before: Document, after: Document, moment: Moment, session: ClientSession) -> None:
    """Replace an approval by what it has become, unless somebody else decided meanwhile.

    Raises ConflictError then; the transaction with the record's change comes to nothing.
    """
    _bind(change, before, after)
    replaced = db().approvals.replace_one(
        {"_id": before["_id"], "turn": before["turn"], "status": "open"}, after, session=session
    )
    if not replaced.matched_count:
        raise ConflictError
    follow(change, before, after, moment, session)
    if change.source in QUIET_SOURCES:
        return
    if after["status"] in OUTCOMES:
        _tell_starter(change, after, session)
    _tell_represented(change, after, session)


def _bind(change: Change, before: Document, after: Document) -> None:
    """Bind what was said by this change to the content it stores.

    What the procedure itself writes with a decision (the date of the approval) does not make earlier
    signatures look outdated.
    """
    new = hash_of(change)
    old = signing.content_hash(change.form.key, change.before or change.record)
    known = {one["id"]: one for step in before["steps"] for one in step["signers"]}
    for one in (one for step in after["steps"] for one in step["signers"]):
        had = known.get(one["id"])
        if one["at"] is not None and (had is None or had["at"] is None):
            one.update(hash=new, holds=new)
            if one["signature"]:
                one["signature"].update(hash=new, at=change.at)
        elif had is not None and had["holds"] == old:
            one["holds"] = new
    after["content_hash"] = new


def follow(change: Change, before: Document, after: Document, moment: Moment, session: ClientSession) -> None:
    """Close the duties of those who are not asked any more, open those of whoever is asked now."""
    had, has = signers.asked(before) if before else {}, signers.asked(after)
    for one in had.keys() - has.keys():
        said = _signer(after, one)
        duties.close(
            {"form": after["form"], "record": after["record"], "approval": after["_id"], "signer": one},
            at=change.at,
            by=change.actor.id,
            outcome=said["status"] if said else "closed",
            for_person=said["for_person"] if said else None,
            session=session,
        )
    for asked in [has[key] for key in has if key not in had]:
        _ask(change, after, asked, session)
    _tell_administrators(change, after, moment, session)


def _signer(approval: Document, wanted: ObjectId) -> Document | None:
    everybody = (one for step in approval["steps"] for one in step["signers"])
    return next((one for one in everybody if one["id"] == wanted), None)


def _ask(change: Change, approval: Document, signer: Document, session: ClientSession) -> None:
    step = signers.current_step(approval)
    duty = duties.duty(
        "approval",
        f"approval:{approval['_id']}:{signer['id']}:{approval['turn']}",
        form=approval["form"],
        record=change.record,
        what=step["label"],
        people=[signer["person"]],
        at=change.at,
        due_at=duties.due_of(approval["form"], approval["record"], session),
        approval=approval["_id"],
        step=step["key"],
    )
    duty["signer"] = signer["id"]
    duties.insert([duty], session)
    if change.source not in QUIET_SOURCES and signer["person"] != change.actor.id:
        duties.tell(
            duty, [signer["person"]], key=duty["key"], session=session,
            by_name=change.actor.name if change.actor.id else "",
        )  # fmt: skip


def _tell_administrators(change: Change, approval: Document, moment: Moment, session: ClientSession) -> None:
    """Say who is asked instead of somebody who left, and which steps nobody could sign."""
    form, record = change.form.key, change.record
    who.tell_substitutions(form, record, moment.substitutions, session)
    for key in moment.nobody:
        step = next(one for one in approval["steps"] if one["key"] == key)
        effects = notifications.tell(
            directory.current().administrators,
            key=f"nobody:{approval['_id']}:{key}",
            kind="approval",
            form=form,
            record=record["_id"],
            title=who.called(form, record),
            text=_(
                "Too few people can sign “%(step)s”. The administrators are asked instead.",
                step=_Named(step["label"]),
            ),
            level="warning",
        )
        who.put_once(effects, session)


class _Named:
    """A stored label, named in the reader's language."""

    def __init__(self, label: dict[str, str]) -> None:
        self._label = label

    def text(self, language: str) -> str:
        return self._label.get(language) or next(iter(self._label.values()), "")


def _tell_starter(change: Change, approval: Document, session: ClientSession) -> None:
    starter = approval["started_by"]
    if starter is None or starter == change.actor.id:
        return
    effects = notifications.tell(
        [starter],
        key=f"approval:{approval['_id']}:{approval['status']}",
        kind="record",
        form=approval["form"],
        record=approval["record"],
        title=who.called(approval["form"], change.record),
        text=change.reason or OUTCOMES[approval["status"]],
        level="warning" if approval["status"] == "rejected" else "info",
        by_name=change.actor.name,
    )
    outbox.put(effects, session)


def _tell_represented(change: Change, approval: Document, session: ClientSession) -> None:
    """Tell somebody what was decided on their behalf by this change."""
    fact = change.facts["approval"]
    if fact.get("for_person") is None or change.action not in ACTIONS:
        return
    effects = notifications.tell(
        [fact["for_person"]],
        key=f"approval:{approval['_id']}:{approval['turn']}:for",
        kind="record",
        form=approval["form"],
        record=approval["record"],
        title=who.called(approval["form"], change.record),
        text=_("%(name)s decided on your behalf: %(what)s", name=fact["name"], what=ACTIONS[change.action]),
        by_name=change.actor.name,
    )
    outbox.put(effects, session)


def note(approval: Document, at: datetime, action: str, **facts: object) -> None:
    """Write into an approval what happened."""
    approval["log"].append({"at": at, "action": action, **facts})
