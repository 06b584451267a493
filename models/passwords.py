"""Passwords: what is accepted, how they are kept, and how a changed one ends every session."""

import secrets
import unicodedata
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from models.errors import InvalidError
from models.messages import Message, _
from models.people import User

MIN_LENGTH: Final = 10
MAX_LENGTH: Final = 200
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
        return _hasher.verify(
            stored or _decoy(), normalize(password).encode("utf-8", "surrogatepass")
        ) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def needs_new_hash(stored: str) -> bool:
    """Tell whether a hash was made with other costs than today's."""
    return _hasher.check_needs_rehash(stored)


def problems(password: str, user: User) -> list[Message]:
    """Return why a new password is refused for a user; empty when it is fine."""
    text = normalize(password)
    if len(text) < MIN_LENGTH:
        return [_("Use at least %(min)s characters.", min=MIN_LENGTH)]
    if len(text) > MAX_LENGTH:
        return [_("At most %(max)s characters.", max=MAX_LENGTH)]
    if len(set(text)) < MIN_LENGTH // 2 or _is_named_after(text.casefold(), user):
        return [_("This password is too easy to guess.")]
    return []


def set_password(user: User, password: str) -> None:
    """Give a user a new password and end every session of theirs; the caller saves.

    Raises:
        InvalidError: with the reasons beside `password`.
    """
    refused = problems(password, user)
    if refused:
        raise InvalidError({"password": refused})
    user.password = hash_password(password)
    end_sessions(user)


def end_sessions(user: User) -> None:
    """Make every session of a user worthless, in every process, from the next request; the caller saves."""
    user.fs_uniquifier = secrets.token_hex(32)


def generate() -> str:
    """Return a password for an account that someone else creates."""
    return secrets.token_urlsafe(12)


def _is_named_after(text: str, user: User) -> bool:
    names = {str(user.username or ""), str(user.email or "").partition("@")[0]}
    return any(name and text.replace(name.casefold(), "").strip("0123456789!@#._-") == "" for name in names)


@cache
def _decoy() -> str:
    """Return a hash of nothing anyone knows; made when first needed, because making one takes its time."""
    return _hasher.hash(secrets.token_hex(16))
