"""The web server: gunicorn with threads around the application."""

import gc
import signal
from pathlib import Path
from typing import Any, Final

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker
from prometheus_client import multiprocess

from backoffice import lifeline
from backoffice.app import create_app
from backoffice.settings import Settings
from models import database
from tasks.app import configure

MEMORY_FOLDER: Final = Path("/dev/shm")  # noqa: S108  (gunicorn's heartbeat file; a disk could block it)
LONGEST_ADDRESS: Final = 8_190  # a filter travels in the address
REQUEST_SECONDS: Final = 120
STOP_SECONDS: Final = 15


class PlainLogger(Logger):  # type: ignore[misc]
    """Gunicorn's log lines through our own logging; we write the line about each request ourselves."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401  (as gunicorn has it)
        """Leave the handlers to the root logger."""
        self.cfg = cfg
        self.error_log.propagate = True

    def access(self, *_args: object, **_named: object) -> None:
        """Write nothing: `backoffice.logs` does."""


class WebServer(BaseApplication):  # type: ignore[misc]
    """Gunicorn, configured from our settings."""

    def __init__(self, settings: Settings, listener: int | None = None) -> None:
        """Take the settings, and the number of an open socket to listen on instead of host and port."""
        self.settings = settings
        self.listener = listener
        super().__init__()

    def load_config(self) -> None:
        """Translate our settings."""
        for name, value in self._options().items():
            self.cfg.set(name, value)

    def _options(self) -> dict[str, Any]:
        settings = self.settings
        address = f"[{settings.host}]" if ":" in settings.host else settings.host
        return {
            "bind": f"{address}:{settings.port}" if self.listener is None else f"fd://{self.listener}",
            "workers": settings.web_workers,
            "threads": settings.web_threads,
            "worker_class": "gthread",
            "timeout": REQUEST_SECONDS,
            "graceful_timeout": STOP_SECONDS,
            "keepalive": 5,
            "limit_request_line": LONGEST_ADDRESS,
            "worker_tmp_dir": str(MEMORY_FOLDER) if MEMORY_FOLDER.is_dir() else None,
            "logger_class": PlainLogger,
            "control_socket_disable": True,
            "forwarded_allow_ips": "",  # which proxies are believed is TRUSTED_PROXIES' business alone
            "proc_name": "backoffice-web",
            "post_fork": _after_fork,
            "child_exit": _after_exit,
        }

    def load(self) -> Flask:
        """Make the application in a worker: a connection to MongoDB must not be shared across a fork.

        What is there by then stays: to look for garbage in it would hold up every request.
        """
        configure(self.settings.broker)
        database.connect(self.settings.mongodb_uri, self.settings.mongodb_database)
        app = create_app(self.settings)
        gc.freeze()
        return app


def _after_fork(arbiter: Arbiter, _worker: Worker) -> None:
    lifeline.tie_to_parent(arbiter.pid, signal.SIGKILL)


def _after_exit(_arbiter: Arbiter, worker: Worker) -> None:
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def serve(settings: Settings, listener: int | None = None) -> None:
    """Serve until stopped."""
    WebServer(settings, listener).run()
