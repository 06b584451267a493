"""The tree of departments: checked when it changes, retired instead of deleted once it is in use."""

from collections.abc import Iterator, Sequence

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import audit, edits, staffing
from models.audit.differences import said_of_department
from models.database import db, in_transaction
from models.errors import InUseError, InvalidError
from models.forms import collection_name
from models.messages import Message, _
from models.people import Department, User

MAX_DEPTH = 10


def tree() -> list[tuple[int, Department]]:
    """Return every department with its depth, in the order a tree is read."""
    children: dict[ObjectId | None, list[Department]] = {}
    everything = list(Department.objects)
    by_id = {department.id: department for department in everything}
    parents = {found["_id"]: found.get("parent") for found in db().departments.find({}, {"parent": 1})}
    for department in everything:
        department.parent = by_id.get(parents.get(department.id))  # without asking for each of them
        children.setdefault(department.parent and department.parent.id, []).append(department)
    found = list(_walk(children, None, 0))
    seen = {department.id for _depth, department in found}
    lost = [department for department in everything if department.id not in seen]
    return found + [(0, department) for department in lost]  # two who moved at once made a circle


def _walk(
    children: dict[ObjectId | None, list[Department]], parent: ObjectId | None, depth: int
) -> Iterator[tuple[int, Department]]:
    for department in children.get(parent, ()):
        yield depth, department
        yield from _walk(children, department.id, depth + 1)


def below(department: Department) -> set[ObjectId]:
    """Return the ids of a department and everything under it."""
    found: set[ObjectId] = {department.id}
    newest = found
    while newest:
        newest = {
            child["_id"] for child in db().departments.find({"parent": {"$in": list(newest)}}, {"_id": 1})
        }
        newest -= found
        found |= newest
    return found


def check(department: Department) -> None:
    """Refuse a tree that bites its tail, heads who left, and a retired department with people in it."""
    errors = {}
    if problem := _misplaced(department, department.parent):
        errors["parent"] = [problem]
    if department.merged_into and not department.retired:
        errors["retired"] = [_("It was merged into another department; that cannot be undone.")]
    if department.head and not User.objects(id=department.head, active=True):
        errors["head"] = [_("This person cannot sign in any more.")]
    if department.retired and department.id and _has_members(department):
        errors["retired"] = [_("People or departments still belong to it. Move them first.")]
    if department.calendar and not db().calendars.find_one({"_id": department.calendar}, {"_id": 1}):
        errors["calendar"] = [_("This does not exist any more.")]
    if not (department.name.zh or department.name.en):
        errors["name"] = [_("This is needed.")]
    if errors:
        raise InvalidError(errors)


def check_place(department: Department, parent: Department | None) -> None:
    """Raise InvalidError beside `parent` unless a department, with everything below it, fits there."""
    if problem := _misplaced(department, parent):
        raise InvalidError({"parent": [problem]})


def _misplaced(department: Department, parent: Department | None) -> Message | None:
    if parent is None:
        return None
    if department.id and parent.id in below(department):
        return _("A department cannot be part of itself.")
    if _levels_above(parent) + _levels_below(department) > MAX_DEPTH:
        return _("The tree has at most %(max)s levels.", max=MAX_DEPTH)
    return None


def _levels_above(parent: Department) -> int:
    """Count a department and what it is part of."""
    seen: set[ObjectId] = set()
    at: ObjectId | None = parent.id
    while at and at not in seen:
        seen.add(at)
        found = db().departments.find_one({"_id": at}, {"parent": 1})
        at = found.get("parent") if found else None
    return len(seen)


def _levels_below(department: Department) -> int:
    """Count the levels of a department with everything under it."""
    levels, newest, seen = 0, [department.id], set[ObjectId]()
    while newest:
        levels += 1
        seen.update(newest)
        children = db().departments.find({"parent": {"$in": newest}}, {"_id": 1}) if newest != [None] else ()
        newest = [child["_id"] for child in children if child["_id"] not in seen]
    return levels


def save(department: Department) -> None:
    """Store a department. Raises InvalidError beside the field."""
    check(department)
    department.save()


def store(department: Department, names: Sequence[str], *, seen: str) -> None:
    """Store some attributes of a department; whoever leads it from now on owes what its head owes.

    Args:
        department: with its new values.
        names: the attributes that may have changed.
        seen: `edits.stamp` of what the person was looking at.

    Raises:
        InvalidError: beside what was refused.
        ConflictError: someone else saved first.
    """
    check(department)

    before = Department.objects(id=department.id).first() if department.id else None

    def write(session: ClientSession) -> None:
        edits.store(department, names, seen=seen, session=session)
        staffing.changed(session)
        details = audit.difference(said_of_department(before), said_of_department(department))
        event = "department.changed" if before else "department.created"
        if details:
            audit.note(event, subject=str(department), details=details, session=session)

    in_transaction(write)


def delete(department: Department) -> None:
    """Delete a department that nothing ever used. Raises InUseError otherwise: retire it."""
    if in_use(department):
        raise InUseError(_("This department is in use. Retire it instead."))
    department.delete()
    audit.note("department.deleted", subject=str(department), details={"code": department.code})


def _has_members(department: Department) -> bool:
    return bool(
        User.objects(department=department, active=True).first()
        or Department.objects(parent=department, retired=False).first()
    )


def in_use(department: Department) -> bool:
    """Tell whether a person, another department or any record refers to it."""
    if User.objects(department=department).first() or Department.objects(parent=department).first():
        return True
    return any(_records_refer(form, paths, department.id) for form, paths in _referring_paths())


def _referring_paths() -> Iterator[tuple[str, list[str]]]:
    """Yield each form with every place that holds a department, or held one in an earlier version."""
    for form in db().forms.find({}, {"field_types": 1}):
        fields = [
            f"data.{path.replace('/', '.')}"
            for path, kind in form.get("field_types", {}).items()
            if kind == "department"
        ]
        yield form["_id"], ["department", *fields]


def _records_refer(form: str, paths: list[str], department_id: ObjectId) -> bool:
    refers = {"$or": [{path: department_id} for path in paths]}
    return db()[collection_name(form)].find_one(refers, {"_id": 1}) is not None
