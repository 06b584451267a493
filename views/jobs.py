"""Exports and imports: how far they are, what came of them."""

from bson import ObjectId
from flask import Response, jsonify, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from models import exports, jobs, people_import
from models.access import Action, require
from models.errors import NotFoundError
from models.jobs import Job
from models.ledger.stock_check import report as stock_check
from models.ledger_reports import running as reports
from models.people import Permission, User
from models.permissions import require_permission
from models.reports import making
from views import downloads
from views.admin import Screen
from views.context import current_timezone, require_person, say
from views.unknown_names import unknown_names

_PERMISSIONS = {
    "audit_export": Permission.AUDIT_READ,
    "disposal_list": Permission.RETENTION_MANAGE,
}
"""What somebody must still hold to take what a job made that is not about the records of one form."""


class Jobs(Screen):
    """The jobs of whoever is signed in."""

    def __init__(self) -> None:
        super().__init__(name="jobs", endpoint="jobs", url="/jobs")

    @expose("/")
    def index(self) -> str:
        """List one's own jobs."""
        found = jobs.of_owner(require_person())
        return str(self.render("jobs/list.html", jobs=found, timezone=current_timezone()))

    @expose("/<job_id>")
    def job_view(self, job_id: str) -> str:
        """Show one job."""
        job = self._job(job_id)
        asked = list(unknown_names(job)) if job.kind == "import_check" else []
        return str(self.render("jobs/job.html", job=job, asked=asked, timezone=current_timezone()))

    @expose("/<job_id>/state")
    def state_view(self, job_id: str) -> Response:
        """Return how far a job is, for the page that watches it."""
        job = self._job(job_id)
        return jsonify(
            state=job.state,
            done=job.done,
            total=job.total,
            percent=job.percent,
            error=say(job.message) if job.message else "",
        )

    @expose("/<job_id>/cancel", methods=("POST",))
    def cancel_view(self, job_id: str) -> ResponseReturnValue:
        """Ask a job to stop."""
        jobs.request_cancel(jobs.get_own(require_person(), _id(job_id)))
        return redirect(url_for(".job_view", job_id=job_id))

    @expose("/<job_id>/download")
    def download_view(self, job_id: str) -> Response:
        """Send what a job made to its owner, who must still have the right to it."""
        person = require_person()
        job = jobs.get_own(person, _id(job_id))
        if job.file is None or job.kind == people_import.JOB:  # passwords are handed over on their own page
            raise NotFoundError
        _require_result(person, job)
        jobs.note_download(person, job)
        return downloads.send(job.file)

    @staticmethod
    def _job(job_id: str) -> Job:
        return jobs.get_for(require_person(), _id(job_id))


def _require_result(person: User, job: Job) -> None:
    """Raise ForbiddenError, or NotFoundError, unless a person still has the right to what a job made."""
    if job.kind in _PERMISSIONS:
        require_permission(person, _PERMISSIONS[job.kind])
    elif job.kind == "export":
        (reports if reports.is_report(job.params) else exports).require_download(person, job)
    elif job.kind == making.JOB:
        making.require_download(person, job)
    elif job.kind == stock_check.JOB:
        stock_check.require_download(person, job)
    else:
        require(person, job.form, Action.IMPORT)


def _id(text: str) -> ObjectId:
    if not ObjectId.is_valid(text):
        raise NotFoundError
    return ObjectId(text)
