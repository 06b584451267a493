"""`db`: bring stored data up to date, and look whether it is sound."""

from itertools import chain

import click

from backoffice.commands.backups import backup, restore
from backoffice.commands.connection import connected
from backoffice.preparation import migrate
from models.audit import chain as audit
from models.checks import check_clocks, check_histories
from models.ledger.checking import check_ledgers
from models.ledger.stock_check.checking import check_stock_checks
from models.letters import keeping as letters
from models.retention import checks as disposals


@click.group("db")
def database() -> None:
    """Look after the stored data."""


database.add_command(backup)
database.add_command(restore)


@database.command("migrate")
def migrate_command() -> None:
    """Carry out the migrations that are pending."""
    with connected(migrated=False):
        migrate(click.echo)
    click.echo("up to date")


@database.command()
@click.option(
    "--expect",
    callback=lambda _context, _option, given: _numbered(given),
    metavar="NUMBER:SEAL",
    help="An entry of the audit log as the program's log (`audit.newest`) or an earlier check named it.",
)
def check(expect: tuple[int, str] | None) -> None:
    """Look whether all is as it was sealed: records and their history, audit log, ledgers; and the clocks."""
    problems = 0
    with connected():
        number, seal = audit.newest()
        found = (
            check_histories(),
            audit.problems(expect),
            disposals.problems(),
            check_clocks(),
            check_ledgers(),
            check_stock_checks(),
            letters.broken(),
        )
        for problem in chain.from_iterable(found):
            click.echo(str(problem), err=True)
            problems += 1
    click.echo(f"audit log: newest entry {number}:{seal}")
    if problems:
        message = f"{problems} problems"
        raise click.ClickException(message)
    click.echo("sound")


def _numbered(given: str | None) -> tuple[int, str] | None:
    """Read a number and a seal."""
    if given is None:
        return None
    number, _, seal = given.partition(":")
    if not number.isdecimal() or not seal:
        raise click.BadParameter(given)
    return int(number), seal
