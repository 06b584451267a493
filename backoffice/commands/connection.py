"""What every command about stored things needs: the database, and refusals in words."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import click
from pymongo.errors import PyMongoError

from backoffice import logs, texts, usable
from backoffice import settings as all_settings
from backoffice.auditing import operator
from backoffice.backups.manifest import BackupError
from backoffice.mongod import EmbeddedMongo, MongodError
from backoffice.settings import Settings
from backoffice.supervisor import AlreadyRunningError, hold
from backoffice.usable import UnusableError
from models import database, sealing
from models.audit import coming_from
from models.errors import DomainError, InvalidError


@contextmanager
def refusals_in_words() -> Iterator[None]:
    """Show what a rule or the machine refuses as an error of the command, not as a trace."""
    try:
        yield
    except InvalidError as error:
        lines = [f"{path}: {text}" for path, texts in error.errors.items() for text in texts]
        raise click.ClickException("\n".join(lines)) from None
    except (DomainError, MongodError, AlreadyRunningError, BackupError, UnusableError) as error:
        raise click.ClickException(str(error)) from None
    except PyMongoError as error:
        message = f"The database cannot be used: {error}"
        raise click.ClickException(message) from None


@contextmanager
def connected(*, migrated: bool = True, empty: bool = False) -> Iterator[Settings]:
    """Connect to the database, also to the one that `backoffice up` keeps, running or not.

    Args:
        migrated: refuse to work on a database whose migrations are pending.
        empty: it is about to be filled; a private one that is not there yet is made.

    """
    settings = all_settings.load()
    logs.configure(settings.log_format, settings.log_level)
    with refusals_in_words(), coming_from(operator()), ExitStack() as stack:
        uri = settings.mongodb_uri or _embedded(settings, stack, make=empty)
        database.connect(uri, settings.mongodb_database)
        stack.callback(database.disconnect)
        texts.install()
        sealing.set_secret(settings.secret_key)
        if not empty:
            usable.check(migrated=migrated)
        yield settings.model_copy(update={"mongodb_uri": uri})


def _embedded(settings: Settings, stack: ExitStack, *, make: bool) -> str:
    if not make and not (settings.data_dir / "mongodb").is_dir():
        message = (
            f"There is no database in {settings.data_dir}: start `backoffice up` once, "
            "or set BACKOFFICE_DATA_DIR or BACKOFFICE_MONGODB_URI."
        )
        raise click.ClickException(message)
    mongo = EmbeddedMongo(settings.data_dir)
    try:
        stack.enter_context(hold(settings.data_dir))
    except AlreadyRunningError:
        return mongo.uri
    stack.callback(mongo.stop)
    return mongo.start()
