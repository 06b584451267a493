"""Opening one record to people whose roles do not reach it, and closing it to them again."""

from collections.abc import Callable, Iterable, Sequence

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import access, audit, notifications
from models.access import Action
from models.database import Document
from models.errors import ConflictError, InvalidError
from models.forms import LiveForm
from models.messages import _
from models.people import Actor, User
from models.planning import step
from models.times import now
from models.workflow import commit

MAX_AT_ONCE = 50
MAX_WORD = 2000
SHARED, UNSHARED = "shared", "unshared"


def share(
    person: User, form: LiveForm, record_id: str | ObjectId, people: Iterable[str | ObjectId], word: str = ""
) -> Document:
    """Open a record to people, for good, and tell them; return it as it is stored then.

    Args:
        person: who shares it.
        form: the version in force.
        record_id: of the record.
        people: ids of active people to whom some role opens the form.
        word: to them; history keeps it.

    Raises:
        NotFoundError: there is no such record for this person.
        ForbiddenError: they may not share it.
        InvalidError: beside `people` or `word`.
    """
    record = access.fetch(person, form, record_id, Action.SHARE)
    invited = [one for one in _readers(form, people) if one not in record.get("invited", ())]
    if not invited:
        raise InvalidError({"people": [_("It is open to these people already.")]})
    told = notifications.tell(
        [one for one in invited if one != person.id],
        key=f"shared:{record['_id']}:{record['revision']}",
        kind="record",
        form=form.key,
        record=record["_id"],
        title=f"{record['number'] or ''} {record['title']}".strip(),
        text=word.strip() or _("%(name)s shares this record with you.", name=str(person)),
        by_name=str(person),
    )
    return _store(person, form, record, SHARED, invited, word, told)


def withdraw(person: User, form: LiveForm, record_id: str | ObjectId, whom: str | ObjectId) -> Document:
    """Close a record to somebody who was invited to it; return it as it is stored then.

    Raises what `share` raises; ConflictError where it is not open to them that way any more.
    """
    record = access.fetch(person, form, record_id, Action.SHARE)
    wanted = access.object_id(whom)
    if wanted not in record.get("invited", ()):
        raise ConflictError(_("This record is not shared with them any more."), current=record)
    return _store(person, form, record, UNSHARED, [wanted], "", [])


def _readers(form: LiveForm, people: Iterable[str | ObjectId]) -> list[ObjectId]:
    """Return the ids of people who may be invited. Raises InvalidError."""
    wanted = list(dict.fromkeys(ObjectId(one) for one in people if ObjectId.is_valid(one)))
    if not wanted:
        raise InvalidError({"people": [_("Choose at least one person.")]})
    if len(wanted) > MAX_AT_ONCE:
        raise InvalidError({"people": [_("At most %(max)s at once.", max=MAX_AT_ONCE)]})
    known = {one.id: one for one in User.objects(id__in=wanted, active=True)}
    for one in wanted:
        if one not in known:
            raise InvalidError({"people": [_("This no longer exists or cannot be chosen.")]})
        if not access.permitted(known[one], form.key, Action.SEE):
            name = str(known[one])
            raise InvalidError({"people": [_("No role lets %(name)s see records of this form.", name=name)]})
    return wanted


def _store(
    person: User,
    form: LiveForm,
    before: Document,
    action: str,
    people: Sequence[ObjectId],
    word: str,
    told: list[Document],
) -> Document:
    actor = Actor.of(person)
    record = {**before, "revision": before["revision"] + 1, "updated_at": now(), "updated_by": actor.id}
    change = step(actor, form, before, record, action, source="screen", reason=word)
    change.facts[f"{action}_with"] = list(people)
    change.effects.extend(told)
    operator: Document = {"$addToSet": {"invited": {"$each": list(people)}}}
    if action == UNSHARED:
        operator = {"$pullAll": {"invited": list(people)}}
    commit([change], _written(actor, form, change.record, action, people, operator))
    return change.record


def _written(
    actor: Actor,
    form: LiveForm,
    record: Document,
    action: str,
    people: Sequence[ObjectId],
    operator: Document,
) -> Callable[[ClientSession], None]:
    """Return what belongs into the transaction besides the revision, which leaves `invited` alone."""

    def write(session: ClientSession) -> None:
        form.records().update_one({"_id": record["_id"]}, operator, session=session)
        audit.note(
            f"record.{action}",
            actor=actor,
            subject=str(record["number"] or record["title"] or record["_id"]),
            details={"form": form.key, "record": record["_id"], "people": list(people)},
            session=session,
        )

    return write
