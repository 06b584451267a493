"""Who may give whom which rights: saving people and roles without anyone locking everyone out.

Nobody hands out what they do not hold themselves, nobody disables or demotes themselves, and the last
administrator stays.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bson import ObjectId
from email_validator import EmailNotValidError, validate_email
from pymongo.client_session import ClientSession

from models import audit, edits, passwords, role_checks, sessions, sign_in, staffing, throttle
from models.access import require_permission
from models.audit.differences import said_of_role, said_of_user
from models.database import db, in_transaction
from models.errors import ForbiddenError, InUseError, InvalidError
from models.messages import Message, _
from models.people import Actor, Permission, Role, User
from models.times import now, timezones

USER_ATTRIBUTES = (
    "username",
    "name",
    "email",
    "phone",
    "roles",
    "department",
    "language",
    "timezone",
    "active",
)
ROLE_ATTRIBUTES = (
    "name",
    "label",
    "administrator",
    "demands_factor",
    "permissions",
    "grants",
    "field_rules",
)
_ADMINISTRATORS = "administrators"

Errors = dict[str, list[Message]]


@dataclass(frozen=True)
class NewPassword:
    """A password that is shown once and stored only as a hash."""

    user: User
    text: str


def create_user(person: User, user: User) -> NewPassword:
    """Store a new user with a generated password.

    Raises:
        ForbiddenError: the person may not administer people.
        InvalidError: beside what was refused.
    """
    require_permission(person, Permission.CONFIGURE_PEOPLE)
    check_user(person, user, before=None)
    text = passwords.generate()
    passwords.set_password(user, text, must_change=True)
    user.created_at = now()
    edits.store(user, USER_ATTRIBUTES, seen="")
    staffing.changed()
    _note_user(person, None, user)
    return NewPassword(user, text)


def save_user(
    person: User, user: User, *, seen: str, also: Callable[[ClientSession], None] | None = None
) -> None:
    """Store a changed user; whoever is disabled or loses a role is signed out everywhere.

    What waited for somebody who is disabled, others do.

    Args:
        person: who changes.
        user: with the new values.
        seen: `edits.stamp` of what the person was looking at.
        also: further writes of the same transaction.

    Raises:
        ForbiddenError: the person may not administer people, or not this one.
        InvalidError: beside what was refused.
        ConflictError: someone else saved first.
    """
    require_permission(person, Permission.CONFIGURE_PEOPLE)
    before = User.objects(id=user.id).first()
    check_user(person, user, before=before)
    if not user.active or (before is not None and _role_ids(before) - _role_ids(user)):
        passwords.end_sessions(user)
    meant_before, meant = _meant_by(before), _meant_by(user)

    def write(session: ClientSession) -> None:
        edits.store(user, USER_ATTRIBUTES, seen=seen, also=["fs_uniquifier"], session=session)
        if before is not None and before.active and not user.active:
            staffing.left(user.id, session)
        if meant != meant_before:
            staffing.changed(session)
        if also:
            also(session)
        _note_user(person, before, user, session)

    keeping_an_administrator(write)


def _note_user(person: User, before: User | None, user: User, session: ClientSession | None = None) -> None:
    """Let the audit log say what of an account was changed, its roles before all."""
    left = before is not None and before.active and not user.active
    event = "user.created" if before is None else "user.deactivated" if left else "user.changed"
    details = audit.difference(said_of_user(before), said_of_user(user))
    if details:
        actor, subject = Actor.of(person), str(user.username)
        audit.note(event, actor=actor, subject=subject, details=details, session=session)


def _meant_by(user: User | None) -> object:
    """Return by what procedures mean a person: roles and department, while they work here."""
    if user is None:
        return None
    return user.active, _role_ids(user), user.department and user.department.id


def _role_ids(user: User) -> set[ObjectId]:
    return {role.id for role in user.roles}


def reset_password(person: User, user: User) -> NewPassword:
    """Give a user a new generated password and end their sessions.

    Raises ForbiddenError for an administrator's account unless the person is one.
    """
    require_permission(person, Permission.CONFIGURE_PEOPLE)
    require_rank(person, user)
    text = passwords.generate()
    passwords.set_password(user, text, must_change=True)

    def write(session: ClientSession) -> None:
        passwords.store(user, session)
        audit.note("password.reset", actor=Actor.of(person), subject=str(user.username), session=session)

    in_transaction(write)
    throttle.lift(throttle.SIGN_IN, sign_in.names(user))
    return NewPassword(user, text)


def save_role(person: User, role: Role, *, seen: str) -> None:
    """Store a new or changed role; where it takes something away, its people sign in again.

    Raises ForbiddenError, InvalidError, ConflictError.
    """
    require_permission(person, Permission.CONFIGURE_ROLES)
    before = _stored_role(role)
    errors = _role_errors(person, role, before)
    if errors:
        raise InvalidError(errors)
    keeping_an_administrator(lambda session: _write_role(person, before, role, seen, session))


def save_roles(person: User, changed: Sequence[tuple[Role, str]]) -> None:
    """Store several roles at once, each with the stamp of what the person was looking at, or none of them.

    Raises as `save_role`; what was refused stands beside `<id of the role>.<path>`.
    """
    require_permission(person, Permission.CONFIGURE_ROLES)
    roles = [(_stored_role(role), role, seen) for role, seen in changed]
    errors = {
        f"{role.id}.{path}": messages
        for before, role, _seen in roles
        for path, messages in _role_errors(person, role, before).items()
    }
    if errors:
        raise InvalidError(errors)

    def write(session: ClientSession) -> None:
        for before, role, seen in roles:
            _write_role(person, before, role, seen, session)

    keeping_an_administrator(write)


def _stored_role(role: Role) -> Role | None:
    found: Role | None = Role.objects(id=role.id).first() if role.id else None
    return found


def _write_role(person: User, before: Role | None, role: Role, seen: str, session: ClientSession) -> None:
    edits.store(role, ROLE_ATTRIBUTES, seen=seen, session=session)
    if before is not None and sessions.takes_away(before, role):
        sessions.end_of_role(role, but=person, session=session)
    _note_role("role.changed" if before else "role.created", person, before, role, session)


def _note_role(
    event: str, person: User, before: Role | None, after: Role | None, session: ClientSession | None = None
) -> None:
    """Let the audit log say which rights a role gained and lost."""
    details = audit.difference(said_of_role(before), said_of_role(after))
    if details:
        subject = str(after or before)
        audit.note(event, actor=Actor.of(person), subject=subject, details=details, session=session)


def delete_role(person: User, role: Role) -> None:
    """Delete a role that nobody has. Raises InUseError otherwise."""
    require_permission(person, Permission.CONFIGURE_ROLES)
    if role.administrator and not person.is_administrator:
        raise ForbiddenError
    if User.objects(roles=role).first():
        raise InUseError(_("People still have this role. Take it from them first."))
    role.delete()
    _note_role("role.deleted", person, role, None)


def check_user(person: User, user: User, before: User | None) -> None:
    """Raise InvalidError or ForbiddenError unless a person may store a user like this.

    Args:
        person: who changes.
        user: with the new values.
        before: as it is stored; None for a new one.
    """
    if before is not None:
        require_rank(person, before)
    errors = {**_value_errors(user), **_right_errors(person, user, before)}
    if errors:
        raise InvalidError(errors)


def require_rank(person: User, user: User) -> None:
    """Keep administrators' accounts, and so their rights, out of the hands of others."""
    if user.is_administrator and not person.is_administrator:
        raise ForbiddenError(_("Only an administrator may change this account."))


def _value_errors(user: User) -> Errors:
    errors: Errors = {}
    if not str(user.name or "").strip():
        errors["name"] = [_("This is needed.")]
    if user.timezone not in timezones():
        errors["timezone"] = [_("There is no such time zone.")]
    if user.email:
        try:
            user.email = validate_email(user.email, check_deliverability=False).normalized
        except EmailNotValidError:
            errors["email"] = [_("This is not an e-mail address.")]
    return errors


def _right_errors(person: User, user: User, before: User | None) -> Errors:
    errors: Errors = {}
    held = {role.id for role in before.roles} if before else set()
    given = [role for role in user.roles if role.id not in held]
    if not all(role_checks.may_give(person, role) for role in given):
        errors["roles"] = [_("You can only give roles whose rights you have yourself.")]
    if before is not None and before.id == person.id:
        if not user.active:
            errors["active"] = [_("You cannot disable your own account.")]
        if before.is_administrator and not user.is_administrator:
            errors["roles"] = [_("You cannot take the administrator's role from yourself.")]
    return errors


def _known(permissions: Iterable[str]) -> list[str]:
    return [one for one in permissions if one in set(Permission)]


def _role_errors(person: User, role: Role, before: Role | None) -> Errors:
    errors = role_checks.shape_errors(role, before) or role_checks.giving_errors(person, role, before)
    if not (role.label.zh or role.label.en):
        errors["label"] = [_("This is needed.")]
    if person.is_administrator:
        return errors
    if role.administrator or (before is not None and before.administrator):
        errors["administrator"] = [_("Only an administrator may make others administrators.")]
    new = set(_known(role.permissions)) - set(before.permissions if before else ())
    if not all(person.may(Permission(one)) for one in new):
        errors["permissions"] = [_("You can only give rights that you have yourself.")]
    return errors


def keeping_an_administrator(write: Callable[[ClientSession], None]) -> None:
    """Write, unless afterwards nobody could administer; two who try at once are told apart by a lock."""

    def work(session: ClientSession) -> None:
        # Both of two parallel writes change this document, so the second sees what the first did.
        db().locks.update_one({"_id": _ADMINISTRATORS}, {"$inc": {"turns": 1}}, upsert=True, session=session)
        had = _has_administrator(session)
        write(session)
        if had and not _has_administrator(session):
            raise InvalidError({"roles": [_("At least one active administrator must remain.")]})

    in_transaction(work)


def _has_administrator(session: ClientSession) -> bool:
    roles: list[ObjectId] = [
        role["_id"] for role in db().roles.find({"administrator": True}, {"_id": 1}, session=session)
    ]
    holder = db().users.find_one({"roles": {"$in": roles}, "active": True}, {"_id": 1}, session=session)
    return holder is not None
