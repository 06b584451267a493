"""The Celery application. Messages carry ids; what there is to do stands in the database."""

from typing import Any

from celery import Celery

POLLING_SECONDS = 0.15
SWEEP_SECONDS = 5.0
SWEEP_EXPIRES_SECONDS = 60

celery = Celery("backoffice", include=["tasks.deliveries", "tasks.jobs", "tasks.sweeps"])
celery.conf.update(
    accept_content=["json"],
    task_serializer="json",
    result_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,  # MongoDB's broadcast collection is capped and may go deaf
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=2,  # who asks for a job does not wait long for a broker that is away
    task_default_queue="default",
    task_routes={
        "tasks.deliveries.*": {"queue": "default"},
        "tasks.jobs.*": {"queue": "jobs"},
        "tasks.sweeps.*": {"queue": "default"},
    },
    timezone="UTC",
    beat_schedule={
        "sweep": {
            "task": "tasks.sweeps.sweep",
            "schedule": SWEEP_SECONDS,
            "options": {"expires": SWEEP_EXPIRES_SECONDS},  # a weekend without a worker leaves no pile
        },
        "deliveries": {
            "task": "tasks.deliveries.send_due",
            "schedule": SWEEP_SECONDS,
            "options": {"expires": SWEEP_SECONDS},  # a slow server leaves no pile either
        },
    },
)


def configure(broker_url: str) -> Celery:
    """Point the application at its broker; without one it is MongoDB as a mere carrier.

    MongoDB's transport loses messages of a killed worker; that is harmless, because every job is a
    document that the sweep sends again.
    """
    options: dict[str, Any] = {}
    if broker_url.startswith("mongodb"):
        options = {"polling_interval": POLLING_SECONDS}
    celery.conf.update(broker_url=broker_url, broker_transport_options=options)
    return celery
