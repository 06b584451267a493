"""Fields people do not fill: computed ones, serial numbers, headings and help texts."""

from collections.abc import Iterator
from typing import Any

from typing_extensions import override

from models.definition import Field
from models.errors import ValueProblem
from models.fields.base import ALWAYS, Cell, FieldType, Json, ParseContext, TextStored
from models.fields.dates import Date
from models.fields.needs import Lookup
from models.fields.numbers import DecimalNumber, Integer
from models.fields.reading import is_blank
from models.fields.text import Text
from models.fields.yes_no import Boolean
from models.messages import Message, _
from models.spreadsheets.columns import Column

_RESULTS: dict[str, FieldType[Any]] = {
    "decimal": DecimalNumber(), "integer": Integer(), "text": Text(), "boolean": Boolean(), "date": Date(),
}  # fmt: skip
_SHOWN = (*ALWAYS, "in_list", "filterable", "indexed", "searchable")


def _refuse_writing(same: object) -> None:
    if not same:
        raise ValueProblem(_("The system fills this field itself."))


class Computed(FieldType[Any]):
    """The result of a formula, stored when the record is written; it behaves like its result's type."""

    key = "computed"
    name = _("Computed")
    description = _("The result of a formula over other fields.")
    icon = "plus-slash-minus"
    widget = "computed"
    sortable = True
    groupable = True
    importable = False
    derived = True
    properties = (*_SHOWN, "formula", "result", "decimals", "unit")

    def result(self, field: Field) -> FieldType[Any]:
        """Return the type the formula's result has."""
        return _RESULTS[field.result]

    @override
    def parse(self, field: Field, raw: object, context: ParseContext, before: Any = None) -> Any:
        """Let what is stored pass through unchanged, and refuse anything else."""
        _refuse_writing(is_blank(raw) or (before is not None and raw == self.to_json(field, before)))
        return before

    @override
    def read(self, field: Field, raw: object, context: ParseContext, before: Any = None) -> Any:
        return self.result(field).read(field, raw, context, before)

    @override
    def to_json(self, field: Field, value: Any) -> Json:
        return self.result(field).to_json(field, value)

    @override
    def display(self, field: Field, value: Any, lookup: Lookup, language: str) -> str:
        return self.result(field).display(field, value, lookup, language)

    @override
    def search_text(self, field: Field, value: Any, lookup: Lookup) -> str:
        return self.result(field).search_text(field, value, lookup)

    @override
    def filter_value(self, field: Field, raw: object, context: ParseContext) -> object:
        return self.result(field).filter_value(field, raw, context)

    @override
    def column(self, field: Field, language: str) -> Column:
        return self.result(field).column(field, language)

    @override
    def cell(self, field: Field, value: Any, lookup: Lookup, language: str) -> Cell:
        return self.result(field).cell(field, value, lookup, language)

    @override
    def check(self, field: Field) -> Iterator[tuple[str, Message]]:
        if not field.formula.strip():
            yield "formula", _("Write a formula.")


class Serial(TextStored):
    """A number of its own, given once when the record is made."""

    key = "serial"
    name = _("Serial number")
    description = _("A number that the system gives when the record is made.")
    icon = "hash"
    widget = "serial"
    importable = False
    derived = True
    properties = (*_SHOWN, "serial_pattern")

    @override
    def parse(
        self, field: Field, raw: object, context: ParseContext, before: str | None = None
    ) -> str | None:
        """Let what is stored pass through unchanged, and refuse anything else."""
        _refuse_writing(is_blank(raw) or raw == before)
        return before

    @override
    def read(self, field: Field, raw: object, context: ParseContext, before: str | None = None) -> str | None:
        return str(raw)

    @override
    def check(self, field: Field) -> Iterator[tuple[str, Message]]:
        if not field.serial_pattern.strip():
            yield "serial_pattern", _("Write a pattern, such as %(example)s.", example="B-{yyyy}-{seq:4}")


class Heading(FieldType[Any]):
    """A heading that begins a section; it holds no value."""

    key = "section"
    name = _("Section")
    description = _("A heading over the fields that follow.")
    icon = "layout-text-window"
    widget = "section"
    filterable = False
    importable = False
    derived = True
    properties = ("label", "help", "visible_if")

    @override
    def parse(self, field: Field, raw: object, context: ParseContext, before: Any = None) -> None:
        _refuse_writing(is_blank(raw))

    @override
    def read(self, field: Field, raw: object, context: ParseContext, before: Any = None) -> None:
        _refuse_writing(is_blank(raw))

    @override
    def check(self, field: Field) -> Iterator[tuple[str, Message]]:
        return iter(())


class Help(Heading):
    """A text that explains something between the fields; it holds no value."""

    key = "help"
    name = _("Help text")
    description = _("An explanation between the fields.")
    icon = "info-circle"
    widget = "help"

    @override
    def check(self, field: Field) -> Iterator[tuple[str, Message]]:
        if not field.help and not field.label:
            yield "help", _("Write what shall be explained.")
