"""Carries out jobs: claims one, calls its handler, records what came of it."""

import os
import socket
from collections.abc import Callable

import structlog
from bson import ObjectId
from kombu.exceptions import OperationalError
from pymongo.errors import PyMongoError

from models import leaving, people_import, reorganising
from models.database import is_passing
from models.errors import DomainError
from models.jobs import CancelledError, Job, LeaseLostError, RunningJob
from models.ledger.stock_check import report as stock_check_report
from models.ledger.stock_check import running as stock_check
from models.messages import _
from models.reports import making
from models.reports.closing import running as report_closing
from tasks import audits, exports, imports, reports, retention
from tasks.app import celery

log = structlog.get_logger()

Handler = Callable[[RunningJob], None]
HANDLERS: dict[str, Handler] = {
    "audit_export": audits.export,
    "disposal": retention.dispose,
    "disposal_list": retention.export_list,
    "export": exports.run,
    "import_check": imports.check,
    "import": imports.run,
    leaving.JOB: leaving.hand_over,
    people_import.JOB: people_import.carry_out,
    reorganising.JOB: reorganising.carry_out,
    making.JOB: reports.run,
    report_closing.JOB: report_closing.carry_out,
    stock_check.JOB: stock_check.carry_out,
    stock_check_report.JOB: stock_check_report.run,
}


def dispatch(job: Job | ObjectId) -> None:
    """Tell the workers that there is a job; without a broker the sweep finds it."""
    job_id = job if isinstance(job, ObjectId) else job.id
    try:
        run_job.apply_async((str(job_id),), retry=False)
    except OperationalError:
        log.warning("job.not_dispatched", job=str(job_id))


@celery.task(name="tasks.jobs.run_job")  # type: ignore[misc]
def run_job(job_id: str) -> None:
    """Carry out one job. Safe to run twice: the second finds it taken or ended."""
    job = RunningJob.claim(ObjectId(job_id), f"{socket.gethostname()}:{os.getpid()}")
    if job is not None:
        carry_out(job)


def carry_out(job: RunningJob) -> None:
    """Run the handler of a claimed job and record the outcome, or that it goes on after a pause."""
    try:
        _attempt(job)
    except LeaseLostError:
        log.warning("job.lease_lost", job=str(job.id))
    except PyMongoError as error:
        if not is_passing(error):
            raise
        # it is taken up when its lease is over
        log.warning("job.outcome_not_recorded", job=str(job.id), error=repr(error))


def _attempt(job: RunningJob) -> None:
    try:
        HANDLERS[job.document["kind"]](job)
    except CancelledError:
        job.cancel()
    except LeaseLostError:
        raise
    except DomainError as error:
        job.fail(error.message)
    except Exception as error:
        if is_passing(error):
            log.warning("job.database_lost", job=str(job.id), error=repr(error))
            job.give_back()
            return
        log.exception("job.failed", job=str(job.id), kind=job.document["kind"])
        job.fail(
            _("Something went wrong. The administrator finds it in the log under %(id)s.", id=str(job.id))
        )
