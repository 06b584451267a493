"""Disposal of records, and its lists as workbooks."""

from models.jobs import RunningJob
from models.retention import carrying_out, sheet


def dispose(job: RunningJob) -> None:
    """Remove what an approved list names."""
    carrying_out.run(job)


def export_list(job: RunningJob) -> None:
    """Write a list into a workbook."""
    sheet.run(job)
