"""What publishing a draft would do, told before it happens; and publishing behind the last guard rails.

Stored values are read again under the draft. That is bounded in records and in time, and says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pymongo.errors import ExecutionTimeout

from models import form_checks, form_guards, forms, ledger_guards, procedure_checks, saved_views
from models.database import db
from models.definition import Definition, Field
from models.elsewhere import missing_elsewhere
from models.errors import DomainError, InvalidError
from models.fields import type_of
from models.form_changes import Difference, compare
from models.form_indexes import NOT_IN_BIN
from models.forms import Form, LiveForm
from models.messages import _
from models.people import Actor
from models.problems import Problem
from models.rereading import Finding, Rereading, Sample, sample

MAX_CHECKED = 20_000
MAX_SECONDS = 10.0
QUERY_MILLISECONDS = 10_000
COUNT_CAP = 100_000

# A change of any other property cannot make a stored value invalid.
VALUE_PROPERTIES = frozenset(
    {
        "required", "required_if", "visible_if", "min", "max", "min_length", "max_length", "pattern",
        "decimals", "currency", "currencies", "options", "max_rating", "form", "many", "fields",
        "max_files", "max_megabytes", "type",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Duplicate:
    """Values of a field that shall be unique and are not; `values` is None where counting took too long."""

    field: Field
    values: int | None
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True)
class Loss:
    """A field that goes, and how many records hold a value in it (at most `COUNT_CAP`)."""

    path: str
    field: Field
    records: int


@dataclass(frozen=True)
class Impact:
    """What publishing a draft would do. It can be published only without `problems` and `duplicates`.

    `warnings` are what to look at in its procedure; they keep nobody from publishing. `arriving` are the
    records that become things of a ledger, or follow its other fields, after it.
    """

    form: str
    records: int
    difference: Difference
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    losses: tuple[Loss, ...] = ()
    invalid: tuple[Finding, ...] = ()
    hidden: tuple[Finding, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    checked: int = 0
    sampled: bool = False
    arriving: int = 0

    @property
    def publishable(self) -> bool:
        """Tell whether nothing stands in the way."""
        return not self.problems and not any(duplicate.values for duplicate in self.duplicates)


def impact(key: str, *, most: int = MAX_CHECKED, seconds: float = MAX_SECONDS) -> Impact:
    """Return what publishing the draft of a form would do.

    Args:
        key: the form.
        most: at most so many records are read.
        seconds: and at most for so long.

    Raises NotFoundError.
    """
    form = forms.get(key)
    before, draft = _before(form), forms.draft_of(form)
    difference = compare(before, draft)
    problems = tuple(_all_problems(form, before, draft, difference))
    warnings = () if problems else tuple(procedure_checks.warnings(draft))
    if before is None:
        return Impact(key, 0, difference, problems, warnings)
    live = LiveForm(draft, form.version)
    scan = Rereading(draft, _to_read(draft, difference))
    if not problems:  # rules that do not fit cannot be asked
        scan.run(live, most, seconds)
    return Impact(
        form=key,
        records=live.records().estimated_document_count(),
        difference=difference,
        problems=problems,
        warnings=warnings,
        losses=tuple(_losses(live, difference)),
        invalid=tuple(scan.invalid.values()),
        hidden=tuple(scan.hidden.values()),
        duplicates=tuple(_duplicates(live, difference)),
        checked=scan.checked,
        sampled=scan.sampled,
        arriving=live.records().estimated_document_count() if forms.becomes_ledger(before, draft) else 0,
    )


def publish(actor: Actor, key: str, *, draft_revision: int, note: str = "") -> LiveForm:
    """Put a draft in force unless a saved view still names a field that goes.

    Raises what `models.forms.publish` raises; InvalidError names the views.
    """
    form = forms.get(key)
    before = _before(form)
    blocked = list(_view_problems(key, compare(before, forms.draft_of(form)))) if before else []
    if blocked:
        raise InvalidError(form_checks.by_path(blocked))
    return forms.publish(actor, key, draft_revision=draft_revision, note=note)


def roll_back(actor: Actor, key: str, version: int) -> LiveForm:
    """Publish an earlier version again, as a new one.

    Raises:
        DomainError: there is a draft that would be lost.
        InvalidError: saved views use fields which that version does not have.
        NotFoundError: there is no such version.
    """
    form = forms.get(key)
    if form.has_draft:
        raise DomainError(_("There is a draft. Publish or discard it first."))
    then = forms.at_version(key, version).definition
    blocked = list(_view_problems(key, compare(_before(form), then)))
    if blocked:
        raise InvalidError(form_checks.by_path(blocked))
    return forms.roll_back(actor, key, version)


def named_by_views(key: str, definition: Definition) -> dict[str, list[str]]:
    """Return the names of the saved views that use each field of a form."""
    found = {field.key: saved_views.naming_field(key, field.key) for field in definition.fields}
    return {field: names for field, names in found.items() if names}


def _before(form: Form) -> Definition | None:
    return forms.at_version(form.key, form.version).definition if form.version else None


def _all_problems(
    form: Form, before: Definition | None, draft: Definition, difference: Difference
) -> Iterator[Problem]:
    yield from form_checks.problems(draft)
    yield from form_guards.guard(draft, before, form.field_types, form.options)
    yield from form_guards.keep_states(draft, before, db()[forms.collection_name(form.key)])
    yield from ledger_guards.keep_pieces(draft, before, db()[forms.collection_name(form.key)])
    yield from form_guards.keep_titles_open(draft)
    yield from _missing_forms(draft)
    yield from missing_elsewhere(draft)
    if before:
        yield from _view_problems(form.key, difference)


def _missing_forms(draft: Definition) -> Iterator[Problem]:
    known = {form["_id"] for form in db().forms.find({"version": {"$gt": 0}}, {"_id": 1})} | {draft.key}
    for field in draft.fields:
        for path, one in (
            (field.key, field),
            *((f"{field.key}.{column.key}", column) for column in field.fields),
        ):
            if one.type == "reference" and one.form and one.form not in known:
                yield Problem(f"fields.{path}.form", _("There is no form “%(form)s”.", form=one.form))


def _view_problems(key: str, difference: Difference) -> Iterator[Problem]:
    for path in difference.removed:
        if "." in path:
            continue
        for name in saved_views.naming_field(key, path):
            yield Problem(
                f"fields.{path}",
                _("The saved view “%(view)s” uses this field. Change or delete the view first.", view=name),
            )


def _losses(live: LiveForm, difference: Difference) -> Iterator[Loss]:
    for path, field in difference.removed.items():
        if field.holds_value:
            held = live.records().count_documents({f"data.{path}": {"$exists": True}}, limit=COUNT_CAP)
            yield Loss(path, field, held)


def _to_read(draft: Definition, difference: Difference) -> list[Field]:
    """Return the fields of the draft whose stored values may have become invalid."""
    names = {path.partition(".")[0] for path in (*difference.added, *difference.removed)}
    names |= {
        change.path.partition(".")[0] for change in difference.changed if change.names & VALUE_PROPERTIES
    }
    return [field for field in draft.value_fields if field.key in names and not type_of(field).derived]


def _duplicates(live: LiveForm, difference: Difference) -> Iterator[Duplicate]:
    newly = [
        change.field for change in difference.changed if "unique" in change.names and "." not in change.path
    ]
    for field in newly:
        if field.unique:
            found = _duplicate(live, field)
            if found.values != 0:
                yield found


def _duplicate(live: LiveForm, field: Field) -> Duplicate:
    path = f"data.{type_of(field).comparable_path(field)}"
    stages: list[dict[str, Any]] = [
        {"$match": {path: {"$exists": True}, **NOT_IN_BIN}},
        {"$group": {"_id": f"${path}", "count": {"$sum": 1}, "record": {"$first": "$_id"}}},
        {"$match": {"count": {"$gt": 1}}},
        {
            "$group": {
                "_id": None,
                "values": {"$sum": 1},
                "records": {"$firstN": {"input": "$record", "n": 5}},
            }
        },
    ]
    try:
        found = list(live.records().aggregate(stages, allowDiskUse=True, maxTimeMS=QUERY_MILLISECONDS))
    except ExecutionTimeout:
        return Duplicate(field, None)
    if not found:
        return Duplicate(field, 0)
    records = live.records().find({"_id": {"$in": found[0]["records"]}}, {"number": 1, "title": 1})
    return Duplicate(field, found[0]["values"], tuple(sample(record) for record in records))
