"""`bench`: measure this product against the stock way, on a database of its own that is thrown away."""

import json
from pathlib import Path

import click

from backoffice import logs, texts
from backoffice.bench.everything import BENCHMARKS, need_records, run
from backoffice.bench.ground import prepared
from backoffice.bench.measuring import Result, table
from backoffice.commands.connection import refusals_in_words
from seed.generate import RECORDS


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, type=click.Choice(list(BENCHMARKS)))
@click.option("--records", type=click.IntRange(min=2_000), default=RECORDS, show_default=True)
@click.option(
    "--json",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the figures to a file, too.",
)
def bench(names: tuple[str, ...], records: int, file: Path | None) -> None:
    """Measure the named benchmarks, or all; fails when a limit is broken.

    A million records take about 4 GB in the folder for temporary files; `ledger` has a thing for every five.
    """
    logs.configure("console", "WARNING")
    texts.install()
    with refusals_in_words(), prepared(records, _say, filled=need_records(names)) as ground:
        results = [_shown(result) for result in run(ground, names)]
    click.echo(table(results))
    if file:
        file.write_text(json.dumps([result.as_json() for result in results], ensure_ascii=False, indent=2))
    broken = [result.what for result in results if not result.passed]
    if broken:
        message = f"{len(broken)} limits broken: {'; '.join(broken)}"
        raise click.ClickException(message)


def _shown(result: Result) -> Result:
    _say(f"measured: {result.what}")
    return result


def _say(text: str) -> None:
    click.echo(text, err=True)
