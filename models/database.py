"""The connection to MongoDB, and the one way to write several documents at once."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from time import monotonic
from typing import Any, TypeVar

import mongoengine
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from mongoengine.connection import get_connection
from pymongo import MongoClient, ReadPreference, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    CursorNotFound,
    OperationFailure,
    PyMongoError,
)
from pymongo.monitoring import CommandListener
from pymongo.read_concern import ReadConcern

from models.errors import ConflictError

Document = dict[str, Any]
Result = TypeVar("Result")

DURABLE = WriteConcern("majority", j=True)
MAX_ATTEMPTS = 100
"""Of a transaction whose reads were overtaken; beyond it something else is wrong."""
ABANDONED_AFTER = timedelta(seconds=5)
HELD_UP_SECONDS = 1.0
"""So long a transaction is tried again before it looks whether the dead hold it up, and between two looks."""
_UNAUTHORIZED, _INTERRUPTED = 13, 11601
_UUIDS: CodecOptions[Document] = CodecOptions(uuid_representation=UuidRepresentation.STANDARD)


class OvertakenError(ConflictError):
    """What a transaction rests on changed since it was read; reading it again, the work may go through."""


def connect(uri: str, name: str, listeners: Sequence[CommandListener] = ()) -> None:
    """Connect this process; call after a fork, never before.

    Args:
        uri: a MongoDB address of a replica set (transactions need one).
        name: the database that holds everything of one company.
        listeners: are told of every command that is sent.
    """
    disconnect()
    mongoengine.connect(
        db=name,
        host=uri,
        tz_aware=True,
        uuidRepresentation="standard",
        w="majority",
        journal=True,
        serverSelectionTimeoutMS=5000,
        maxPoolSize=50,
        event_listeners=listeners,
    )


def disconnect() -> None:
    """Drop the connection of this process."""
    mongoengine.disconnect_all()


def client() -> MongoClient[Document]:
    """Return the client of this process."""
    connection: MongoClient[Document] = get_connection()
    return connection


def db() -> Database[Document]:
    """Return the company's database; writes are journaled by a majority, times are aware."""
    database: Database[Document] = mongoengine.get_db()
    return database


def in_transaction(work: Callable[[ClientSession], Result]) -> Result:
    """Run `work(session)` in one transaction; all of it counts or none.

    It runs again when MongoDB asks for it, and when it raises OvertakenError. Where it has to do so for long,
    it ends what the dead left behind itself: the sweep may be held up just as much.
    """
    look_at = monotonic() + HELD_UP_SECONDS

    def attempt(session: ClientSession) -> Result:
        nonlocal look_at
        if monotonic() >= look_at:
            with suppress(ConnectionFailure):  # the work itself says so, and is tried again
                end_abandoned_transactions(ABANDONED_AFTER)
            look_at = monotonic() + HELD_UP_SECONDS
        try:
            return work(session)
        except OperationFailure as error:
            if error.code == _INTERRUPTED:
                raise OvertakenError from error
            raise

    with client().start_session() as session:
        for _attempt in range(MAX_ATTEMPTS):
            with suppress(OvertakenError):
                return session.with_transaction(
                    attempt,
                    read_concern=ReadConcern("snapshot"),
                    write_concern=DURABLE,
                    read_preference=ReadPreference.PRIMARY,
                )
    raise OvertakenError


def end_abandoned_transactions(still_for: timedelta = ABANDONED_AFTER) -> int:
    """End transactions in which nobody has asked for anything for so long; return how many.

    Their process is dead. MongoDB itself waits a minute, in which nobody else can write what they wrote;
    where the program's user may not see sessions, it stays at that. Should somebody still be there, only
    slow, the transaction is tried again, also when they ask for something in this very moment.
    """
    try:
        still = _still_transactions(still_for)
        if still:
            client().admin.command("killAllSessionsByPattern", still, codec_options=_UUIDS)
    except OperationFailure as error:
        if error.code != _UNAUTHORIZED:
            raise
        return 0
    return len(still)


_still_since: dict[tuple[Any, ...], float] = {}
"""When this process first saw a transaction as it still is: its session, its number, how busy it has been.

Not by the time of day, which may go back.
"""


def _still_transactions(still_for: timedelta) -> list[Document]:
    """Return the sessions of transactions that this process has seen unchanged for so long.

    MongoDB only says how long a transaction has been idle in all. A large one, whose owner has much to think
    about in between, is not to be taken for an abandoned one; so it takes two looks.
    """
    idle: list[Document] = [
        {"$currentOp": {"allUsers": True, "idleSessions": True}},
        {"$match": {"type": "idleSession", "transaction": {"$exists": True}}},
    ]
    found = {_mark(one): one["lsid"] for one in client().admin.with_options(_UUIDS).aggregate(idle)}
    at = monotonic()
    for gone in [mark for mark in tuple(_still_since) if mark not in found]:
        _still_since.pop(gone, None)
    since = {mark: _still_since.setdefault(mark, at) for mark in found}
    return [{"lsid": lsid} for mark, lsid in found.items() if at - since[mark] >= still_for.total_seconds()]


def _mark(idle: Document) -> tuple[Any, ...]:
    about = idle["transaction"]
    return idle["lsid"]["id"], about["parameters"]["txnNumber"], about["timeActiveMicros"]


def is_passing(error: Exception) -> bool:
    """Tell whether a later attempt may succeed: the database went away, lost a cursor, or was hasty."""
    if not isinstance(error, PyMongoError):
        return False
    # A member that is about to join its set again says for a moment that it knows no sessions; the driver
    # calls that a wrong configuration.
    passing = (ConnectionFailure, CursorNotFound, ConfigurationError)
    labels = ("TransientTransactionError", "RetryableWriteError")
    # who was slow and asked again just when their transaction was ended as abandoned
    interrupted = isinstance(error, OperationFailure) and error.code == _INTERRUPTED
    return interrupted or isinstance(error, passing) or any(map(error.has_error_label, labels))
