"""`backoffice up`: all parts on one machine, under one supervisor."""

import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

import backoffice
from backoffice import settings as all_settings
from backoffice.mongod import EmbeddedMongo, MongodError
from backoffice.secret_files import SUFFIX
from backoffice.settings import Settings, variable
from backoffice.supervisor import AlreadyRunningError, Program, Supervisor, address, announce, hold, listen
from backoffice.usable import UnusableError
from models.errors import DomainError, InvalidError

READY_SECONDS: Final = 90.0
READY_TICK: Final = 0.05
WEB_ATTEMPTS: Final = 3
DATABASE_SECRETS: Final = ("mongodb_uri", "mongodb_password")
ROOT: Final = Path(backoffice.__file__).parent.parent


def run(settings: Settings, *, demo: bool) -> None:
    """Run everything until asked to stop.

    Raises:
        click.ClickException: the data or the port is taken, or a part does not start.

    """
    supervisor = Supervisor()
    try:
        with hold(settings.data_dir) as lock, listen(settings.host, settings.port) as listener:
            url = address(listener)
            announce(lock, url)
            try:
                complete = _start_database(supervisor, settings, demo=demo)
                _start_web(supervisor, complete, listener.fileno())
                _wait_until_ready(supervisor, url)
                _start_workers(supervisor, complete)
                supervisor.run()
            finally:
                supervisor.stop()
    except InvalidError as error:
        said = [f"{place}: {text}" for place, texts in error.errors.items() for text in texts]
        raise click.ClickException("\n".join(said)) from None
    except (AlreadyRunningError, MongodError, DomainError, UnusableError) as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        return


def _start_database(supervisor: Supervisor, settings: Settings, *, demo: bool) -> Settings:
    """Start MongoDB unless there is one, prepare the data, and return settings that name the database."""
    mongo = None if settings.mongodb_uri else EmbeddedMongo(settings.data_dir)
    if mongo is not None:
        supervisor.keep("mongod", mongo)
        settings = all_settings.load(**settings.model_dump() | {"mongodb_uri": mongo.uri})
    _prepare(settings, mongo, demo=demo)
    return settings


def _start_web(supervisor: Supervisor, settings: Settings, listener: int) -> None:
    supervisor.keep("web", _program(settings, "web", "--listener", str(listener), handles=[listener]))


def _start_workers(supervisor: Supervisor, settings: Settings) -> None:
    """Start what carries out jobs; after the web server, because people wait for that and jobs can wait."""
    if supervisor.stopping:
        return
    supervisor.keep("worker", _program(settings, "worker", "--queue", "jobs"))
    # Effects and sweeps have a worker of their own: two long exports must not hold up a deadline.
    effects = _program(settings, "worker", "--queue", "default", "--concurrency", "1")
    supervisor.keep("effects", effects)
    supervisor.keep("beat", _program(settings, "beat"))


def _program(settings: Settings, *arguments: str, handles: Sequence[int] = ()) -> Program:
    command = [sys.executable, "-P", "-m", "backoffice", *arguments]
    return Program(command, _environment(settings), handles)


def _prepare(settings: Settings, mongo: EmbeddedMongo | None, *, demo: bool) -> None:
    # Imported here because the database starts meanwhile, and a second `up` needs none of it to say no.
    from backoffice.preparation import connected_and_prepared  # noqa: PLC0415

    if mongo is not None:
        mongo.wait_until_writable()
    connected_and_prepared(settings, click.echo, demo=demo)


def _environment(settings: Settings) -> dict[str, str]:
    """Return the environment of the parts: ours, with the database and the folder that we chose."""
    apart = {variable("mongodb_password"), *(variable(name) + SUFFIX for name in DATABASE_SECRETS)}
    kept = {name: value for name, value in os.environ.items() if name not in apart}
    return kept | {
        variable("mongodb_uri"): settings.mongodb_uri,
        variable("data_dir"): str(settings.data_dir.absolute()),
        variable("host"): settings.host,
        variable("port"): str(settings.port),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    }


def _wait_until_ready(supervisor: Supervisor, url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not supervisor.stopping and not _answers(url):
        if supervisor.launches("web") > WEB_ATTEMPTS or time.monotonic() > deadline:
            message = "The web server does not start; the lines above say why."
            raise click.ClickException(message)
        supervisor.tick(READY_TICK)
    if not supervisor.stopping:
        click.echo(f"ready {url}")


def _answers(url: str) -> bool:
    # Our own address, asked directly: a proxy of the environment is for other machines.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004  (ready)
    except (urllib.error.URLError, OSError):
        return False
