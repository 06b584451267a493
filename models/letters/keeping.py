"""Letters that were fixed: kept word by word with their record, sealed into its history, never changed."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.client_session import ClientSession

from models import access, audit, numbering
from models.access import Action
from models.database import Document, db
from models.errors import DomainError, ForbiddenError, InvalidError, NotFoundError
from models.forms import LiveForm
from models.letter_parts import Letter
from models.letters.filling import Named, Text
from models.letters.names import MAX_SUBJECT, MAX_TEXT, fields_used
from models.messages import LANGUAGES, Message, _
from models.numbering_patterns import needs_department
from models.people import Actor, Department, User
from models.planning import same_revision, step
from models.storable import text_problem
from models.times import now
from models.validation import validate
from models.workflow import commit

MAX_RECIPIENT: Final = 300
MAX_ADDRESS: Final = 1000
LETTER: Final = "letter"
"""The action under which history tells of a letter."""
_SEALED: Final = (
    "form", "record", "revision", "letter", "label", "language", "number", "date", "recipient", "address",
    "subject", "body", "by", "by_name",
)  # fmt: skip
_LISTED: Final = {"body": 0, "address": 0}


def ensure_indexes() -> None:
    """Create the indexes by which letters are found: of a record, and by their numbers, which are unique."""
    db().letters.create_index([("form", ASCENDING), ("record", ASCENDING), ("_id", DESCENDING)])
    db().letters.create_index(
        [("form", ASCENDING), ("letter", ASCENDING), ("number", ASCENDING)],
        unique=True,
        partialFilterExpression={"number": {"$type": "string"}},
    )


def offered(person: User, form: LiveForm, record: Document) -> list[Letter]:
    """Return the kinds of letters that somebody may write on a record as it is now."""
    definition = form.definition
    if not definition.letters or record.get("deleted_at"):
        return []
    if not all(access.allowed(person, form, record, one) for one in (Action.PRINT, Action.EDIT)):
        return []
    state = definition.workflow.state_of(record).key if definition.workflow else ""
    return [letter for letter in definition.letters if not letter.states or state in letter.states]


def kind(form: LiveForm, key: str) -> Letter:
    """Return a kind of letter of a form. Raises NotFoundError."""
    found = form.definition.by_letter.get(key)
    if found is None:
        raise NotFoundError
    return found


def fix(
    person: User,
    form: LiveForm,
    record_id: str | ObjectId,
    letter: Letter,
    text: Text,
    *,
    language: str,
    revision: int,
    named: Sequence[Named] = (),
    note: str = "",
) -> Document:
    """Keep a letter as it stands, give it its number, and seal it into the history of its record.

    Args:
        person: who writes it; they may print and edit the record.
        form: in force.
        record_id: of the record.
        letter: the kind.
        text: what it says, as filled in and changed by the person.
        language: in which it is written.
        revision: of the record with which it was filled in.
        named: the other records of which it tells.
        note: how it goes out; history keeps it.

    Returns what is stored of it.

    Raises:
        NotFoundError: there is no such record for this person.
        ForbiddenError: they may not write this letter on it now.
        InvalidError: beside `subject`, `body`, `recipient`, `address` or `reason`.
        ConflictError: the record was changed since the letter was filled in.
    """
    record = access.fetch(person, form, record_id, Action.PRINT)
    if letter not in offered(person, form, record):
        raise ForbiddenError
    same_revision(record, revision)
    _check(text)
    actor, at = Actor.of(person), now()
    day = at.astimezone(actor.timezone).date()
    after = {**record, "revision": revision + 1, "updated_at": at, "updated_by": actor.id}
    if letter.written_on:
        after |= {"data": _dated(actor, form, record, letter, day.isoformat()), "form_version": form.version}
    change = step(actor, form, record, after, LETTER, source="screen", reason=note)
    numbers = _numbers(person, form, letter, actor, at)
    stored = {
        "_id": ObjectId(),
        "form": form.key,
        "record": record["_id"],
        "revision": revision + 1,
        "letter": letter.key,
        "label": letter.label.model_dump(),
        "language": language if language in LANGUAGES else LANGUAGES[0],
        "number": numbers[0] if numbers else None,
        "date": day.isoformat(),
        **asdict(text),
        "fields": fields_used(letter, form.definition),
        "named": [{**asdict(one), "fields": list(one.fields)} for one in named],
        "by": actor.id,
        "by_name": actor.name,
        "at": at,
    }
    stored["hash"] = digest(stored)
    change.facts[LETTER] = {
        "id": stored["_id"], "key": letter.key, "label": stored["label"], "number": stored["number"],
        "hash": stored["hash"],
    }  # fmt: skip
    try:
        commit([change], lambda session: _store(actor, stored, change.record, numbers, session))
    except DomainError:  # of any other error nobody knows yet whether it was stored
        numbering.void(_counted(form), letter.key, numbers, "refused")
        raise
    return stored


def _check(text: Text) -> None:
    limits = {"subject": MAX_SUBJECT, "body": MAX_TEXT, "recipient": MAX_RECIPIENT, "address": MAX_ADDRESS}
    errors: dict[str, list[Message]] = {}
    for name, longest in limits.items():
        written = getattr(text, name)
        if name in {"subject", "body"} and not written.strip():
            errors[name] = [_("This is needed.")]
        elif problem := text_problem(written, longest):
            errors[name] = [problem]
    if errors:
        raise InvalidError(errors)


def _dated(actor: Actor, form: LiveForm, record: Document, letter: Letter, day: str) -> Document:
    """Return a record's data with the day on which the letter was written, and what is computed from it."""
    key = letter.written_on
    checked = validate(
        actor.unbound(),
        form.definition,
        {key: day},
        before=record["data"],
        record=record,
        partial=True,
        opened=(key,),
    )
    if checked.errors:
        raise InvalidError({"": next(iter(checked.errors.values()))})
    return checked.data


def _numbers(person: User, form: LiveForm, letter: Letter, actor: Actor, at: Any) -> list[str]:  # noqa: ANN401  (a moment)
    if not letter.numbering:
        return []
    department: Department | None = person.department
    if department is None and needs_department(letter.numbering):
        raise InvalidError({"": [_("The number counts by department, but you belong to none.")]})
    day, code = at.astimezone(actor.timezone).date(), department.code if department else ""
    return numbering.reserve(_counted(form), letter.key, letter.numbering, day, code)


def _counted(form: LiveForm) -> str:
    """Return under which name the numbers of a form's letters are counted: not with those of its records."""
    return f"letters.{form.key}"


def _store(
    actor: Actor, stored: Document, record: Document, numbers: list[str], session: ClientSession
) -> None:
    if numbers:
        numbering.confirm(f"letters.{stored['form']}", stored["letter"], numbers, session)
    db().letters.insert_one(stored, session=session)
    audit.note(
        "record.letter",
        actor=actor,
        subject=str(record["number"] or record["title"] or record["_id"]),
        details={"form": stored["form"], "record": stored["record"], "letter": stored["_id"],
                 "number": stored["number"]},
        session=session,
    )  # fmt: skip


def digest(letter: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what a letter says, to whom, when and by whom."""
    said = {
        name: str(letter[name]) if isinstance(letter[name], ObjectId) else letter[name] for name in _SEALED
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def of_record(form: str, record: ObjectId) -> list[Document]:
    """Return the letters of a record without what they say, newest first."""
    return list(db().letters.find({"form": form, "record": record}, _LISTED).sort("_id", DESCENDING))


def get(form: str, record: ObjectId, letter: str | ObjectId) -> Document:
    """Return one letter of a record, whoever asks. Raises NotFoundError."""
    found = db().letters.find_one({"_id": access.object_id(letter), "form": form, "record": record})
    if found is None:
        raise NotFoundError
    return found


def broken() -> Iterator[Message]:
    """Yield letters that no longer say what was sealed into the history of their record."""
    for letter in db().letters.find():
        entry = db().history.find_one(
            {"form": letter["form"], "record": letter["record"], "revision": letter["revision"]}, {LETTER: 1}
        )
        sealed = (entry or {}).get(LETTER, {}).get("hash")
        if digest(letter) != letter["hash"] or sealed != letter["hash"]:
            shown = letter["number"] or letter["_id"]
            yield _("%(form)s %(record)s: %(problem)s", form=letter["form"], record=shown,
                    problem=_("the letter is not the one that was sealed"))  # fmt: skip
