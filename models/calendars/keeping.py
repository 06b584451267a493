"""Keeps calendars: what is in force, and every version, so that a deadline can be counted again as it was."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from pymongo import ASCENDING, DESCENDING
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from models import audit
from models.calendars import checks, china
from models.calendars.arithmetic import WorkingCalendar
from models.calendars.definition import DEFAULT_KEY, CalendarDefinition
from models.database import Document, db, in_transaction
from models.definition_parts import KEY_LENGTH, KEY_PATTERN, Label
from models.errors import ConflictError, InUseError, InvalidError, NotFoundError
from models.messages import _
from models.people import Actor
from models.times import now

NOVEMBER = 11
MAX_NOTE = 2_000


@dataclass(frozen=True)
class Calendar:
    """One version of a calendar, with who made it and why."""

    key: str
    version: int
    definition: CalendarDefinition
    at: datetime
    by: str
    note: str = ""
    moved: int | None = None
    """How many running clocks were moved by this version; None where none were asked to."""

    @property
    def label(self) -> Label:
        """What it is called."""
        return self.definition.label

    @cached_property
    def working(self) -> WorkingCalendar:
        """What one counts with."""
        return WorkingCalendar.of(self.definition, self.key, self.version)


_versions: dict[tuple[str, int], Calendar] = {}
_lock = threading.Lock()


def forget_versions() -> None:
    """Forget what was read; for another database in the same process."""
    with _lock:
        _versions.clear()


def ensure_indexes() -> None:
    """Create the indexes; safe to run at every start."""
    db().calendar_versions.create_index([("calendar", ASCENDING), ("version", DESCENDING)], unique=True)


def ensure_default() -> None:
    """Make the standard calendar of an installation where it has none."""
    if db().calendars.find_one({"_id": DEFAULT_KEY}, {"_id": 1}) is None:
        try:
            _insert(Actor.system(), DEFAULT_KEY, china.standard(), "")
        except InvalidError:
            return  # another process was faster


# -- reading ------------------------------------------------------------------------------------------


def every() -> list[Calendar]:
    """Return all calendars as they are in force, the default one first."""
    ensure_default()
    found = [at_version(one["_id"], one["version"]) for one in db().calendars.find({}, {"version": 1})]
    return sorted(found, key=lambda one: (one.key != DEFAULT_KEY, one.key))


def current(key: str) -> Calendar:
    """Return a calendar as it is in force. Raises NotFoundError; the default one is always there."""
    stored = db().calendars.find_one({"_id": key}, {"version": 1})
    if stored is None and key == DEFAULT_KEY:
        ensure_default()
        stored = db().calendars.find_one({"_id": key}, {"version": 1})
    if stored is None:
        raise NotFoundError
    return at_version(key, stored["version"])


def at_version(key: str, version: int) -> Calendar:
    """Return a calendar as it was in a version, kept in memory. Raises NotFoundError."""
    if (key, version) not in _versions:
        stored = db().calendar_versions.find_one({"calendar": key, "version": version})
        if stored is None:
            raise NotFoundError
        with _lock:
            _versions[key, version] = _read(stored)
    return _versions[key, version]


def working(key: str, version: int | None = None) -> WorkingCalendar:
    """Return what one counts with: in a version, or as it is in force. Raises NotFoundError."""
    return (current(key) if version is None else at_version(key, version)).working


def company_zone() -> ZoneInfo:
    """Return by which clock the company's days begin and end, whoever asks: that of the default calendar."""
    return working(DEFAULT_KEY).zone


def versions(key: str) -> list[Calendar]:
    """Return every version of a calendar, the newest first."""
    found = db().calendar_versions.find({"calendar": key}).sort("version", DESCENDING)
    return [_read(stored) for stored in found]


def missing_years(today: date) -> list[tuple[str, int]]:
    """Return (calendar, year) for every year whose holidays should be known by now and are not.

    That is the current year, and from the first of November on also the next.
    """
    wanted = [today.year, today.year + 1] if today.month >= NOVEMBER else [today.year]
    return [
        (calendar.key, year)
        for calendar in every()
        for year in wanted
        if year not in calendar.definition.loaded_years
    ]


# -- writing ------------------------------------------------------------------------------------------


def create(actor: Actor, key: str, plain: Mapping[str, Any], note: str = "") -> Calendar:
    """Make a calendar. Raises InvalidError beside `key` and what `checks.load` names."""
    problems = {}
    if not re.fullmatch(KEY_PATTERN, key) or len(key) > KEY_LENGTH:
        problems["key"] = [_("Small letters, digits and underscores; it begins with a letter.")]
    try:
        definition = checks.load(plain)
    except InvalidError as error:
        raise InvalidError({**problems, **error.errors}) from None
    if problems:
        raise InvalidError(problems)
    return _insert(actor, key, definition, note)


def save(actor: Actor, key: str, plain: Mapping[str, Any], *, seen: int, note: str = "") -> Calendar:
    """Put a changed calendar in force as a new version; what did not change makes none.

    Running clocks keep the version they began with: moving them is asked for apart (`models.clocks`).

    Args:
        actor: who changes it.
        key: which calendar.
        plain: the whole definition.
        seen: the version that was looked at.
        note: what changed and why.

    Raises:
        InvalidError: beside what is wrong.
        ConflictError: someone else saved first.
    """
    definition = checks.load(plain)
    before = current(key)
    if before.version != seen:
        raise ConflictError(current=before)
    if before.definition == definition:
        return before
    after = _version(actor, key, seen + 1, definition, note)

    def work(session: ClientSession) -> None:
        change = {"$set": {"version": after["version"]}}
        if (
            not db()
            .calendars.update_one({"_id": key, "version": seen}, change, session=session)
            .matched_count
        ):
            raise ConflictError
        db().calendar_versions.insert_one(dict(after), session=session)
        _note(actor, after, before.definition, definition, session)

    in_transaction(work)
    return at_version(key, seen + 1)


def note_moved(key: str, version: int, count: int) -> None:
    """Record with a version how many running clocks it moved."""
    db().calendar_versions.update_one({"calendar": key, "version": version}, {"$set": {"moved": count}})
    with _lock:
        _versions.pop((key, version), None)


def delete(key: str) -> None:
    """Delete a calendar that nothing counts by; its versions stay. Raises InUseError otherwise."""
    if key == DEFAULT_KEY:
        raise InUseError(_("The default calendar cannot be deleted."))
    if db().departments.find_one({"calendar": key}, {"_id": 1}):
        raise InUseError(_("A department works by this calendar."))
    if db().form_versions.find_one({"definition.clocks.calendar": key}, {"_id": 1}):
        raise InUseError(_("A clock of a form counts by this calendar."))
    db().calendars.delete_one({"_id": key})
    audit.note("settings.calendar_deleted", subject=key)


def _insert(actor: Actor, key: str, definition: CalendarDefinition, note: str) -> Calendar:
    # A calendar of this name may have been deleted; clocks still count by its versions.
    last = db().calendar_versions.find_one({"calendar": key}, {"version": 1}, sort=[("version", DESCENDING)])
    first = _version(actor, key, (last["version"] if last else 0) + 1, definition, note)

    def work(session: ClientSession) -> None:
        db().calendars.insert_one({"_id": key, "version": first["version"]}, session=session)
        db().calendar_versions.insert_one(dict(first), session=session)
        _note(actor, first, None, definition, session)

    try:
        in_transaction(work)
    except DuplicateKeyError:
        raise InvalidError({"key": [_("Someone else has this already.")]}) from None
    return at_version(key, first["version"])


def _note(
    actor: Actor,
    version: Document,
    before: CalendarDefinition | None,
    after: CalendarDefinition,
    session: ClientSession,
) -> None:
    """Let the audit log say what of a calendar was changed."""
    old = before.model_dump(mode="json", exclude_defaults=True) if before else None
    changes = audit.difference(old, after.model_dump(mode="json", exclude_defaults=True))
    details = {"version": version["version"], "note": version["note"], **changes}
    audit.note(
        "settings.calendar", actor=actor, subject=version["calendar"], details=details, session=session
    )


def _version(actor: Actor, key: str, version: int, definition: CalendarDefinition, note: str) -> Document:
    plain = definition.model_dump(mode="json", exclude_defaults=True)
    by = {"by": actor.id, "by_name": actor.name, "at": now(), "note": note[:MAX_NOTE]}
    return {"calendar": key, "version": version, "definition": plain, **by}


def _read(stored: Document) -> Calendar:
    definition = CalendarDefinition.model_validate(stored["definition"])
    said = {"by": stored["by_name"], "note": stored["note"], "moved": stored.get("moved")}
    return Calendar(stored["calendar"], stored["version"], definition, stored["at"], **said)
