"""Every change of a record: checked, then stored in one transaction with its history and its effects."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId, encode
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DocumentTooLarge, DuplicateKeyError

from models import files, history, numbering, outbox
from models.database import Document, db, in_transaction
from models.definition import Definition, Field
from models.errors import ConflictError, InvalidError, NotFoundError, TooLargeError
from models.fields import type_of
from models.forms import LiveForm
from models.lookups import Lookup, References
from models.messages import Message, _
from models.numbering_patterns import needs_department
from models.people import Actor
from models.search import tokens
from models.times import now
from models.validation import Checked, referenced_files, validate

MAX_RECORD_BYTES = 8 * 1024 * 1024
MAX_TITLE = 200


@dataclass
class Change:
    """One record's step from one revision to the next, ready to be stored."""

    actor: Actor
    form: LiveForm
    record: Document
    before: Document | None
    entry: Document
    effects: list[Document]
    numbers: tuple[tuple[str, str], ...] = ()

    @property
    def files_added(self) -> set[ObjectId]:
        """Files that belong to the record from this change on."""
        held = referenced_files(self.record["data"], self.form.definition)
        had = referenced_files(self.before["data"], self.form.definition) if self.before else set()
        return held - had


def create(
    actor: Actor, form: LiveForm, raw: Mapping[str, Any], *, source: str = "screen", reason: str = ""
) -> Document:
    """Store a new record and return it. Raises InvalidError with the messages beside their fields."""
    [change] = plan_creates(actor, form, [raw], source=source, reason=reason)
    commit([change])
    return change.record


def plan_creates(  # noqa: PLR0913  (each is a fact about the change)
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
    for checked in results:
        _refuse(checked)
    numbers = _reserve_numbers(actor, form, len(raws), at or now())
    return [
        _plan_create(actor, form, checked, number, source=source, reason=reason, at=at or now())
        for checked, number in zip(results, numbers, strict=True)
    ]


def _reserve_numbers(actor: Actor, form: LiveForm, count: int, at: datetime) -> list[dict[str, str]]:
    """Return for each record its numbers: `""` is the record's own, others are serial fields."""
    patterns = {"": form.definition.numbering} if form.definition.numbering else {}
    for field in form.definition.value_fields:
        if field.type == "serial" and field.serial_pattern:
            patterns[field.key] = field.serial_pattern
    code = _department_code(actor) if any(map(needs_department, patterns.values())) else ""
    day = at.astimezone(actor.timezone).date()
    columns = {
        key: numbering.reserve(form.key, key, pattern, day, code, count) for key, pattern in patterns.items()
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
    return _change(actor, form, None, record, "created", source=source, reason=reason, numbers=reserved)


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
    _refuse(checked)
    if checked.data == before["data"] and before["form_version"] == form.version:
        return None
    record = {
        **before,
        "data": checked.data,
        "form_version": form.version,
        "revision": revision + 1,
        "updated_at": now(),
        "updated_by": actor.id,
    }
    return _change(actor, form, before, record, "updated", source=source, reason=reason)


def delete(actor: Actor, form: LiveForm, record_id: ObjectId, *, revision: int, reason: str) -> Document:
    """Put a record into the bin; a reason is needed."""
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
) -> Change:
    differences = history.changes_between(before["data"] if before else {}, record["data"])
    entry = history.entry(actor, form.key, record, action, differences, reason=reason, source=source)
    entry["at"] = record["created_at"] if action == "created" else entry["at"]
    entry["seal"] = history.seal(entry)
    record.update(seal=entry["seal"], **_derived(form.definition, record))
    if len(encode(record)) > MAX_RECORD_BYTES:
        raise TooLargeError(_("This record is too large to be stored."))
    return Change(actor, form, record, before, entry, [], numbers)


def _derived(definition: Definition, record: Document) -> Document:
    """Return the title a record is called by and the tokens it is found by."""
    lookup = Lookup()
    title = " ".join(
        filter(None, (_shown(definition, key, record, lookup) for key in definition.title_fields))
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


def commit(changes: Sequence[Change], also: Callable[[ClientSession], None] | None = None) -> None:
    """Store changes of one form, all or none, with their history, files, numbers and effects.

    Args:
        changes: as planned; each must still be at the revision it was planned from.
        also: further writes of the same transaction, such as a job's position.

    Raises:
        ConflictError: a record changed since it was planned.
        InvalidError: a value that must be unique is taken.
    """
    if not changes:
        return
    try:
        in_transaction(lambda session: _write(changes, session, also))
    except DuplicateKeyError as error:
        _void_numbers(changes, "duplicate value")
        raise _taken(changes, error.details) from error
    except BulkWriteError as error:
        _void_numbers(changes, "duplicate value")
        raise _taken(changes, error.details["writeErrors"][0]) from error
    except DocumentTooLarge as error:
        _void_numbers(changes, "too large")
        raise TooLargeError(_("This record is too large to be stored.")) from error


def _write(
    changes: Sequence[Change], session: ClientSession, also: Callable[[ClientSession], None] | None
) -> None:
    form = changes[0].form
    new = [change.record for change in changes if change.before is None]
    if new:
        form.records().insert_many(new, session=session)
    for change in changes:
        if change.before is not None:
            _replace(change, session)
    db().history.insert_many([change.entry for change in changes], session=session)
    outbox.put([effect for change in changes for effect in change.effects], session)
    for change in changes:
        files.claim(change.files_added, form.key, change.record["_id"], change.actor.id, session)
    _confirm_numbers(changes, session)
    if also:
        also(session)


def _replace(change: Change, session: ClientSession) -> None:
    at_revision = {"_id": change.record["_id"], "revision": change.record["revision"] - 1}
    replaced = change.form.records().replace_one(at_revision, change.record, session=session)
    if not replaced.matched_count:
        raise ConflictError(current=change.form.records().find_one({"_id": change.record["_id"]}))


def _numbers_by_field(changes: Sequence[Change]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for change in changes:
        for key, number in change.numbers:
            grouped.setdefault(key, []).append(number)
    return grouped


def _confirm_numbers(changes: Sequence[Change], session: ClientSession) -> None:
    for key, numbers in _numbers_by_field(changes).items():
        numbering.confirm(changes[0].form.key, key, numbers, session)


def _void_numbers(changes: Sequence[Change], reason: str) -> None:
    for key, numbers in _numbers_by_field(changes).items():
        numbering.void(changes[0].form.key, key, numbers, reason)


def _taken(changes: Sequence[Change], details: Mapping[str, Any] | None) -> InvalidError | ConflictError:
    """Say beside which field a unique value is taken."""
    path = next(iter((details or {}).get("keyPattern", {})), "")
    if not path.startswith("data."):
        return ConflictError()
    key = path.split(".")[1]
    field: Field = changes[0].form.definition.by_key[key]
    message: Message = _("Another record already has this value in “%(field)s”.", field=field.label.zh)
    return InvalidError({key: [message]})
