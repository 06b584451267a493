"""`records`: the records of a form in and out, by the very jobs that the screens use."""

from pathlib import Path

import click

from backoffice.commands import import_maps
from backoffice.commands.carrying import carry_out_here, copy, person_of
from backoffice.commands.connection import connected
from backoffice.commands.import_maps import ImportMap
from backoffice.settings import Settings
from models import files, forms, jobs
from models.database import Document
from models.definition import Definition
from models.forms import LiveForm
from models.import_plan import Plan
from models.messages import DEFAULT_LANGUAGE, LANGUAGES
from models.people import User
from models.queries import ListQuery
from models.spreadsheets.reading import open_table

FORMATS = ("xlsx", "csv")


@click.group()
def records() -> None:
    """Bring records of a form in and out."""


@records.command()
@click.argument("form")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, writable=True))
@click.option("--user", "username", help="Export what this person may see; else all of it.")
@click.option("--language", type=click.Choice(LANGUAGES), default=DEFAULT_LANGUAGE, show_default=True)
def export(form: str, file: Path, username: str | None, language: str) -> None:
    """Write every record of FORM into FILE, a workbook or, if its name ends so, a .csv."""
    kind = file.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        message = "The name of the file must end in .xlsx or .csv."
        raise click.ClickException(message)
    with connected():
        definition = forms.current(form).definition
        query = ListQuery(columns=_columns(definition))
        job = jobs.enqueue(
            "export",
            person_of(username),
            {"query": query.dump(), "format": kind},
            title=definition.label.text(language),
            form=form,
            language=language,
        )
        done = carry_out_here(job, language)
        copy(done, file)
    click.echo(f"{done.result['count']} records: {file}")


@records.command("import")
@click.argument("form")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--map",
    "map_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="YAML: `columns` (caption: field), `sheet`, `header` (row of the captions), `key`, `mode` (all or "
    "valid), `taken_over` (an existing ledger), `meant` (person: {name: user}). Else by the captions.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would come of it.")
@click.option(
    "--refused",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Workbook to write the refused rows to, each mistake beside its cell.",
)
@click.option("--user", "username", help="Import as this person; else as an administrator.")
@click.option("--language", type=click.Choice(LANGUAGES), default=DEFAULT_LANGUAGE, show_default=True)
def import_file(
    form: str,
    file: Path,
    map_file: Path | None,
    refused: Path | None,
    username: str | None,
    language: str,
    *,
    dry_run: bool,
) -> None:
    """Create and update records of FORM from FILE, an .xlsx, .csv or .tsv; exit with 1 if any was refused."""
    chosen = import_maps.read(map_file) if map_file else None
    with connected() as settings:
        person, live = person_of(username), forms.current(form)
        plan = _keep(file, person, settings, live, chosen)
        kind = "import_check" if dry_run else "import"
        title = f"{live.definition.label.text(language)} ← {plan.file_name}"
        job = jobs.enqueue(kind, person, plan.dump(), title=title, form=form, language=language)
        done = carry_out_here(job, language)
        if refused is not None and done.file:
            copy(done, refused)
    _tell(done.result, dry_run=dry_run)
    if done.result["refused"]:
        raise SystemExit(1)


def _keep(file: Path, person: User, settings: Settings, form: LiveForm, chosen: ImportMap | None) -> Plan:
    """Store a file as if it were uploaded, and return how it is imported."""
    with open_table(file, file.name) as table, file.open("rb") as content:
        limit = settings.max_upload_megabytes * 1024 * 1024
        file_id = files.store(content, file.name, person.id, purpose=files.IMPORT, max_bytes=limit)
        return import_maps.plan(person, form, table, file_id, files.clean_name(file.name), chosen)


def _tell(result: Document, *, dry_run: bool) -> None:
    for problem in result["problems"]:
        column = f", {problem['column']}" if problem["column"] else ""
        click.echo(f"row {problem['row']}{column}: {problem['text']}", err=True)
    for name in result["unknown"]:
        click.echo(f"unknown {name['kind']}: {name['name']} ({name['count']} rows)", err=True)
    for line in result["sums"]:
        click.echo(f"{line['label']}: {line['value']}")
    counts = ", ".join(f"{result[name]} {name}" for name in ("created", "updated", "same", "refused"))
    nothing = "" if result["stored"] else " (a dry run)" if dry_run else " (nothing was stored)"
    click.echo(counts + nothing)


def _columns(definition: Definition) -> tuple[str, ...]:
    own = (field.key for field in definition.value_fields)
    return ("number", *own, "created_at", "created_by", "updated_at")
