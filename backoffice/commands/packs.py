"""`pack`: bring forms, roles and departments in and out."""

from pathlib import Path

import click

from backoffice.commands.connection import connected, refusals_in_words
from models.people import Actor
from seed import exporting, packs


@click.group()
def pack() -> None:
    """Packs describe forms, roles and departments."""


@pack.command("list")
def list_packs() -> None:
    """Show the packs that come with the program."""
    with refusals_in_words():
        for info in packs.list_packs():
            click.echo(f"{info.name}\t{info.version}\t{info.label.zh} / {info.label.en}")


@pack.command()
@click.argument("source")
def check(source: str) -> None:
    """Say what is wrong with the pack SOURCE: a name, folder, YAML file or zip."""
    found = packs.check(source)
    for problem in found:
        click.echo(f"{problem.path}: {problem.message}", err=True)
    if found:
        message = f"{len(found)} problems"
        raise click.ClickException(message)
    click.echo("fine")


@pack.command()
@click.argument("source")
def install(source: str) -> None:
    """Install the pack SOURCE: a name, folder, YAML file or zip. A second time changes nothing."""
    with connected():
        report = packs.install(source, Actor.system())
        for outcome in report.outcomes:
            click.echo(f"{outcome.result}\t{outcome.kind}\t{outcome.key}\t{outcome.reason or ''}".rstrip())


@pack.command()
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def export(name: str, file: Path) -> None:
    """Write what is installed now as the pack NAME into FILE."""
    with connected():
        exporting.export(name, file)
    click.echo(str(file))
