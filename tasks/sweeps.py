"""What must happen even when a message was lost: any worker may sweep, at any time, twice at once."""

from collections.abc import Callable

import structlog

from models import clocks, deliveries, files, jobs, numbering, outbox
from models import password_resets as _password_resets  # noqa: F401  (its effects are carried out here)
from models import reassigning as _reassigning  # noqa: F401  (its effects are carried out here)
from models.audit import chain as audit
from models.database import end_abandoned_transactions, is_passing
from models.deliveries import digest
from models.ledger import following as _following  # noqa: F401  (its effects are carried out here)
from models.ledger import queueing
from models.ledger import taking_over as _taking_over  # noqa: F401  (its effects are carried out here)
from models.reports import scheduling
from models.retention import audit_log
from tasks.app import celery
from tasks.deliveries import kick
from tasks.jobs import dispatch

log = structlog.get_logger()


@celery.task(name="tasks.sweeps.sweep")  # type: ignore[misc]
def sweep() -> None:
    """Send lost jobs again, carry out due effects, remove what expired; what fails holds up nothing else."""
    for step in STEPS:
        try:
            step()
        except Exception as error:
            if is_passing(error):
                raise  # the database is gone for all of them
            log.exception("sweep.failed", step=step.__name__)


def dispatch_lost() -> None:
    """Send jobs again whose message or worker was lost."""
    for job_id in jobs.due_for_dispatch():
        log.info("job.dispatched_again", job=str(job_id))
        dispatch(job_id)


def begin_reports() -> None:
    """Begin the reports whose time has come."""
    for job_id in scheduling.sweep():
        dispatch(job_id)


STEPS: tuple[Callable[[], object], ...] = (
    end_abandoned_transactions,
    dispatch_lost,
    begin_reports,
    clocks.sweep,
    clocks.ensure_schedules,
    queueing.sweep,
    outbox.carry_out_due,
    digest.write_due,
    deliveries.give_up_old,
    jobs.expire,
    files.sweep_unclaimed,
    numbering.void_abandoned,
    audit.tell_newest,
    audit_log.prune_due,
)


@celery.task(name="tasks.sweeps.carry_out_effects")  # type: ignore[misc]
def carry_out_effects() -> None:
    """Carry out what a change just put into the outbox, and send the jobs that it asked for."""
    if outbox.carry_out_due():
        kick()
    dispatch_lost()
