"""Every change of a record: checked, then stored in one transaction with its history and its effects."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId, encode

from models import history, numbering
from models.changes import MAX_REASON, Change, commit, void_numbers
from models.database import Document, db
from models.definition import Definition
from models.errors import ConflictError, DomainError, InvalidError, NotFoundError, TooLargeError
from models.fields import type_of
from models.forms import LiveForm
from models.lookups import Lookup, References
from models.messages import _
from models.numbering_patterns import needs_department
from models.people import Actor
from models.search import tokens
from models.times import now
from models.validation import Checked, validate

__all__ = [
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

MAX_RECORD_BYTES = 7 * 1024 * 1024  # an entry of history holds it twice, and MongoDB at most 16 MB
MAX_TITLE = 200
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def create(
    actor: Actor, form: LiveForm, raw: Mapping[str, Any], *, source: str = "screen", reason: str = ""
) -> Document:
    """Store a new record and return it. Raises InvalidError with the messages beside their fields."""
    [change] = plan_creates(actor, form, [raw], source=source, reason=reason)
    commit([change])
    return change.record


def plan_creates(
    actor: Actor,
    form: LiveForm,
    raws: Sequence[Mapping[str, Any]],
    *,
    source: str,
    reason: str = "",
    at: datetime | None = None,
    references: References | None = None,
) -> list[Change]:
    """Check new records and take their numbers; nothing is stored until `commit`.

    Args:
        actor: who makes them.
        form: the version they are made under.
        raws: raw values of each record.
        source: `screen`, `import`, `api`, `pack` or `system`.
        reason: kept in history.
        at: when they came into being, for records taken over from elsewhere.
        references: shared between calls to look each name up once.
    """
    references = references or References()
    results = [validate(actor, form.definition, raw, references=references) for raw in raws]
    return plan_checked_creates(actor, form, results, source=source, reason=reason, at=at)


def plan_checked_creates(
    actor: Actor,
    form: LiveForm,
    results: Sequence[Checked],
    *,
    source: str,
    reason: str = "",
    at: datetime | None = None,
) -> list[Change]:
    """Take numbers for new records that were checked already; as `plan_creates`."""
    for checked in results:
        _refuse(checked)
    at = at or now()
    numbers = _reserve_numbers(actor, form, len(results), at)
    lookup = Lookup()
    try:
        return [
            _plan_create(actor, form, checked, number, source=source, reason=reason, at=at, lookup=lookup)
            for checked, number in zip(results, numbers, strict=True)
        ]
    except DomainError:
        void_numbers(form, [pair for number in numbers for pair in number.items()], "refused")
        raise


def _reserve_numbers(actor: Actor, form: LiveForm, count: int, at: datetime) -> list[dict[str, str]]:
    """Return for each record its numbers: `""` is the record's own, others are serial fields."""
    patterns = {"": form.definition.numbering} if form.definition.numbering else {}
    for field in form.definition.value_fields:
        if field.type == "serial" and field.serial_pattern:
            patterns[field.key] = field.serial_pattern
    code = _department_code(actor) if any(map(needs_department, patterns.values())) else ""
    day = at.astimezone(actor.timezone).date()
    columns = {
        key: numbering.reserve(form.key, key, pattern, day, code, count)
        for key, pattern in patterns.items()
        if count
    }
    return [{key: column[index] for key, column in columns.items()} for index in range(count)]


def _department_code(actor: Actor) -> str:
    found = db().departments.find_one({"_id": actor.department}, {"code": 1}) if actor.department else None
    if found is None:
        raise InvalidError({"": [_("The number counts by department, but you belong to none.")]})
    code: str = found["code"]
    return code


def _plan_create(
    actor: Actor,
    form: LiveForm,
    checked: Checked,
    numbers: dict[str, str],
    *,
    source: str,
    reason: str,
    at: datetime,
    lookup: Lookup,
) -> Change:
    data = {**checked.data, **{key: number for key, number in numbers.items() if key}}
    record: Document = {
        "_id": ObjectId(),
        "number": numbers.get(""),
        "title": "",
        "form_version": form.version,
        "state": None,
        "revision": 1,
        "department": actor.department,
        "owner": actor.id,
        "created_at": at,
        "created_by": actor.id,
        "updated_at": at,
        "updated_by": actor.id,
        "deleted_at": None,
        "data": data,
        "links": [],
    }
    reserved = tuple(numbers.items())
    return _change(
        actor, form, None, record, "created", source=source, reason=reason, numbers=reserved, lookup=lookup
    )


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
        return _stored(form, record_id)
    commit([change])
    return change.record


def plan_update(
    actor: Actor,
    form: LiveForm,
    record_id: ObjectId,
    raw: Mapping[str, Any],
    *,
    revision: int,
    partial: bool = False,
    source: str = "screen",
    reason: str = "",
    references: References | None = None,
) -> Change | None:
    """Check a change without storing it; None when nothing would differ."""
    before = _stored(form, record_id)
    _same_revision(before, revision)
    checked = validate(
        actor, form.definition, raw, before=before["data"], partial=partial, references=references
    )
    if not checked.errors and checked.data == before["data"] and before["form_version"] == form.version:
        return None
    return plan_checked_update(actor, form, before, checked, source=source, reason=reason)


def plan_checked_update(
    actor: Actor,
    form: LiveForm,
    before: Document,
    checked: Checked,
    *,
    source: str,
    reason: str = "",
    lookup: Lookup | None = None,
) -> Change:
    """Plan the change of a stored record to data that was checked already."""
    _refuse(checked)
    record = {
        **before,
        "data": checked.data,
        "form_version": form.version,
        "revision": before["revision"] + 1,
        "updated_at": now(),
        "updated_by": actor.id,
    }
    return _change(actor, form, before, record, "updated", source=source, reason=reason, lookup=lookup)


def delete(actor: Actor, form: LiveForm, record_id: ObjectId, *, revision: int, reason: str) -> Document:
    """Put a record into the bin; a reason is needed. Its numbers stay taken."""
    if not reason.strip():
        raise InvalidError({"reason": [_("Say why.")]})
    before = _stored(form, record_id)
    _same_revision(before, revision)
    record = {**before, "deleted_at": now(), "revision": revision + 1}
    change = _change(actor, form, before, record, "deleted", source="screen", reason=reason)
    commit([change])
    return change.record


def restore(actor: Actor, form: LiveForm, record_id: ObjectId, *, reason: str = "") -> Document:
    """Take a record out of the bin. Raises InvalidError when a unique value was given away meanwhile."""
    before = _stored(form, record_id, deleted=True)
    record = {**before, "deleted_at": None, "revision": before["revision"] + 1}
    change = _change(actor, form, before, record, "restored", source="screen", reason=reason)
    commit([change])
    return change.record


def _stored(form: LiveForm, record_id: ObjectId, *, deleted: bool = False) -> Document:
    wanted = {"$ne": None} if deleted else None
    found = form.records().find_one({"_id": record_id, "deleted_at": wanted})
    if found is None:
        raise NotFoundError
    return found


def _same_revision(record: Document, revision: int) -> None:
    if record["revision"] != revision:
        raise ConflictError(current=record)


def _refuse(checked: Checked) -> None:
    if checked.errors:
        raise InvalidError(checked.errors)


def _change(
    actor: Actor,
    form: LiveForm,
    before: Document | None,
    record: Document,
    action: str,
    *,
    source: str,
    reason: str,
    numbers: tuple[tuple[str, str], ...] = (),
    lookup: Lookup | None = None,
) -> Change:
    differences = history.changes_between(before["data"] if before else {}, record["data"])
    said = _checked_reason(reason)
    at = record["created_at"] if action == "created" else now()
    entry = history.entry(actor, form.key, record, action, differences, reason=said, source=source, at=at)
    record.update(seal=entry["seal"], **_derived(form.definition, record, lookup or Lookup()))
    if len(encode(record)) > MAX_RECORD_BYTES:
        raise TooLargeError(_("This record is too large to be stored."))
    return Change(actor, form, record, before, entry, [], numbers)


def _checked_reason(reason: str) -> str:
    said = reason.strip()
    if len(said) > MAX_REASON:
        raise InvalidError({"reason": [_("At most %(max)s characters.", max=MAX_REASON)]})
    if _UNSTORABLE.search(said):
        raise InvalidError({"reason": [_("This text contains characters that cannot be stored.")]})
    return said


def _derived(definition: Definition, record: Document, lookup: Lookup) -> Document:
    """Return the title a record is called by and the tokens it is found by."""
    title = " ".join(
        " ".join(_shown(definition, key, record, lookup) for key in definition.title_fields).split()
    )
    texts = [record["number"] or "", title]
    texts += [
        type_of(field).search_text(field, record["data"][field.key], lookup)
        for field in definition.value_fields
        if field.searchable and field.key in record["data"]
    ]
    return {"title": title[:MAX_TITLE] or record["number"] or "", "search": tokens(texts)}


def _shown(definition: Definition, key: str, record: Document, lookup: Lookup) -> str:
    field = definition.by_key.get(key)
    if field is None:
        return str(record.get(key) or "")
    value = record["data"].get(key)
    return "" if value is None else type_of(field).display(field, value, lookup, lookup.language)
