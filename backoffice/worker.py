"""The Celery side: a worker that carries out jobs and effects, and the beat that makes it sweep."""

import socket
import warnings
from typing import Any, Final

from celery import signals
from celery.exceptions import SecurityWarning

from backoffice import logs, outside, texts
from backoffice.settings import Settings
from models import database
from tasks.app import celery, configure

QUEUES: Final = ("jobs", "default")


def run_worker(settings: Settings, queues: tuple[str, ...], concurrency: int) -> int:
    """Work until stopped; return the exit status.

    Args:
        settings: where database and broker are.
        queues: `jobs` for exports and imports, `default` for effects and sweeps.
        concurrency: how many at a time; 1 works in this very process.

    """
    _prepare(settings)
    pool = "prefork" if concurrency > 1 else "solo"
    if pool == "solo":
        _connect(settings)
    else:
        signals.worker_process_init.connect(lambda **_: _connect(settings), weak=False)
    worker: Any = celery.Worker(
        hostname=f"{'-'.join(queues)}@{socket.gethostname()}",
        queues=list(queues),
        concurrency=concurrency,
        pool=pool,
        without_mingle=True,  # nobody answers: remote control is off
        without_gossip=True,
        without_heartbeat=True,
        quiet=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


def run_beat(settings: Settings) -> None:
    """Ask for a sweep every few seconds until stopped.

    It remembers nothing: what is due stands in the database, so a second one or a restart does no harm.
    """
    _prepare(settings)
    beat: Any = celery.Beat(scheduler_cls="tasks.beat:SteadyScheduler", quiet=True)
    beat.run()


def _prepare(settings: Settings) -> None:
    signals.setup_logging.connect(
        lambda **_: logs.configure(settings.log_format, settings.log_level), weak=False
    )
    logs.configure(settings.log_format, settings.log_level)
    # Celery warns of root because pickled messages could run anything; ours are JSON and hold ids.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    texts.install()
    outside.install(settings)
    configure(settings.broker).conf.export_days = settings.export_days


def _connect(settings: Settings) -> None:
    database.connect(settings.mongodb_uri, settings.mongodb_database)
