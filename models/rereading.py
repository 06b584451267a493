"""Stored values read again under another definition, as if someone opened each record and saved it.

Bounded in records and in time; whoever shows the outcome says when it was only a sample.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from bson import ObjectId

from models import rules
from models.database import Document
from models.definition import Definition, Field
from models.errors import DomainError
from models.fields import type_of
from models.form_indexes import NOT_IN_BIN
from models.forms import LiveForm
from models.lookups import References
from models.messages import Message, _
from models.people import Actor
from models.validation import Checked, closed_fields, validate

MAX_SAMPLES = 5


@dataclass(frozen=True)
class Sample:
    """One record that serves as an example."""

    id: ObjectId
    number: str
    title: str


@dataclass
class Finding:
    """What happens to some values: how many records, and a few of them."""

    path: str
    label: Field
    message: Message
    count: int = 0
    samples: list[Sample] = attribute(default_factory=list)

    def add(self, record: Document) -> None:
        """Count one more record."""
        self.count += 1
        if len(self.samples) < MAX_SAMPLES:
            self.samples.append(sample(record))


class Rereading:
    """Reads stored records again under a draft, as if someone opened each and saved it."""

    def __init__(self, draft: Definition, fields: list[Field]) -> None:
        self.draft = draft
        self.fields = fields
        self.actor = Actor.system()
        self.references = References()
        self.invalid: dict[tuple[str, str], Finding] = {}
        self.hidden: dict[str, Finding] = {}
        self.checked = 0
        self.sampled = False

    def run(self, live: LiveForm, most: int, seconds: float) -> None:
        """Look at the newest records until the bounds are met."""
        if not self.fields:
            return
        until = time.monotonic() + seconds
        wanted = ["data", "number", "title", *(name[1:] for name in rules.SYSTEM)]
        for record in live.records().find(NOT_IN_BIN, wanted).sort("_id", -1).limit(most + 1):
            if self.checked >= most or time.monotonic() > until:
                self.sampled = True
                return
            self.checked += 1
            self._look(record)

    def _look(self, record: Document) -> None:
        data = record.get("data", {})
        raw = {field.key: _raw(field, data.get(field.key)) for field in self.fields}
        checked = validate(
            self.actor,
            self.draft,
            raw,
            before=data,
            record=record,
            partial=True,
            opened=closed_fields(self.draft, record),  # what the state closes may be invalid all the same
            references=self.references,
        )
        for path in _one_per_column(checked):
            self._note(path, checked.errors[path][0], record)
        for key in checked.hidden & raw.keys():
            if data.get(key) is not None:
                found = self.hidden.setdefault(key, Finding(key, self.draft.by_key[key], _("hidden")))
                found.add(record)

    def _note(self, path: str, message: Message, record: Document) -> None:
        named = _without_row(path)
        key = named.partition(".")[0]
        finding = self.invalid.setdefault(
            (named, message.msgid), Finding(named, self.draft.by_key[key], message)
        )
        finding.add(record)


def _raw(field: Field, value: Any) -> Any:  # noqa: ANN401  (any stored value)
    """Return a stored value as the API would hand it in again; one of another shape as it is."""
    if value is None:
        return None
    try:
        return type_of(field).to_json(field, value)
    except (DomainError, TypeError, ValueError, KeyError, AttributeError):
        return repr(value)  # kept under another type long ago: certainly refused


def _without_row(path: str) -> str:
    return ".".join(part for part in path.split(".") if not part.isdigit())


def _one_per_column(checked: Checked) -> Iterable[str]:
    """Return one path for each field or column, so that a record counts once for it."""
    return {_without_row(path): path for path in checked.errors}.values()


def sample(record: Document) -> Sample:
    """Return what is shown of a record that serves as an example."""
    return Sample(record["_id"], str(record.get("number") or ""), str(record.get("title") or ""))
