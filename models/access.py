"""The one place where a record is fetched for a person. Closed unless a role opens it."""

from enum import StrEnum
from typing import Any

from bson import ObjectId
from bson.errors import InvalidId

from models.database import db
from models.errors import ForbiddenError, NotFoundError
from models.form_indexes import IN_BIN
from models.forms import LiveForm, collection_name
from models.people import Permission, User


class Action(StrEnum):
    """What a person may do with the records of a form."""

    COMMENT = "comment"
    CREATE = "create"
    DELETE = "delete"
    EDIT = "edit"
    EXPORT = "export"
    IMPORT = "import"
    PRINT = "print"
    RESTORE = "restore"
    SEE = "see"


def permitted(person: User, form: str, action: Action) -> bool:
    """Tell whether any role of a person opens an action on a form; whoever may not see may do nothing."""
    if not person.active:
        return False
    roles = person.held_roles  # once: MongoEngine looks for references every time
    if not any(role.allows(form, Action.SEE) for role in roles):
        return False
    return action is Action.SEE or any(role.allows(form, action) for role in roles)


def require(person: User, form: str, action: Action) -> None:
    """Raise NotFoundError for a stranger to the form, ForbiddenError for a reader who wants more."""
    if not permitted(person, form, Action.SEE):
        raise NotFoundError
    if not permitted(person, form, action):
        raise ForbiddenError


def require_permission(person: User, permission: Permission) -> None:
    """Raise ForbiddenError unless a role gives the system permission."""
    if not (person.active and person.may(permission)):
        raise ForbiddenError


def visible_filter(person: User, form: str, *, deleted: bool = False) -> dict[str, Any]:
    """Return the MongoDB filter of the records of a form that a person may see.

    With `deleted`, those in the bin, which only people with the right to restore may see.
    """
    require(person, form, Action.RESTORE if deleted else Action.SEE)
    return dict(IN_BIN) if deleted else {"deleted_at": None}


def fetch(
    person: User, form: LiveForm, record_id: str | ObjectId, action: Action = Action.SEE
) -> dict[str, Any]:
    """Return one record for a person who wants to do something with it.

    Raises:
        NotFoundError: there is none, or the person may not see it.
        ForbiddenError: the person may see it but not do this.
    """
    require(person, form.key, action)
    in_bin = action is Action.RESTORE
    record = db()[collection_name(form.key)].find_one(
        {"_id": object_id(record_id), **visible_filter(person, form.key, deleted=in_bin)}
    )
    if record is None:
        raise NotFoundError
    return record


def object_id(text: str | ObjectId) -> ObjectId:
    """Read an id from an address. Raises NotFoundError, because no such record can exist."""
    try:
        return ObjectId(text)
    except (InvalidId, TypeError):
        raise NotFoundError from None
