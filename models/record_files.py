"""Which files of a record a person may open: those in open fields, signatures, pictures of its movements."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from bson import ObjectId

from models import forms
from models.access import object_id
from models.database import Document, db
from models.definition import Definition, Field
from models.disclosure import Disclosure
from models.errors import NotFoundError
from models.field_limits import FieldLimits, withholds
from models.forms import LiveForm
from models.ledger.held import closed
from models.people import User


class HeldFile(NamedTuple):
    """A file of a record, and the field that holds it.

    There is none where it signs a step or an approval, or shows what `moved`.
    """

    id: ObjectId
    field: Field | None
    moved: bool = False

    @property
    def is_signature(self) -> bool:
        """Tell whether it is a drawn signature, which belongs to the page itself."""
        return not self.moved if self.field is None else self.field.type == "signature"


def find(person: User, form: LiveForm, record: Document, file_id: str) -> HeldFile:
    """Return a file of a record that the person was fetched for.

    Raises NotFoundError: the record does not hold it, or only in fields that are closed to the person.
    """
    wanted = object_id(file_id)
    limits = FieldLimits(person, form).of(record)
    for field in _fields_holding(form, record, wanted):
        if not withholds(limits, field.key):
            return HeldFile(wanted, field)
    if _signs(form, record, wanted):
        return HeldFile(wanted, None)
    if _moved(form, record, wanted) and "amounts" not in closed(Disclosure(person, form), record):
        return HeldFile(wanted, None, moved=True)
    raise NotFoundError


def _fields_holding(form: LiveForm, record: Document, wanted: ObjectId) -> Iterator[Field]:
    """Yield the fields, of any version of the form, in which a record holds a file."""
    for version in dict.fromkeys([record["form_version"], form.version, *range(form.version - 1, 0, -1)]):
        for field in forms.at_version(form.key, version).definition.value_fields:
            if wanted in files_of(field, record["data"].get(field.key)):
                yield field


def files_of(field: Field, value: object) -> list[ObjectId]:
    """Return the ids of the files in a stored value."""
    if isinstance(value, list) and field.type in {"attachment", "image"}:
        return [one["file"] for one in value]
    return [value["file"]] if isinstance(value, dict) and field.type == "signature" else []


def referenced_files(data: Mapping[str, Any], definition: Definition) -> set[ObjectId]:
    """Return the ids of every file that a data set holds."""
    return {one for field in definition.value_fields for one in files_of(field, data.get(field.key))}


def _signs(form: LiveForm, record: Document, wanted: ObjectId) -> bool:
    signed = {"form": form.key, "record": record["_id"], "signature.file": wanted}
    return db().history.find_one(signed, {"_id": 1}) is not None


def _moved(form: LiveForm, record: Document, wanted: ObjectId) -> bool:
    shows = {"ledger": form.key, "item": record["_id"], "record": record["_id"], "photos": wanted}
    return (
        form.definition.ledger is not None and db().property_movements.find_one(shows, {"_id": 1}) is not None
    )
