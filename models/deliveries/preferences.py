"""What each person wants to get by mail, and when they want to be left alone. The inbox gets everything."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any, Final, Literal

from bson import ObjectId

from models.database import Document, db
from models.errors import InvalidError
from models.messages import Message, _

Mode = Literal["now", "digest", "never"]

MODES: Final[dict[str, Message]] = {
    "now": _("at once"),
    "digest": _("in the daily digest"),
    "never": _("never"),
}
KINDS: Final[dict[str, Message]] = {
    "task": _("Tasks for me"),
    "approval": _("Approvals for me"),
    "deadline": _("Deadlines and escalations"),
    "mention": _("Mentions in comments"),
    "record": _("What happens to records"),
    "job": _("Exports and imports"),
    "system": _("Notes of the system"),
}
OTHER: Final = "record"
DEFAULT_MODES: Final[dict[str, Mode]] = {
    "task": "now",
    "approval": "now",
    "deadline": "now",
    "mention": "now",
    "record": "digest",
    "job": "never",
    "system": "now",
}
_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class Preferences:
    """One person's choice. Quiet hours from and to the same time are none."""

    modes: Mapping[str, Mode] = field(default_factory=lambda: dict(DEFAULT_MODES))
    quiet_from: str = "21:00"
    quiet_to: str = "07:00"
    urgent_always: bool = True
    working_days_only: bool = False
    digest: bool = True
    digest_at: str = "08:00"

    def mode(self, kind: str) -> Mode:
        """Return what happens by mail with a kind of notice."""
        known = kind_of(kind)
        return self.modes.get(known, DEFAULT_MODES[known])

    @property
    def quiet(self) -> tuple[time, time] | None:
        """Return when the quiet hours begin and end, in the person's own time."""
        if self.quiet_from == self.quiet_to:
            return None
        return time.fromisoformat(self.quiet_from), time.fromisoformat(self.quiet_to)

    def dump(self) -> Document:
        """Return it as it is stored."""
        return {**vars(self), "modes": dict(self.modes)}


DEFAULT: Final = Preferences()


def kind_of(kind: str) -> str:
    """Return the kind people choose by: `deadline.breach` is a deadline; what nobody knows, a record's."""
    first = kind.partition(".")[0].partition(":")[0]
    return first if first in KINDS else OTHER


def of_people(people: Iterable[ObjectId]) -> dict[ObjectId, Preferences]:
    """Return the choice of everybody who made one."""
    found = db().notice_preferences.find({"_id": {"$in": list(people)}})
    return {one["_id"]: _read(one) for one in found}


def of_person(person: ObjectId) -> Preferences:
    """Return one person's choice."""
    return of_people([person]).get(person, DEFAULT)


def _read(stored: Document) -> Preferences:
    known = {name: stored[name] for name in vars(DEFAULT) if name in stored}
    return Preferences(**known)


def save(person: ObjectId, raw: Mapping[str, Any]) -> Preferences:
    """Store a person's choice. Raises InvalidError beside the field."""
    errors: dict[str, list[Message]] = {}
    modes = {kind: str(raw.get(f"mode_{kind}", DEFAULT_MODES[kind])) for kind in KINDS}
    for kind, mode in modes.items():
        if mode not in MODES:
            errors[f"mode_{kind}"] = [_("Choose one of the list.")]
    for name in ("quiet_from", "quiet_to", "digest_at"):
        if not _TIME.fullmatch(str(raw.get(name, ""))):
            errors[name] = [_("Enter a time such as 08:00.")]
    if errors:
        raise InvalidError(errors)
    chosen: dict[str, Any] = {name: str(raw[name]) for name in ("quiet_from", "quiet_to", "digest_at")}
    chosen |= {name: bool(raw.get(name)) for name in ("urgent_always", "working_days_only", "digest")}
    made = Preferences(modes=modes, **chosen)  # type: ignore[arg-type]  # each is one of MODES
    db().notice_preferences.replace_one({"_id": person}, made.dump(), upsert=True)
    return made
