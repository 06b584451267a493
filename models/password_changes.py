"""A person chooses a new password: every session ends, the log and the person are told."""

from typing import Final

from pymongo.client_session import ClientSession

from models import audit, notifications, outbox, passwords, sign_in
from models.database import in_transaction
from models.errors import InvalidError
from models.messages import _
from models.people import Actor, User

CHANGED: Final = "password.changed"
RESET: Final = "password.reset"


def change(person: User, current: str, password: str, address: str | None) -> None:
    """Give a person the password they chose, who proves the current one.

    Args:
        person: who changes their own password.
        current: as typed.
        password: the new one.
        address: whence.

    Raises:
        InvalidError: beside `current` or `password`.
        LockedError: there were too many guesses at the current one.
    """
    if not sign_in.is_current(person, current, address):
        raise InvalidError({"current": [_("This is not your current password.")]})
    if passwords.normalize(current) == passwords.normalize(password):
        raise InvalidError({"password": [_("This is your password already. Choose another one.")]})
    passwords.set_password(person, password)
    in_transaction(lambda session: store(person, CHANGED, address, session))


def store(person: User, event: str, address: str | None, session: ClientSession) -> None:
    """Write a new password in a transaction, and tell the person and the log.

    Args:
        person: with the new password set.
        event: `CHANGED` or `RESET`.
        address: whence.
        session: of the transaction; nothing may be written in it afterwards.
    """
    passwords.store(person, session)
    outbox.put(_notice(person), session)
    audit.note(
        event, actor=Actor.of(person), subject=str(person.username), address=address or "", session=session
    )


def _notice(person: User) -> list[dict[str, object]]:
    return notifications.tell(
        [person.id],
        key=f"password:{person.id}:{person.fs_uniquifier}",
        kind="system",
        title=_("Your password was changed"),
        text=_("If this was not you, ask an administrator at once to lock your account."),
        url="/account/sessions",
        level="urgent",
        channels=("email",),
    )
