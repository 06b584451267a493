"""Encrypts what an authenticator app computes its codes from, with a key made from the program's secret."""

import base64
import logging
from typing import Final

from bson import ObjectId
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

log = logging.getLogger(__name__)

PURPOSE: Final = b"backoffice second factors"
KEY_BYTES: Final = 32
_boxes: list[Fernet] = []


def set_secret(secret_key: str) -> None:
    """Seal and open with a key made from this secret, in the whole process."""
    derived = HKDF(SHA256(), KEY_BYTES, salt=None, info=PURPOSE).derive(secret_key.encode())
    _boxes[:] = [Fernet(base64.urlsafe_b64encode(derived))]


def seal(text: str, person: ObjectId) -> str:
    """Return a text that only this program can read, and only as this person's."""
    return _box().encrypt(f"{person}:{text}".encode()).decode()


def open_sealed(token: str, person: ObjectId) -> str | None:
    """Return what was sealed for a person; None for somebody else's, or if the program's secret changed."""
    try:
        owner, _colon, text = _box().decrypt(token.encode()).decode().partition(":")
    except InvalidToken:
        log.warning("a second factor of %s was sealed with another BACKOFFICE_SECRET_KEY", person)
        return None
    return text if owner == str(person) else None


def _box() -> Fernet:
    if not _boxes:
        message = "set_secret was not called"
        raise RuntimeError(message)
    return _boxes[0]
