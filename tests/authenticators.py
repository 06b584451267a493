"""An app and a security key made of software: they answer as real ones do, or wrongly where a test wants."""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pyotp
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from models import times
from models.factors import apps
from models.people import User

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
ES256, EC2, P256 = -7, 2, 1
START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@pytest.fixture
def still_clock() -> Iterator[None]:
    """Let no code run out while it is used."""
    with times.set_clock(START):
        yield


def code_of(secret: str, seconds: int = 0) -> str:
    """Return what an app shows now, or some seconds later."""
    return pyotp.TOTP(secret).at(int(times.now().timestamp()) + seconds)


def add_app(person: User, name: str = "telephone") -> str:
    """Give somebody an app, long enough ago that its first code is used up; return its secret."""
    secret = apps.new_secret()
    with times.set_clock(times.now() - timedelta(minutes=5)):
        apps.enrol(person, secret, code_of(secret), name)
    return secret


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class SoftKey:
    """One key; `count` is its counter."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(32)
        self.count = 0

    def make(self, options: str, origin: str) -> str:
        """Answer to being asked for a new key."""
        asked = json.loads(options)
        numbers = self.private.public_key().public_numbers()
        public = {
            1: EC2, 3: ES256, -1: P256,
            -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big"),
        }  # fmt: skip
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(public)
        data = self._data(asked["rp"]["id"], PRESENT | VERIFIED | ATTESTED) + credential
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"], origin)
        return self._told({"attestationObject": text(made), "clientDataJSON": text(client)})

    def prove(
        self, options: str, origin: str, *, host: str = "", challenge: str = "", flags: int = PRESENT
    ) -> str:
        """Answer to being asked for a proof; whatever is given replaces what is right."""
        asked = json.loads(options)
        self.count += 1
        data = self._data(host or asked["rpId"], flags)
        client = self._client("webauthn.get", challenge or asked["challenge"], origin)
        signature = self.private.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._told(
            {
                "authenticatorData": text(data),
                "clientDataJSON": text(client),
                "signature": text(signature),
            }
        )

    def _data(self, host: str, flags: int) -> bytes:
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str, origin: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin}).encode()

    def _told(self, response: dict[str, Any]) -> str:
        return json.dumps(
            {
                "id": text(self.id),
                "rawId": text(self.id),
                "type": "public-key",
                "response": response,
                "clientExtensionResults": {},
            }
        )
