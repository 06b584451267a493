"""The change that a step of a workflow is, whoever takes it; nobody is asked whether they may."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId

from models.changes import Change, Write
from models.database import Document
from models.errors import ConflictError, DomainError
from models.forms import LiveForm
from models.messages import _
from models.people import Actor
from models.planning import step, stored
from models.procedure import Transition, Workflow
from models.times import now
from models.workflow import positions


def workflow_of(form: LiveForm) -> Workflow:
    """Return the workflow of a form. Raises DomainError where there is none."""
    if form.definition.workflow is None:
        raise DomainError(_("This form has no workflow."))
    return form.definition.workflow


def leaving(form: LiveForm, record: Document, key: str, *, by: str = "") -> Transition:
    """Return a transition that begins where the record is. Raises ConflictError."""
    workflow = workflow_of(form)
    state = workflow.state_of(record)
    transition = workflow.by_transition.get(key)
    if transition is None or not workflow.leaves(transition, state.key) or (by and transition.by != by):
        raise ConflictError(
            _("This step is not possible now: the record is in the state “%(state)s”.", state=state.label),
            current=record,
        )
    return transition


def plan_move(
    actor: Actor,
    form: LiveForm,
    record: ObjectId | Document,
    transition_key: str,
    *,
    source: str,
    reason: str = "",
    facts: Mapping[str, Any] | None = None,
    writes: Sequence[Write] = (),
    at: datetime | None = None,
) -> Change:
    """Return the change that `move` stores, for those who add to it; `commit` it.

    Raises ConflictError when the record is not where the transition begins.
    """
    before = stored(form, record) if isinstance(record, ObjectId) else record
    transition = leaving(form, before, transition_key)
    change = plan(
        actor, form, before, transition, before["data"], source=source, reason=reason, at=at or now()
    )
    change.facts.update(facts or {})
    change.writes.extend(writes)
    return change


def plan(
    actor: Actor,
    form: LiveForm,
    before: Document,
    transition: Transition,
    data: Mapping[str, Any],
    *,
    source: str,
    reason: str,
    at: datetime,
) -> Change:
    """Return the change that takes a step with values that were checked."""
    record = {
        **before,
        "data": dict(data),
        "form_version": form.version,
        "revision": before["revision"] + 1,
        "updated_at": at,
        "updated_by": actor.id,
        "state": workflow_of(form).state_of(before).key,
    }
    change = step(actor, form, before, record, "moved", source=source, reason=reason)
    change.at = at
    positions.enter(change, transition)
    return change
