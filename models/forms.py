"""Forms and their versions: a draft is edited, checked and published; every version stays readable."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from mongoengine import BooleanField, DateTimeField, DictField, Document, IntField, ObjectIdField, StringField
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from models import audit, form_changes, form_checks, form_guards, form_indexes, ledger_guards, outbox
from models.database import db, in_transaction
from models.definition import Definition, Field
from models.errors import ConflictError, DomainError, InUseError, InvalidError, NotFoundError
from models.messages import _
from models.people import Actor, Permission
from models.permissions import require_configure, require_permission
from models.times import now

CACHED_VERSIONS = 500
LEDGER_CHANGED = "ledger.changed"
"""The effect of a version with which a form becomes a ledger, or another one; see `ledger.taking_over`."""


class Form(Document):  # type: ignore[misc]
    """A form as administrators see it: the version that is in force, and the draft of the next.

    `field_types` remembers the type of every field ever published, because a type never changes, and
    `options` every option, because records may hold it. `earlier_versions` is the last version of a
    deleted form with this key: a version is never given twice.
    """

    key = StringField(primary_key=True, max_length=60)
    version = IntField(default=0)
    draft = DictField()
    has_draft = BooleanField(default=False)
    draft_revision = IntField(default=0)
    draft_by = StringField(max_length=80)
    draft_at = DateTimeField()
    field_types = DictField()
    options = DictField()
    earlier_versions = IntField(default=0)
    pack = StringField(max_length=60)
    retired = BooleanField(default=False)

    meta: ClassVar[dict[str, Any]] = {"collection": "forms", "auto_create_index": False}


class FormVersion(Document):  # type: ignore[misc]
    """One published version; never changed again."""

    form = StringField(required=True)
    version = IntField(required=True)
    definition = DictField(required=True)
    note = StringField(default="", max_length=2000)
    published_at = DateTimeField()
    published_by = StringField(max_length=80)
    published_by_id = ObjectIdField()

    meta: ClassVar[dict[str, Any]] = {"collection": "form_versions", "auto_create_index": False}


@dataclass(frozen=True)
class LiveForm:
    """One version of a form, ready to work with."""

    definition: Definition
    version: int

    @property
    def key(self) -> str:
        """The form's key, as in its address."""
        return self.definition.key

    @cached_property
    def collection(self) -> str:
        """The name of the collection that holds its records."""
        return collection_name(self.key)

    def records(self) -> Collection[dict[str, Any]]:
        """Return the collection that holds its records."""
        return db()[self.collection]


_versions: dict[tuple[str, int], LiveForm] = {}


def collection_name(key: str) -> str:
    """Return the name of the collection of a form's records."""
    return f"record_{key}"


def current(key: str) -> LiveForm:
    """Return the version in force, as of now in every process. Raises NotFoundError."""
    stored = db().forms.find_one({"_id": key, "version": {"$gt": 0}}, {"version": 1})
    if stored is None:
        raise NotFoundError
    return at_version(key, stored["version"])


def at_version(key: str, version: int) -> LiveForm:
    """Return one published version. Raises NotFoundError."""
    live = _versions.get((key, version))
    if live is None:
        stored = db().form_versions.find_one({"form": key, "version": version})
        if stored is None:
            raise NotFoundError
        live = _remember(LiveForm(Definition.load(stored["definition"]), version))
    return live


def _remember(live: LiveForm) -> LiveForm:
    if len(_versions) >= CACHED_VERSIONS:
        _versions.clear()
    return _versions.setdefault((live.key, live.version), live)


def forget_versions() -> None:
    """Drop what this process remembers; for tests that change databases."""
    _versions.clear()


def keys_in_force(keys: Iterable[str]) -> set[str]:
    """Return those of some keys under which there is a form in force."""
    wanted = list(keys)
    query = {"_id": {"$in": wanted}, "version": {"$gt": 0}}
    return {form["_id"] for form in db().forms.find(query, {"_id": 1})} if wanted else set()


def live_forms() -> list[LiveForm]:
    """Return every form in force that is not retired, by key."""
    stored = db().forms.find({"version": {"$gt": 0}, "retired": {"$ne": True}}, {"version": 1}).sort("_id", 1)
    return [at_version(form["_id"], form["version"]) for form in stored]


def create(actor: Actor, document: dict[str, Any], *, pack: str = "") -> Form:
    """Make a new form with a first draft.

    Raises:
        ForbiddenError: the actor is a person who may not configure forms.
        InvalidError: the draft has no valid key or name.
    """
    if actor.person is not None:
        require_permission(actor.person, Permission.CONFIGURE_FORMS)
    definition = form_checks.load(document)
    try:
        db().forms.insert_one(
            {
                "_id": definition.key,
                "version": 0,
                "field_types": {},
                "options": {},
                "earlier_versions": _earlier_versions(definition.key),
                "pack": pack,
                "retired": False,
                **_draft_fields(actor, definition, 1),
            }
        )
    except DuplicateKeyError:
        raise InvalidError({"key": [_("There is already a form with this key.")]}) from None
    audit.note("form.created", actor=actor, subject=_called(definition), details={"pack": pack})
    return get(definition.key)


def _called(definition: Definition) -> str:
    return f"{definition.label} ({definition.key})"


def _earlier_versions(key: str) -> int:
    deleted = db().deleted_forms.find_one({"_id": key})
    return int(deleted["version"]) if deleted else 0


def get(key: str) -> Form:
    """Return a form for its administrators. Raises NotFoundError."""
    form: Form | None = Form.objects(key=str(key)).first()
    if form is None:
        raise NotFoundError
    return form


def draft_of(form: Form) -> Definition:
    """Return the draft being edited, or the version in force where there is none."""
    if form.has_draft:
        return Definition.load(dict(form.draft))
    return at_version(form.key, form.version).definition


def save_draft(actor: Actor, key: str, document: dict[str, Any], *, draft_revision: int) -> Form:
    """Keep a draft that may still have problems (publishing is stricter).

    Raises:
        ForbiddenError: the actor is a person who may not configure this form.
        InvalidError: the document has not even the shape of a form.
        ConflictError: someone else saved the draft first.
    """
    require_configure(actor.person, key)
    definition = form_checks.load({**document, "key": key})
    updated = db().forms.update_one(
        {"_id": key, "draft_revision": draft_revision},
        {"$set": _draft_fields(actor, definition, draft_revision + 1)},
    )
    if not updated.matched_count:
        raise ConflictError(current=get(key))
    return get(key)


def discard_draft(key: str, *, draft_revision: int) -> Form:
    """Throw a draft away and go on with the version in force."""
    updated = db().forms.update_one(
        {"_id": key, "draft_revision": draft_revision, "version": {"$gt": 0}},
        {"$set": {"has_draft": False, "draft": {}, "draft_revision": draft_revision + 1}},
    )
    if not updated.matched_count:
        raise ConflictError(current=get(key))
    return get(key)


def _draft_fields(actor: Actor, definition: Definition, revision: int) -> dict[str, Any]:
    return {
        "draft": definition.dump(),
        "has_draft": True,
        "draft_revision": revision,
        "draft_by": actor.name,
        "draft_at": now(),
    }


def publish(actor: Actor, key: str, *, draft_revision: int, note: str = "") -> LiveForm:
    """Put the draft in force for every process from the next request on.

    Raises:
        ForbiddenError: the actor is a person who may not configure this form.
        InvalidError: the draft has problems, or breaks a guard rail (`form_guards.guard`).
        ConflictError: someone else changed the draft meanwhile.
    """
    require_configure(actor.person, key)
    form = get(key)
    if not form.has_draft or form.draft_revision != draft_revision:
        raise ConflictError(current=form)
    definition = Definition.load(dict(form.draft))
    before = at_version(key, form.version).definition if form.version else None
    guarded = form_guards.guard(definition, before, form.field_types, form.options)
    resting = form_guards.keep_states(definition, before, db()[collection_name(key)])
    kept = ledger_guards.keep_pieces(definition, before, db()[collection_name(key)])
    titled = form_guards.keep_titles_open(definition)
    problems = [*form_checks.problems(definition), *guarded, *resting, *kept, *titled]
    if problems:
        raise InvalidError(form_checks.by_path(problems))
    live = LiveForm(definition, max(form.version, form.earlier_versions) + 1)
    try:
        form_indexes.ensure(live.records(), definition)
        in_transaction(lambda session: _store_version(session, actor, form, live, note))
    finally:
        if before or get(key).version:
            _settle_indexes(key)
    return live


def _store_version(session: ClientSession, actor: Actor, form: Form, live: LiveForm, note: str) -> None:
    updated = db().forms.update_one(
        {"_id": form.key, "draft_revision": form.draft_revision, "version": form.version},
        {
            "$set": {
                "version": live.version,
                "draft": {},
                "has_draft": False,
                "draft_revision": form.draft_revision + 1,
                "field_types": {**form.field_types, **form_guards.field_types(live.definition)},
                "options": {**form.options, **form_guards.options(live.definition)},
            }
        },
        session=session,
    )
    if not updated.matched_count:
        raise ConflictError(current=form)
    db().form_versions.insert_one(
        {
            "form": form.key,
            "version": live.version,
            "definition": live.definition.dump(),
            "note": note,
            "published_at": now(),
            "published_by": actor.name,
            "published_by_id": actor.id,
        },
        session=session,
    )
    outbox.put(_of_ledger(form, live), session)
    details = {"version": live.version, "note": note, **_what_changed(form, live)}
    subject = _called(live.definition)
    audit.note("form.published", actor=actor, subject=subject, details=details, session=session)


def _of_ledger(form: Form, live: LiveForm) -> list[dict[str, Any]]:
    """Return the effect by which records that are there already follow the ledger that a form becomes."""
    before = at_version(form.key, form.version).definition if form.version else None
    if not becomes_ledger(before, live.definition):
        return []
    key = f"{LEDGER_CHANGED}:{form.key}:{live.version}"
    return [outbox.effect(LEDGER_CHANGED, key, {"form": form.key})]


def becomes_ledger(before: Definition | None, after: Definition) -> bool:
    """Tell whether records that are there already become things of a ledger, or follow its other fields."""
    return before is not None and after.ledger is not None and after.ledger != before.ledger


def _what_changed(form: Form, live: LiveForm) -> dict[str, Any]:
    """Return which fields and which parts of the form a new version changes."""
    before = at_version(form.key, form.version).definition if form.version else None
    found = form_changes.compare(before, live.definition)
    changed = {
        "added": list(found.added),
        "removed": list(found.removed),
        "changed": [one.path for one in found.changed],
        "settings": [*(one.name for one in found.form), *dict.fromkeys(one.kind for one in found.parts)],
    }
    return {name: paths for name, paths in changed.items() if paths}


def roll_back(actor: Actor, key: str, version: int) -> LiveForm:
    """Publish an earlier version again, as a new version: history is never rewritten.

    Options that came later stay, retired, because records may hold them.

    Raises:
        DomainError: there is a draft that would be lost.
        InvalidError: the earlier version breaks a guard rail by now.
        NotFoundError: there is no such version.
    """
    form = get(key)
    if form.has_draft:
        raise DomainError(_("There is a draft. Publish or discard it first."))
    later = [at_version(key, found.version).definition for found in versions(key) if found.version > version]
    definition = form_guards.keep_options(at_version(key, version).definition, later)
    saved = save_draft(actor, key, definition.dump(), draft_revision=form.draft_revision)
    try:
        return publish(actor, key, draft_revision=saved.draft_revision, note=f"↺ v{version}")
    except InvalidError:
        discard_draft(key, draft_revision=saved.draft_revision)
        raise


def versions(key: str) -> list[FormVersion]:
    """Return every published version of a form, newest first."""
    return list(FormVersion.objects(form=key).order_by("-version"))


def retire(key: str, *, retired: bool) -> None:
    """Take a form out of use, or back; its records stay."""
    db().forms.update_one({"_id": key}, {"$set": {"retired": retired}})
    audit.note("form.retired" if retired else "form.restored", subject=key)


def delete(key: str) -> None:
    """Delete a form that was never used. Raises InUseError as soon as it has a record or is referred to."""
    form = get(key)
    if db()[collection_name(key)].find_one({}, {"_id": 1}):
        raise InUseError(_("This form has records. Retire it instead."))
    for live in live_forms():
        if live.key != key and any(field.form == key for field in _all_fields(live.definition)):
            raise InUseError(_("The form “%(form)s” refers to this form.", form=live.definition.label))
    last = max(form.version, form.earlier_versions)
    db().deleted_forms.update_one({"_id": key}, {"$max": {"version": last}}, upsert=True)
    db().forms.delete_one({"_id": key})
    db().form_versions.delete_many({"form": key})
    db()[collection_name(key)].drop()
    audit.note("form.deleted", subject=key, details={"version": last})


def _all_fields(definition: Definition) -> list[Field]:
    return [inner for field in definition.fields for inner in (field, *field.fields)]


def ensure_indexes(live: LiveForm) -> None:
    """Create what lists, search and uniqueness of a form need; drop what it no longer needs.

    Raises InvalidError beside a field whose stored values are not unique.
    """
    form_indexes.drop_others(live.records(), form_indexes.ensure(live.records(), live.definition))


def _settle_indexes(key: str) -> None:
    """Leave the indexes of the version in force, whoever of several publishers was the last."""
    live = current(key)
    ensure_indexes(live)
    while (newer := current(key)).version != live.version:
        live = newer
        ensure_indexes(live)
