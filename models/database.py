"""The connection to MongoDB, and the one way to write several documents at once."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
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
from pymongo.read_concern import ReadConcern

from models.errors import ConflictError

Document = dict[str, Any]
Result = TypeVar("Result")

DURABLE = WriteConcern("majority", j=True)
MAX_ATTEMPTS = 100
"""Of a transaction whose reads were overtaken; beyond it something else is wrong."""
ABANDONED_AFTER = timedelta(seconds=5)
_UNAUTHORIZED = 13
_UUIDS: CodecOptions[Document] = CodecOptions(uuid_representation=UuidRepresentation.STANDARD)


class OvertakenError(ConflictError):
    """What a transaction rests on changed since it was read; reading it again, the work may go through."""


def connect(uri: str, name: str) -> None:
    """Connect this process; call after a fork, never before.

    Args:
        uri: a MongoDB address of a replica set (transactions need one).
        name: the database that holds everything of one company.
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

    It runs again when MongoDB asks for it, and when it raises OvertakenError.
    """
    with client().start_session() as session:
        for _attempt in range(MAX_ATTEMPTS):
            with suppress(OvertakenError):
                return session.with_transaction(
                    work,
                    read_concern=ReadConcern("snapshot"),
                    write_concern=DURABLE,
                    read_preference=ReadPreference.PRIMARY,
                )
    raise OvertakenError


def end_abandoned_transactions(still_for: timedelta = ABANDONED_AFTER) -> int:
    """End transactions in which nobody has asked for anything for so long; return how many.

    Their process is dead. MongoDB itself waits a minute, in which nobody else can write what they wrote;
    where the program's user may not see sessions, it stays at that. Should somebody still be there, only
    slow, the transaction is tried again.
    """
    still = {"$gte": still_for // timedelta(microseconds=1)}
    idle: list[Document] = [
        {"$currentOp": {"allUsers": True, "idleSessions": True}},
        {"$match": {"type": "idleSession", "transaction.timeInactiveMicros": still}},
    ]
    admin = client().admin.with_options(_UUIDS)
    try:
        left = [{"lsid": found["lsid"]} for found in admin.aggregate(idle)]
        if left:
            admin.command("killAllSessionsByPattern", left, codec_options=_UUIDS)
    except OperationFailure as error:
        if error.code != _UNAUTHORIZED:
            raise
        return 0
    return len(left)


def is_passing(error: Exception) -> bool:
    """Tell whether a later attempt may succeed: the database went away, or came back without its cursors."""
    if not isinstance(error, PyMongoError):
        return False
    # A member that is about to join its set again says for a moment that it knows no sessions; the driver
    # calls that a wrong configuration.
    passing = (ConnectionFailure, CursorNotFound, ConfigurationError)
    labels = ("TransientTransactionError", "RetryableWriteError")
    return isinstance(error, passing) or any(map(error.has_error_label, labels))
