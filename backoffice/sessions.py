"""Sessions kept in MongoDB: only a random id travels in the cookie, and signing out destroys the rest.

Flask-Session's own MongoDB store has no index on its id, reads pickles, needs the database at start-up,
and lets a request that is still running bring a session back after its sign-out; hence this small one.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import msgspec
from flask import Flask, Request, Response
from flask import request as current_request
from flask_session.base import Serializer, ServerSideSession, ServerSideSessionInterface
from pymongo import WriteConcern
from pymongo.errors import ConnectionFailure, PyMongoError

from models import sessions
from models.database import Document, db

COLLECTION: Final = "sessions"
REFRESH_AFTER: Final = timedelta(minutes=5)
# A page must not wait for the journal because a session slid a few minutes further.
QUICK: Final = WriteConcern(1, j=False)


class Session(ServerSideSession):  # type: ignore[misc]
    """What one browser carries from request to request."""

    stored = False
    unavailable = False
    expires: datetime | None = None
    started: datetime | None = None


class MsgpackSerializer(Serializer):  # type: ignore[misc]
    """Plain values only; nothing that is read can run."""

    def encode(self, session: ServerSideSession) -> bytes:
        """Return a session as bytes."""
        return msgspec.msgpack.encode(dict(session))

    def decode(self, serialized_data: bytes) -> dict[str, Any]:
        """Return the session that bytes hold."""
        return cast("dict[str, Any]", msgspec.msgpack.decode(serialized_data))


class MongoSessions(ServerSideSessionInterface):  # type: ignore[misc]
    """Flask-Session's interface over the company's database, connected when it is first needed."""

    session_class = Session
    ttl = True

    def __init__(
        self, app: Flask, longest: timedelta, quiet_paths: tuple[str, ...], polled_paths: tuple[str, ...]
    ) -> None:
        """Serve an app.

        Args:
            app: its `PERMANENT_SESSION_LIFETIME` is how long an unused session lives.
            longest: how long a session lives in any case, from the sign-in.
            quiet_paths: requests below these (static files, health) never touch the store.
            polled_paths: requests to these, which pages make by themselves, keep no session alive.
        """
        super().__init__(app, key_prefix="", permanent=True)
        self.serializer = MsgpackSerializer()
        self.quiet_paths = quiet_paths
        self.polled_paths = polled_paths
        self.lifetime = app.permanent_session_lifetime
        self.longest = longest

    def open_session(self, app: Flask, request: Request) -> Session:
        """Return the browser's session, or a new one; without a database an empty one that is never kept."""
        fresh = Session(sid=self._generate_sid(self.sid_length), permanent=True)
        sid = request.cookies.get(app.config["SESSION_COOKIE_NAME"])
        if not sid or request.path.startswith(self.quiet_paths):
            return fresh
        try:
            return self._find(sid) or fresh
        except ConnectionFailure:
            fresh.unavailable = True
            return fresh

    def save_session(self, app: Flask, session: Session, response: Response) -> None:
        """Keep what changed, and answer even where that is impossible right now."""
        if session.unavailable or current_request.path.startswith(self.quiet_paths):
            return
        try:
            super().save_session(app, session, response)
        except PyMongoError:
            app.logger.exception("session not saved")

    def should_set_storage(self, app: Flask, session: Session) -> bool:
        """Store what changed; a session that is merely used slides on every few minutes."""
        del app
        if session.modified or session.expires is None:
            return True
        if current_request.path in self.polled_paths:
            return False  # an open page asks by itself; only a person keeps a session alive
        left = session.expires - datetime.now(UTC)
        return left < self.lifetime - min(REFRESH_AFTER, self.lifetime / 4)

    def regenerate(self, session: Session) -> None:
        """Go on under a new id; the old cookie is worthless."""
        super().regenerate(session)
        session.stored, session.started = False, None

    def _find(self, sid: str) -> Session | None:
        found = db()[COLLECTION].find_one(
            {"_id": sessions.key_of(sid), "expires": {"$gt": datetime.now(UTC)}}
        )
        if found is None:
            return None
        try:
            session = Session(self.serializer.decode(found["data"]), sid=sid)
        except msgspec.DecodeError:
            return None
        session.stored, session.expires, session.started = True, found["expires"], found["started"]
        return session

    def _retrieve_session_data(self, store_id: str) -> dict[str, Any] | None:
        return self._find(store_id)

    def _delete_session(self, store_id: str) -> None:
        db()[COLLECTION].delete_one({"_id": sessions.key_of(store_id)})

    def _upsert_session(self, session_lifetime: timedelta, session: Session, store_id: str) -> None:
        now = datetime.now(UTC)
        started = session.started or now
        expires = min(now + session_lifetime, started + self.longest)
        content = {"data": self.serializer.encode(session), "expires": expires, "started": started}
        content |= _whose(session) | {"last_seen": now}
        # Never an upsert of a session that was stored before: its sign-out may have come in between.
        quick = db()[COLLECTION].with_options(write_concern=QUICK)
        quick.update_one({"_id": sessions.key_of(store_id)}, {"$set": content}, upsert=not session.stored)


def _whose(session: Session) -> Document:
    """Return what its owner recognises a session by; nothing before somebody signed in."""
    if "_user_id" not in session:
        return {}
    agent = current_request.user_agent.string[: sessions.MAX_AGENT]
    return {"user": session["_user_id"], "agent": agent, "address": current_request.remote_addr or ""}
