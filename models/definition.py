"""What a form is, as data: the shape of one published version or one draft.

This module only knows the shape. `models.form_checks` says whether a definition makes sense,
`models.forms` keeps versions, `models.fields` gives each type its behaviour.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import Field as Attribute

from models.definition_parts import KEY_LENGTH, KEY_PATTERN, Key, Label, OptionKey, Part, RuleTree, Text
from models.ledger_parts import Ledger, Slip, StockCheck
from models.letter_parts import MAX_LETTERS, Letter
from models.procedure import MAX_CLOCKS, ClockRule, Workflow

__all__ = [
    "GROUPS",
    "KEY_LENGTH",
    "KEY_PATTERN",
    "MAX_FIELDS",
    "MAX_OPTIONS",
    "STATE",
    "Definition",
    "Field",
    "FieldTypeKey",
    "Key",
    "Label",
    "Option",
    "OptionKey",
    "RuleTree",
    "Sort",
    "Text",
]

MAX_FIELDS = 300
MAX_OPTIONS = 500
MAX_COLUMNS = 400
"""Every field, and the system's own columns."""

STATE = "state"

FileKind = Literal["picture", "document", "archive", "media", "other", "program"]
"""What a file is to people; only a field that names programs takes them."""

FieldTypeKey = Literal[
    "text", "long_text", "integer", "decimal", "money", "percent", "date", "datetime", "duration",
    "choice", "multi_choice", "boolean", "rating", "phone", "email", "link", "person", "department",
    "reference", "table", "attachment", "image", "signature", "computed", "serial", "section", "help",
]  # fmt: skip

GROUPS = ("quality", "sales", "service", "master", "internal")


class Option(Part):
    """One entry of a choice. A retired option stays readable but cannot be chosen anew."""

    key: OptionKey
    label: Label = Label()
    color: Literal["", "gray", "blue", "green", "yellow", "orange", "red", "purple", "teal"] = ""
    retired: bool = False


class Field(Part):
    """One field of a form, or one column of a table field.

    Bounds are strings or numbers as the type reads them (`min: "2020-01-01"` for a date).
    """

    key: Key
    type: FieldTypeKey
    label: Label = Label()
    help: Label = Label()
    placeholder: Label = Label()
    required: bool = False
    readonly: bool = False
    unique: bool = False
    indexed: bool = False
    searchable: bool = False
    filterable: bool = False
    in_list: bool = False
    default: Any = None
    default_from: Literal["", "today", "now", "me", "my_department"] = ""
    visible_if: RuleTree | None = None
    required_if: RuleTree | None = None
    readonly_if: RuleTree | None = None
    min: str | int | float | None = None
    max: str | int | float | None = None
    min_length: int | None = Attribute(None, ge=0)
    max_length: int | None = Attribute(None, ge=1)
    pattern: str = Attribute("", max_length=500)
    pattern_message: Label = Label()
    decimals: int | None = Attribute(None, ge=0, le=10)
    unit: Label = Label()
    currency: str = "CNY"
    currencies: tuple[str, ...] = ()
    options: tuple[Option, ...] = Attribute((), max_length=MAX_OPTIONS)
    max_rating: int = Attribute(5, ge=2, le=10)
    form: str = ""
    many: bool = False
    fields: "tuple[Field, ...]" = Attribute((), max_length=60)
    sum: bool = False
    formula: str = Attribute("", max_length=2000)
    result: Literal["decimal", "integer", "text", "boolean", "date"] = "decimal"
    serial_pattern: str = Attribute("", max_length=100)
    max_files: int = Attribute(10, ge=1, le=50)
    max_megabytes: int = Attribute(20, ge=1, le=200)
    accept: tuple[FileKind, ...] = ()
    width: int = Attribute(6, ge=3, le=12)

    @cached_property
    def columns(self) -> "dict[str, Field]":
        """The columns of a table field, by key."""
        return {column.key: column for column in self.fields}

    @cached_property
    def options_by_key(self) -> dict[str, Option]:
        """The options of a choice, by key, retired ones included."""
        return {option.key: option for option in self.options}

    @property
    def holds_value(self) -> bool:
        """Tell whether records keep a value for it (a heading does not)."""
        return self.type not in {"section", "help"}


class Sort(Part):
    """A default order: a field's key, or a system column such as `created_at`."""

    field: str
    descending: bool = False


class Definition(Part):
    """One version of a form."""

    key: Key
    label: Label
    description: Label = Label()
    group: Literal["quality", "sales", "service", "master", "internal"] = "quality"
    icon: str = Attribute("file-text", max_length=40)
    form_number: str = Attribute("", max_length=60)
    form_revision: str = Attribute("", max_length=20)
    numbering: str = Attribute("", max_length=100)
    title_fields: tuple[str, ...] = Attribute((), max_length=MAX_COLUMNS)
    fields: tuple[Field, ...] = Attribute((), max_length=MAX_FIELDS)
    list_columns: tuple[str, ...] = Attribute((), max_length=MAX_COLUMNS)
    inline_columns: tuple[str, ...] = Attribute((), max_length=MAX_COLUMNS)
    sort: Sort | None = None
    business_key: str = ""
    workflow: Workflow | None = None
    clocks: tuple[ClockRule, ...] = Attribute((), max_length=MAX_CLOCKS)
    ledger: Ledger | None = None
    slip: Slip | None = None
    stock_check: StockCheck | None = None
    letters: tuple[Letter, ...] = Attribute((), max_length=MAX_LETTERS)

    @cached_property
    def by_clock(self) -> dict[str, ClockRule]:
        """Every clock by its key."""
        return {clock.key: clock for clock in self.clocks}

    @cached_property
    def by_letter(self) -> dict[str, Letter]:
        """Every kind of letter by its key."""
        return {letter.key: letter for letter in self.letters}

    @cached_property
    def record_clocks(self) -> tuple[ClockRule, ...]:
        """The clocks that each record has of its own."""
        return tuple(clock for clock in self.clocks if clock.scope == "record")

    @cached_property
    def form_clocks(self) -> tuple[ClockRule, ...]:
        """The clocks of the form itself, such as a report every month."""
        return tuple(clock for clock in self.clocks if clock.scope == "form")

    @cached_property
    def by_key(self) -> dict[str, Field]:
        """Every field by its key."""
        return {field.key: field for field in self.fields}

    @cached_property
    def written(self) -> frozenset[str]:
        """The fields that only the program writes: what ledgers, slips and stock checks say of themselves."""
        of_ledger = self.ledger.written if self.ledger else ()
        of_slip = (self.slip.outstanding,) if self.slip and self.slip.outstanding else ()
        of_check = self.stock_check.numbers.values() if self.stock_check else ()
        return frozenset((*of_ledger, *of_slip, *of_check))

    @cached_property
    def written_columns(self) -> Mapping[str, frozenset[str]]:
        """The columns of tables that only the program writes, by table."""
        return {self.slip.items: self.slip.counts} if self.slip else {}

    def lends(self, ledger: str) -> bool:
        """Tell whether the form is a slip that lends things of a ledger."""
        return self.slip is not None and self.slip.ledger == ledger

    @cached_property
    def value_fields(self) -> tuple[Field, ...]:
        """The fields that hold a value, in order."""
        return tuple(field for field in self.fields if field.holds_value)

    @cached_property
    def state_field(self) -> Field | None:
        """The state of records as if it were a choice, for lists and filters; None without a workflow."""
        if self.workflow is None:
            return None
        options = tuple(
            Option(key=state.key, label=state.label, color=state.shown_color)
            for state in self.workflow.states
        )
        return Field(key=STATE, type="choice", label=Label(zh="状态", en="State"), options=options)

    @cached_property
    def section_of(self) -> dict[str, Field]:
        """The heading above each field that has one, by the field's key."""
        found: dict[str, Field] = {}
        heading: Field | None = None
        for field in self.fields:
            if field.type == "section":
                heading = field
            elif heading:
                found[field.key] = heading
        return found

    @classmethod
    def load(cls, document: dict[str, Any]) -> Self:
        """Read a stored or submitted document. Raises pydantic's ValidationError."""
        return cls.model_validate(document)

    def dump(self) -> dict[str, Any]:
        """Return a JSON-like document without defaults, fit for MongoDB and YAML."""
        return self.model_dump(mode="json", exclude_defaults=True)
