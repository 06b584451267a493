"""Authenticator apps: codes that change every 30 seconds (RFC 6238), each accepted once."""

import unicodedata
from hmac import compare_digest
from typing import Final

import pyotp

from models import sealing
from models.database import db
from models.errors import InvalidError
from models.factors import keeping
from models.messages import _
from models.people import User
from models.times import now

STEP_SECONDS: Final = 30
STEPS_ASIDE: Final = 1
"""A telephone's clock may be so many steps behind or ahead."""
NEVER: Final = -1


def new_secret() -> str:
    """Return what a new app computes its codes from, in the letters one can type (160 random bits)."""
    return pyotp.random_base32()


def address(secret: str, person: User, company: str) -> str:
    """Return what an app reads from the square code."""
    issuer = company.replace(":", " ").strip() or "Backoffice"
    return pyotp.TOTP(secret).provisioning_uri(name=str(person.username), issuer_name=issuer)


def seal(secret: str, person: User) -> str:
    """Return a secret in a form that only this program can read, and only as this person's."""
    return sealing.seal(secret, _purpose(person))


def open_sealed(sealed: str, person: User) -> str:
    """Return a person's secret; empty for somebody else's, or if the program's own secret changed."""
    return sealing.open_sealed(sealed, _purpose(person))


def _purpose(person: User) -> str:
    return f"second factor of {person.id}"


def enrol(person: User, secret: str, code: str, name: str) -> None:
    """Add an app that shows the right code; that code is used up.

    Raises:
        InvalidError: beside `code` or `name`.
    """
    step = _step_of(secret, code, NEVER)
    if step is None:
        raise InvalidError({"code": [_("This is not the code of now. Check the time of your telephone.")]})
    keeping.add(person, keeping.APP, name, {"secret": seal(secret, person), "last_step": step})


def accept(person: User, code: str) -> bool:
    """Tell whether one of a person's apps shows this code now, and use the code up."""
    found = list(db().factors.find({"person": person.id, "kind": keeping.APP}))
    return any(_accept_from(one["_id"], one["secret"], one["last_step"], person, code) for one in found)


def _accept_from(factor: object, sealed: str, last_step: int, person: User, code: str) -> bool:
    secret = open_sealed(sealed, person)
    step = _step_of(secret, code, last_step) if secret else None
    if step is None:
        return False
    # Of two who send one code at the same moment, only the first finds the step still unused.
    unused = {"_id": factor, "last_step": {"$lt": step}}
    used = {"$set": {"last_step": step, "last_used_at": now()}}
    return db().factors.update_one(unused, used).modified_count == 1


def _step_of(secret: str, code: str, after: int) -> int | None:
    """Return the time step of a code that is right now and later than a step; as slow for a wrong one."""
    typed = "".join(unicodedata.normalize("NFKC", code).split()).encode("utf-8", "replace")
    current, one = int(now().timestamp()) // STEP_SECONDS, pyotp.TOTP(secret)
    near = range(current - STEPS_ASIDE, current + STEPS_ASIDE + 1)
    right = [step for step in near if compare_digest(one.generate_otp(step).encode(), typed)]
    return next((step for step in right if step > after), None)
