"""Who has which rights, laid out to be looked through; and what was found in order when, by whom.

A review is kept with a picture of the rights of that moment, so that the next one shows what changed since.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from bson import ObjectId
from pymongo import DESCENDING

from models import audit, factors, role_checks
from models.audit.differences import said_of_role
from models.database import Document, db, in_transaction
from models.errors import ConflictError, InvalidError
from models.messages import _
from models.people import EVERY_FORM, Actor, Department, Grant, Permission, Role, User
from models.permissions import require_permission
from models.times import now

MAX_NOTE: Final = 2000
MAX_PEOPLE: Final = 20_000


@dataclass(frozen=True)
class Asked:
    """Which part of the rights is looked at; what is empty does not narrow it."""

    form: str = ""
    role: ObjectId | None = None
    department: ObjectId | None = None


@dataclass(frozen=True)
class Line:
    """What one grant of one role gives one person; a role without any grant has a line without one."""

    person: User
    role: Role | None
    grant: Grant | None


@dataclass(frozen=True)
class Review:
    """One look through the rights that found them in order."""

    at: datetime
    by_name: str
    note: str
    fingerprint: str
    picture: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Changed:
    """What a role or a person could do more, and no longer, since a review."""

    kind: str
    name: str
    gained: Sequence[str]
    lost: Sequence[str]


def people(asked: Asked) -> list[User]:
    """Return the people of a part, by name, with roles and departments looked up once; disabled ones too."""
    query: dict[str, Any] = {}
    if asked.role:
        query["roles"] = asked.role
    if asked.department:
        query["department"] = asked.department
    found = User.objects(**query).order_by("name", "username").limit(MAX_PEOPLE).select_related()
    return list(found)


def roles(asked: Asked) -> list[Role]:
    """Return the roles of a part, by key."""
    found = Role.objects(id=asked.role) if asked.role else Role.objects
    return [role for role in found.order_by("name") if _concerns(role, asked.form)]


def _concerns(role: Role, form: str) -> bool:
    named = [str(one.form) for one in (*role.grants, *role.field_rules)]
    return not form or role.administrator or any(one in {form, EVERY_FORM} for one in named)


def lines(asked: Asked) -> Iterator[Line]:
    """Yield person by person what their roles give, on the form that is asked about or on all."""
    for person in people(asked):
        own = [role for role in person.held_roles if not asked.role or role.id == asked.role]
        found = [line for role in own for line in _of_role(person, role, asked.form)]
        if found or not (asked.form or asked.role):
            yield from found or [Line(person, None, None)]


def _of_role(person: User, role: Role, form: str) -> Iterator[Line]:
    grants = [one for one in role.grants if not form or one.form in {form, EVERY_FORM}]
    for grant in grants:
        yield Line(person, role, grant)
    if not grants and (role.administrator or not form):
        yield Line(person, role, None)


def with_factors(found: Iterable[User]) -> set[ObjectId]:
    """Return which of some people have a second factor."""
    return factors.protected({person.id for person in found})


# -- reviews -----------------------------------------------------------------------------------------------


def picture() -> dict[str, Any]:
    """Return all rights as they are, in short lines: of each role, and of each person."""
    departments = {one.id: str(one.code) for one in Department.objects}
    stored = {role.id: role for role in Role.objects}
    found = db().users.find({"active": True}, {"username": 1, "name": 1, "roles": 1, "department": 1})
    return {
        "roles": {str(role.name): sorted(_said(role)) for role in stored.values()},
        "people": {
            one["username"]: sorted(_held(one, stored, departments)) for one in found.sort("username", 1)
        },
    }


def _held(
    person: Document, stored: Mapping[ObjectId, Role], departments: Mapping[ObjectId, str]
) -> Iterator[str]:
    yield from (str(stored[one].name) for one in person.get("roles") or () if one in stored)
    if person.get("department") in departments:
        yield f"@{departments[person['department']]}"


def _said(role: Role) -> Iterator[str]:
    said = said_of_role(role) or {}
    yield from (f"permission {one}" for one in role.permissions)
    for name in ("administrator", "demands_factor"):
        if getattr(role, name):
            yield name
    for right in role_checks.rights(role):
        deny, rule = "-" if right.deny else "", f" {right.rule}" if right.rule else ""
        yield f"{right.form}: {deny}{right.action}@{right.scope}{rule}"
    for form, rules in (said.get("field_rules") or {}).items():
        yield from (f"{form}: {one}" for one in rules)


def fingerprint(of: Mapping[str, Any]) -> str:
    """Return the mark of a picture; the same rights have the same."""
    return hashlib.sha256(json.dumps(of, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]


def last() -> Review | None:
    """Return the latest review."""
    found = db().access_reviews.find_one({}, sort=[("at", DESCENDING), ("_id", DESCENDING)])
    return _read(found) if found else None


def earlier(limit: int = 20) -> list[Review]:
    """Return the latest reviews, newest first, without their pictures."""
    found = db().access_reviews.find({}, {"picture": 0}).sort([("at", DESCENDING), ("_id", DESCENDING)])
    return [_read(one) for one in found.limit(limit)]


def _read(found: Document) -> Review:
    kept = json.loads(found["picture"]) if "picture" in found else {}
    return Review(found["at"], found["by_name"], found["note"], found["fingerprint"], kept)


def finish(person: User, seen: str, note: str = "") -> Review:
    """Keep that a person looked through all rights and found them in order.

    Args:
        person: who did.
        seen: the fingerprint of what they were looking at.
        note: what they have to say about it.

    Raises:
        ForbiddenError: the person may not administer people.
        ConflictError: the rights changed meanwhile.
        InvalidError: the note is too long.
    """
    require_permission(person, Permission.CONFIGURE_PEOPLE)
    text = note.strip()
    if len(text) > MAX_NOTE:
        raise InvalidError({"note": [_("At most %(max)s characters.", max=MAX_NOTE)]})
    kept = picture()
    mark = fingerprint(kept)
    if mark != seen:
        raise ConflictError(_("Rights changed while you were looking. Please look at what is different."))
    # A picture is kept as one text: names of people and roles are no names of fields in the database.
    review = {
        "at": now(),
        "by": person.id,
        "by_name": str(person),
        "note": text,
        "fingerprint": mark,
        "picture": json.dumps(kept, ensure_ascii=False, sort_keys=True),
    }

    def write(session: Any) -> None:  # noqa: ANN401  (of PyMongo)
        db().access_reviews.insert_one({**review}, session=session)
        details = {"fingerprint": mark, "note": text}
        audit.note("access.confirmed", actor=Actor.of(person), details=details, session=session)

    in_transaction(write)
    return _read(review)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Changed]:
    """Return what is different between two pictures, roles first."""
    found = []
    for kind in ("roles", "people"):
        old, new = before.get(kind) or {}, after.get(kind) or {}
        for name in sorted({*old, *new}):
            was, became = set(old.get(name, ())), set(new.get(name, ()))
            if was != became or (name in old) is not (name in new):
                found.append(Changed(kind, name, sorted(became - was), sorted(was - became)))
    return found


def ensure_indexes() -> None:
    """Let the latest review be found at once."""
    db().access_reviews.create_index([("at", DESCENDING), ("_id", DESCENDING)])
