"""A record that is created and takes a step at once: both are stored, or neither."""

from collections.abc import Mapping
from typing import Any

from models import access, changes, who
from models.access import Action
from models.changes import Change, Write
from models.database import Document
from models.errors import DomainError, InvalidError
from models.forms import LiveForm
from models.messages import _
from models.people import Actor, User
from models.planning import plan_creates
from models.procedure import Transition
from models.workflow import positions
from models.workflow.moving import leaving, workflow_of
from models.workflow.storing import commit
from models.workflow.transitions import allow, not_ready


def begin(
    actor: Actor,
    person: User,
    form: LiveForm,
    raw: Mapping[str, Any],
    transition_key: str,
    *,
    source: str = "screen",
) -> Change:
    """Plan a new record and the step a person takes with it first; `finish` stores both.

    Args:
        actor: the person as the one who acts.
        person: who creates it and takes the step.
        form: the version in force.
        raw: raw values of the record, of which some may be what the step asks for.
        transition_key: a step from where records begin, that needs no signature.
        source: kept in history.

    Raises as `records.create` and `transitions.take` do; nothing is stored then.
    """
    [change] = plan_creates(actor, form, [raw], source=source)
    try:
        _enter(person, change, transition_key)
    except DomainError:
        changes.void([change], "refused")
        raise
    return change


def finish(change: Change, also: Write | None = None) -> Document:
    """Store what `begin` planned, with further writes; return the record. Raises as `commit` does."""
    with who.batch():
        commit([change], also)
    return change.record


def _enter(person: User, change: Change, key: str) -> None:
    form, record = change.form, change.record
    record["state"] = workflow_of(form).initial
    transition = leaving(form, record, key, by="person")
    access.require_record(person, form, record, Action.TRANSITION)
    with who.batch():
        for_whom = allow(person, form, record, transition)
        if refused := not_ready(person, form, record, transition):
            raise InvalidError({"": [refused]})
    _require(transition, record)
    positions.enter(change, transition)
    if for_whom:
        change.facts["on_behalf_of"] = for_whom


def _require(transition: Transition, record: Document) -> None:
    missing = [key for key in transition.required if record["data"].get(key) is None]
    errors = {key: [_("This is needed.")] for key in missing}
    if transition.signature != "no":
        errors["signature"] = [_("This step has to be signed.")]
    if errors:
        raise InvalidError(errors)
