"""`report`: the workbook of a report, made by the very job that the screen begins."""

from pathlib import Path

import click

from backoffice.commands.carrying import carry_out_here, copy, person_of
from backoffice.commands.connection import connected
from models.messages import DEFAULT_LANGUAGE, LANGUAGES
from models.reports import making, reading


@click.group()
def report() -> None:
    """Make reports."""


@report.command("list")
@click.option("--language", type=click.Choice(LANGUAGES), default=DEFAULT_LANGUAGE, show_default=True)
def every(language: str) -> None:
    """Name every report."""
    with connected():
        for one in reading.readable(person_of(None)):
            click.echo(f"{one.key}\t{one.definition.label.text(language)}")


@report.command()
@click.argument("name")
@click.option("--period", default="", help="2026-10, 2026-Q4, 2026 or 2026-10-01..2026-10-15; else the last.")
@click.option(
    "--out",
    "file",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Where the workbook goes (.xlsx).",
)
@click.option("--user", "username", help="Make it of what this person may see; else of everything.")
@click.option("--language", type=click.Choice(LANGUAGES), default=DEFAULT_LANGUAGE, show_default=True)
def run(name: str, period: str, file: Path, username: str | None, language: str) -> None:
    """Write the workbook of the report NAME."""
    with connected():
        person = person_of(username)
        found = reading.get(person, name)
        asked = reading.period_of(found.definition, period)
        done = carry_out_here(making.enqueue(person, found, asked, language), language)
        copy(done, file)
    click.echo(f"{name} {asked.name}: {file}")
