"""The audit log as a workbook."""

from models.audit import exporting
from models.jobs import RunningJob


def export(job: RunningJob) -> None:
    """Write the workbook that was asked for."""
    exporting.run(job)
