"""Proof that an attack left nothing behind: the fingerprint of everything that is stored."""

from collections.abc import Iterator
from contextlib import contextmanager

from models import database

# What asking alone may write: who asked, how often, and that it was refused.
WRITTEN_BY_ASKING = frozenset({"audit", "audit_anchors", "locks", "sendings", "sessions", "throttles"})


def fingerprint(*but: str) -> dict[str, str]:
    """Return a hash of every collection but those that any request may write, and the named ones."""
    found: dict[str, str] = database.db().command("dbHash")["collections"]
    left_out = WRITTEN_BY_ASKING | set(but)
    return {name: hashed for name, hashed in found.items() if name not in left_out and _is_used(name)}


def _is_used(name: str) -> bool:
    """Leave out collections that only have indexes: reading some makes them."""
    return database.db()[name].find_one({}, {"_id": 1}) is not None


@contextmanager
def unchanged(*but: str) -> Iterator[None]:
    """Fail when the block changes any document; `but` names collections that have to change."""
    before = fingerprint(*but)
    yield
    after = fingerprint(*but)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert not changed, f"changed: {sorted(changed)}"
