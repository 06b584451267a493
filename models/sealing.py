"""Seals texts that are read again but are nobody's business, with keys made from the program's secret.

The same text under the same purpose gives the same seal, so that what did not change looks unchanged; whoever
reads the database alone learns only that two texts are equal.
"""

import base64
import binascii
import logging
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

log = logging.getLogger(__name__)

PREFIX: Final = "sealed:"
KEY_BYTES: Final = 64
_boxes: list[AESSIV] = []


def set_secret(secret_key: str) -> None:
    """Seal and open with a key made from this secret, in the whole process."""
    derived = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"backoffice sealed texts").derive(
        secret_key.encode()
    )
    _boxes[:] = [AESSIV(derived)]


def seal(text: str, purpose: str) -> str:
    """Return a text that only this program can read, and only for this purpose; an empty one stays empty."""
    if not text:
        return text
    sealed = _box().encrypt(text.encode(), [purpose.encode()])
    return PREFIX + base64.urlsafe_b64encode(sealed).decode()


def is_sealed(text: str) -> bool:
    """Tell whether a stored text was sealed."""
    return text.startswith(PREFIX)


def open_sealed(text: str, purpose: str) -> str:
    """Return what was sealed; empty if the program's secret is another one by now."""
    try:
        sealed = base64.urlsafe_b64decode(text.removeprefix(PREFIX))
        return _box().decrypt(sealed, [purpose.encode()]).decode()
    except (InvalidTag, binascii.Error, ValueError):
        log.warning("a stored %s was sealed with another BACKOFFICE_SECRET_KEY: enter it again", purpose)
        return ""


def _box() -> AESSIV:
    if not _boxes:
        message = "set_secret was not called"
        raise RuntimeError(message)
    return _boxes[0]
