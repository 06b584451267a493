"""`records`: the records of a form out to a file, by the very jobs that the screens use."""

import shutil
from pathlib import Path

import click

from backoffice.commands.connection import connected
from models import files, forms, jobs, users
from models.definition import Definition
from models.jobs import Job, RunningJob
from models.messages import DEFAULT_LANGUAGE, LANGUAGES, translate
from models.people import Role, User
from models.queries import ListQuery
from tasks.jobs import carry_out

WORKER = "command line"
FORMATS = ("xlsx", "csv")


@click.group()
def records() -> None:
    """Take records of a form out."""


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
            _person(username),
            {"query": query.dump(), "format": kind},
            title=definition.label.text(language),
            form=form,
            language=language,
        )
        done = carry_out_here(job, language)
        with files.open_file(done.file) as content, file.open("wb") as target:
            shutil.copyfileobj(content, target)
    click.echo(f"{done.result['count']} records: {file}")


def carry_out_here(job: Job, language: str) -> Job:
    """Carry a job out in this process, recorded like any other, and return it as it ended.

    Raises:
        click.ClickException: it failed; the text says why.
    """
    running = RunningJob.claim(job.id, WORKER)
    if running is not None:
        carry_out(running)
    job.reload()
    if job.state != "done":
        text = translate(job.message, language) if job.message else f"{job.kind}: {job.state}"
        raise click.ClickException(text)
    return job


def _columns(definition: Definition) -> tuple[str, ...]:
    own = (field.key for field in definition.value_fields)
    return ("number", *own, "created_at", "created_by", "updated_at")


def _person(username: str | None) -> User:
    """Return whose rights hold: the person named, else an administrator, who may see everything."""
    if username:
        return users.find(username)
    roles = list(Role.objects(administrator=True).scalar("id"))
    person: User | None = User.objects(roles__in=roles, active=True).order_by("username").first()
    if person is None:
        message = "There is no administrator: run `backoffice user create NAME --administrator`."
        raise click.ClickException(message)
    return person
