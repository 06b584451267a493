"""Moving and merging departments: what it would do on one page, then it is done."""

from typing import TYPE_CHECKING

from bson import ObjectId
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from models import departments, directory, reorganising
from models.errors import ConflictError, InvalidError
from models.people import Department, User
from tasks.jobs import dispatch
from views.configure.base import Errors, posted, said
from views.configure.job_page import job_page
from views.configure.people import found_department
from views.context import current_language, require_person, say

if TYPE_CHECKING:
    from views.configure.base import ConfigureView as _Base
else:
    _Base = object

TOP = "top"


class ReorganisingPages(_Base):
    """The pages below `/configure/departments/<id>` that move and merge."""

    @expose("/<department_id>/move", methods=["GET", "POST"])
    def move(self, department_id: str) -> ResponseReturnValue:
        """Show what moving a department would do; posted, it moves."""
        department = found_department(department_id)
        wanted = request.values.get("parent", "")
        parent = _chosen(wanted)
        errors = _missing("parent", wanted, parent) if wanted != TOP else {}
        try:
            if request.method == "POST" and not errors:
                reason = posted("reason", 2000)
                reorganising.move(require_person(), department, parent, reason=reason)
                flash(_("The department has moved."), "success")
                return redirect(url_for(".index"))
            if wanted and not errors:
                reorganising.check_move(department, parent)
        except (InvalidError, ConflictError) as error:
            errors = _told(error)
        return self._reorganising_page("department_move.html", department, parent, wanted, errors)

    @expose("/<department_id>/merge", methods=["GET", "POST"])
    def merge(self, department_id: str) -> ResponseReturnValue:
        """Show what merging a department into another would do; posted, it is done."""
        department = found_department(department_id)
        wanted = request.values.get("target", "")
        target = _chosen(wanted)
        errors = _missing("target", wanted, target)
        try:
            if request.method == "POST" and target is not None:
                return self._merge(department, target)
            if target is not None:
                reorganising.check_merge(department, target)
        except (InvalidError, ConflictError) as error:
            errors = _told(error)
        return self._reorganising_page("department_merge.html", department, target, wanted, errors)

    @staticmethod
    def _merge(department: Department, target: Department) -> ResponseReturnValue:
        everything, reason = posted("which") != "open", posted("reason", 2000)
        job = reorganising.merge(require_person(), department, target, everything=everything, reason=reason)
        dispatch(job)
        return redirect(url_for(".progress", job_id=job.id))

    def _reorganising_page(
        self, template: str, department: Department, other: Department | None, wanted: str, errors: Errors
    ) -> str:
        moving = template == "department_move.html"
        language = current_language()
        return self.page(
            template,
            department=department,
            other=other,
            wanted=wanted,
            errors=errors,
            tree=departments.tree(),
            inside=departments.below(department),
            seen=reorganising.preview(department, with_below=moving, language=language),
            leads_now=_leads(department.parent if moving else department),
            leads_then=_leads(other),
            reason=request.form.get("reason", "")[:2000],
            which=request.form.get("which", "all"),
        )

    @expose("/job/<job_id>")
    def progress(self, job_id: str) -> ResponseReturnValue:
        """Show how far a merge is."""
        return job_page(self, job_id, {reorganising.JOB})


def _chosen(text: str) -> Department | None:
    found: Department | None = (
        Department.objects(id=ObjectId(text)).first() if ObjectId.is_valid(text) else None
    )
    return found


def _missing(name: str, wanted: str, found: Department | None) -> Errors:
    if found is None and (wanted or request.method == "POST"):
        return {name: _("This does not exist any more.") if wanted else _("This is needed.")}
    return {}


def _told(error: InvalidError | ConflictError) -> Errors:
    if isinstance(error, InvalidError):
        return said(error)
    return {"": say(error.message)}


def _leads(department: Department | None) -> User | None:
    """Return who leads a department, as procedures ask."""
    found = directory.current().head(department.id) if department else None
    person: User | None = User.objects(id=found).first() if found else None
    return person
