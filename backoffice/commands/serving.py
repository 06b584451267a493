"""`up`: everything on one machine. `web`, `worker`, `beat`: the parts, one by one."""

import os
import sys
from pathlib import Path

import click
import structlog

from backoffice import logs
from backoffice import settings as all_settings
from backoffice.settings import Settings, variable

QUEUES = ("jobs", "default")


@click.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one.")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="Folder that keeps everything."
)
@click.option("--demo", is_flag=True, help="Load a believable company with three years of complaints.")
def up(host: str | None, port: int | None, data: Path | None, *, demo: bool) -> None:
    """Run everything on this machine: database, web server, worker and beat."""
    # Imported here because only this command starts other programs.
    from backoffice.everything import run  # noqa: PLC0415

    chosen = all_settings.load(host=host, port=port, data_dir=data.absolute() if data else None)
    logs.configure(chosen.log_format, chosen.log_level)
    _advise(chosen)
    run(chosen, demo=demo)


@click.command()
@click.option("--listener", type=int, hidden=True, help="Number of an open socket, given by `up`.")
def web(listener: int | None) -> None:
    """Serve the web pages."""
    settings = _complete()
    _refuse_unusable(settings)
    if listener is None:  # else `up` has said it
        _advise(settings)
    # Where the processes of the server keep their figures must be known before the library is imported.
    import backoffice.web_metrics  # noqa: PLC0415, F401
    from backoffice.web import serve  # noqa: PLC0415

    serve(settings, listener)


@click.command()
@click.option(
    "--queue",
    "queues",
    type=click.Choice(QUEUES),
    multiple=True,
    default=QUEUES,
    help="What to carry out: `jobs` are exports and imports, `default` are effects and sweeps.",
)
@click.option("--concurrency", type=click.IntRange(1, 64), help="How many at a time.")
def worker(queues: tuple[str, ...], concurrency: int | None) -> None:
    """Carry out jobs and effects."""
    settings = _complete()
    _refuse_unusable(settings)
    # Imported here because the other commands have no use for Celery.
    from backoffice.worker import run_worker  # noqa: PLC0415

    sys.exit(run_worker(settings, queues, concurrency or settings.worker_concurrency))


@click.command()
def beat() -> None:
    """Make the workers look for due work every few seconds."""
    settings = _complete()
    # Imported here because the other commands have no use for Celery.
    from backoffice.worker import run_beat  # noqa: PLC0415

    run_beat(settings)


def _complete() -> Settings:
    """Return the settings of a part that stands on a database it does not start."""
    settings = all_settings.load()
    if not settings.mongodb_uri:
        message = f"{variable('mongodb_uri')} must be set; `backoffice up` brings its own database."
        raise click.ClickException(message)
    logs.configure(settings.log_format, settings.log_level)
    os.chdir("/")  # nothing is read from wherever this was started
    return settings


def _advise(settings: Settings) -> None:
    # Imported here because the other parts need not say it again.
    from backoffice.advice import advice  # noqa: PLC0415

    for line in advice(settings):
        structlog.get_logger("backoffice").warning(line)


def _refuse_unusable(settings: Settings) -> None:
    """Stop before a database that needs another version or a migration; one that is away may come back."""
    from pymongo.errors import PyMongoError  # noqa: PLC0415

    # Imported here because beat, which lives long and does little, needs no database.
    from backoffice import usable  # noqa: PLC0415
    from models import database  # noqa: PLC0415

    try:
        database.connect(settings.mongodb_uri, settings.mongodb_database)
        usable.check()
    except usable.UnusableError as error:
        raise click.ClickException(str(error)) from None
    except PyMongoError:
        return
    finally:
        database.disconnect()
