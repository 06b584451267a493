"""When a signer leaves: their deputy or head is asked in their place, and the administrators are told."""

from bson import ObjectId

from models import directory
from models.approvals import queries, signers
from models.approvals.sitting import Outcome, Sitting, hold
from models.database import Document, db
from models.directory import Directory
from models.errors import ConflictError, NotFoundError
from models.people import Actor
from models.who import Substitution


def replace_person(person: ObjectId) -> int:
    """Put others in the place of a signer who left, in every open approval; return in how many.

    Safe to run twice. Steps that are still to come resolve their people when they are asked.
    """
    waiting = db().approvals.find({"steps.signers.person": person, "status": "open"}, {"_id": 1})
    return sum(_replace(found["_id"], person) for found in list(waiting))


def _replace(approval_id: ObjectId, person: ObjectId) -> bool:
    if not _live(queries.get(approval_id), person):
        return False
    try:
        hold(Actor.system(), approval_id, lambda sitting: _instead(sitting, person), source="system")
    except (ConflictError, NotFoundError):  # decided, left or deleted meanwhile
        return False
    return True


def _live(approval: Document, person: ObjectId) -> list[Document]:
    step = signers.current_step(approval)
    return [one for one in step["signers"] if one["person"] == person and one["status"] in signers.LIVE]


def _instead(sitting: Sitting, person: ObjectId) -> Outcome:
    places = _live(sitting.after, person)
    if not places:
        raise ConflictError
    known = directory.current()
    by = _stand_ins(sitting.before, person, known)
    facts: Document = {
        "step": sitting.step["key"],
        "label": sitting.step["label"],
        "person": person,
        "name": known.name(person),
        "instead": by,
    }
    for place in places:
        _put(sitting, place, by)
    signers.wake(sitting.step, sitting.at)
    substitution = Substitution(person, tuple(by), known.department_of(person))
    return Outcome("signer_replaced", facts, substitutions=[substitution])


def _stand_ins(approval: Document, person: ObjectId, known: Directory) -> list[ObjectId]:
    """Return who signs in the place of somebody who left, but not about their own work."""
    stand_in = known.substitute(person)
    starter = approval["started_by"]
    if stand_in is not None and queries.is_own_work(approval, stand_in):
        stand_in = known.superior(stand_in)
    if stand_in is not None:
        return [stand_in]
    own_work = approval["own_work"]
    return [one for one in known.administrators if own_work or one != starter] or known.administrators


def _put(sitting: Sitting, place: Document, by: list[ObjectId]) -> None:
    """Ask others in a signer's place, except those who are asked in this step anyway."""
    live = {one["person"]: one for one in sitting.step["signers"] if one["status"] in signers.LIVE}
    for one in by:
        if one in live and place["required"]:
            live[one]["required"] = True
    place["at"] = None
    signers.hand_over(sitting.step, place, [one for one in by if one not in live])
