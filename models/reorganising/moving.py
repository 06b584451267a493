"""A department moves under another, with everything below it."""

from pymongo.client_session import ClientSession

from models import audit, departments, staffing
from models.database import db, in_transaction
from models.errors import ConflictError, InvalidError
from models.messages import _
from models.people import Actor, Department, Permission, User
from models.permissions import require_permission

LOCK = "departments"


def begin(session: ClientSession) -> None:
    """Let two who re-organise at once come one after the other, so that they make no circle."""
    db().locks.update_one({"_id": LOCK}, {"$inc": {"turns": 1}}, upsert=True, session=session)


def check_move(department: Department, parent: Department | None) -> None:
    """Raise InvalidError beside `parent` for a move that cannot be."""
    if parent is not None and (parent.retired or parent.merged_into):
        raise InvalidError({"parent": [_("This department is no longer in use.")]})
    if (parent.id if parent else None) == (department.parent.id if department.parent else None):
        raise InvalidError({"parent": [_("It is there already.")]})
    if department.merged_into:
        raise InvalidError({"parent": [_("It was merged into another department; that cannot be undone.")]})
    departments.check_place(department, parent)


def move(person: User, department: Department, parent: Department | None, *, reason: str = "") -> None:
    """Put a department under another, or (None) at the top; people and records stay in it.

    Raises:
        ForbiddenError: the person may not administer departments.
        InvalidError: beside `parent`.
        ConflictError: somebody else moved it meanwhile.
    """
    require_permission(person, Permission.CONFIGURE_DEPARTMENTS)
    before = department.parent

    def write(session: ClientSession) -> None:
        begin(session)
        check_move(department, parent)
        seen = {"_id": department.id, "parent": before.id if before else None, "merged_into": None}
        put = {"$set": {"parent": parent.id}} if parent else {"$unset": {"parent": ""}}
        if not db().departments.update_one(seen, put, session=session).matched_count:
            raise ConflictError
        staffing.changed(session)
        details = {"from": _code(before), "to": _code(parent), "reason": reason.strip()}
        subject = f"{department.code} {department}"
        audit.note(
            "department.moved", actor=Actor.of(person), subject=subject, details=details, session=session
        )

    in_transaction(write)


def _code(department: Department | None) -> str:
    return str(department.code) if department else ""
