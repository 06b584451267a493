"""Proving a factor: every guess counts before it is looked at, and each wrong answer reads the same."""

from collections.abc import Callable
from typing import Final

from models import audit, passwords, throttle
from models.errors import InvalidError, LockedError
from models.factors import apps, keys, recovery
from models.messages import Message, _
from models.people import Actor, User

WRONG: Final = _("This is not right, or was used before. Please try again.")
WRONG_KEY: Final = _("The key was not accepted. Please try again.")
WRONG_PASSWORD: Final = _("This is not your current password.")


def prove_code(person: User, code: str, address: str | None) -> None:
    """Use up the code of an authenticator app.

    Raises:
        InvalidError: beside `code`: it is wrong or was used.
        LockedError: there were too many guesses.
    """
    _prove(person, "code", address, WRONG, lambda: "" if apps.accept(person, code) else "wrong code")


def prove_recovery(person: User, code: str, address: str | None) -> None:
    """Use up a recovery code. Raises as `prove_code`, beside `recovery`."""
    _prove(person, "recovery", address, WRONG, lambda: "" if recovery.accept(person, code) else "wrong code")


def prove_key(person: User, site: keys.Site, question: str, answer: str, address: str | None) -> None:
    """Use up the answer of a security key. Raises as `prove_code`, beside `answer`."""
    _prove(person, "answer", address, WRONG_KEY, lambda: keys.accept(person, site, question, answer))


def prove_password(person: User, password: str, address: str | None) -> None:
    """Check the password of somebody who is signed in. Raises as `prove_code`, beside `password`."""
    stored = str(person.password or "")
    _prove(
        person,
        "password",
        address,
        WRONG_PASSWORD,
        lambda: "" if passwords.verify_password(password, stored) else "wrong password",
    )


def _prove(
    person: User, field: str, address: str | None, refusal: Message, why_refused: Callable[[], str]
) -> None:
    until = throttle.attempt(throttle.FACTOR, str(person.id), address, subject=str(person))
    if until is not None:
        raise LockedError(until)
    reason = why_refused()
    if reason:
        details = {"by": field, "reason": reason}
        actor = Actor.of(person)
        audit.note("factor.refused", actor=actor, subject=str(person), details=details, address=address)
        raise InvalidError({field: [refusal]})
    throttle.succeeded(throttle.FACTOR, str(person.id), address)
