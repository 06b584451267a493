"""The one place where a record is fetched for a person. Closed unless a role opens it."""

from collections.abc import Collection
from typing import Any

from bson import ObjectId
from bson.errors import InvalidId

from models import forms
from models.database import Document
from models.definition import Field
from models.errors import ForbiddenError, NotFoundError
from models.field_limits import FieldLimits
from models.form_indexes import IN_BIN
from models.forms import LiveForm
from models.people import Action, User
from models.permissions import permitted, require_permission
from models.scopes import Reach, scopes_of

__all__ = [
    "Action",
    "allowed",
    "fetch",
    "knows_titles",
    "names_only_seen",
    "object_id",
    "permitted",
    "reach",
    "records_filter",
    "require",
    "require_permission",
    "require_record",
    "sees_all",
    "sees_every_record",
    "visible",
]


def require(person: User, form: str, action: Action) -> None:
    """Raise NotFoundError for a stranger to the form, ForbiddenError for a reader who wants more."""
    if not permitted(person, form, Action.SEE):
        raise NotFoundError
    if not permitted(person, form, action):
        raise ForbiddenError


def records_filter(
    person: User, form: LiveForm, action: Action = Action.SEE, *, deleted: bool = False
) -> dict[str, Any]:
    """Return the MongoDB filter of the records of a form with which a person may do something.

    With `deleted`, those in the bin, which only people with the right to restore may see.
    """
    reached = reach(person, form, action, *((Action.RESTORE,) if deleted else ()))
    return {**(IN_BIN if deleted else {"deleted_at": None}), **reached.filter()}


def reach(person: User, form: LiveForm, *actions: Action) -> Reach:
    """Return the records of a form, in the bin or not, with which a person may do all of some things.

    Raises as `require`.
    """
    for action in (Action.SEE, *actions):
        require(person, form.key, action)
    return scopes_of(person, form).reach(Action.SEE, *actions)


def allowed(person: User, form: LiveForm, record: Document, action: Action) -> bool:
    """Tell whether a person may do something with a record: what `records_filter` says, of one in hand.

    The record must hold its system columns, and the fields that rules of scopes name.
    """
    if not permitted(person, form.key, action):
        return False
    return scopes_of(person, form).reach(Action.SEE, action).holds(record)


def require_record(person: User, form: LiveForm, record: Document, action: Action) -> None:
    """Raise NotFoundError for a record that a person may not see, ForbiddenError for one to see only."""
    require(person, form.key, action)
    scopes = scopes_of(person, form)
    if not scopes.reach(Action.SEE).holds(record):
        raise NotFoundError
    if not scopes.reach(action).holds(record):
        raise ForbiddenError


def fetch(
    person: User, form: LiveForm, record_id: str | ObjectId, action: Action = Action.SEE
) -> dict[str, Any]:
    """Return one record for a person who wants to do something with it.

    Raises:
        NotFoundError: there is none, or the person may not see it.
        ForbiddenError: the person may see it but not do this.
    """
    require(person, form.key, action)
    in_bin: Document = IN_BIN if action is Action.RESTORE else {"deleted_at": None}
    record = form.records().find_one({"_id": object_id(record_id), **in_bin})
    if record is None:
        raise NotFoundError
    require_record(person, form, record, action)
    return record


def sees_all(person: User, form: str) -> bool:
    """Tell whether a person may see every record of a form with every field: what tells of all of them."""
    if not sees_every_record(person, form):
        return False
    live = _published(form)
    return live is None or not FieldLimits(person, live).unasked


def sees_every_record(person: User, form: str) -> bool:
    """Tell whether a person may see every record of a form, whichever of its fields."""
    if not permitted(person, form, Action.SEE):
        return False
    live = _published(form)
    return live is None or reach(person, live).is_everything


def _published(form: str) -> LiveForm | None:
    """Return the version of a form in force; None for one that has no records yet, or is gone."""
    try:
        return forms.current(form)
    except NotFoundError:
        return None


def names_only_seen(person: User, field: Field | None) -> bool:
    """Tell whether everything that a field can name is open to a person.

    It is not where it refers to a form of which they may not see every record.
    """
    if field is None:
        return True
    if field.type == "table":
        return all(names_only_seen(person, column) for column in field.fields)
    return field.type != "reference" or sees_every_record(person, field.form)


def knows_titles(person: User, form: LiveForm) -> bool:
    """Tell whether a person may know what every record of a form is called, which may name other records."""
    definition = form.definition
    return all(names_only_seen(person, definition.by_key.get(key)) for key in definition.title_fields)


def visible(person: User, form: str | LiveForm, ids: Collection[ObjectId]) -> set[ObjectId]:
    """Return which of some records of a form a person may see; none of a form that is closed to them."""
    if not ids or not permitted(person, form if isinstance(form, str) else form.key, Action.SEE):
        return set()
    live = _published(form) if isinstance(form, str) else form
    if live is None:
        return set()
    wanted = {"$and": [{"_id": {"$in": list(ids)}}, records_filter(person, live)]}
    return {found["_id"] for found in live.records().find(wanted, {"_id": 1})}


def object_id(text: str | ObjectId) -> ObjectId:
    """Read an id from an address. Raises NotFoundError, because no such record can exist."""
    try:
        return ObjectId(text)
    except (InvalidId, TypeError):
        raise NotFoundError from None
