"""The daily digest: one mail per person and day about what is overdue, open and new."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from models import channels, deliveries
from models.database import Document, db
from models.deliveries import preferences, workdays
from models.deliveries.preferences import Preferences
from models.messages import Message, _, say_stored, translate
from models.times import now

EVERY: Final = timedelta(minutes=1)
SHOWN: Final = 20
LOOKED_AT: Final = 500
_PERSON: Final = {"email": 1, "timezone": 1, "language": 1, "department": 1}


def write_due() -> int:
    """Write the digests whose time of today has come, each once; return how many.

    Whoever sweeps first in a minute looks; what a downtime missed is caught up for today only.
    """
    mail = db().channels.find_one({"kind": channels.EMAIL, "active": True}, sort=[("key", 1)])
    if mail is None or not _my_turn():
        return 0
    return sum(_write(mail, person, day) for person, day in list(_due_people()))


def _my_turn() -> bool:
    later = {"at": now() + EVERY}
    passed = {"$or": [{"at": {"$lte": now()}}, {"at": {"$gt": now() + EVERY}}]}  # the clock was set back
    if db().digests.update_one({"_id": "next", **passed}, {"$set": later}).modified_count:
        return True
    try:
        db().digests.insert_one({"_id": "next", **later})
    except DuplicateKeyError:
        return False
    return True


def _due_people() -> Iterator[tuple[Document, str]]:
    """Yield everybody whose digest of today is due and not yet written, with their day."""
    people = list(db().users.find({"active": True, "email": {"$type": "string"}}, _PERSON))
    chosen = preferences.of_people(person["_id"] for person in people)
    due = {}
    for person in people:
        local = now().astimezone(ZoneInfo(person.get("timezone") or "UTC"))
        if _wants(chosen.get(person["_id"], preferences.DEFAULT), person, local):
            due[f"{person['_id']}:{local.date()}"] = person
    written = {one["_id"] for one in db().digests.find({"_id": {"$in": list(due)}}, {"_id": 1})}
    yield from ((person, mark.partition(":")[2]) for mark, person in due.items() if mark not in written)


def _wants(chosen: Preferences, person: Document, local: datetime) -> bool:
    if not chosen.digest or local.time() < time.fromisoformat(chosen.digest_at):
        return False
    return not chosen.working_days_only or workdays.of_department(person.get("department"))(local.date())


def _write(mail: Document, person: Document, day: str) -> bool:
    """Store one digest; a day on which nothing is to be said is only marked."""
    found = content(person["_id"], str(person.get("language") or "zh"), person.get("timezone") or "UTC")
    if found:
        key = f"digest:{person['_id']}:{day}:{mail['_id']}"
        made = deliveries.new(key, mail, found, now(), person=person["_id"], to=person["email"])
        try:
            db().deliveries.insert_one(made)
        except DuplicateKeyError:
            found = None  # somebody was faster, or died before the mark
    db().digests.update_one({"_id": f"{person['_id']}:{day}"}, {"$set": {"at": now()}}, upsert=True)
    return found is not None


def content(person: ObjectId, language: str, timezone: str) -> Document | None:
    """Return what a person's digest says, in their language; None when there is nothing to say."""
    duties = list(db().duties.find({"people": person, "done_at": None}).sort("due_sort", 1).limit(LOOKED_AT))
    overdue = [duty for duty in duties if duty.get("due_at") and duty["due_at"] < now()]
    others = [duty for duty in duties if duty not in overdue]
    new = _news(person)
    if not (duties or new):
        return None
    zone = ZoneInfo(timezone)
    sections = (
        (_("Overdue (%(count)s)", count=len(overdue)), [_duty(one, language, zone) for one in overdue]),
        (_("Open (%(count)s)", count=len(others)), [_duty(one, language, zone) for one in others]),
        (_("New (%(count)s)", count=len(new)), [_line(one, language) for one in new]),
    )
    parts = [_part(head, lines, language) for head, lines in sections]
    title = _(
        "%(overdue)s overdue, %(open)s open, %(new)s new",
        overdue=len(overdue),
        open=len(others),
        new=len(new),
    )
    text = "\n\n".join(part for part in parts if part)
    return {
        "kind": "digest", "form": None, "record": None, "title": translate(title, language), "text": text,
        "url": "/inbox/", "level": "info", "late": False, "by_name": "", "due": None,
    }  # fmt: skip


def _news(person: ObjectId) -> list[Document]:
    """Return what was told since yesterday, is not read, and was not mailed at once."""
    chosen = preferences.of_person(person)
    kinds = [kind for kind in preferences.KINDS if chosen.mode(kind) == "digest"]
    since = now() - timedelta(days=1)
    query = {"person": person, "read_at": None, "created_at": {"$gte": since}}
    found = db().notifications.find(query).sort("_id", -1).limit(LOOKED_AT)
    return [notice for notice in found if preferences.kind_of(notice["kind"]) in kinds]


def _part(head: Message, lines: list[str], language: str) -> str:
    if not lines:
        return ""
    shown = [translate(head, language), *(f"- {line}" for line in islice(lines, SHOWN))]
    if len(lines) > SHOWN:
        shown.append(translate(_("… and %(count)s more", count=len(lines) - SHOWN), language))
    return "\n".join(shown)


def _duty(duty: Document, language: str, zone: ZoneInfo) -> str:
    due = duty.get("due_at")
    when = f" ({due.astimezone(zone):%Y-%m-%d %H:%M})" if due else ""
    return f"{_line(duty, language)}{when}"


def _line(one: Document, language: str) -> str:
    title = f"{one.get('number') or ''} {say_stored(one.get('title'), language)}"
    text = say_stored(one.get("what") or one.get("text"), language)
    return " · ".join(" ".join(part.split())[:120] for part in (title, text) if part.strip())
