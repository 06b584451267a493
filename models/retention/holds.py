"""Legal holds: while one stands on a form or on a record, nothing of it may be removed for good."""

from collections.abc import Collection

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.client_session import ClientSession

from models import audit
from models.database import Document, db, in_transaction
from models.errors import ConflictError, InvalidError, NotFoundError
from models.forms import LiveForm
from models.messages import _
from models.people import Actor, Permission, User
from models.permissions import require_permission
from models.storable import storable
from models.times import now

MAX_REASON = 500
_STANDING: Document = {"lifted_at": None}


def ensure_indexes() -> None:
    """Keep one standing hold for each form and each record."""
    db().legal_holds.create_index(
        [("form", ASCENDING), ("record", ASCENDING)],
        unique=True,
        partialFilterExpression=_STANDING,
        name="standing",
    )


def set_on(person: User, form: LiveForm, reason: str, *, record: Document | None = None) -> ObjectId:
    """Put a hold on a form, or on one record of it; return its id.

    Raises:
        ForbiddenError: the person may not manage retention.
        InvalidError: no reason is given.
        ConflictError: there is a hold already.
    """
    require_permission(person, Permission.RETENTION_MANAGE)
    about = record or {}
    actor, said = Actor.of(person), _reason(reason)
    hold_id = ObjectId()
    hold: Document = {
        "_id": hold_id,
        "form": form.key,
        "record": about.get("_id"),
        "number": about.get("number"),
        "reason": said,
        "by": actor.id,
        "by_name": actor.name,
        "at": now(),
        "lifted_at": None,
    }

    def work(session: ClientSession) -> None:
        take_turn(form.key, session)
        standing = {"form": form.key, "record": hold["record"], **_STANDING}
        if db().legal_holds.find_one(standing, {"_id": 1}, session=session):
            raise ConflictError(_("There is a legal hold already."))
        db().legal_holds.insert_one(hold, session=session)
        details = {"form": form.key, "reason": said}
        audit.note("hold.set", actor=actor, subject=_called(form, hold), details=details, session=session)

    in_transaction(work)
    return hold_id


def lift(person: User, hold_id: ObjectId, reason: str, form: LiveForm) -> None:
    """Lift a hold. Raises ForbiddenError, InvalidError, NotFoundError, ConflictError when it was lifted."""
    require_permission(person, Permission.RETENTION_MANAGE)
    actor, said = Actor.of(person), _reason(reason)

    def work(session: ClientSession) -> None:
        take_turn(form.key, session)
        hold = db().legal_holds.find_one({"_id": hold_id, "form": form.key}, session=session)
        if hold is None:
            raise NotFoundError
        if hold["lifted_at"]:
            raise ConflictError(_("This is over already."), current=hold)
        lifted = {
            "lifted_at": now(),
            "lifted_by": actor.id,
            "lifted_by_name": actor.name,
            "lifted_because": said,
        }
        db().legal_holds.update_one({"_id": hold_id}, {"$set": lifted}, session=session)
        details = {"form": form.key, "reason": said}
        audit.note("hold.lifted", actor=actor, subject=_called(form, hold), details=details, session=session)

    in_transaction(work)


def _reason(text: str) -> str:
    said = text.strip()
    if not said:
        raise InvalidError({"reason": [_("Say why.")]})
    if len(said) > MAX_REASON:
        raise InvalidError({"reason": [_("At most %(max)s characters.", max=MAX_REASON)]})
    if not storable(said):
        raise InvalidError({"reason": [_("The text contains characters that cannot be stored.")]})
    return said


def _called(form: LiveForm, hold: Document) -> str:
    return f"{form.definition.label} {hold['number'] or ''}".strip()


def take_turn(form: str, session: ClientSession) -> None:
    """Let a transaction and every other one about what may go from a form see each other."""
    turn = {"_id": f"retention:{form}"}
    db().locks.update_one(turn, {"$inc": {"turns": 1}}, upsert=True, session=session)


def of_form(form: str) -> list[Document]:
    """Return the holds of a form and of its records, the newest first, lifted ones too."""
    return list(db().legal_holds.find({"form": form}).sort("_id", DESCENDING).limit(200))


def standing_by_form() -> dict[str, list[Document]]:
    """Return the holds that stand, by form."""
    found: dict[str, list[Document]] = {}
    for hold in db().legal_holds.find(_STANDING).sort("_id", ASCENDING):
        found.setdefault(hold["form"], []).append(hold)
    return found


def any_stands() -> bool:
    """Tell whether anything at all is held."""
    return db().legal_holds.find_one(_STANDING, {"_id": 1}) is not None


def on_form(form: str, session: ClientSession | None = None) -> Document | None:
    """Return the hold that stands on a whole form."""
    return db().legal_holds.find_one({"form": form, "record": None, **_STANDING}, session=session)


def held(form: str, ids: Collection[ObjectId], session: ClientSession | None = None) -> set[ObjectId]:
    """Return which of some records may not go; all of them while the form is held."""
    if on_form(form, session):
        return set(ids)
    query = {"form": form, "record": {"$in": list(ids)}, **_STANDING}
    return {hold["record"] for hold in db().legal_holds.find(query, {"record": 1}, session=session)}
