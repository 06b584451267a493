"""Jobs that a command carries out itself, recorded like any other, and in whose name."""

import shutil
from pathlib import Path
from typing import IO

import click

from models import files, users
from models.jobs import Job, RunningJob
from models.messages import translate
from models.people import Role, User
from tasks.jobs import carry_out

WORKER = "command line"


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


def copy(job: Job, file: Path) -> None:
    """Write the file that a job made."""
    content: IO[bytes]
    with files.open_file(job.file) as content, file.open("wb") as target:
        shutil.copyfileobj(content, target)


def person_of(username: str | None) -> User:
    """Return whose rights hold: the person named, else an administrator, who may see everything."""
    if username:
        return users.find(username)
    roles = list(Role.objects(administrator=True).scalar("id"))
    person: User | None = User.objects(roles__in=roles, active=True).order_by("username").first()
    if person is None:
        message = "There is no administrator: run `backoffice user create NAME --administrator`."
        raise click.ClickException(message)
    return person
