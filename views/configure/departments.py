"""The tree of departments, with heads and deputies."""

from typing import Any

from bson import ObjectId
from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from models import calendars, departments, edits
from models.errors import ConflictError, InvalidError
from models.people import Department, Name, Permission, User
from views.configure.base import ConfigureView, Errors, attempt, posted, said, summary, unsaved_notice
from views.configure.people import found_department
from views.configure.reorganising import ReorganisingPages

ATTRIBUTES = ("code", "name", "parent", "head", "deputies", "calendar", "order", "retired")
LABELS = {
    "code": lazy_gettext("Code"),
    "name": lazy_gettext("Department name"),
    "parent": lazy_gettext("Part of"),
    "head": lazy_gettext("Head"),
    "deputies": lazy_gettext("Deputies"),
    "calendar": lazy_gettext("Working calendar"),
    "order": lazy_gettext("Order"),
    "retired": lazy_gettext("Retired"),
}
MAX_ORDER = 1_000_000


class DepartmentsView(ReorganisingPages, ConfigureView):
    """Departments: shown as a tree, edited one by one."""

    permissions = (Permission.CONFIGURE_DEPARTMENTS,)
    endpoint_name = "configure_departments"
    path = "/configure/departments"

    @expose("/")
    def index(self) -> str:
        """Show the tree."""
        tree = departments.tree()
        return self.page("departments.html", tree=tree, people=_names(tree), members=_members())

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> ResponseReturnValue:
        """Add a department."""
        parent = _chosen(Department, request.args.get("parent", ""))
        return self._edit(Department(code="", name=Name(), parent=parent))

    @expose("/<department_id>", methods=["GET", "POST"])
    def edit(self, department_id: str) -> ResponseReturnValue:
        """Change a department."""
        return self._edit(found_department(department_id))

    @expose("/<department_id>/delete", methods=["POST"])
    def delete(self, department_id: str) -> ResponseReturnValue:
        """Delete a department that was never used."""
        return attempt(
            url_for(".index"),
            _("The department is deleted."),
            departments.delete,
            found_department(department_id),
        )

    def _edit(self, department: Department) -> ResponseReturnValue:
        if request.method == "GET":
            return self._show(department, {}, edits.stamp(department, ATTRIBUTES))
        seen = posted("stamp", 64)
        errors = _read(department)
        try:
            if not errors:
                departments.store(department, ATTRIBUTES, seen=seen)
                return redirect(url_for(".index"))
        except InvalidError as error:
            errors = said(error)
        except ConflictError:
            errors = {"": unsaved_notice()}
            seen = edits.stamp(department, ATTRIBUTES)
        return self._show(department, errors, seen)

    def _show(self, department: Department, errors: Errors, seen: str) -> str:
        return self.page(
            "department.html",
            department=department,
            errors=errors,
            problems=summary(errors, {key: str(label) for key, label in LABELS.items()}),
            labels=LABELS,
            stamp=seen,
            tree=departments.tree(),
            inside=departments.below(department) if department.id else set(),
            people=_choosable(department),
            calendars=calendars.every(),
        )


def _read(department: Department) -> Errors:
    """Put what was posted into a department; return what does not even name something."""
    errors: Errors = {}
    department.code = posted("code", 20)
    department.name = Name(zh=posted("name_zh"), en=posted("name_en"))
    department.retired = "retired" in request.form
    department.parent = _reference(Department, "parent", errors)
    head = _reference(User, "head", errors)
    department.head = head.id if head else None
    department.deputies = [
        found.id for text in request.form.getlist("deputies")[:20] if (found := _chosen(User, text))
    ]
    department.calendar = posted("calendar", 60)
    order = posted("order", 8)
    if order.isascii() and order.removeprefix("-").isdigit() and abs(int(order)) <= MAX_ORDER:
        department.order = int(order)
    elif order:
        errors["order"] = _("Please enter a whole number.")
    return errors


def _reference(kind: Any, name: str, errors: Errors) -> Any:  # noqa: ANN401  (a document class)
    text = posted(name)
    found = _chosen(kind, text)
    if text and found is None:
        errors[name] = _("This does not exist any more.")
    return found


def _chosen(kind: Any, text: str) -> Any:  # noqa: ANN401  (a document class)
    return kind.objects(id=ObjectId(text)).first() if ObjectId.is_valid(text) else None


def _choosable(department: Department) -> list[User]:
    chosen = [one for one in (department.head, *department.deputies) if one]
    active = list(User.objects(active=True).only("name", "username").order_by("name").limit(2000))
    known = {user.id for user in active}
    return [
        *active,
        *User.objects(id__in=[one for one in chosen if one not in known]).only("name", "username"),
    ]


def _names(tree: list[tuple[int, Department]]) -> dict[ObjectId, str]:
    wanted = {one for _depth, department in tree for one in (department.head, *department.deputies) if one}
    return {user.id: str(user) for user in User.objects(id__in=list(wanted)).only("name", "username")}


def _members() -> dict[ObjectId, int]:
    stages = [{"$match": {"active": True}}, {"$group": {"_id": "$department", "count": {"$sum": 1}}}]
    return {one["_id"]: one["count"] for one in User._get_collection().aggregate(stages)}  # noqa: SLF001
