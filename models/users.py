"""Accounts as the operator of the machine makes them, with nobody signed in yet.

What people may do to each other's accounts on the screens stands in `models.accounts`.
"""

import contextlib
import re

from mongoengine.errors import NotUniqueError, ValidationError

from models import audit, passwords, sign_in, staffing, throttle
from models.audit.differences import said_of_user
from models.errors import InvalidError, NotFoundError
from models.messages import Message, _
from models.people import USERNAME_PATTERN, Name, Role, User
from models.times import now

ADMINISTRATOR = "administrator"
FIRST_ADMINISTRATOR = "admin"


def administrator_role() -> Role:
    """Return the role that may do everything; make it where it is missing."""
    label = Name(zh="系统管理员", en="Administrator")
    with contextlib.suppress(NotUniqueError):  # another process made it in this very moment
        Role.objects(name=ADMINISTRATOR).update_one(
            upsert=True, set_on_insert__label=label, set__administrator=True
        )
    role: Role = Role.objects.get(name=ADMINISTRATOR)
    return role


def administrator_exists() -> bool:
    """Tell whether somebody can sign in who may do everything."""
    roles = list(Role.objects(administrator=True).scalar("id"))
    return User.objects(roles__in=roles, active=True).first() is not None


def find(username: str) -> User:
    """Return the account of a user name. Raises NotFoundError."""
    user: User | None = User.objects(username=username.strip().lower()).first()
    if user is None:
        raise NotFoundError(_("There is no user %(name)s.", name=username))
    return user


def create(
    username: str,
    name: str,
    password: str,
    roles: list[Role],
    email: str | None = None,
    *,
    must_change: bool = False,
) -> User:
    """Make an account that can sign in at once.

    Args:
        username: 2 to 40 small letters, digits, dots, dashes and underscores; any case is accepted.
        name: as colleagues know the person.
        password: refused when it is too easy.
        roles: what the person may do.
        email: optional; the person may sign in with it, too.
        must_change: the person chooses another password at the first sign-in.

    Raises:
        InvalidError: with the reasons beside `username`, `email` or `password`.

    """
    lower = username.strip().lower()
    if not re.fullmatch(USERNAME_PATTERN, lower):
        raise InvalidError({"username": [_USERNAME_RULE]})
    user = User(
        username=lower, name=name.strip() or lower, email=email or None, roles=roles, created_at=now()
    )
    passwords.set_password(user, password, must_change=must_change)
    try:
        user.save(force_insert=True)
    except NotUniqueError:
        taken = "username" if User.objects(username=lower).first() else "email"
        raise InvalidError({taken: [_("This is taken.")]}) from None
    except ValidationError:
        raise InvalidError({"name": [_("This cannot be stored.")]}) from None
    audit.note("user.created", subject=lower, details=audit.difference(None, said_of_user(user)))
    return user


def set_password(username: str, password: str, *, must_change: bool = False) -> User:
    """Give an account a new password, end its sessions and locks. Raises NotFoundError, InvalidError."""
    user = find(username)
    passwords.set_password(user, password, must_change=must_change)
    passwords.store(user)
    throttle.lift(throttle.SIGN_IN, sign_in.names(user))
    audit.note("password.reset", subject=str(user.username))
    return user


def disable(username: str) -> User:
    """Let somebody sign in no more and end their sessions; what they did stays.

    Raises:
        NotFoundError: there is no such account.
        InvalidError: it is the last administrator.

    """
    user = find(username)
    others = User.objects(
        id__ne=user.id, active=True, roles__in=list(Role.objects(administrator=True).scalar("id"))
    )
    if user.is_administrator and others.first() is None:
        raise InvalidError({"username": [_("This is the last administrator.")]})
    user.active = False
    passwords.end_sessions(user)
    user.save()
    staffing.left(user.id)
    audit.note("user.deactivated", subject=str(user.username))
    return user


_USERNAME_RULE: Message = _("Use 2 to 40 small letters, digits, dots, dashes and underscores.")
