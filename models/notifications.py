"""Telling somebody something: the one way in, and the notices behind the bell.

`tell` returns an effect for the outbox of a change; `rows` and `insert` are for whoever tells thousands in
transactions of their own (the sweep of the clocks). Both end in the same documents with the same keys.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.client_session import ClientSession

from models import outbox
from models.database import Document, db, in_transaction
from models.deliveries import planning
from models.messages import LANGUAGES, Message, Named, translate
from models.people import User
from models.times import now

UNREAD_CAP = 99
MAX_TITLE = 300
MAX_TEXT = 2000

Level = Literal["info", "warning", "urgent"]
Words = str | Mapping[str, str] | Message | Named


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something to be told.

    Attributes:
        people: who is told in the inbox, and by mail as they prefer.
        key: unique for ever; the same key is the same event, told once to each person and group.
        kind: what it is (`models.deliveries.preferences.KINDS`): people choose by it.
        title: one line, usually number and title of the record.
        text: what happened or is wanted; a text, or one in both languages. Groups are told this.
        instead: some of the people, and what they are told in its place: what is open to them.
        url: a path of this site; by default the record's page.
        level: urgent ones may disturb at night; group robots have a least level.
        late: it should have been said earlier, but the program was down.
        channels: keys of the group channels that carry it; none: every channel whose routes fit. `email`
            among them sends the mail at once even to those who prefer a digest.
        department: whose business it is, for the routes of group channels; by default that of the people.
        by_name: who caused it.
        due: the moment it is about, in UTC.
    """

    people: tuple[ObjectId, ...]
    key: str
    kind: str
    title: Words
    text: Words = ""
    url: str = ""
    form: str | None = None
    record: ObjectId | None = None
    level: Level = "info"
    late: bool = False
    channels: tuple[str, ...] = ()
    department: ObjectId | None = None
    by_name: str = ""
    due: datetime | None = None
    instead: Sequence[tuple[Sequence[ObjectId], Words]] = ()


@dataclass(frozen=True)
class Rows:
    """Documents that tell something, ready to be inserted."""

    notices: list[Document]
    deliveries: list[Document]


def tell(
    people: Iterable[ObjectId],
    *,
    key: str,
    kind: str,
    title: Words,
    text: Words = "",
    url: str = "",
    form: str | None = None,
    record: ObjectId | None = None,
    level: Level = "info",
    late: bool = False,
    channels: tuple[str, ...] = (),
    department: ObjectId | None = None,
    by_name: str = "",
    due: datetime | None = None,
    instead: Iterable[tuple[Sequence[ObjectId], Words]] = (),
) -> list[Document]:
    """Return the effects that tell people something, to be stored with their cause; see `Event`."""
    event = Event(
        people=tuple(dict.fromkeys(people)),
        key=key,
        kind=kind,
        title=_words(title, MAX_TITLE),
        text=_words(text, MAX_TEXT),
        url=url,
        form=form,
        record=record,
        level=level,
        late=late,
        channels=tuple(channels),
        department=department,
        by_name=by_name,
        due=due,
        instead=[(list(some), _words(said, MAX_TEXT)) for some, said in instead],
    )
    return [outbox.effect("tell", f"tell:{key}", asdict(event))]


def rows(events: Iterable[Event]) -> Rows:
    """Return what telling these events stores: notices, and deliveries to mail and group robots.

    It reads people, preferences and channels once for all of them, and writes nothing.
    """
    told = list(events)
    plan = planning.Plan.read({person for event in told for person in event.people})
    at = now()
    found = Rows([], [])
    for event in told:
        content = _content(event)
        other = {
            one: {**content, "text": _words(text, MAX_TEXT)} for some, text in event.instead for one in some
        }
        for person in dict.fromkeys(event.people):
            said = other.get(person, content)
            notice = _notice(event, person, said, at)
            found.notices.append(notice)
            found.deliveries.extend(plan.to_person(notice, said, forced="email" in event.channels))
        audience = (event.department,) if event.department else plan.departments(event.people)
        found.deliveries.extend(plan.to_groups(event.key, content, audience, event.channels, at))
    return found


def insert(made: Rows, session: ClientSession, *, careful: bool = True) -> int:
    """Store what `rows` returned in a transaction; return how many notices were new.

    What has a key that is stored already was told before and is left out. Without `careful` nobody looks for
    such keys first: for whoever knows that they are new, and gives up the transaction when they are not.
    """
    notices, sent = made.notices, made.deliveries
    if careful:
        notices = _unknown("notifications", notices, session)
        sent = _unknown("deliveries", sent, session)
    if notices:
        db().notifications.insert_many(notices, session=session)
    if sent:
        db().deliveries.insert_many(sent, session=session)
    return len(notices)


def _unknown(collection: str, documents: list[Document], session: ClientSession) -> list[Document]:
    by_key = {document["key"]: document for document in documents}
    stored = db()[collection].find({"key": {"$in": list(by_key)}}, {"key": 1, "_id": 0}, session=session)
    for known in stored if by_key else ():
        del by_key[known["key"]]
    return list(by_key.values())


@outbox.handler("tell")
def _carry_out(effect: Document) -> None:
    made = rows([Event(**effect["payload"])])
    for notice in made.notices:
        notice["created_at"] = effect["created_at"]
    in_transaction(lambda session: insert(made, session))


def _words(words: Words, longest: int) -> str | dict[str, str]:
    if isinstance(words, str):
        return words[:longest]
    if isinstance(words, Mapping):
        return {language: str(words.get(language) or "")[:longest] for language in LANGUAGES}
    if isinstance(words, Message):
        return {language: translate(words, language)[:longest] for language in LANGUAGES}
    return {language: words.text(language)[:longest] for language in LANGUAGES}


def _content(event: Event) -> Document:
    """Return what an event says, the same to everybody."""
    url = event.url or (f"/records/{event.form}/{event.record}" if event.form and event.record else "")
    return {
        "kind": event.kind,
        "form": event.form,
        "record": event.record,
        "title": _words(event.title, MAX_TITLE),
        "text": _words(event.text, MAX_TEXT),
        "url": url,
        "level": event.level,
        "late": event.late,
        "by_name": event.by_name,
        "due": event.due,
    }


def _notice(event: Event, person: ObjectId, content: Document, at: datetime) -> Document:
    key = f"{event.key}:{person}"
    return {"_id": ObjectId(), "key": key, "person": person, **content, "created_at": at, "read_at": None}


def ensure_indexes() -> None:
    """Create the unique key and what the bell and the inbox read."""
    db().notifications.create_index([("key", ASCENDING)], unique=True)
    db().notifications.create_index([("person", ASCENDING), ("_id", DESCENDING)])
    db().notifications.create_index(
        [("person", ASCENDING), ("read_at", ASCENDING)],
        partialFilterExpression={"read_at": None},
        name="unread_of_person",
    )


def unread_count(person: User) -> int:
    """Return how many notices a person has not read, counted up to 99."""
    return db().notifications.count_documents({"person": person.id, "read_at": None}, limit=UNREAD_CAP)


def of_person(person: User, *, limit: int = 100) -> list[Document]:
    """Return a person's notices, newest first."""
    return list(db().notifications.find({"person": person.id}).sort("_id", DESCENDING).limit(limit))


def mark_read(person: User, notice_id: ObjectId | None = None) -> None:
    """Mark one notice, or all, as read."""
    query: Document = {"person": person.id, "read_at": None}
    if notice_id:
        query["_id"] = notice_id
    db().notifications.update_many(query, {"$set": {"read_at": now()}})


def mark_read_about(person: User, form: str, record_id: ObjectId) -> None:
    """Mark everything about a record as read, because the person opened it."""
    db().notifications.update_many(
        {"person": person.id, "read_at": None, "form": form, "record": record_id},
        {"$set": {"read_at": now()}},
    )
