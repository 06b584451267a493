"""What people ask the workers for, and what they get."""

import io

import openpyxl

from models import files, jobs
from models.database import Document
from models.forms import LiveForm
from models.jobs import Job
from models.people import User
from models.queries import ListQuery
from tests import factories


def ask(live: LiveForm, person: User | None = None, *, language: str = "zh") -> Job:
    query = ListQuery(columns=tuple(field.key for field in live.definition.value_fields))
    params = {"query": query.dump(), "format": "xlsx"}
    owner = person or factories.administrator()
    return jobs.enqueue("export", owner, params, form=live.key, language=language)


def rows(job: Document) -> int:
    with io.BytesIO(files.open_file(job["file"]).read()) as content:
        workbook = openpyxl.load_workbook(content, read_only=True)
        found = sum(1 for _row in workbook.worksheets[0].rows) - 1
        workbook.close()
    return found
