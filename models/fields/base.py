"""What every field type does, and what it may ask of the rest of the program."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Generic, TypeAlias, TypeVar, cast
from zoneinfo import ZoneInfo

from bson import Decimal128, ObjectId

from models.definition import Field
from models.errors import ValueProblem
from models.fields.needs import FormData, Lookup, NoReferences, References
from models.fields.reading import cell_text, is_blank, scalar_text
from models.messages import DEFAULT_LANGUAGE, Message, _
from models.rules import operators
from models.spreadsheets.columns import Column, Kind

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Cell: TypeAlias = "str | int | bool | Decimal | Decimal128 | datetime | Mapping[str, object] | None"
V = TypeVar("V")

DEFAULT_TIMEZONE = ZoneInfo("Asia/Shanghai")
ALWAYS = ("label", "help", "visible_if", "width")
HELD = (
    *ALWAYS,
    "required",
    "readonly",
    "required_if",
    "readonly_if",
    "default",
    "in_list",
    "filterable",
    "indexed",
)


@dataclass(frozen=True)
class ParseContext:
    """For whom a value is read: their language, their clock, and what exists."""

    language: str = DEFAULT_LANGUAGE
    timezone: ZoneInfo = DEFAULT_TIMEZONE
    person: ObjectId | None = None
    department: ObjectId | None = None
    references: References = attribute(default_factory=NoReferences)


class RowProblems(ValueProblem):
    """Several cells of a table that were refused; `problems` maps `<row>.<column>` to a message each.

    Rows are counted from 0 as they were handed in, empty ones included, so that a screen can mark them.
    """

    def __init__(self, problems: Mapping[str, Message]) -> None:
        super().__init__(_("Please correct the marked rows."))
        self.problems = dict(problems)


class FieldType(ABC, Generic[V]):
    """One type of field. `V` is what a record stores; an empty field is absent, so never None.

    Methods take more than the plain ones here need, because some type looks at it (ARG002).
    """

    key: ClassVar[str]
    name: ClassVar[Message]
    description: ClassVar[Message]
    icon: ClassVar[str]
    """A bootstrap-icons name."""
    widget: ClassVar[str]
    """Which template macro draws the input."""
    properties: ClassVar[tuple[str, ...]]
    """The Field attributes that mean something for this type, as the editor offers them."""
    kind: ClassVar[Kind] = "text"
    """What its column in a spreadsheet holds."""
    sortable: ClassVar[bool] = False
    groupable: ClassVar[bool] = False
    filterable: ClassVar[bool] = True
    summable: ClassVar[bool] = False
    importable: ClassVar[bool] = True
    derived: ClassVar[bool] = False
    """The system writes it; people never do."""
    default_sources: ClassVar[tuple[str, ...]] = ()
    """Which `default_from` values apply."""

    @property
    def label(self) -> Message:
        """The type's name."""
        return self.name

    def parse(self, field: Field, raw: object, context: ParseContext, before: V | None = None) -> V | None:
        """Turn what a form, an API call or a file brought into the stored value; None when it is empty.

        `before` is the value stored now: what it holds may stay although it could no longer be chosen.
        Raises ValueProblem (RowProblems for tables).
        """
        if is_blank(raw):
            return None
        value = self.read(field, raw, context, before)
        if value is not None:
            self.limit(field, value, context)
        return value

    @abstractmethod
    def read(self, field: Field, raw: object, context: ParseContext, before: V | None = None) -> V | None:
        """Turn a non-blank raw value into the stored form, without the bounds of the field."""

    def limit(self, field: Field, value: V, context: ParseContext) -> None:
        """Raise ValueProblem where a readable value lies outside the bounds of the field."""

    def default(self, field: Field, context: ParseContext) -> V | None:
        """Return the value a new record starts with, as stored; None where there is none or it is refused."""
        raw = self.default_raw(field, context)
        try:
            return self.parse(field, raw, context)
        except ValueProblem:
            return None

    def default_raw(self, field: Field, context: ParseContext) -> object:
        """Return the default as `parse` reads it."""
        if field.default_from == "me":
            return context.person
        if field.default_from == "my_department":
            return context.department
        return field.default

    def to_json(self, field: Field, value: V) -> Json:  # noqa: ARG002
        """Return the stored value for a browser or the API; `parse` reads it back."""
        return cast("Json", value)

    def to_input(self, field: Field, value: V, lookup: Lookup) -> Json:  # noqa: ARG002
        """Return what the input on a screen starts with; `parse` reads it back."""
        return self.to_json(field, value)

    def from_form(self, field: Field, form: FormData, name: str) -> object:  # noqa: ARG002
        """Return the raw value of the inputs called `name`, ready for `parse`."""
        values = form.getlist(name)
        return values[-1] if values else None

    def display(self, field: Field, value: V, lookup: Lookup, language: str) -> str:  # noqa: ARG002
        """Return the value as plain text for a person: list, detail, print and history."""
        return str(value)

    def search_text(self, field: Field, value: V, lookup: Lookup) -> str:  # noqa: ARG002
        """Return the words under which the value shall be found; empty where none."""
        return ""

    def comparable_path(self, field: Field) -> str:
        """Return the path below `data` that sorting and filtering look at."""
        return field.key

    def filter_value(self, field: Field, raw: object, context: ParseContext) -> object:
        """Turn one operand of a filter or rule into what the database compares. Raises ValueProblem."""
        return None if is_blank(raw) else self.read(field, raw, context)

    def operators_for(self, field: Field) -> tuple[str, ...]:
        """Return the operators of `models.rules` that a screen offers for a field, the usual one first."""
        return operators.operators_for(field)

    def column(self, field: Field, language: str) -> Column:
        """Return how a spreadsheet shows the field."""
        return Column(key=field.key, label=field.label.text(language) or field.key, kind=self.kind)

    def cell(self, field: Field, value: V, lookup: Lookup, language: str) -> Cell:
        """Return the value as its column's kind wants it."""
        return self.display(field, value, lookup, language)

    def from_cell(self, field: Field, cell: object, context: ParseContext) -> object:  # noqa: ARG002
        """Turn a cell of an imported spreadsheet into what `parse` reads. Raises ValueProblem."""
        return cell_text(cell)

    def check(self, field: Field) -> Iterator[tuple[str, Message]]:
        """Yield (property, message) for what makes no sense in a field's definition."""
        if field.default_from and field.default_from not in self.default_sources:
            yield "default_from", _("This default does not fit the field.")
        if field.default is not None and "default" in self.properties:
            try:
                self.parse(field, field.default, ParseContext())
            except ValueProblem as problem:
                yield "default", problem.message


class TextStored(FieldType[str]):
    """What the types share whose stored value is a text that can be searched and compared."""

    sortable = True

    def search_text(self, field: Field, value: str, lookup: Lookup) -> str:  # noqa: ARG002
        """Return the text itself."""
        return value

    def filter_value(self, field: Field, raw: object, context: ParseContext) -> object:  # noqa: ARG002
        """Read the operand as a piece of text, which need not be a whole value."""
        return None if is_blank(raw) else scalar_text(raw)
