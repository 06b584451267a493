"""What administrators of people do about somebody's way in: look, sign them out, unlock and unlink them."""

from datetime import datetime

from models import identities, sessions, sign_in, throttle
from models.access import require_permission
from models.accounts import require_rank
from models.people import Actor, Permission, User
from models.sessions import OpenSession


def open_sessions(person: User, user: User) -> list[OpenSession]:
    """Return where a user is signed in. Raises ForbiddenError."""
    require_permission(person, Permission.CONFIGURE_PEOPLE)
    return sessions.sessions_of(user)


def locked_until(person: User, user: User) -> datetime | None:
    """Return until when a user is locked out, from anywhere. Raises ForbiddenError."""
    require_permission(person, Permission.CONFIGURE_PEOPLE)
    ends = (
        throttle.locked_until(throttle.SIGN_IN, sign_in.names(user)),
        throttle.locked_until(throttle.FACTOR, [str(user.id)]),
    )
    return max((end for end in ends if end), default=None)


def end_sessions(person: User, user: User) -> int:
    """Sign a user out everywhere; return in how many places it was. Raises ForbiddenError."""
    require_permission(person, Permission.CONFIGURE_PEOPLE)
    require_rank(person, user)
    return sessions.end_all(Actor.of(person), user)


def unlock(person: User, user: User) -> None:
    """Let a user who was locked out try again at once. Raises ForbiddenError."""
    require_permission(person, Permission.CONFIGURE_PEOPLE)
    require_rank(person, user)
    sign_in.unlock(Actor.of(person), user)


def unlink(person: User, user: User) -> None:
    """End a user's links with sign-in services. Raises ForbiddenError."""
    require_permission(person, Permission.CONFIGURE_PEOPLE)
    require_rank(person, user)
    identities.unlink(Actor.of(person), user)
