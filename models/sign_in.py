"""The password step of a sign-in: the same answer, after the same time, whoever does not get in.

What comes after it (a second factor) and the session itself are not known here.
"""

from typing import Final

from models import audit, passwords, throttle
from models.errors import InvalidError, LockedError
from models.messages import _
from models.people import Actor, User

WRONG: Final = _("The user name or the password is wrong.")
LONGEST_IDENTITY: Final = 254


def find(identity: str) -> User | None:
    """Return the account of a user name in any case, or of an e-mail address."""
    typed = identity.strip().encode("utf-8", "replace").decode()
    by_mail = {"email__in": [typed, typed.lower()]}
    person: User | None = User.objects(**(by_mail if "@" in typed else {"username": typed.lower()})).first()
    return person


def names(person: User) -> list[str]:
    """Return everything by which a person can sign in, and so be guessed at."""
    return [str(name) for name in (person.username, person.email) if name]


def prove(identity: str, password: str, address: str | None) -> User:
    """Return whose password this is.

    Args:
        identity: user name or e-mail address, as typed.
        password: as typed.
        address: whence.

    Raises:
        LockedError: there were too many guesses; this one was not looked at.
        InvalidError: beside nothing: unknown, wrong, or of somebody who may not sign in.
    """
    person = find(identity[:LONGEST_IDENTITY])
    subject = str(person.username) if person else ""
    until = throttle.attempt(throttle.SIGN_IN, identity[:LONGEST_IDENTITY], address, subject=subject)
    if until is not None:
        raise LockedError(until)
    reason = _refusal(person, password)
    if person is None or reason:
        details = {"reason": reason}
        audit.note("session.refused", actor=None, subject=subject, details=details, address=address or "")
        raise InvalidError({"": [WRONG]})
    throttle.succeeded(throttle.SIGN_IN, identity[:LONGEST_IDENTITY], address)
    return person


def _refusal(person: User | None, password: str) -> str:
    """Return why somebody is not let in, for the log alone; each reason costs one look at a hash."""
    right = passwords.verify_password(password, person and person.password)
    if person is None:
        return "unknown"
    if not right:
        return "password"
    if not person.active:
        return "disabled"
    passwords.renew_hash(person, password)
    return ""


def is_current(person: User, password: str, address: str | None) -> bool:
    """Tell whether somebody who is signed in knows their password; guesses count like those at the door.

    Raises:
        LockedError: there were too many.
    """
    until = throttle.attempt(throttle.SIGN_IN, str(person.username), address, subject=str(person.username))
    if until is not None:
        raise LockedError(until)
    right = passwords.verify_password(password, person.password)
    if right:
        throttle.succeeded(throttle.SIGN_IN, str(person.username), address)
    return right


def unlock(actor: Actor, person: User) -> None:
    """Let somebody try again at once, from wherever."""
    for kind in (throttle.SIGN_IN, throttle.RESET):
        throttle.lift(kind, names(person))
    throttle.lift(throttle.FACTOR, [str(person.id)])
    audit.note("account.unlocked", actor=actor, subject=str(person.username))
