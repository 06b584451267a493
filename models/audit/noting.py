"""Adding an entry to the audit log, in the transaction of what it tells of."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pymongo.client_session import ClientSession

from models.audit.events import EVENTS
from models.database import Document, db, in_transaction
from models.history import seal
from models.people import Actor
from models.times import now

NEWEST = "newest"
_address: ContextVar[str] = ContextVar("address", default="")


@contextmanager
def coming_from(address: str) -> Iterator[None]:
    """Let every entry of the block that names no address of its own bear this one: whence a request came."""
    token = _address.set(address)
    try:
        yield
    finally:
        _address.reset(token)


def note(
    event: str,
    *,
    actor: Actor | None,
    subject: str = "",
    details: Mapping[str, Any] | None = None,
    address: str | None = None,
    session: ClientSession | None = None,
) -> None:
    """Add an entry.

    Within a transaction it comes last: from here to its end no other entry can be added.

    Args:
        event: what happened, a key of `models.audit.events.EVENTS`.
        actor: who did it; None for somebody who is not known.
        subject: whom or what it concerns, as people recognise it.
        details: plain values (texts, numbers, yes or no, lists of them, ids), never a secret.
        address: whence it was asked, if not whence the request comes.
        session: of the transaction this belongs to; without one it has its own.

    Raises:
        ValueError: there is no such event.
    """
    if event not in EVENTS:
        message = f"no such event: {event}"
        raise ValueError(message)
    body: Document = {
        "at": now(),
        "event": event,
        "by": actor.id if actor else None,
        "by_name": actor.name if actor else "",
        "address": _address.get() if address is None else address,
        "subject": subject,
        "details": dict(details or {}),
    }
    if session is None:
        in_transaction(lambda own: _add(body, own))
    else:
        _add(body, session)


def _add(body: Document, session: ClientSession) -> None:
    """Give the entry its number; where two meet at the newest one, MongoDB lets one of them begin anew."""
    db().audit_anchors.update_one({"_id": NEWEST}, {"$inc": {"number": 1}}, upsert=True, session=session)
    [newest] = db().audit_anchors.find({"_id": NEWEST}, session=session)
    entry = {"_id": newest["number"], **body, "before_seal": newest.get("seal", "")}
    entry["seal"] = seal(entry)
    db().audit.insert_one(entry, session=session)
    anchored = {"seal": entry["seal"], "at": entry["at"]}
    db().audit_anchors.update_one({"_id": NEWEST}, {"$set": anchored}, session=session)
