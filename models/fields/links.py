"""People, departments and records of other forms, by id."""

import re
from abc import abstractmethod
from collections.abc import Iterator
from typing import TypeAlias

from bson import ObjectId
from typing_extensions import override

from models.definition import Field
from models.errors import ValueProblem
from models.fields.base import HELD, FieldType, Json, ParseContext
from models.fields.needs import FormData, Lookup
from models.fields.reading import clean_text, is_blank, scalar_text
from models.messages import Message, _

MAX_REFERENCES = 200
LINKED = (*(one for one in HELD if one != "default"), "searchable", "unique")
_HEX = re.compile(r"[0-9a-fA-F]{24}\Z")
_PIECES = re.compile("[;；、,，]")
Referred: TypeAlias = ObjectId | list[ObjectId]


def object_id(raw: object) -> ObjectId | None:
    """Return an id handed in as such or as 24 hexadecimal digits; None for anything else."""
    if isinstance(raw, ObjectId):
        return raw
    return ObjectId(raw) if isinstance(raw, str) and _HEX.match(raw) else None


class _Named(FieldType[ObjectId]):
    """What person and department share."""

    groupable = True
    properties = (*LINKED, "default_from")

    @abstractmethod
    def exists(self, wanted: ObjectId, context: ParseContext) -> bool:
        """Tell whether it can be chosen."""

    @abstractmethod
    def find(self, text: str, context: ParseContext) -> ObjectId | None:
        """Return the only one that answers to a text."""

    @override
    def read(
        self, field: Field, raw: object, context: ParseContext, before: ObjectId | None = None
    ) -> ObjectId | None:
        wanted = object_id(raw)
        if wanted is None:
            return self._called(scalar_text(raw), context)
        if wanted != before and not self.exists(wanted, context):
            raise ValueProblem(_("This no longer exists or cannot be chosen."))
        return wanted

    def _called(self, text: str, context: ParseContext) -> ObjectId:
        found = self.find(text, context)
        if found is None:
            raise ValueProblem(_("“%(text)s” is unknown, or more than one is called so.", text=text[:60]))
        return found

    @override
    def filter_value(self, field: Field, raw: object, context: ParseContext) -> object:
        if is_blank(raw):
            return None
        return object_id(raw) or self._called(scalar_text(raw), context)

    @override
    def to_json(self, field: Field, value: ObjectId) -> Json:
        return str(value)

    @override
    def search_text(self, field: Field, value: ObjectId, lookup: Lookup) -> str:
        return self.display(field, value, lookup, lookup.language)


class Person(_Named):
    """Someone of the company."""

    key = "person"
    name = _("Person")
    description = _("Someone who works here.")
    icon = "person"
    widget = "person"
    default_sources = ("me",)

    @override
    def exists(self, wanted: ObjectId, context: ParseContext) -> bool:
        return context.references.person_exists(wanted)

    @override
    def find(self, text: str, context: ParseContext) -> ObjectId | None:
        return context.references.find_person(text)

    @override
    def display(self, field: Field, value: ObjectId, lookup: Lookup, language: str) -> str:
        return lookup.person(value)


class Department(_Named):
    """A department of the company."""

    key = "department"
    name = _("Department")
    description = _("A department of the company.")
    icon = "diagram-3"
    widget = "department"
    default_sources = ("my_department",)

    @override
    def exists(self, wanted: ObjectId, context: ParseContext) -> bool:
        return context.references.department_exists(wanted)

    @override
    def find(self, text: str, context: ParseContext) -> ObjectId | None:
        return context.references.find_department(text)

    @override
    def display(self, field: Field, value: ObjectId, lookup: Lookup, language: str) -> str:
        return lookup.department(value)


class Reference(FieldType[Referred]):
    """One or several records of another form."""

    key = "reference"
    name = _("Record of another form")
    description = _("One or several records of another form, such as a customer.")
    icon = "box-arrow-up-right"
    widget = "reference"
    groupable = True
    properties = (*LINKED, "form", "many")

    @override
    def read(
        self, field: Field, raw: object, context: ParseContext, before: Referred | None = None
    ) -> Referred | None:
        kept = before if isinstance(before, list) else [before] if before else []
        if not field.many:
            return self._one(field, raw, context, kept)
        pieces = list(raw) if isinstance(raw, list | tuple) else _listed(field, raw, context)
        if len(pieces) > MAX_REFERENCES:
            raise ValueProblem(_("At most %(max)s records.", max=MAX_REFERENCES))
        found = [self._one(field, piece, context, kept) for piece in pieces if not is_blank(piece)]
        return list(dict.fromkeys(found)) or None

    def _one(self, field: Field, raw: object, context: ParseContext, kept: list[ObjectId]) -> ObjectId:
        wanted = object_id(raw)
        if wanted is None:
            text = scalar_text(raw)
            wanted = context.references.find_record(field.form, text)
            if wanted is None:
                raise ValueProblem(_("“%(text)s” is unknown, or more than one is called so.", text=text[:60]))
        elif wanted not in kept and not context.references.record_exists(field.form, wanted):
            raise ValueProblem(_("This no longer exists or cannot be chosen."))
        return wanted

    @override
    def filter_value(self, field: Field, raw: object, context: ParseContext) -> object:
        if is_blank(raw):
            return None
        wanted = object_id(raw)
        return wanted or self._one(field, raw, context, [])

    @override
    def from_form(self, field: Field, form: FormData, name: str) -> object:
        return form.getlist(name) if field.many else super().from_form(field, form, name)

    @override
    def to_json(self, field: Field, value: Referred) -> Json:
        return [str(one) for one in value] if isinstance(value, list) else str(value)

    @override
    def display(self, field: Field, value: Referred, lookup: Lookup, language: str) -> str:
        if isinstance(value, list):
            return (", " if language == "en" else "、").join(lookup.record(field.form, one) for one in value)
        return lookup.record(field.form, value)

    @override
    def search_text(self, field: Field, value: Referred, lookup: Lookup) -> str:
        return self.display(field, value, lookup, lookup.language)

    @override
    def cell(self, field: Field, value: Referred, lookup: Lookup, language: str) -> str:
        """Return one title per line, because titles may contain commas."""
        ids = value if isinstance(value, list) else [value]
        return "\n".join(lookup.record(field.form, one) for one in ids)

    @override
    def check(self, field: Field) -> Iterator[tuple[str, Message]]:
        if not field.form:
            yield "form", _("Say which form's records can be chosen.")
        yield from super().check(field)


def _listed(field: Field, raw: object, context: ParseContext) -> list[str]:
    """Split a text by lines, and a line by commas unless it is a title as it stands."""
    if isinstance(raw, ObjectId):
        return [str(raw)]
    pieces: list[str] = []
    for line in clean_text(raw, longest=50_000).split("\n"):
        whole = len(_PIECES.split(line)) == 1 or context.references.find_record(field.form, line.strip())
        pieces.extend([line.strip()] if whole else [piece.strip() for piece in _PIECES.split(line)])
    return pieces
