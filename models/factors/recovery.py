"""Recovery codes: for the day the telephone is gone. Shown once, kept as slow hashes, each good once."""

import secrets
import unicodedata
from typing import Final

from argon2.low_level import Type, hash_secret_raw
from pymongo.client_session import ClientSession

from models import audit
from models.database import db, in_transaction
from models.factors import keeping
from models.people import Actor, User
from models.times import now

CODES: Final = 10
LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is taken for another
LENGTH: Final = 10
SALT_BYTES: Final = 16
LONGEST: Final = 100
# The least that OWASP takes for passwords; these are random, 50 bits each.
PASSES: Final = 2
MEMORY_KIB: Final = 19_456
HASH_BYTES: Final = 32


def renew(person: User) -> list[str]:
    """Return ten new codes of a person; the old ones are worthless."""
    codes = ["".join(secrets.choice(LETTERS) for _each in range(LENGTH)) for _one in range(CODES)]
    salt = secrets.token_bytes(SALT_BYTES)
    name = str(keeping.NAMES[keeping.RECOVERY])
    content = {"salt": salt, "codes": [_digest(code, salt) for code in codes]}
    document = keeping.new(person, keeping.RECOVERY, name, content)

    def work(session: ClientSession) -> None:
        db().factors.delete_many({"person": person.id, "kind": keeping.RECOVERY}, session=session)
        db().factors.insert_one(document, session=session)
        details = {"kind": keeping.RECOVERY, "count": CODES}
        audit.note(
            "factor.added", actor=Actor.of(person), subject=str(person), details=details, session=session
        )

    in_transaction(work)
    return [f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}" for code in codes]


def accept(person: User, code: str) -> bool:
    """Tell whether this is an unused code of a person, and use it up; as slow when there are none."""
    found = db().factors.find_one({"person": person.id, "kind": keeping.RECOVERY})
    digest = _digest(_typed(code), found["salt"] if found else secrets.token_bytes(SALT_BYTES))
    if found is None:
        return False

    def work(session: ClientSession) -> bool:
        unused = {"_id": found["_id"], "codes": digest}
        used = {"$pull": {"codes": digest}, "$set": {"last_used_at": now()}}
        if not db().factors.update_one(unused, used, session=session).modified_count:
            return False
        left = {"left": len(found["codes"]) - 1}
        audit.note("factor.recovery_used", actor=Actor.of(person), details=left, session=session)
        return True

    return in_transaction(work)


def _typed(code: str) -> str:
    text = unicodedata.normalize("NFKC", code[:LONGEST]).casefold()
    return "".join(letter for letter in text if letter.isalnum())


def _digest(code: str, salt: bytes) -> bytes:
    """Return the hash of a code, at a password's cost; one salt for the set, so that one hash finds it."""
    return hash_secret_raw(
        code.encode("utf-8", "replace"),
        salt,
        time_cost=PASSES,
        memory_cost=MEMORY_KIB,
        parallelism=1,
        hash_len=HASH_BYTES,
        type=Type.ID,
    )
