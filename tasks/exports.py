"""Carries out export jobs."""

from datetime import timedelta

from models import exports
from models.jobs import RunningJob
from tasks.app import celery

DEFAULT_DAYS = 7


def run(job: RunningJob) -> None:
    """Write the list a person asked for into a file, and keep it for some days."""
    exports.run(job, keep=timedelta(days=celery.conf.get("export_days", DEFAULT_DAYS)))
