"""Who may look at what of a duty: the record it is about, and what somebody else owes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bson import ObjectId

from models import access, delegations, directory
from models.database import Document, db
from models.directory import Directory
from models.people import User
from models.times import now


@dataclass(frozen=True)
class LedDepartment:
    """A department whose duties somebody may see, and how deep it lies under the topmost of them."""

    id: ObjectId
    name: Mapping[str, str]
    depth: int


def visible_records(person: User, found: Iterable[Document]) -> set[ObjectId]:
    """Return the records of some duties that a person may open; one query for each form."""
    by_form: dict[str, set[ObjectId]] = {}
    for duty in found:
        if duty["record"]:
            by_form.setdefault(duty["form"], set()).add(duty["record"])
    seen: set[ObjectId] = set()
    for form, ids in by_form.items():
        seen |= access.visible(person, form, ids)
    return seen


def approvals_of(person: User, wanted: Iterable[ObjectId]) -> list[Document]:
    """Return those of some duties that are open approvals a person is asked for, or stands in for."""
    represented = delegations.forms_by_person(person.id, now())
    query = {"_id": {"$in": list(wanted)}, "kind": "approval", "done_at": None}
    found = list(db().duties.find(query).sort([("due_sort", 1), ("rank", 1), ("_id", 1)]))
    for duty in found:
        duty["on_behalf_of"] = _on_behalf_of(duty, person.id, represented)
    return [duty for duty in found if duty["on_behalf_of"] or person.id in duty["people"]]


def _on_behalf_of(
    duty: Document, person: ObjectId, represented: Mapping[ObjectId, list[str]]
) -> ObjectId | None:
    if person in duty["people"]:
        return None
    absent = (one for one in duty["people"] if one in represented)
    return next((one for one in absent if not represented[one] or duty["form"] in represented[one]), None)


def may_see_owed_by(person: User, other: ObjectId) -> bool:
    """Tell whether somebody may see what another person owes: themselves, who leads them, administrators."""
    if not person.active:
        return False
    if person.id == other or person.is_administrator:
        return True
    with directory.batch() as known:
        return known.department_of(other) in known.led_by(person.id)


def departments_led(person: User) -> list[LedDepartment]:
    """Return the departments somebody leads, with those under them below each; administrators see all."""
    with directory.batch() as known:
        led = list(known.departments) if person.is_administrator else known.led_by(person.id)
        tops = [one for one in led if known.departments[one].get("parent") not in led]
        ordered = dict.fromkeys(below for top in tops for below in _tree(top, known))
        return [LedDepartment(one, _name(one, known), _depth(one, set(led), known)) for one in ordered]


def _tree(top: ObjectId, known: Directory) -> list[ObjectId]:
    """Return a department and what lies under it, each followed by its own."""
    found = [top]
    for one in known.below(top):
        if known.departments[one].get("parent") == top and one != top:
            found += _tree(one, known)
    return found


def _depth(department: ObjectId, led: set[ObjectId], known: Directory) -> int:
    return sum(one["_id"] in led for one in known.upwards(department)) - 1


def _name(department: ObjectId, known: Directory) -> Mapping[str, str]:
    about = known.departments[department]
    return about.get("name") or {"zh": about["code"], "en": about["code"]}
