"""Saving what administrators keep (people, roles, departments) without overwriting who was faster.

A page carries a stamp of what it showed. Saving needs the stored document to have that stamp still, and
the write itself names the values it replaces, so that nothing slips in between.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from bson import json_util
from mongoengine import Document as MongoDocument
from mongoengine.errors import ValidationError
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from models.database import Document, db
from models.errors import ConflictError, InvalidError, NotFoundError
from models.messages import Message, _


def stamp(document: MongoDocument, names: Sequence[str]) -> str:
    """Return the mark of what is stored now in some attributes of a document."""
    return _mark(_stored(document), names) if document.pk else ""


def mark(document: MongoDocument, names: Sequence[str]) -> str:
    """Return the mark of some attributes of a document as it is in hand, stored or not."""
    return _mark(document.to_mongo().to_dict(), names)


def store(
    document: MongoDocument,
    names: Sequence[str],
    *,
    seen: str,
    also: Sequence[str] = (),
    session: ClientSession | None = None,
) -> None:
    """Write some attributes of a document, or all of it when it is new.

    Args:
        document: with its new values.
        names: the attributes an administrator may have changed.
        seen: the stamp of what they were looking at; "" for a new document.
        also: attributes to write besides, whatever is stored in them.
        session: of the transaction this belongs to.

    Raises:
        InvalidError: a value does not fit, or another document has it.
        ConflictError: someone else saved first.
    """
    check_shape(document)
    try:
        if _is_new(document, session):
            _insert(document, session)
        else:
            _replace(document, names, seen, also, session)
    except DuplicateKeyError as error:
        raise InvalidError({name: [_("Someone else has this already.")] for name in _taken(error)}) from None


def _is_new(document: MongoDocument, session: ClientSession | None) -> bool:
    """Tell whether a document was never stored; a transaction tried again has an id that came to nothing."""
    if document.pk is None:
        return True
    collection = db()[document._get_collection_name()]  # noqa: SLF001  (its only name)
    made_here: bool = document._created  # noqa: SLF001  (what MongoEngine knows of it)
    return made_here and collection.find_one({"_id": document.pk}, {"_id": 1}, session=session) is None


def check_shape(document: MongoDocument) -> None:
    """Raise InvalidError beside each attribute that cannot be stored."""
    try:
        document.validate()
    except ValidationError as error:
        raise InvalidError({name: [_shape_message(document, name)] for name in error.to_dict()}) from None


def _shape_message(document: MongoDocument, name: str) -> Message:
    value = getattr(document, name, None)
    if value is None or value == "":
        return _("This is needed.")
    return _("This value does not fit here.")


def _stored(document: MongoDocument) -> Document:
    found = db()[document._get_collection_name()].find_one({"_id": document.pk})  # noqa: SLF001  (its only name)
    if found is None:
        raise NotFoundError
    return found


def _mark(stored: Document, names: Sequence[str]) -> str:
    kept = {name: stored[name] for name in sorted(names) if stored.get(name) is not None}
    return hashlib.sha256(json_util.dumps(kept, sort_keys=True).encode()).hexdigest()[:32]


def _insert(document: MongoDocument, session: ClientSession | None) -> None:
    inserted = db()[document._get_collection_name()].insert_one(  # noqa: SLF001  (its only name)
        document.to_mongo().to_dict(), session=session
    )
    document.pk = inserted.inserted_id


def _replace(
    document: MongoDocument,
    names: Sequence[str],
    seen: str,
    also: Sequence[str],
    session: ClientSession | None,
) -> None:
    stored = _stored(document)
    if _mark(stored, names) != seen:
        raise ConflictError(current=document)
    new: dict[str, Any] = document.to_mongo().to_dict()
    change = {
        "$set": {name: new[name] for name in (*names, *also) if name in new},
        "$unset": {name: "" for name in (*names, *also) if name not in new},
    }
    updated = db()[document._get_collection_name()].update_one(  # noqa: SLF001  (its only name)
        {"_id": document.pk, **{name: stored.get(name) for name in names}},
        {operator: values for operator, values in change.items() if values},
        session=session,
    )
    if not updated.matched_count:
        raise ConflictError(current=document)


def _taken(error: DuplicateKeyError) -> list[str]:
    return list((error.details or {}).get("keyPattern", {})) or ["name"]
