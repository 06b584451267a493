"""Standing in while somebody is away: who may act for whom, for which forms, from when until when.

Whoever stands in acts on behalf of the other; what is delegated is never delegated further.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.client_session import ClientSession

from models import audit, notifications, outbox
from models.database import Document, db, in_transaction
from models.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from models.messages import Message, _
from models.people import DEFAULT_TIMEZONE, Actor, Permission, User
from models.permissions import require_permission
from models.storable import text_problem
from models.times import now

MAX_REASON = 500
MAX_FORMS = 50
MAX_DAYS = 366


@dataclass(frozen=True)
class Delegation:
    """One period in which `to` may act for `person`; dates are inclusive, in that person's time zone."""

    id: ObjectId
    person: ObjectId
    to: ObjectId
    first: date
    last: date
    forms: tuple[str, ...]
    reason: str
    created_by: ObjectId
    created_at: datetime
    starts_at: datetime
    ends_at: datetime
    revoked_at: datetime | None

    def holds(self, at: datetime) -> bool:
        """Tell whether it is in force at a moment."""
        return self.revoked_at is None and self.starts_at <= at < self.ends_at


def create(
    actor: User,
    person: User,
    to: User | None,
    *,
    first: date,
    last: date,
    forms: Sequence[str] = (),
    reason: str = "",
) -> Delegation:
    """Let somebody act for a person.

    Args:
        actor: the person, or whoever administers people.
        person: who will be away.
        to: who acts for them; an active person.
        first: the first day, in the person's time zone.
        last: the last day, inclusive.
        forms: keys of forms; none means all.
        reason: shown to those concerned.

    Raises:
        ForbiddenError: it is not the actor's to give.
        InvalidError: beside `to`, `first`, `last`, `forms` or `reason`.
    """
    _require_own(actor, person.id)
    _require_rank(actor, person)
    zone = ZoneInfo(str(person.timezone or DEFAULT_TIMEZONE))
    errors = {
        **_person_errors(actor, person, to),
        **_period_errors(first, last, zone),
        **_text_errors(forms, reason),
    }
    if errors or to is None:
        raise InvalidError(errors)
    document: Document = {
        "_id": ObjectId(),
        "person": person.id,
        "to": to.id,
        "first": first.isoformat(),
        "last": last.isoformat(),
        "starts_at": datetime.combine(first, time(), zone),
        "ends_at": datetime.combine(last + timedelta(days=1), time(), zone),
        "forms": list(dict.fromkeys(forms)),
        "reason": reason.strip(),
        "created_by": actor.id,
        "created_at": now(),
        "revoked_at": None,
        "revoked_by": None,
    }
    told = _told(document, actor, person, to)

    def write(session: ClientSession) -> None:
        db().delegations.insert_one(document, session=session)
        outbox.put(told, session)
        said = {name: document[name] for name in ("first", "last", "forms", "reason")}
        by, subject = Actor.of(actor), f"{person} → {to}"
        audit.note("delegation.created", actor=by, subject=subject, details=said, session=session)

    in_transaction(write)
    return get(document["_id"])


def _told(document: Document, actor: User, person: User, to: User) -> list[Document]:
    """Return what tells somebody that they stand in for a person, and that person if another arranged it."""
    key, by = f"delegation:{document['_id']}", str(actor)
    told = _tell(document, to, key, _("You stand in for %(name)s.", name=str(person)), by)
    if actor.id != person.id:
        arranged = _("%(by)s lets %(name)s stand in for you.", by=by, name=str(to))
        told += _tell(document, person, f"{key}:arranged", arranged, by)
    return told


def _tell(document: Document, whom: User, key: str, title: Message, by: str) -> list[Document]:
    text = _("From %(first)s to %(last)s.", first=document["first"], last=document["last"])
    return notifications.tell(
        [whom.id], key=key, kind="system", title=title, text=text, url="/inbox/", by_name=by
    )


def _require_own(actor: User, person: ObjectId) -> None:
    if actor.id != person or not actor.active:
        require_permission(actor, Permission.CONFIGURE_PEOPLE)


def _require_rank(actor: User, person: User) -> None:
    if person.is_administrator and not actor.is_administrator:
        raise ForbiddenError(_("Only an administrator may change this account."))


def _person_errors(actor: User, person: User, to: User | None) -> dict[str, list[Message]]:
    if to is None or not to.active:
        return {"to": [_("Choose somebody who works here.")]}
    if to.id == actor.id != person.id and not actor.is_administrator:
        return {"to": [_("You cannot let yourself stand in for somebody else.")]}
    return {"to": [_("Nobody stands in for themselves.")]} if to.id == person.id else {}


def _period_errors(first: date, last: date, zone: ZoneInfo) -> dict[str, list[Message]]:
    if last < first:
        return {"last": [_("The last day is before the first.")]}
    if last < now().astimezone(zone).date():
        return {"last": [_("This day is over.")]}
    if (last - first).days >= MAX_DAYS:
        return {"last": [_("At most %(max)s days.", max=MAX_DAYS)]}
    return {}


def _text_errors(forms: Sequence[str], reason: str) -> dict[str, list[Message]]:
    errors: dict[str, list[Message]] = {}
    wanted = set(forms)
    if len(wanted) > MAX_FORMS or db().forms.count_documents({"_id": {"$in": list(wanted)}}) != len(wanted):
        errors["forms"] = [_("One of these forms does not exist.")]
    if problem := text_problem(reason.strip(), MAX_REASON):
        errors["reason"] = [problem]
    return errors


def revoke(actor: User, delegation_id: ObjectId) -> Delegation:
    """End a delegation now; what was done under it stays.

    Raises:
        NotFoundError: there is none.
        ForbiddenError: it is not the actor's to take back.
        ConflictError: it ended before.
    """
    found = get(delegation_id)
    _require_own(actor, found.person)
    ended = db().delegations.update_one(
        {"_id": delegation_id, "revoked_at": None, "ends_at": {"$gt": now()}},
        {"$set": {"revoked_at": now(), "revoked_by": actor.id}},
    )
    if not ended.matched_count:
        raise ConflictError(_("This is over already."), current=get(delegation_id))
    names = {user.id: str(user) for user in User.objects(id__in=[found.person, found.to])}
    subject = f"{names.get(found.person, '')} → {names.get(found.to, '')}"
    audit.note("delegation.ended", actor=Actor.of(actor), subject=subject)
    return get(delegation_id)


def end_all(person: ObjectId, *, by: ObjectId, session: ClientSession | None = None) -> int:
    """End everything delegated by or to a person who leaves; return how much."""
    lasting: Document = {"revoked_at": None, "ends_at": {"$gt": now()}}
    concerned = {"$or": [{"person": person}, {"to": person}], **lasting}
    ended = {"$set": {"revoked_at": now(), "revoked_by": by}}
    return db().delegations.update_many(concerned, ended, session=session).modified_count


def get(delegation_id: ObjectId) -> Delegation:
    """Return one. Raises NotFoundError."""
    found = db().delegations.find_one({"_id": delegation_id})
    if found is None:
        raise NotFoundError
    return _read(found)


def _read(found: Document) -> Delegation:
    return Delegation(
        id=found["_id"],
        first=date.fromisoformat(found["first"]),
        last=date.fromisoformat(found["last"]),
        forms=tuple(found["forms"]),
        **{
            key: found[key]
            for key in (
                "person", "to", "reason", "created_by", "created_at", "starts_at", "ends_at", "revoked_at",
            )
        },
    )  # fmt: skip


def given_by(person_id: ObjectId) -> list[Delegation]:
    """Return what a person delegated, the latest period first."""
    return [_read(one) for one in db().delegations.find({"person": person_id}).sort("starts_at", DESCENDING)]


def given_to(person_id: ObjectId) -> list[Delegation]:
    """Return what was delegated to a person, the latest period first."""
    return [_read(one) for one in db().delegations.find({"to": person_id}).sort("starts_at", DESCENDING)]


def in_force(at: datetime) -> list[Delegation]:
    """Return everything that is in force at a moment, for administrators."""
    return [_read(one) for one in db().delegations.find(_at(at)).sort("starts_at", DESCENDING)]


def acting_for(person_id: ObjectId, at: datetime, form: str = "") -> list[ObjectId]:
    """Return for whom a person may act at a moment: for a form, or for any form at all."""
    found = db().delegations.find({"to": person_id, **_at(at), **_for(form)}, {"person": 1})
    return list(dict.fromkeys(one["person"] for one in found.sort("_id", ASCENDING)))


def forms_by_person(person_id: ObjectId, at: datetime) -> dict[ObjectId, list[str]]:
    """Return for whom a person may act, and for which forms; an empty list means all of them."""
    found: dict[ObjectId, list[str]] = {}
    for one in db().delegations.find({"to": person_id, **_at(at)}).sort("_id", ASCENDING):
        before = found.get(one["person"])
        everything = before == [] or not one["forms"]
        found[one["person"]] = [] if everything else [*(before or ()), *one["forms"]]
    return found


def standing_in(people: Iterable[ObjectId], at: datetime, form: str) -> dict[ObjectId, list[ObjectId]]:
    """Return, for those of some people who delegated a form, who stands in for them."""
    found: dict[ObjectId, list[ObjectId]] = {}
    for one in db().delegations.find({"person": {"$in": list(people)}, **_at(at), **_for(form)}):
        found.setdefault(one["person"], []).append(one["to"])
    return found


def _at(at: datetime) -> Document:
    return {"starts_at": {"$lte": at}, "ends_at": {"$gt": at}, "revoked_at": None}


def _for(form: str) -> Document:
    return {"$or": [{"forms": []}, {"forms": form}]} if form else {}


def ensure_indexes() -> None:
    """Create what is read for the inbox and for every decision."""
    db().delegations.create_index([("to", ASCENDING), ("ends_at", DESCENDING)])
    db().delegations.create_index([("person", ASCENDING), ("ends_at", DESCENDING)])
