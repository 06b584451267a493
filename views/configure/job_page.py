"""How far a job of the administration is: a hand-over, an import of people, a merge of departments."""

from collections.abc import Container

from bson import ObjectId

from models import jobs
from models.errors import NotFoundError
from views.configure.base import ConfigureView
from views.context import current_timezone, require_person


def job_page(view: ConfigureView, job_id: str, kinds: Container[str]) -> str:
    """Show a job of some kinds to whoever asked for it. Raises NotFoundError, ForbiddenError."""
    if not ObjectId.is_valid(job_id):
        raise NotFoundError
    job = jobs.get_own(require_person(), ObjectId(job_id))
    if job.kind not in kinds:
        raise NotFoundError
    return view.page("job.html", job=job, timezone=current_timezone())
