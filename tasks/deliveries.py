"""Sends mails and messages to groups; what there is to send stands in the database."""

import structlog
from kombu.exceptions import OperationalError

from models.deliveries import carrying
from tasks.app import celery

log = structlog.get_logger()


@celery.task(name="tasks.deliveries.send_due")  # type: ignore[misc]
def send_due() -> None:
    """Send what is due. Safe to run twice at once: each delivery is claimed."""
    carrying.send_due()


def kick() -> None:
    """Ask for sending at once; without a broker the next beat does."""
    try:
        send_due.apply_async(retry=False)
    except OperationalError:
        log.warning("deliveries.not_kicked")
