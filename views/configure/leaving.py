"""Somebody leaves: what is still theirs on one page, who takes it over, and what came of it."""

from typing import TYPE_CHECKING, Final

from bson import ObjectId
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from models import account_access, accounts, edits, factors, leaving, people_import
from models.errors import ConflictError, InvalidError
from models.leaving import Fate, Plan
from models.people import User
from tasks.jobs import dispatch
from views.configure.base import Errors, posted, said, summary, unsaved_notice
from views.configure.job_page import job_page
from views.configure.people import found_user
from views.context import require_person

if TYPE_CHECKING:
    from views.configure.base import ConfigureView as _Base
else:
    _Base = object

KINDS: Final = {
    "tasks": lazy_gettext("Tasks and approvals"),
    "records": lazy_gettext("Open records"),
    "departments": lazy_gettext("Departments they lead"),
    "pieces": lazy_gettext("Property of customers in their hands"),
}
BY_NAME_ONLY: Final = frozenset({"pieces"})
"""What goes to nobody unless somebody is named for it: things have to be given from hand to hand."""
FATES: Final = {
    Fate.TASKS: (lazy_gettext("goes to the successor"), "blue"),
    Fate.RECORDS: (lazy_gettext("goes to the successor"), "blue"),
    Fate.DEPARTMENTS: (lazy_gettext("goes to the successor"), "blue"),
    Fate.PIECES: (lazy_gettext("to be returned or passed on"), "red"),
    Fate.ENDS: (lazy_gettext("ends"), "gray"),
    Fate.STAYS: (lazy_gettext("to be looked after"), "yellow"),
}
NOBODY: Final = "none"


class LeavingPages(_Base):
    """The pages below `/configure/users/<id>` about the end of an account, and what shuts people out."""

    @expose("/<user_id>/leaving", methods=["GET", "POST"])
    def leaving(self, user_id: str) -> ResponseReturnValue:
        """Show what somebody still holds; posted, their account ends and the rest is handed over."""
        user = found_user(user_id)
        if request.method == "GET":
            return self._leaving_page(user, {}, edits.stamp(user, accounts.USER_ATTRIBUTES))
        try:
            job = leaving.leave(require_person(), user, _plan(), seen=posted("stamp", 64))
        except InvalidError as error:
            errors = said(error)
        except ConflictError:
            errors = {"": unsaved_notice()}
        else:
            flash(_("%(name)s can no longer sign in.", name=user.name), "success")
            if job is None:
                return redirect(url_for(".leaving", user_id=user.id))
            dispatch(job)
            return redirect(url_for(".progress", job_id=job.id))
        user.active = True
        return self._leaving_page(user, errors, edits.stamp(user, accounts.USER_ATTRIBUTES))

    def _leaving_page(self, user: User, errors: Errors, seen: str) -> str:
        person = require_person()
        findings = leaving.look(person, user)
        others = User.objects(active=True, id__ne=user.id).only("name", "username").order_by("name")
        return self.page(
            "leaving.html",
            user=user,
            findings=findings,
            fates=FATES,
            kinds=KINDS,
            by_name_only=BY_NAME_ONLY,
            held=[one for one in findings if one.fate == Fate.PIECES],
            clearance_url=url_for("property.clearance", person_id=user.id),
            people=list(others.limit(5000)),
            successor=User.objects(id=user.successor).first() if user.successor else None,
            values=request.form,
            errors=errors,
            problems=summary(errors, {key: str(label) for key, label in KINDS.items()}),
            stamp=seen,
            is_self=user.id == person.id,
        )

    @expose("/<user_id>/return", methods=["POST"])
    def let_return(self, user_id: str) -> ResponseReturnValue:
        """Let somebody sign in again."""
        user = found_user(user_id)
        done = _("%(name)s can sign in again.", name=user.name)
        seen = edits.stamp(user, accounts.USER_ATTRIBUTES)
        return self.back(user, done, leaving.let_return, require_person(), user, seen=seen)

    @expose("/<user_id>/sign-out", methods=["POST"])
    def sign_out(self, user_id: str) -> ResponseReturnValue:
        """End every session of somebody."""
        user = found_user(user_id)
        done = _("Every session has ended.")
        return self.back(user, done, account_access.end_sessions, require_person(), user)

    @expose("/<user_id>/factors", methods=["POST"])
    def reset_factors(self, user_id: str) -> ResponseReturnValue:
        """Take the second factors of somebody away who lost them."""
        user = found_user(user_id)
        done = _("The second factors are gone; a new one can be added after the next sign-in.")
        return self.back(user, done, factors.reset, require_person(), user)

    @expose("/<user_id>/unlock", methods=["POST"])
    def unlock(self, user_id: str) -> ResponseReturnValue:
        """Let somebody try again who was locked out by wrong guesses."""
        user = found_user(user_id)
        return self.back(user, _("The account is unlocked."), account_access.unlock, require_person(), user)

    @expose("/<user_id>/unlink", methods=["POST"])
    def unlink(self, user_id: str) -> ResponseReturnValue:
        """End the link of an account with the company's sign-in service."""
        user = found_user(user_id)
        return self.back(user, _("The link has ended."), account_access.unlink, require_person(), user)

    @expose("/job/<job_id>")
    def progress(self, job_id: str) -> ResponseReturnValue:
        """Show how far a hand-over or an import of people is."""
        return job_page(self, job_id, {leaving.JOB, people_import.JOB})


def _plan() -> Plan:
    everything = posted("successor")
    chosen = {key: posted(key) or ("" if key in BY_NAME_ONLY else everything) for key in KINDS}
    return Plan(**{key: _id(text) for key, text in chosen.items()})


def _id(text: str) -> ObjectId | None:
    """Read a choice; what is no id at all is nobody who works here."""
    if text in {"", NOBODY}:
        return None
    return ObjectId(text) if ObjectId.is_valid(text) else ObjectId()
