"""The program `backoffice`: every command in a module of its own that is only read when it is called."""

import importlib
import sys
from typing import Final

import click

from backoffice.settings import SettingsError, complaints

COMMANDS: Final = {
    "up": "serving:up",
    "web": "serving:web",
    "worker": "serving:worker",
    "beat": "serving:beat",
    "pack": "packs:pack",
    "user": "people:user",
    "records": "records:records",
    "report": "reports:report",
    "db": "database:database",
    "bench": "bench:bench",
}


class Commands(click.Group):
    """Finds a command by name without importing the others: the web server needs no spreadsheets."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which one meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or None when there is no such."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(f"backoffice.commands.{module}"), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Turn a wrong setting into words."""
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="backoffice")
def cli() -> None:
    """Run and look after a back office. Settings are environment variables BACKOFFICE_*."""
    for complaint in complaints():
        click.echo(f"Warning: {complaint}", err=True)


def main() -> None:
    """Run the command that the shell asked for."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Chinese still gets its answer
    cli(prog_name="backoffice")
