"""Carries out import jobs: first the dry run over all rows, then the run itself."""

from models import imports
from models.jobs import RunningJob


def check(job: RunningJob) -> None:
    """Read every row and say what would come of it, without writing any record."""
    imports.check(job)


def run(job: RunningJob) -> None:
    """Create and update the records."""
    imports.run(job)
