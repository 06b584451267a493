"""How often somebody may try to sign in. Counted in the database, so that every process counts together."""

from typing import Any, Final

from flask import Flask, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits.storage.mongodb import MongoDBStorageBase
from pymongo.collection import Collection

from models.database import Document, client, db

# Guessing at one account: from one place, and from everywhere together.
PER_IDENTITY_AND_ADDRESS: Final = "10 per 15 minutes"
PER_IDENTITY: Final = "60 per hour"
# Only failures count here: a whole office arrives at half past eight behind one address.
FAILURES_PER_ADDRESS: Final = "100 per 15 minutes"
LONGEST_IDENTITY: Final = 254


class CompanyDatabaseStorage(MongoDBStorageBase):
    """Rate-limit counters in the company's own database, over the connection of this process."""

    STORAGE_SCHEME = ["company"]  # noqa: RUF012  (the library's own declaration)

    def __init__(self, uri: str = "company://", **options: Any) -> None:  # noqa: ANN401  (as the library has it)
        """Connect to nothing: the connection is taken when it is needed."""
        super().__init__(uri, **options)
        self._indexed: set[str] = set()

    def __del__(self) -> None:
        """Leave the connection alone: it belongs to the process."""

    def _init_mongo_client(self, uri: str | None, **options: Any) -> Any:  # noqa: ANN401  (as the library has it)
        del uri, options
        return client()

    @property
    def counters(self) -> Collection[Document]:
        """Where fixed windows are counted."""
        return self._collection("limit_counters")

    @property
    def windows(self) -> Collection[Document]:
        """Where moving windows are counted."""
        return self._collection("limit_windows")

    def _collection(self, name: str) -> Collection[Document]:
        database = db()
        place = f"{database.name}.{name}"
        if place not in self._indexed:
            database[name].create_index("expireAt", expireAfterSeconds=0)
            self._indexed.add(place)
        return database[name]


def init_limits(app: Flask) -> None:
    """Slow down whoever guesses passwords; call after the sign-in page is registered."""
    limiter = Limiter(get_remote_address, storage_uri="company://", headers_enabled=True)
    limiter.init_app(app)
    limited: Any = app.view_functions["security.login"]
    for limit, key, when in (
        (PER_IDENTITY_AND_ADDRESS, _identity_and_address, None),
        (PER_IDENTITY, _identity, None),
        (FAILURES_PER_ADDRESS, get_remote_address, _failed),
    ):
        limited = limiter.limit(limit, key_func=key, methods=["POST"], deduct_when=when)(limited)
    app.view_functions["security.login"] = limited


def _identity() -> str:
    return request.form.get("identity", "").strip().lower()[:LONGEST_IDENTITY]


def _identity_and_address() -> str:
    return f"{get_remote_address()} {_identity()}"


def _failed(_response: object) -> bool:
    return not g.get("signed_in", False)
