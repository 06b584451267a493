"""Telling the workers that there is work. The work itself is in the database already."""

from typing import Any

import structlog
from kombu.exceptions import OperationalError

log = structlog.get_logger()


def send_quietly(task: Any, *arguments: Any) -> None:  # noqa: ANN401  (a Celery task and JSON)
    """Send a task; without a broker the sweep does it a few seconds later."""
    try:
        task.apply_async(arguments, retry=False)
    except OperationalError:
        log.warning("task.not_sent", task=task.name)
