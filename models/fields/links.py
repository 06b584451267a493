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


class _Linked(FieldType[Referred]):
    """What points to something by its id: one, or (`many`) several of them."""

    groupable = True
    too_many = _("At most %(max)s records.", max=MAX_REFERENCES)

    @abstractmethod
    def exists(self, field: Field, wanted: ObjectId, context: ParseContext) -> bool:
        """Tell whether it can be chosen."""

    @abstractmethod
    def find(self, field: Field, text: str, context: ParseContext) -> ObjectId | None:
        """Return the only one that answers to a text."""

    @abstractmethod
    def called(self, field: Field, one: ObjectId, lookup: Lookup) -> str:
        """Return its name."""

    @override
    def read(
        self, field: Field, raw: object, context: ParseContext, before: Referred | None = None
    ) -> Referred | None:
        kept = before if isinstance(before, list) else [before] if before else []
        if not field.many:
            return self._one(field, raw, context, kept)
        pieces = list(raw) if isinstance(raw, list | tuple) else self._listed(field, raw, context)
        if len(pieces) > MAX_REFERENCES:
            raise ValueProblem(self.too_many)
        found = [self._one(field, piece, context, kept) for piece in pieces if not is_blank(piece)]
        return list(dict.fromkeys(found)) or None

    def _one(self, field: Field, raw: object, context: ParseContext, kept: list[ObjectId]) -> ObjectId:
        wanted = object_id(raw)
        if wanted is None:
            return self._found(field, scalar_text(raw), context)
        if wanted not in kept and not self.exists(field, wanted, context):
            raise ValueProblem(_("This no longer exists or cannot be chosen."))
        return wanted

    def _found(self, field: Field, text: str, context: ParseContext) -> ObjectId:
        found = self.find(field, text, context)
        if found is None:
            raise ValueProblem(_("“%(text)s” is unknown, or more than one is called so.", text=text[:60]))
        return found

    def _listed(self, field: Field, raw: object, context: ParseContext) -> list[str]:
        """Split a text by lines, and a line by commas unless it is a name as it stands."""
        if isinstance(raw, ObjectId):
            return [str(raw)]
        pieces: list[str] = []
        for line in clean_text(raw, longest=50_000).split("\n"):
            parts = [piece.strip() for piece in _PIECES.split(line)]
            whole = len(parts) == 1 or self.find(field, line.strip(), context)
            pieces.extend([line.strip()] if whole else parts)
        return pieces

    @override
    def filter_value(self, field: Field, raw: object, context: ParseContext) -> object:
        if is_blank(raw):
            return None
        return object_id(raw) or self._found(field, scalar_text(raw), context)

    @override
    def from_form(self, field: Field, form: FormData, name: str) -> object:
        return form.getlist(name) if field.many else super().from_form(field, form, name)

    @override
    def to_json(self, field: Field, value: Referred) -> Json:
        return [str(one) for one in value] if isinstance(value, list) else str(value)

    @override
    def display(self, field: Field, value: Referred, lookup: Lookup, language: str) -> str:
        if isinstance(value, list):
            return (", " if language == "en" else "、").join(self.called(field, one, lookup) for one in value)
        return self.called(field, value, lookup)

    @override
    def search_text(self, field: Field, value: Referred, lookup: Lookup) -> str:
        return self.display(field, value, lookup, lookup.language)

    @override
    def cell(self, field: Field, value: Referred, lookup: Lookup, language: str) -> str:
        """Return one name per line, because names may contain commas."""
        ids = value if isinstance(value, list) else [value]
        return "\n".join(self.called(field, one, lookup) for one in ids)


class Person(_Linked):
    """One or several people of the company."""

    key = "person"
    name = _("Person")
    description = _("Someone who works here.")
    icon = "person"
    widget = "person"
    default_sources = ("me",)
    properties = (*LINKED, "default_from", "many")
    too_many = _("At most %(max)s people.", max=MAX_REFERENCES)

    @override
    def exists(self, field: Field, wanted: ObjectId, context: ParseContext) -> bool:
        return context.references.person_exists(wanted)

    @override
    def find(self, field: Field, text: str, context: ParseContext) -> ObjectId | None:
        return context.references.find_person(text)

    @override
    def called(self, field: Field, one: ObjectId, lookup: Lookup) -> str:
        return lookup.person(one)


class Department(_Linked):
    """A department of the company."""

    key = "department"
    name = _("Department")
    description = _("A department of the company.")
    icon = "diagram-3"
    widget = "department"
    default_sources = ("my_department",)
    properties = (*LINKED, "default_from")

    @override
    def exists(self, field: Field, wanted: ObjectId, context: ParseContext) -> bool:
        return context.references.department_exists(wanted)

    @override
    def find(self, field: Field, text: str, context: ParseContext) -> ObjectId | None:
        return context.references.find_department(text)

    @override
    def called(self, field: Field, one: ObjectId, lookup: Lookup) -> str:
        return lookup.department(one)


class Reference(_Linked):
    """One or several records of another form."""

    key = "reference"
    name = _("Record of another form")
    description = _("One or several records of another form, such as a customer.")
    icon = "box-arrow-up-right"
    widget = "reference"
    properties = (*LINKED, "form", "many")

    @override
    def exists(self, field: Field, wanted: ObjectId, context: ParseContext) -> bool:
        return context.references.record_exists(field.form, wanted)

    @override
    def find(self, field: Field, text: str, context: ParseContext) -> ObjectId | None:
        return context.references.find_record(field.form, text)

    @override
    def called(self, field: Field, one: ObjectId, lookup: Lookup) -> str:
        return lookup.record(field.form, one)

    @override
    def check(self, field: Field) -> Iterator[tuple[str, Message]]:
        if not field.form:
            yield "form", _("Say which form's records can be chosen.")
        yield from super().check(field)
