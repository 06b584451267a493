"""Adding an entry to the audit log, in the transaction of what it tells of."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from models.audit.events import EVENTS, group_of
from models.database import Document, db, in_transaction
from models.history import seal
from models.people import Actor
from models.search import tokens
from models.times import now

NEWEST = "newest"
MAX_SUBJECT = 300
MAX_TEXT = 2000
MAX_ITEMS = 500
MAX_ADDRESS = 64
_LARGEST = 2**63


@dataclass(frozen=True)
class Origin:
    """Whence something is asked: an address, and who asks as far as that is known."""

    address: str = ""
    actor: Callable[[], Actor | None] = lambda: None


_origin: ContextVar[Origin] = ContextVar("origin", default=Origin())  # noqa: B039  (frozen)


def begin(origin: Origin) -> None:
    """Let entries that name neither actor nor address bear those of a request, until the next `begin`."""
    _origin.set(origin)


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    """Let entries of the block that name neither actor nor address bear these."""
    before = _origin.get()
    begin(origin)
    try:
        yield
    finally:
        begin(before)


def note(
    event: str,
    *,
    actor: Actor | None = None,
    subject: str = "",
    details: Mapping[str, Any] | None = None,
    address: str | None = None,
    session: ClientSession | None = None,
) -> None:
    """Add an entry.

    Within a transaction it comes last: from here to its end no other entry can be added.

    Args:
        event: what happened, a key of `models.audit.events.EVENTS`.
        actor: who did it; by default who asks for the page, who may be nobody known.
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
    origin = _origin.get()
    by = actor or origin.actor()
    body: Document = {
        "at": now(),
        "event": event,
        "by": by.id if by else None,
        "by_name": _text(by.name, MAX_SUBJECT) if by else "",
        "address": _text(origin.address if address is None else address, MAX_ADDRESS),
        "subject": _text(subject, MAX_SUBJECT),
        "details": _plain(details or {}),
    }
    body |= derived(body)
    if session is None:
        in_transaction(lambda own: _add(body, own))
    else:
        _add(body, session)


def derived(body: Document) -> Document:
    """Return what an entry is found by, which follows from what it says."""
    return {"group": group_of(body["event"]), "search": tokens([body["subject"], body["by_name"]])}


def _add(body: Document, session: ClientSession) -> None:
    """Give the entry its number; where two meet at the newest one, MongoDB lets one of them begin anew."""
    db().audit_anchors.update_one({"_id": NEWEST}, {"$inc": {"number": 1}}, upsert=True, session=session)
    [newest] = db().audit_anchors.find({"_id": NEWEST}, session=session)
    entry = {"_id": newest["number"], **body, "before_seal": newest.get("seal", "")}
    entry["seal"] = seal(entry)
    db().audit.insert_one(entry, session=session)
    anchored = {"seal": entry["seal"], "at": entry["at"]}
    db().audit_anchors.update_one({"_id": NEWEST}, {"$set": anchored}, session=session)


def _plain(value: Any) -> Any:  # noqa: ANN401  (whatever somebody notes)
    """Return a value as it is kept: bounded, and nothing that could not be stored."""
    if value is None or isinstance(value, bool | float | ObjectId | datetime):
        return value
    if isinstance(value, int):
        return value if -_LARGEST <= value < _LARGEST else str(value)
    if isinstance(value, Mapping):
        return {_text(str(key), MAX_SUBJECT): _plain(one) for key, one in list(value.items())[:MAX_ITEMS]}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in list(value)[:MAX_ITEMS]]
    return _text(str(value), MAX_TEXT)


def _text(text: str, longest: int) -> str:
    kept = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return kept.replace("\0", "").encode("utf-8", "replace").decode()
