"""Changes of records before they are stored: values checked, numbers taken, history written and sealed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId, encode

from models import access, history, numbering
from models.changes import MAX_REASON, Change, void_numbers
from models.database import Document, db
from models.errors import ConflictError, DomainError, InvalidError, NotFoundError, TooLargeError
from models.forms import LiveForm
from models.lookups import Lookup, References
from models.messages import _
from models.numbering_patterns import needs_department
from models.people import Action, Actor
from models.storable import text_problem
from models.times import now
from models.titles import derived
from models.validation import Checked, limits_of, validate

MAX_RECORD_BYTES = 7 * 1024 * 1024  # an entry of history holds it twice, and MongoDB at most 16 MB
PROGRAM = frozenset({"pack", "system"})
"""Sources of changes that nobody's rights limit."""

_MOVED_BY_PROCEDURES = ("state", "assignees", "department", "owner")


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
    trusted = source in PROGRAM
    checker = actor.unbound() if trusted else actor
    references, limits = references or References(checker.person), limits_of(checker, form.definition)
    results = [
        validate(
            checker,
            form.definition,
            raw,
            references=references,
            limits=limits,
            opened=tuple(raw) if trusted else (),
        )
        for raw in raws
    ]
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
    if source not in PROGRAM:
        may_create = creatable(actor, form)
        for checked in results:
            may_create(checked.data)
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


def creatable(actor: Actor, form: LiveForm) -> Callable[[Document], None]:
    """Return what raises InvalidError for the data of a record that an actor may not create.

    It would not lie in what their roles reach: they could make it, and never find it again.
    """
    person = actor.person
    if person is None:
        return lambda _data: None
    reached, none = access.reach(person, form, Action.CREATE), actor.department is None

    def check(data: Document) -> None:
        if not reached.holds(blank_record(actor, data, now())):
            raise InvalidError({"": [_NO_DEPARTMENT if none else _OUT_OF_REACH]})

    return check


_NO_DEPARTMENT = _(
    "You belong to no department, and your roles reach the records of departments only. "
    "Ask an administrator to enter your department."
)
_OUT_OF_REACH = _("Your roles do not let you create such a record: it would lie outside of what you may see.")


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
    record = {**blank_record(actor, data, at), "number": numbers.get(""), "form_version": form.version}
    reserved = tuple(numbers.items())
    return step(
        actor, form, None, record, "created", source=source, reason=reason, numbers=reserved, lookup=lookup
    )


def blank_record(actor: Actor, data: Document, at: datetime) -> Document:
    """Return a record as it begins, without number and version; a workflow gives it its first state."""
    return {
        "_id": ObjectId(),
        "number": None,
        "title": "",
        "form_version": None,
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
        "assignees": [],
        "invited": [],
        "links": [],
    }


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
    before = stored(form, record_id)
    require_still(actor, form, before, Action.EDIT, source)
    same_revision(before, revision)
    checked = validate(
        actor,
        form.definition,
        raw,
        before=before["data"],
        record=before,
        partial=partial,
        strict=partial or source in {"api", "import"},
        references=references,
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
    return step(actor, form, before, record, "updated", source=source, reason=reason, lookup=lookup)


def stored(form: LiveForm, record_id: ObjectId, *, deleted: bool = False) -> Document:
    """Return a record as it is stored, in the bin only with `deleted`. Raises NotFoundError."""
    wanted = {"$ne": None} if deleted else None
    found = form.records().find_one({"_id": record_id, "deleted_at": wanted})
    if found is None:
        raise NotFoundError
    return found


def require_still(actor: Actor, form: LiveForm, record: Document, action: Action, source: str) -> None:
    """Ask again whether somebody may change a record, as it is now that it will be changed.

    Whoever fetched it asked of what it was then. Raises as `access.require_record`.
    """
    if actor.person is not None and source not in PROGRAM:
        access.require_record(actor.person, form, record, action)


def same_revision(record: Document, revision: int) -> None:
    """Raise ConflictError unless a record still is at the revision somebody saw."""
    if record["revision"] != revision:
        raise ConflictError(current=record)


def _refuse(checked: Checked) -> None:
    if checked.errors:
        raise InvalidError(checked.errors)


def step(
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
    """Return a record's step to its next revision; `seal` completes it when everything has had its say."""
    at = record["created_at"] if action == "created" else now()
    said = _checked_reason(reason)
    return Change(actor, form, record, before, action, at, source, said, numbers, lookup or Lookup())


def seal(change: Change) -> None:
    """Derive title and search from what the record holds by now, and write and seal the entry of history.

    Raises TooLargeError.
    """
    before, record = change.before or {"data": {}}, change.record
    differences = history.changes_between(before["data"], record["data"])
    differences += [
        {"field": f"@{key}", "before": before.get(key), "after": record.get(key)}
        for key in _MOVED_BY_PROCEDURES
        if change.before is not None and before.get(key) != record.get(key)
    ]
    change.entry = history.entry(
        change.actor,
        change.form.key,
        record,
        change.action,
        differences,
        reason=change.reason,
        source=change.source,
        at=change.at,
        facts=change.facts,
    )
    record.update(seal=change.entry["seal"], **derived(change.form.definition, record, change.lookup))
    if len(encode(record)) > MAX_RECORD_BYTES:
        raise TooLargeError(_("This record is too large to be stored."))


def _checked_reason(reason: str) -> str:
    said = reason.strip()
    if problem := text_problem(said, MAX_REASON):
        raise InvalidError({"reason": [problem]})
    return said
