"""Looking at the program as somebody else sees it: for a while, changing nothing, never unnoticed."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bson import ObjectId

from models import audit, role_checks
from models.errors import ForbiddenError
from models.messages import _
from models.people import Actor, Permission, User
from models.times import now

LONGEST: Final = timedelta(minutes=30)
Kept = dict[str, str | float]
"""What the session keeps of it: plain values."""


def may_view_as(person: User, other: User) -> bool:
    """Tell whether a person may look at the program as somebody else: never as one with more rights."""
    return bool(
        person.active
        and other.active
        and person.id != other.id
        and person.may(Permission.PEOPLE_PREVIEW)
        and all(role_checks.may_give(person, role) for role in other.held_roles)
    )


def start(person: User, other: User) -> Kept:
    """Begin to look as somebody else; return what the session keeps. Raises ForbiddenError."""
    if not may_view_as(person, other):
        raise ForbiddenError(_("You may not look at the program as this person."))
    audit.note("view_as.started", actor=Actor.of(person), subject=str(other), details={"person": other.id})
    return {"by": str(person.id), "person": str(other.id), "until": (now() + LONGEST).timestamp()}


def seen_as(person: User, kept: Mapping[str, Any]) -> User | None:
    """Return as whom a person looks at the program; None when it is over, or no longer theirs to do."""
    if kept.get("by") != str(person.id) or not ObjectId.is_valid(kept.get("person", "")):
        return None
    if now() >= until(kept):
        return None
    other: User | None = User.objects(id=ObjectId(kept["person"])).first()
    return other if other is not None and may_view_as(person, other) else None


def until(kept: Mapping[str, Any]) -> datetime:
    """Return when it ends by itself."""
    return datetime.fromtimestamp(float(kept.get("until", 0)), UTC)


def end(person: User, kept: Mapping[str, Any]) -> None:
    """Note that it is over, by choice or by itself."""
    other = User.objects(id=ObjectId(kept["person"])).first() if ObjectId.is_valid(kept["person"]) else None
    audit.note("view_as.ended", actor=Actor.of(person), subject=str(other) if other else "")
