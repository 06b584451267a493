"""Carries out report jobs."""

from datetime import timedelta

from models.jobs import RunningJob
from models.reports import scheduling
from tasks.app import celery
from tasks.exports import DEFAULT_DAYS


def run(job: RunningJob) -> None:
    """Write the workbook that a person asked for, and keep it for some days."""
    scheduling.run(job, keep=timedelta(days=celery.conf.get("export_days", DEFAULT_DAYS)))
