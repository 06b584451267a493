"""Security keys and passkeys (WebAuthn): what a browser is asked, and whether its answer is right."""

import json
import logging
import secrets
import struct
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import webauthn
from bson import ObjectId
from pymongo.errors import DuplicateKeyError
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from models.database import Document, db
from models.errors import InvalidError
from models.factors import keeping
from models.messages import _
from models.people import User
from models.times import now

log = logging.getLogger(__name__)

CHALLENGE_BYTES: Final = 32
CHALLENGE_LIFE: Final = timedelta(minutes=5)
LONGEST_ANSWER: Final = 20_000
# What the library raises for an answer that is wrong or not even well formed.
UNREADABLE: Final = (
    WebAuthnException,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
_CHOSEN: Final = AuthenticatorSelectionCriteria(
    resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=UserVerificationRequirement.PREFERRED
)


@dataclass(frozen=True)
class Site:
    """Where people reach this program; a key answers for its host alone.

    Attributes:
        origin: scheme, host and port, such as `https://office.example.com`.
        name: of the company, shown by some keys.
    """

    origin: str
    name: str

    @property
    def host(self) -> str:
        """What WebAuthn calls the relying party's id."""
        return urlsplit(self.origin).hostname or ""


@dataclass(frozen=True)
class Question:
    """What a browser is asked: `options` as JSON, and the id under which the answer is awaited once."""

    id: ObjectId
    options: str


def ask_for_new(person: User, site: Site) -> Question:
    """Return what a browser needs to make a new key known."""
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=person.id.binary,
        user_name=str(person.username),
        user_display_name=str(person),
        challenge=challenge,
        authenticator_selection=_CHOSEN,
        exclude_credentials=_descriptors(person),
    )
    return Question(_await(person, "new", challenge), webauthn.options_to_json(options))


def ask(person: User, site: Site) -> Question:
    """Return what a browser needs to prove that one of a person's keys is there."""
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        allow_credentials=_descriptors(person),
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return Question(_await(person, "proof", challenge), webauthn.options_to_json(options))


def enrol(person: User, site: Site, question: str, answer: str, name: str) -> None:
    """Add the key that answered.

    Raises:
        InvalidError: beside `answer` or `name`; the question is used up, except by a name that does not fit.
    """
    named = keeping.checked_name(name, keeping.KEY)
    challenge = _claim(person, "new", question)
    try:
        if challenge is None:
            raise ValueError
        made = webauthn.verify_registration_response(
            credential=_read(answer),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
        )
        content = {"credential": made.credential_id, "public": made.credential_public_key}
        keeping.add(person, keeping.KEY, named, {**content, "sign_count": made.sign_count})
    except (*UNREADABLE, DuplicateKeyError) as error:
        log.info("a new key of %s was refused: %s", person.id, error)
        raise InvalidError({"answer": [_("The key could not be added. Please try again.")]}) from None


def accept(person: User, site: Site, question: str, answer: str) -> str:
    """Check a key's answer and use the question up; return why it is refused, or "" when it is right."""
    challenge = _claim(person, "proof", question)
    if challenge is None:
        return "no such question"
    try:
        read = _read(answer)
        factor = db().factors.find_one(
            {"person": person.id, "kind": keeping.KEY, "credential": base64url_to_bytes(str(read["id"]))}
        )
        if factor is None:
            return "unknown key"
        seen = webauthn.verify_authentication_response(
            credential=read,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=factor["public"],
            credential_current_sign_count=0,  # compared below, once the signature is known to be the key's
        )
    except UNREADABLE as error:
        log.info("a key of %s was refused: %s", person.id, error)
        return "wrong answer"
    return "" if _count(factor, seen.new_sign_count) else "the key's counter went back"


def _count(factor: Document, count: int) -> bool:
    """Keep a key's counter; one that did not go on belongs to a copy of the key."""
    if (count or factor["sign_count"]) and count <= factor["sign_count"]:
        return False
    unchanged = {"_id": factor["_id"], "sign_count": factor["sign_count"]}
    newer = {"$set": {"sign_count": count, "last_used_at": now()}}
    return db().factors.update_one(unchanged, newer).matched_count == 1


def _descriptors(person: User) -> list[PublicKeyCredentialDescriptor]:
    found = db().factors.find({"person": person.id, "kind": keeping.KEY}, {"credential": 1})
    return [PublicKeyCredentialDescriptor(id=one["credential"]) for one in found]


def _await(person: User, purpose: str, challenge: bytes) -> ObjectId:
    question = {"_id": ObjectId(), "person": person.id, "purpose": purpose, "challenge": challenge}
    db().factor_challenges.insert_one({**question, "until": now() + CHALLENGE_LIFE})
    return ObjectId(question["_id"])


def _claim(person: User, purpose: str, question: str) -> bytes | None:
    """Return the challenge of a question that nobody answered before, and forget it."""
    if not ObjectId.is_valid(question):
        return None
    asked = {"_id": ObjectId(question), "person": person.id, "purpose": purpose, "until": {"$gt": now()}}
    found = db().factor_challenges.find_one_and_delete(asked)
    return bytes(found["challenge"]) if found else None


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > LONGEST_ANSWER:
        raise ValueError
    read = json.loads(answer)
    if not isinstance(read, dict):
        raise TypeError
    return read
