"""What people do with an approval: approve, reject, return, withdraw, add a signer, hand over."""

from collections.abc import Sequence
from typing import Literal

from bson import ObjectId

from models import access
from models.approvals import queries, signers
from models.approvals.queries import Slot
from models.approvals.sitting import Outcome, Sitting, checked_reason, hold
from models.database import Document
from models.errors import ConflictError, ForbiddenError, InvalidError
from models.messages import _
from models.people import Actor, User
from models.workflow import signing

MAX_SIGNERS = 100
Decision = Literal["approve", "reject", "return"]


def decide(
    actor: Actor,
    person: User,
    approval_id: ObjectId,
    decision: Decision,
    *,
    reason: str = "",
    signature: object = None,
    to_step: str = "",
    slot: ObjectId | None = None,
    for_person: ObjectId | None = None,
    seen: str | None = None,
    source: str = "screen",
) -> Document:
    """Approve, reject, or return to an earlier step; return the approval as it is then.

    The last approval takes the transition of the outcome in the same transaction; a rejection does at once.

    Args:
        actor: the person as the one who acts.
        person: who decides.
        approval_id: about what.
        decision: `approve`, `reject` or `return`.
        reason: needed for everything but approval.
        signature: see `signing.read`; needed for approval where the step asks for one.
        to_step: key of the step to return to.
        slot: the id of the signer as which the person was asked (`duty["signer"]`). A screen hands it in, so
            that the same thing sent twice counts once, even where the person is asked again in the next step.
        for_person: without `slot`: on whose behalf; needed where a person stands in for several signers.
        seen: `signing.content_hash` of what was shown to the person.
        source: kept in history.

    Raises:
        NotFoundError: there is no such approval, its record is in the bin, or the person may not see it.
        ForbiddenError: the person is not asked, or asked for it themselves.
        ConflictError: they decided already, it is over, or the content changed since; nothing changed.
        InvalidError: beside `reason`, `signature`, `to_step` or `for_person`.
    """
    signed = None

    def say(sitting: Sitting) -> Outcome:
        nonlocal signed
        place = _slot(sitting, person, slot, for_person)
        _refuse_own_work(sitting, person, place)
        if decision == "approve" and signed is None:  # a drawing is stored once, however often this is tried
            signed = signing.read(actor, person, sitting.step["signature"], signature)
        said = checked_reason(reason, needed=decision != "approve")
        if decision == "return":
            return _return(sitting, person, place, said, to_step)
        _mark(sitting, person, place, decision, said, signed)
        return (_approve if decision == "approve" else _reject)(sitting, person, place, said, signed)

    return hold(actor, approval_id, say, seen=seen, source=source)


def _slot(sitting: Sitting, person: User, wanted: ObjectId | None, for_person: ObjectId | None) -> Slot:
    """Return the place a person fills.

    Raises NotFoundError for somebody who may not see the record, whatever they are asked, ForbiddenError,
    ConflictError for a second time, InvalidError where it is not said whose place.
    """
    access.require_record(person, sitting.form, sitting.record, access.Action.APPROVE)
    found = queries.slots(sitting.after, person, sitting.at)
    if wanted is not None:
        return _named_slot(sitting, found, wanted)
    behalf = None if for_person == person.id else for_person
    if named := [one for one in found if one.for_person == behalf]:
        return named[0]
    if _has_decided(sitting.step, person, behalf):
        raise _decided(sitting)
    if behalf is None and len(found) > 1:
        raise InvalidError({"for_person": [_("Say for whom you decide.")]})
    if behalf is None and found:
        return found[0]
    raise ForbiddenError(_("You are not asked to sign now."))


def _named_slot(sitting: Sitting, found: Sequence[Slot], wanted: ObjectId) -> Slot:
    for one in found:
        if one.signer["id"] == wanted:
            return one
    if wanted in signers.asked(sitting.before):
        raise ForbiddenError(_("You are not asked to sign now."))
    raise _decided(sitting)


def _decided(sitting: Sitting) -> ConflictError:
    return ConflictError(_("This was decided already."), current=sitting.before)


def _has_decided(step: Document, person: User, for_person: ObjectId | None) -> bool:
    """Tell whether a person decided in a step before; without a name also on anybody's behalf."""
    said = [one for one in step["signers"] if one["by"] == person.id]
    return any(for_person is None or one["for_person"] == for_person for one in said)


def _refuse_own_work(sitting: Sitting, person: User, slot: Slot) -> None:
    if queries.is_own_work(sitting.before, person.id, slot.for_person):
        raise ForbiddenError(_("Nobody decides about what they asked for themselves."))


def _mark(
    sitting: Sitting, person: User, slot: Slot, decision: str, reason: str, signed: Document | None
) -> None:
    """Write beside a signer what they, or whoever stands in for them, said."""
    sitting.signer(slot.signer["id"]).update(
        status=signers.APPROVED if decision == "approve" else signers.REJECTED,
        by=person.id,
        for_person=slot.for_person,
        at=sitting.at,
        reason=reason,
        signature=dict(signed) if signed else None,
    )


def _facts(sitting: Sitting, person: User, slot: Slot | None) -> Document:
    return {
        "step": sitting.step["key"],
        "label": sitting.step["label"],
        "person": person.id,
        "name": str(person),
        "for_person": slot.for_person if slot else None,
    }


def _approve(sitting: Sitting, person: User, slot: Slot, reason: str, signed: Document | None) -> Outcome:
    facts = _facts(sitting, person, slot)
    outcome = Outcome("approved", facts, reason, signature=signed)
    if signers.settle(sitting.step, sitting.at):
        sitting.step["status"] = signers.APPROVED
        outcome.ask_from = sitting.after["current"] + 1
    return outcome


def _reject(sitting: Sitting, person: User, slot: Slot, reason: str, _signed: Document | None) -> Outcome:
    signers.excuse(sitting.step)
    sitting.step["status"] = signers.REJECTED
    sitting.after["status"] = "rejected"
    facts = _facts(sitting, person, slot)
    return Outcome("rejected", facts, reason, transition=sitting.after["definition"]["rejected"])


def _return(sitting: Sitting, person: User, slot: Slot, reason: str, to_step: str) -> Outcome:
    targets = [one["key"] for one in queries.earlier(sitting.after)]
    if to_step not in targets:
        raise InvalidError({"to_step": [_("Choose an earlier step.")]})
    facts = {**_facts(sitting, person, slot), "to_step": to_step}
    sitting.signer(slot.signer["id"]).update(
        status=signers.RETURNED, by=person.id, for_person=slot.for_person, at=sitting.at, reason=reason
    )
    signers.excuse(sitting.step)
    keys = [one["key"] for one in sitting.after["steps"]]
    start = keys.index(to_step)
    for step in sitting.after["steps"][start : sitting.after["current"] + 1]:
        signers.begin_again(step)
    return Outcome("returned", facts, reason, ask_from=start)


def withdraw(
    actor: Actor, person: User, approval_id: ObjectId, *, reason: str = "", source: str = "screen"
) -> Document:
    """Take back what a person asked for; takes the transition that the approval names for it.

    Raises:
        NotFoundError: there is no such approval.
        ForbiddenError: somebody else asked for it.
        ConflictError: it is over already.
    """

    def say(sitting: Sitting) -> Outcome:
        if not person.active or person.id != sitting.before["started_by"]:
            raise ForbiddenError(_("Only whoever asked for it takes it back."))
        facts = _facts(sitting, person, None)
        signers.excuse(sitting.step)
        sitting.after["status"] = "withdrawn"
        transition = sitting.after["definition"].get("withdrawn", "")
        return Outcome("withdrawn", facts, checked_reason(reason, needed=False), transition=transition)

    return hold(actor, approval_id, say, source=source)


def add_signer(
    actor: Actor,
    person: User,
    approval_id: ObjectId,
    whom: User | None,
    *,
    before: bool,
    reason: str = "",
    slot: ObjectId | None = None,
    for_person: ObjectId | None = None,
    source: str = "screen",
) -> Document:
    """Let one more person sign in this step, before or after the person themselves.

    Raises:
        ForbiddenError: the person is not asked, or the step allows nobody to be added.
        InvalidError: beside `whom`.
        ConflictError: they decided already, or it is over.
    """

    def say(sitting: Sitting) -> Outcome:
        place = _slot(sitting, person, slot, for_person)
        if not sitting.step["add_signers"]:
            raise ForbiddenError(_("Nobody can be added to this step."))
        added = _checked(sitting, whom, place.signer["person"])
        facts = {
            **_facts(sitting, person, place),
            "whom": added.id,
            "whom_name": str(added),
            "before": before,
        }
        signers.add(sitting.step, sitting.signer(place.signer["id"]), added.id, person.id, before=before)
        signers.wake(sitting.step, sitting.at)
        return Outcome("signer_added", facts, checked_reason(reason, needed=False))

    return hold(actor, approval_id, say, source=source)


def hand_over(
    actor: Actor,
    person: User,
    approval_id: ObjectId,
    whom: User | None,
    *,
    reason: str,
    slot: ObjectId | None = None,
    for_person: ObjectId | None = None,
    source: str = "screen",
) -> Document:
    """Let somebody else sign in a person's place.

    Raises:
        ForbiddenError: the person is not asked, or the step allows no hand-over.
        InvalidError: beside `whom` or `reason`.
        ConflictError: they decided already, or it is over.
    """

    def say(sitting: Sitting) -> Outcome:
        place = _slot(sitting, person, slot, for_person)
        if not sitting.step["hand_over"]:
            raise ForbiddenError(_("This step cannot be handed over."))
        said = checked_reason(reason, needed=True)
        to = _checked(sitting, whom, place.signer["person"])
        facts = {**_facts(sitting, person, place), "whom": to.id, "whom_name": str(to)}
        given = sitting.signer(place.signer["id"])
        given.update(by=person.id, for_person=place.for_person, at=sitting.at, reason=said)
        signers.hand_over(sitting.step, given, [to.id])
        signers.wake(sitting.step, sitting.at)
        return Outcome("handed_over", facts, said)

    return hold(actor, approval_id, say, source=source)


def _checked(sitting: Sitting, whom: User | None, instead_of: ObjectId) -> User:
    """Refuse whoever cannot sign here."""
    refused = None
    live = {one["person"] for one in sitting.step["signers"] if one["status"] in signers.LIVE}
    if whom is None or not whom.active:
        refused = _("Choose somebody who works here.")
    elif not access.permitted(whom, sitting.form.key, access.Action.APPROVE):
        refused = _("This person may not see the record.")
    elif whom.id in live or whom.id == instead_of:
        refused = _("This person is asked already.")
    elif queries.is_own_work(sitting.before, whom.id):
        refused = _("Nobody decides about what they asked for themselves.")
    elif len(sitting.step["signers"]) >= MAX_SIGNERS:
        refused = _("At most %(max)s people.", max=MAX_SIGNERS)
    if refused or whom is None:
        raise InvalidError({"whom": [refused or _("This is needed.")]})
    return whom
