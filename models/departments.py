"""The tree of departments: checked when it changes, retired instead of deleted once it is in use."""

from collections.abc import Iterator

from bson import ObjectId

from models.database import db
from models.errors import InUseError, InvalidError
from models.forms import LiveForm, live_forms
from models.messages import _
from models.people import Department, User

MAX_DEPTH = 10


def tree() -> list[tuple[int, Department]]:
    """Return every department with its depth, in the order a tree is read."""
    children: dict[ObjectId | None, list[Department]] = {}
    everything = list(Department.objects.select_related())
    known = {department.id for department in everything}
    for department in everything:
        parent = department.parent.id if department.parent and department.parent.id in known else None
        children.setdefault(parent, []).append(department)
    return list(_walk(children, None, 0))


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
    if department.parent and department.id and department.parent.id in below(department):
        errors["parent"] = [_("A department cannot be part of itself.")]
    if department.head and not User.objects(id=department.head, active=True):
        errors["head"] = [_("This person cannot sign in any more.")]
    if department.retired and department.id and _has_members(department):
        errors["retired"] = [_("People or departments still belong to it. Move them first.")]
    if not (department.name.zh or department.name.en):
        errors["name"] = [_("This is needed.")]
    if errors:
        raise InvalidError(errors)


def save(department: Department) -> None:
    """Store a department. Raises InvalidError beside the field."""
    check(department)
    department.save()


def delete(department: Department) -> None:
    """Delete a department that nothing ever used. Raises InUseError otherwise: retire it."""
    if in_use(department):
        raise InUseError(_("This department is in use. Retire it instead."))
    department.delete()


def _has_members(department: Department) -> bool:
    return bool(
        User.objects(department=department, active=True).first()
        or Department.objects(parent=department, retired=False).first()
    )


def in_use(department: Department) -> bool:
    """Tell whether a person, another department or any record refers to it."""
    if User.objects(department=department).first() or Department.objects(parent=department).first():
        return True
    return any(_records_refer(form.collection, paths, department.id) for form, paths in _referring_paths())


def _referring_paths() -> Iterator[tuple[LiveForm, list[str]]]:
    for form in live_forms():
        fields = [f"data.{field.key}" for field in form.definition.fields if field.type == "department"]
        tables = [
            f"data.{field.key}.{column.key}"
            for field in form.definition.fields
            for column in field.fields
            if column.type == "department"
        ]
        yield form, ["department", *fields, *tables]


def _records_refer(collection: str, paths: list[str], department_id: ObjectId) -> bool:
    return any(db()[collection].find_one({path: department_id}, {"_id": 1}) for path in paths)
