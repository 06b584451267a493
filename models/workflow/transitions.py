"""Moving a record along: by a person, who is checked first, or by an approval, a clock or the engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from models import access, delegations, rules, who
from models.access import Action
from models.changes import Change, Write
from models.database import Document
from models.definition import RuleTree
from models.errors import ConflictError, ForbiddenError, InvalidError
from models.field_limits import FieldLimits
from models.forms import LiveForm
from models.messages import Message, _
from models.people import Actor, Limit, User
from models.procedure import State, Transition
from models.rules import RuleContext
from models.times import now
from models.validation import Checked, validate
from models.workflow import signing, waiting
from models.workflow.moving import leaving, plan, plan_move, workflow_of
from models.workflow.storing import commit
from models.workflow.words import Condition, People


@dataclass(frozen=True)
class Offer:
    """A step that a person sees on a record, and why they cannot take it now.

    `theirs` tells whether it is theirs to take at all, ready or not.
    """

    transition: Transition
    to: State
    allowed: bool
    why_not: Message | None = None
    theirs: bool = True


def available(person: User, form: LiveForm, record: Document) -> list[Offer]:
    """Return the steps that lead on from where a record is and that people take, in order."""
    workflow = form.definition.workflow
    if workflow is None or record.get("deleted_at"):
        return []
    if not access.allowed(person, form, record, Action.TRANSITION):
        return []
    state = workflow.state_of(record)
    with who.batch():
        return [
            _offer(person, form, record, transition)
            for transition in workflow.leaving(state.key)
            if transition.by == "person"
        ]


def _offer(person: User, form: LiveForm, record: Document, transition: Transition) -> Offer:
    workflow = workflow_of(form)
    not_theirs = _not_theirs(person, form, record, transition)
    why_not = not_theirs or not_ready(person, form, record, transition)
    return Offer(transition, workflow.by_state[transition.to], why_not is None, why_not, not_theirs is None)


def take(
    actor: Actor,
    person: User,
    form: LiveForm,
    record_id: str | ObjectId,
    transition_key: str,
    raw: Mapping[str, Any],
    *,
    revision: int,
    reason: str = "",
    signature: object = None,
    source: str = "screen",
    also: Write | None = None,
) -> Document:
    """Let a person take a step; return the record as it is stored then.

    Args:
        actor: the person as the one who acts.
        person: who takes it.
        form: the version in force.
        record_id: of the record.
        transition_key: which step.
        raw: raw values of the fields that the step asks for.
        revision: at which the person saw the record.
        reason: why, where the step asks for it.
        signature: see `signing.read`.
        source: kept in history.
        also: further writes of the same transaction.

    Raises:
        NotFoundError: there is no such record for this person.
        ConflictError: the record moved on, or somebody changed it meanwhile; nothing changed.
        ForbiddenError: this person may not take the step.
        InvalidError: beside the fields, `reason` or `signature`; a condition beside `""`.
    """
    record = access.fetch(person, form, record_id, Action.TRANSITION)
    transition = leaving(form, record, transition_key, by="person")
    if record["revision"] != revision:
        raise ConflictError(current=record)
    with who.batch():
        for_whom = allow(person, form, record, transition)
        if refused := not_ready(person, form, record, transition):
            raise InvalidError({"": [refused]})
        change, signed = _plan_step(
            actor, person, form, record, transition, raw, source=source, reason=reason, signature=signature
        )
        signing.attach(change, signed)
        if for_whom:
            change.facts["on_behalf_of"] = for_whom
        commit([change], also)
    return change.record


def _plan_step(
    actor: Actor,
    person: User,
    form: LiveForm,
    record: Document,
    transition: Transition,
    raw: Mapping[str, Any],
    *,
    source: str,
    reason: str,
    signature: object,
) -> tuple[Change, Document | None]:
    checked, errors = check_fields(actor, form, record, transition, raw)
    if transition.reason == "required" and not reason.strip():
        errors["reason"] = [_("Say why.")]
    signed = None
    try:
        signed = signing.read(actor, person, transition.signature, signature)
    except InvalidError as refused:
        errors.update(refused.errors)
    if errors:
        raise InvalidError(errors)
    said = "" if transition.reason == "no" else reason
    change = plan(actor, form, record, transition, checked.data, source=source, reason=said, at=now())
    return change, signed


def check_fields(
    actor: Actor, form: LiveForm, record: Document, transition: Transition, raw: Mapping[str, Any]
) -> tuple[Checked, dict[str, list[Message]]]:
    """Check the values that come with a step; it opens its own fields, whatever the state closes."""
    opened = dict.fromkeys((*transition.fields, *transition.required))
    given = {key: value for key, value in raw.items() if key in opened}
    checked = validate(
        actor, form.definition, given, before=record["data"], record=record, partial=True, opened=opened
    )
    errors = dict(checked.errors)
    for key in raw.keys() - opened.keys():
        errors[str(key)[:60]] = [_("This step does not ask for this field.")]
    for key in transition.required:
        if checked.data.get(key) is None and key not in errors and key not in checked.hidden | checked.locked:
            errors[key] = [_("This is needed.")]
    return checked, errors


def move(
    actor: Actor,
    form: LiveForm,
    record_id: ObjectId,
    transition_key: str,
    *,
    source: str,
    reason: str = "",
    facts: Mapping[str, Any] | None = None,
    writes: Sequence[Write] = (),
) -> Document:
    """Take a transition without asking who; for approvals, clocks and the program itself.

    Raises ConflictError when the record is not where the transition begins, or is changed meanwhile.
    """
    change = plan_move(
        actor, form, record_id, transition_key, source=source, reason=reason, facts=facts, writes=writes
    )
    commit([change])
    return change.record


def allow(person: User, form: LiveForm, record: Document, transition: Transition) -> ObjectId | None:
    """Return for whom a person acts, None for themselves. Raises ForbiddenError."""
    if not transition.who:
        access.require_record(person, form, record, Action.EDIT)
        return None
    asked = who.people(transition.who, form, record, actor=Actor.of(person))
    if person.active and person.id in asked:
        return None
    for absent in delegations.acting_for(person.id, now(), form.key) if person.active else ():
        if absent in asked:
            return absent
    raise ForbiddenError(_("Only %(people)s may do this.", people=People(transition.who, form)))


def _not_theirs(person: User, form: LiveForm, record: Document, transition: Transition) -> Message | None:
    try:
        allow(person, form, record, transition)
    except ForbiddenError as refused:
        return refused.message
    return None


def not_ready(person: User, form: LiveForm, record: Document, transition: Transition) -> Message | None:
    """Say what is missing before a step can be taken, besides what the step itself asks for."""
    definition = form.definition
    if waiting_for := waiting.unfinished(form, record, transition, person):
        return waiting_for
    if transition.condition is None:
        return None
    context = RuleContext.of(Actor.of(person))
    if rules.evaluate(transition.condition, rules.record_values(record, definition), definition, context):
        return None
    if _asks_for_closed(person, form, record, transition.condition):
        return _("This step is not possible yet.")
    return _("Possible only when: %(condition)s", condition=Condition(transition.condition, form))


def _asks_for_closed(person: User, form: LiveForm, record: Document, condition: RuleTree) -> bool:
    """Tell whether a condition is about what is masked or hidden, so that its words would tell of it."""
    limits = FieldLimits(person, form).of(record)
    used = {name.partition(".")[0] for name in rules.fields_used(condition)}
    return any(limits.get(key) in {Limit.MASKED, Limit.HIDDEN} for key in used)
