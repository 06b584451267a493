"""Guessing is slowed down and then locked for a time, counted in the database by all processes together.

Every attempt counts as a failure until `succeeded` says otherwise, so that a hundred at the same moment
cannot all be let through. Three counts go on side by side: for an account from one address, for the account
from everywhere, and for the address. The second one does not bind an address from which somebody came in
lately: a stranger cannot lock people out at their own desk. Nothing here tells accounts that exist from
those that do not.
"""

import hashlib
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import ASCENDING, ReturnDocument

from models import audit
from models.database import Document, db
from models.times import now

SIGN_IN: Final = "sign_in"
FACTOR: Final = "factor"
RESET: Final = "reset"

LONGEST_LOCK: Final = timedelta(hours=4)
# A lock within so long of the one before takes twice as long.
REMEMBERED: Final = timedelta(hours=24)
# So long a place is known from which somebody came in.
KNOWN_FOR: Final = timedelta(days=30)
IPV6_SITE_BITS: Final = 64


@dataclass(frozen=True)
class Limits:
    """After how many failures within `window` a lock of at least `lock` begins."""

    per_pair: int = 10
    per_account: int = 60
    per_address: int = 100
    window: timedelta = timedelta(minutes=15)
    lock: timedelta = timedelta(minutes=15)


_limits: Mapping[str, Limits] = {}


def set_limits(usual: Limits) -> None:
    """Use these from now on in this process; for codes and for mails they are stricter."""
    global _limits  # noqa: PLW0603  (the settings of the process)
    hour = timedelta(hours=1)
    _limits = {
        SIGN_IN: usual,
        FACTOR: Limits(usual.per_pair, 2 * usual.per_pair, usual.per_address, usual.window, usual.lock),
        RESET: Limits(3, 6, 30, hour, hour),
    }


set_limits(Limits())


@dataclass(frozen=True)
class Counter:
    """What one attempt is counted under."""

    scope: str
    id: str
    limit: int
    of: str | None = None
    """The account, by which its counters are found again; an address belongs to nobody."""


def attempt(kind: str, account: str, address: str | None, *, subject: str = "") -> datetime | None:
    """Count an attempt; call it before the secret is looked at, and `succeeded` when it was right.

    Args:
        kind: what is tried: `SIGN_IN`, `FACTOR`, `RESET`.
        account: what was typed or whose account it is; need not exist.
        address: whence.
        subject: name of the account for the audit log; nothing where none is known (people type passwords
            into the wrong field).

    Returns:
        None when the secret may be looked at, else until when everything is refused.
    """
    counters = _counters(kind, account, address)
    stored = [_count(counter, _limits[kind]) for counter in counters]
    for counter, now_stored in zip(counters, stored, strict=True):
        if now_stored["just_locked"]:
            _note_lock(kind, counter, now_stored, subject, address)
    return _binding(account, address, counters, stored)


def wait(kind: str, account: str, address: str | None) -> datetime | None:
    """Return until when attempts are refused, or None; counts nothing."""
    counters = _counters(kind, account, address)
    found = {one["_id"]: one for one in db().throttles.find({"_id": {"$in": [one.id for one in counters]}})}
    return _binding(account, address, counters, [found.get(one.id, {}) for one in counters])


def failed(kind: str, account: str, address: str | None, *, subject: str = "") -> None:
    """Count a failure after the fact, where no attempt was counted before."""
    attempt(kind, account, address, subject=subject)


def succeeded(kind: str, account: str, address: str | None) -> None:
    """Take back what an attempt counted: the secret was right, and the place is known from now on."""
    pair, *others = (counter.id for counter in _counters(kind, account, address))
    db().throttles.delete_one({"_id": pair})
    # Others may be guessing at the same account or from the same place: only this attempt is forgiven.
    shared = {"_id": {"$in": others}, "count": {"$gt": 0}}
    db().throttles.update_many(shared, {"$inc": {"count": -1}})
    known = {"$set": {"expires_at": now() + KNOWN_FOR}}
    db().throttles.update_one({"_id": _known(account, address)}, known, upsert=True)


def locked_until(kind: str, accounts: Iterable[str]) -> datetime | None:
    """Return until when an account is locked from anywhere; for whoever may unlock it.

    Args:
        kind: for what.
        accounts: every name under which the account is tried.
    """
    found = db().throttles.find({"of": {"$in": _of(kind, accounts)}, "locked_until": {"$gt": now()}})
    return max((one["locked_until"] for one in found), default=None)


def lift(kind: str, accounts: Iterable[str]) -> None:
    """Forget every failure at an account, and so end its locks; those of addresses stay."""
    db().throttles.delete_many({"of": {"$in": _of(kind, accounts)}})


def ensure_indexes() -> None:
    """Let counters go that nobody needs any more, and find those of an account."""
    db().throttles.create_index([("expires_at", ASCENDING)], expireAfterSeconds=0)
    db().throttles.create_index([("of", ASCENDING)], sparse=True)


def _counters(kind: str, account: str, address: str | None) -> list[Counter]:
    limits, [of], place = _limits[kind], _of(kind, [account]), _place(address)
    return [
        Counter("account_and_address", _hash(of, place), limits.per_pair, of),
        Counter("account", _hash(of), limits.per_account, of),
        Counter("address", _hash(kind, place), limits.per_address),
    ]


def _of(kind: str, accounts: Iterable[str]) -> list[str]:
    """Return how accounts are marked: what was typed may be anything, even a password."""
    return [_hash(kind, account.strip().lower()) for account in accounts]


def _known(account: str, address: str | None) -> str:
    return _hash("known", account.strip().lower(), _place(address))


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _place(address: str | None) -> str:
    """Return an address as it is counted: whoever has one IPv6 address has the 2^64 beside it, too."""
    try:
        number = ipaddress.ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(number, ipaddress.IPv6Address) and not number.ipv4_mapped:
        return str(ipaddress.ip_network((number, IPV6_SITE_BITS), strict=False))
    return str(getattr(number, "ipv4_mapped", None) or number)


def _count(counter: Counter, limits: Limits) -> Document:
    """Count one attempt, or begin a lock, in one step; return the counter as it is then."""
    at = now()
    longest = max(limits.window, LONGEST_LOCK + REMEMBERED)
    marks: Document = {"expires_at": at + longest, **({"of": counter.of} if counter.of else {})}
    steps = [*_counting(counter.limit, limits, at), {"$set": marks}]
    stored: Document | None = db().throttles.find_one_and_update(
        {"_id": counter.id}, steps, upsert=True, return_document=ReturnDocument.AFTER
    )
    return stored or {}


def _counting(limit: int, limits: Limits, at: datetime) -> list[dict[str, Any]]:
    """Return the steps by which MongoDB counts an attempt; each reads what the one before left."""
    locked = {"$gt": ["$locked_until", at]}
    fresh = {"$gt": ["$since", at - limits.window]}
    recent = {"$gt": ["$locked_until", at - REMEMBERED]}
    doubled = {"$multiply": [int(limits.lock.total_seconds() * 1000), {"$pow": [2, "$locks"]}]}
    longest = int(LONGEST_LOCK.total_seconds() * 1000)
    until = {"$add": [at, {"$toLong": {"$min": [doubled, longest]}}]}
    return [
        {
            "$set": {
                "count": {"$cond": [fresh, "$count", 0]},
                "since": {"$cond": [fresh, "$since", at]},
                "locks": {"$cond": [recent, "$locks", 0]},
                "locked_until": {"$ifNull": ["$locked_until", None]},
            }
        },
        {"$set": {"just_locked": {"$and": [{"$not": locked}, {"$gte": ["$count", limit]}]}}},
        {
            "$set": {
                "count": {"$cond": ["$just_locked", 0, {"$add": ["$count", {"$cond": [locked, 0, 1]}]}]},
                "locked_until": {"$cond": ["$just_locked", until, "$locked_until"]},
                "locks": {"$add": ["$locks", {"$cond": ["$just_locked", 1, 0]}]},
            }
        },
    ]


def _binding(
    account: str, address: str | None, counters: list[Counter], stored: list[Document]
) -> datetime | None:
    """Return until when attempts are refused; a lock of the account does not bind where it is known."""
    ends = {
        counter.scope: one["locked_until"]
        for counter, one in zip(counters, stored, strict=True)
        if one.get("locked_until") and one["locked_until"] > now()
    }
    if "account" in ends and _is_known(account, address):
        del ends["account"]
    return max(ends.values(), default=None)


def _is_known(account: str, address: str | None) -> bool:
    found = db().throttles.find_one({"_id": _known(account, address)}, {"expires_at": 1})
    return found is not None and found["expires_at"] > now()


def _note_lock(kind: str, counter: Counter, stored: Document, subject: str, address: str | None) -> None:
    audit.note(
        "account.locked",
        actor=None,
        subject=subject if counter.of else "",
        details={"kind": kind, "scope": counter.scope, "until": stored["locked_until"].isoformat()},
        address=address or "",
    )
