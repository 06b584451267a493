"""What people prove besides their password: authenticator apps, security keys, recovery codes.

Each factor is one document in `factors`. What an app computes from is stored sealed (`apps`), codes are
stored as hashes, and of a key only the public half is known. Every guess counts (`proving`).
"""

from models.factors.keeping import (
    Factor,
    Wanted,
    codes_left,
    demanded,
    ensure_indexes,
    has_key,
    of_person,
    protected,
    remove,
    reset,
    wanted,
)
from models.factors.proving import prove_code, prove_key, prove_password, prove_recovery

__all__ = [
    "Factor",
    "Wanted",
    "codes_left",
    "demanded",
    "ensure_indexes",
    "has_key",
    "of_person",
    "protected",
    "prove_code",
    "prove_key",
    "prove_password",
    "prove_recovery",
    "remove",
    "reset",
    "wanted",
]
