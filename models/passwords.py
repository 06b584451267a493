"""Passwords: what is accepted, how they are kept, and how a changed one ends every session.

What is accepted follows NIST SP 800-63B: long enough, any characters, none that everybody tries first and
none made of names around the person; no rules about kinds of characters, no expiry.
"""

import secrets
import unicodedata
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pymongo.client_session import ClientSession
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from models.channels.surroundings import surroundings
from models.database import db
from models.errors import InvalidError
from models.messages import Message, _
from models.people import User

MIN_LENGTH: Final = 10
MAX_LENGTH: Final = 200
PRODUCT: Final = "backoffice"
SHORTEST_NAME: Final = 3
_COMMON: Final = frozenset(FREQUENCY_LISTS["passwords"] + FREQUENCY_LISTS["english_wikipedia"])
_ADORNMENT: Final = "0123456789 !@#$%^&*()_+-=[]{};:'\"\\|,.<>/?`~"
_SERIES: Final = ("1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
_ROWS: Final = tuple(row * MAX_LENGTH for series in _SERIES for row in (series, series[::-1]))
_hasher = PasswordHasher()


def normalize(password: str) -> str:
    """Return one spelling of a password, whichever keyboard it was typed on (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def hash_password(password: str) -> str:
    """Return the argon2id hash that is stored."""
    return _hasher.hash(normalize(password).encode("utf-8", "surrogatepass"))


def verify_password(password: str, stored: str | None) -> bool:
    """Tell whether a password is the stored one; takes as long when there is none to compare with."""
    try:
        typed = normalize(password[: MAX_LENGTH + 1]).encode("utf-8", "surrogatepass")
        return _hasher.verify(stored or _decoy(), typed) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def renew_hash(user: User, password: str) -> None:
    """Store a right password anew if its hash was made with other costs than today's."""
    stored = str(user.password)
    if _hasher.check_needs_rehash(stored):
        User.objects(id=user.id, password=stored).update_one(set__password=hash_password(password))


def problems(password: str, user: User) -> list[Message]:
    """Return why a new password is refused for a user; empty when it is fine."""
    text = normalize(password)
    if len(text) < MIN_LENGTH:
        return [_("Use at least %(min)s characters.", min=MIN_LENGTH)]
    if len(text) > MAX_LENGTH:
        return [_("At most %(max)s characters.", max=MAX_LENGTH)]
    if len(set(text)) < MIN_LENGTH // 2 or _is_common(text.casefold()) or _is_named_after(text, user):
        return [_("This password is too easy to guess.")]
    return []


def set_password(user: User, password: str, *, must_change: bool = False) -> None:
    """Give a user a new password and end every session of theirs; the caller saves.

    Args:
        user: whose.
        password: the new one.
        must_change: somebody else knows it, so the person chooses another at the first sign-in.

    Raises:
        InvalidError: with the reasons beside `password`.
    """
    refused = problems(password, user)
    if refused:
        raise InvalidError({"password": refused})
    user.password = hash_password(password)
    user.password_must_change = must_change
    end_sessions(user)


def store(user: User, session: ClientSession | None = None) -> None:
    """Write what `set_password` and `end_sessions` changed, and nothing else."""
    names = ("password", "password_must_change", "fs_uniquifier")
    changed = {name: getattr(user, name) for name in names}
    db().users.update_one({"_id": user.id}, {"$set": changed}, session=session)


def end_sessions(user: User) -> None:
    """Make every session of a user worthless, in every process, from the next request; the caller saves."""
    user.fs_uniquifier = new_session_word()


def new_session_word() -> str:
    """Return a word for a person's sessions; those that carry an earlier one are worthless."""
    return secrets.token_hex(32)


def generate() -> str:
    """Return a password for an account that someone else creates."""
    return secrets.token_urlsafe(12)


def _is_common(text: str) -> bool:
    """Tell whether this is what many people choose, with digits or signs around it, or said twice."""
    bare = text.strip(_ADORNMENT)
    half = len(bare) // 2
    once = bare[:half] if bare[:half] == bare[half:] else bare
    return bool(_COMMON & {text, bare, once}) or any(text in row for row in _ROWS)


def _is_named_after(text: str, user: User) -> bool:
    """Tell whether nothing but digits and signs is left without the names around a person."""
    rest = text.casefold()
    for name in sorted(_names_around(user), key=len, reverse=True):
        rest = rest.replace(name, "")
    return rest != text.casefold() and rest.strip(_ADORNMENT) == ""


def _names_around(user: User) -> set[str]:
    mailbox, _at, host = str(user.email or "").partition("@")
    said = (user.username, user.name, mailbox, host, host.partition(".")[0], surroundings().company, PRODUCT)
    names = {normalize(str(name or "")).casefold() for name in said}
    words = {word for name in names for word in name.split()}
    return {name for name in names | words if len(name) >= SHORTEST_NAME or not name.isascii()}


@cache
def _decoy() -> str:
    """Return a hash of nothing anyone knows; made when first needed, because making one takes its time."""
    return _hasher.hash(secrets.token_hex(16))
