"""Where effects take values from, and how they put them into a record."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from bson import ObjectId

from models import forms
from models.changes import Change
from models.database import Document
from models.definition import Field
from models.errors import InvalidError
from models.fields import type_of
from models.messages import _
from models.rules import SYSTEM
from models.validation import validate
from models.workflow.run import Run

NO_ROW: Final[Mapping[str, Any]] = MappingProxyType({})
MOMENTS = frozenset({"@now", "@today"})
OWN = frozenset({"@id", "@title", "@me", "@my_department"})
SOURCES = MOMENTS | OWN | SYSTEM.keys()


def raw(change: Change, source: str, row: Mapping[str, Any] = NO_ROW) -> Any:  # noqa: ANN401  (any value)
    """Return what a source names, as the types of fields read it; None where it is empty.

    `row` is what `table.column` is read from; `reference.field` is read from the record it points to.
    """
    field = change.form.definition.by_key.get(source)
    if field is not None:
        value = change.record["data"].get(source)
        return None if value is None else type_of(field).to_json(field, value)
    if "." in source:
        return _cell(change, source, row)
    actor, record = change.actor, change.record
    known = {
        "@now": change.at,
        "@today": change.at.astimezone(actor.timezone).date(),
        "@me": actor.id,
        "@my_department": actor.department,
        "@id": record["_id"],
    }
    value = known[source] if source in known else record.get(source[1:])
    return value.isoformat() if isinstance(value, date) else value


def _cell(change: Change, source: str, row: Mapping[str, Any]) -> Any:  # noqa: ANN401  (any value)
    first, _dot, key = source.partition(".")
    outer = change.form.definition.by_key[first]
    if outer.type == "reference":
        return _of_referenced(outer, change.record["data"].get(first), key)
    field, value = outer.columns[key], row.get(key)
    return None if value is None else type_of(field).to_json(field, value)


def _of_referenced(reference: Field, record: ObjectId | None, key: str) -> Any:  # noqa: ANN401  (any value)
    form = forms.current(reference.form)
    field = form.definition.by_key.get(key)
    found = form.records().find_one({"_id": record}, {f"data.{key}": 1}) if record and field else None
    value = found["data"].get(key) if found else None
    return None if value is None or field is None else type_of(field).to_json(field, value)


def put(run: Run, change: Change, values: Document) -> None:
    """Write raw values into a record's fields, whatever its state closes, and compute what follows.

    Raises InvalidError beside a field whose value is refused.
    """
    record = change.record
    checked = validate(
        change.actor.unbound(),
        change.form.definition,
        values,
        before=record["data"],
        record=record,
        partial=True,
        opened=tuple(values),
        references=run.references,
    )
    if checked.errors:
        raise InvalidError(
            {
                path: [
                    _("What the procedure writes here is refused: %(why)s", why=message) for message in found
                ]
                for path, found in checked.errors.items()
            }
        )
    record["data"] = checked.data
