"""`db`: bring stored data up to date, and look whether it is sound."""

from itertools import chain

import click

from backoffice.commands.connection import connected
from backoffice.preparation import migrate
from models.checks import check_clocks, check_histories


@click.group("db")
def database() -> None:
    """Look after the stored data."""


@database.command("migrate")
def migrate_command() -> None:
    """Carry out the migrations that are pending."""
    with connected(migrated=False):
        migrate(click.echo)
    click.echo("up to date")


@database.command()
def check() -> None:
    """Look whether every record agrees with its sealed history, and every running clock is looked after."""
    problems = 0
    with connected():
        for problem in chain(check_histories(), check_clocks()):
            click.echo(str(problem), err=True)
            problems += 1
    if problems:
        message = f"{problems} problems"
        raise click.ClickException(message)
    click.echo("sound")
