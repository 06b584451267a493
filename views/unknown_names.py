"""Names of a file that nobody or more than one answers to, and where to look for who is meant."""

from collections.abc import Iterator
from dataclasses import dataclass

from models import forms
from models.definition import Definition, Field
from models.errors import NotFoundError
from models.import_names import DEPARTMENT, PERSON
from models.jobs import Job
from models.messages import _
from views.context import current_language, say


@dataclass(frozen=True)
class UnknownName:
    """A name, of what kind it should be, in how many cells it stands, and where those are to choose from."""

    index: int
    name: str
    of: str
    count: int
    picker: str


def unknown_names(job: Job) -> Iterator[UnknownName]:
    """Yield the names that the check of a file did not know and of which somebody can say who is meant."""
    try:
        definition = forms.current(job.form).definition
    except NotFoundError:
        return
    for index, one in enumerate(job.result.get("unknown", ())):
        path, of = _field_for(definition, one["kind"])
        if path:
            picker = f"/records/{job.form}/options?field={path}"
            yield UnknownName(index, one["name"], of, one["count"], picker)


def _field_for(definition: Definition, kind: str) -> tuple[str, str]:
    """Return a field whose picker offers what is meant, and what that is called."""
    if kind == PERSON:
        return "owner", say(_("Person"))
    if kind == DEPARTMENT:
        return "department", say(_("Department"))
    for field in definition.value_fields:
        if field.type == "reference" and field.form == kind:
            return field.key, _label(field)
        for column in field.fields:
            if column.type == "reference" and column.form == kind:
                return f"{field.key}.{column.key}", _label(column)
    return "", ""


def _label(field: Field) -> str:
    return field.label.text(current_language()) or field.key
