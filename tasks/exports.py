"""Carries out export jobs."""

from datetime import timedelta

from models import exports
from models.jobs import RunningJob
from models.ledger_reports import running as reports
from tasks.app import celery

DEFAULT_DAYS = 7


def run(job: RunningJob) -> None:
    """Write the list or the report a person asked for into a file, and keep it for some days."""
    carry_out = reports.run if reports.is_report(job.params) else exports.run
    carry_out(job, keep=timedelta(days=celery.conf.get("export_days", DEFAULT_DAYS)))
