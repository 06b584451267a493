"""Every change of a record: checked, then stored in one transaction with its history and its effects.

What a change brings about by the form's procedure (state, clocks, duties, linked records) belongs to the
same transaction, whoever made the change: a screen, an import, the API or a clock.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from models.changes import Change
from models.database import Document
from models.errors import InvalidError
from models.forms import LiveForm
from models.messages import _
from models.people import Action, Actor
from models.planning import (
    MAX_RECORD_BYTES,
    plan_checked_creates,
    plan_checked_update,
    plan_creates,
    plan_update,
    require_still,
    same_revision,
    step,
    stored,
)
from models.times import now
from models.workflow import commit

__all__ = [
    "MAX_RECORD_BYTES",
    "Change",
    "commit",
    "create",
    "delete",
    "plan_checked_creates",
    "plan_checked_update",
    "plan_creates",
    "plan_update",
    "restore",
    "update",
]


def create(
    actor: Actor, form: LiveForm, raw: Mapping[str, Any], *, source: str = "screen", reason: str = ""
) -> Document:
    """Store a new record and return it. Raises InvalidError with the messages beside their fields."""
    [change] = plan_creates(actor, form, [raw], source=source, reason=reason)
    commit([change])
    return change.record


def update(
    actor: Actor,
    form: LiveForm,
    record_id: ObjectId,
    raw: Mapping[str, Any],
    *,
    revision: int,
    partial: bool = False,
    source: str = "screen",
    reason: str = "",
) -> Document:
    """Change fields of a record and return it as stored; without a difference nothing is written.

    The record moves to the form version it is saved under; values of fields that this version no longer
    has stay as they are.

    Raises:
        InvalidError: with the messages beside their fields.
        ConflictError: the record is no longer at `revision`; `current` is what is stored.
    """
    change = plan_update(
        actor, form, record_id, raw, revision=revision, partial=partial, source=source, reason=reason
    )
    if change is None:
        return stored(form, record_id)
    commit([change])
    return change.record


def delete(
    actor: Actor, form: LiveForm, record_id: ObjectId, *, revision: int, reason: str, source: str = "screen"
) -> Document:
    """Put a record into the bin; a reason is needed. Its numbers stay taken."""
    if not reason.strip():
        raise InvalidError({"reason": [_("Say why.")]})
    before = stored(form, record_id)
    require_still(actor, form, before, Action.DELETE, source)
    same_revision(before, revision)
    at = now()
    record = {**before, "deleted_at": at, "updated_at": at, "updated_by": actor.id, "revision": revision + 1}
    change = step(actor, form, before, record, "deleted", source=source, reason=reason)
    commit([change])
    return change.record


def restore(actor: Actor, form: LiveForm, record_id: ObjectId, *, reason: str = "") -> Document:
    """Take a record out of the bin. Raises InvalidError when a unique value was given away meanwhile."""
    before = stored(form, record_id, deleted=True)
    require_still(actor, form, before, Action.RESTORE, "screen")
    stored_by = {"updated_at": now(), "updated_by": actor.id}
    record = {**before, **stored_by, "deleted_at": None, "revision": before["revision"] + 1}
    change = step(actor, form, before, record, "restored", source="screen", reason=reason)
    commit([change])
    return change.record
