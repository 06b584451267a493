"""What people say about a record, and who is told because they were mentioned."""

import re
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING

from models import notifications, outbox
from models.access import Action, allowed
from models.database import Document, db, in_transaction
from models.errors import InvalidError
from models.forms import LiveForm
from models.messages import _
from models.people import Actor, User
from models.times import now

MAX_COMMENT = 5000
_MENTION = re.compile(r"(?<![a-z0-9._%+-])@([a-z0-9][a-z0-9._-]{1,39})")  # what precedes makes an e-mail
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def add(actor: Actor, form: LiveForm, record: Document, text: str) -> Document:
    """Store a comment and notify the people it mentions as `@user.name`, if they may see the record."""
    cleaned = text.replace("\r\n", "\n").strip()
    if not cleaned:
        raise InvalidError({"text": [_("Write something first.")]})
    if len(cleaned) > MAX_COMMENT:
        raise InvalidError({"text": [_("At most %(max)s characters.", max=MAX_COMMENT)]})
    if _CONTROL.search(cleaned):
        raise InvalidError({"text": [_("This text contains characters that cannot be stored.")]})
    mentioned = [person for person in _mentioned(cleaned) if allowed(person, form, record, Action.SEE)]
    comment: Document = {
        "_id": ObjectId(),
        "form": form.key,
        "record": record["_id"],
        "text": cleaned,
        "by": actor.id,
        "by_name": actor.name,
        "at": now(),
        "mentions": [person.id for person in mentioned],
    }
    told = [person.id for person in mentioned if person.id != actor.id]
    notices = _notices(actor, form, record, comment, told)

    def write(session: Any) -> None:  # noqa: ANN401  (a session)
        db().comments.insert_one(comment, session=session)
        outbox.put(notices, session)

    in_transaction(write)
    return comment


def _mentioned(text: str) -> list[User]:
    found = _MENTION.findall(text.lower())
    names = {*found, *(name.rstrip(".-_") for name in found)}  # a full stop may end the sentence
    return list(User.objects(username__in=list(names), active=True))


def _notices(
    actor: Actor, form: LiveForm, record: Document, comment: Document, people: list[ObjectId]
) -> list[Document]:
    if not people:
        return []
    return notifications.tell(
        people,
        key=f"mention:{comment['_id']}",
        kind="mention",
        form=form.key,
        record=record["_id"],
        title=f"{record['number'] or ''} {record['title']}".strip(),
        text=comment["text"][:200],
        url=f"/records/{form.key}/{record['_id']}#comments",
        by_name=actor.name,
    )


def of_record(form: str, record_id: ObjectId) -> list[Document]:
    """Return a record's comments, oldest first."""
    return list(db().comments.find({"form": form, "record": record_id}).sort("_id", ASCENDING))


def ensure_indexes() -> None:
    """Create the index a record's page reads."""
    db().comments.create_index([("form", ASCENDING), ("record", ASCENDING), ("_id", ASCENDING)])
