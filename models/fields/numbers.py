"""Whole numbers, decimals, percentages and ratings."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar

from bson import Decimal128
from typing_extensions import override

from models.definition import Field
from models.errors import ValueProblem
from models.fields.base import HELD, Cell, FieldType, Json, ParseContext, V
from models.fields.needs import Lookup
from models.fields.reading import cell_text, is_blank, narrow_text, number_from_text, read_number, with_places
from models.messages import LANGUAGES, Message, _
from models.spreadsheets.columns import Column, Kind

MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1
MAX_SAFE = 2**53
"""Beyond it a browser's number is no longer exact, so JSON carries text."""
BLANK_CELLS = frozenset({"-", "--", "—", "——", "/", "N/A", "n/a", "无"})
"""What office tables write where there is no number or date."""

MEASURED = ("min", "max", "decimals")
_STARS = re.compile(r"★+☆*\Z")
_OUT_OF = re.compile(r"(\d+)\s*(?:/\s*\d+|星|分)\Z", re.ASCII)


def without_unit(field: Field, raw: object) -> object:
    """Return the raw value without the field's unit at its end: `12.5 kg` → `12.5`."""
    if not isinstance(raw, str):
        return raw
    text = narrow_text(raw)
    for language in LANGUAGES:
        unit = narrow_text(field.unit.text(language))
        if unit and text.lower().endswith(unit.lower()):
            return text[: -len(unit)].strip()
    return text


def grouped(number: Decimal | int) -> str:
    """Return a number with thousands separators and all its decimals."""
    return f"{number:,f}" if isinstance(number, Decimal) else f"{number:,}"


def as_written(field: Field, text: str) -> str:
    """Return a number's text as people write it: without zeros that only fill up the decimals."""
    return text.rstrip("0").rstrip(".") if field.decimals and "." in text else text


def decimal_of(value: object) -> Decimal:
    """Return a stored number as Decimal."""
    return value.to_decimal() if isinstance(value, Decimal128) else Decimal(str(value))


def check_bounds(number: Decimal, least: Decimal | None, most: Decimal | None) -> None:
    """Raise ValueProblem for a number outside its bounds."""
    if least is not None and number < least:
        raise ValueProblem(_("Must be at least %(min)s.", min=grouped(least)))
    if most is not None and number > most:
        raise ValueProblem(_("Must be at most %(max)s.", max=grouped(most)))


def bound(field: Field, name: str) -> Decimal | None:
    """Return a bound of a numeric field. Raises ValueProblem where it is no number."""
    raw = getattr(field, name)
    return None if is_blank(raw) else read_number(raw)


def check_number_bounds(field: Field) -> Iterator[tuple[str, Message]]:
    """Yield what is wrong with the bounds of a numeric field."""
    found: dict[str, Decimal] = {}
    for name in ("min", "max"):
        try:
            number = bound(field, name)
        except ValueProblem as problem:
            yield name, problem.message
        else:
            found |= {name: number} if number is not None else {}
    if len(found) > 1 and found["min"] > found["max"]:
        yield "min", _("The least is more than the most.")


class Number(FieldType[V]):
    """What the numeric types share."""

    sortable = True
    summable = True

    @override
    def limit(self, field: Field, value: V, context: ParseContext) -> None:
        check_bounds(decimal_of(value), bound(field, "min"), bound(field, "max"))

    @override
    def display(self, field: Field, value: V, lookup: Lookup, language: str) -> str:
        unit = field.unit.text(language)
        return f"{as_written(field, grouped(decimal_of(value)))} {unit}".rstrip()

    @override
    def search_text(self, field: Field, value: V, lookup: Lookup) -> str:
        return f"{decimal_of(value):f}"

    @override
    def from_cell(self, field: Field, cell: object, context: ParseContext) -> object:
        text = cell_text(cell)
        return None if isinstance(text, str) and text.strip() in BLANK_CELLS else text

    @override
    def check(self, field: Field) -> Iterator[tuple[str, Message]]:
        found = list(check_number_bounds(field))
        yield from found or super().check(field)


class Integer(Number[int]):
    """A whole number of 64 bits."""

    key = "integer"
    name = _("Whole number")
    description = _("A count, such as a quantity of pieces.")
    icon = "123"
    widget = "number"
    kind = "integer"
    properties = (*HELD, "placeholder", "unique", "searchable", "min", "max", "unit", "sum")
    groupable = True

    @override
    def read(self, field: Field, raw: object, context: ParseContext, before: int | None = None) -> int | None:
        number = int(with_places(read_number(without_unit(field, raw)), 0))
        if not MIN_INTEGER <= number <= MAX_INTEGER:
            raise ValueProblem(_("The number is too large."))
        return number

    @override
    def to_json(self, field: Field, value: int) -> Json:
        return value if abs(value) <= MAX_SAFE else str(value)

    @override
    def column(self, field: Field, language: str) -> Column:
        label = field.label.text(language) or field.key
        return Column(key=field.key, label=label, kind=self.kind, unit=field.unit.text(language))

    @override
    def cell(self, field: Field, value: int, lookup: Lookup, language: str) -> Cell:
        return value


class DecimalNumber(Number[Decimal128]):
    """A number with decimals, kept exactly."""

    key = "decimal"
    name = _("Decimal number")
    description = _("A measured value, such as a weight or a length.")
    icon = "calculator"
    widget = "decimal"
    kind: ClassVar[Kind] = "decimal"
    properties: ClassVar[tuple[str, ...]] = (
        *HELD,
        "placeholder",
        "unique",
        "searchable",
        *MEASURED,
        "unit",
        "sum",
    )

    @override
    def read(
        self, field: Field, raw: object, context: ParseContext, before: Decimal128 | None = None
    ) -> Decimal128 | None:
        return Decimal128(with_places(self.number(field, raw), field.decimals))

    def number(self, field: Field, raw: object) -> Decimal:
        """Read the number alone."""
        return read_number(without_unit(field, raw))

    @override
    def filter_value(self, field: Field, raw: object, context: ParseContext) -> object:
        return None if is_blank(raw) else Decimal128(self.number(field, raw))

    @override
    def to_json(self, field: Field, value: Decimal128) -> Json:
        return as_written(field, f"{decimal_of(value):f}")

    @override
    def column(self, field: Field, language: str) -> Column:
        label, unit = field.label.text(language) or field.key, field.unit.text(language)
        return Column(key=field.key, label=label, kind=self.kind, unit=unit)  # as it is written

    @override
    def cell(self, field: Field, value: Decimal128, lookup: Lookup, language: str) -> Cell:
        return value


class Percent(DecimalNumber):
    """A percentage as it is typed: 0.5 means 0.5 %."""

    key = "percent"
    name = _("Percentage")
    description = _("A share in percent: 0.5 means 0.5 %.")
    icon = "percent"
    widget = "percent"
    kind = "percent"
    summable = False
    properties = (*HELD, "placeholder", "min", "max", "decimals")

    @override
    def number(self, field: Field, raw: object) -> Decimal:
        if not isinstance(raw, str):
            return read_number(raw)
        return number_from_text(narrow_text(raw).removesuffix("%").rstrip())

    @override
    def display(self, field: Field, value: Decimal128, lookup: Lookup, language: str) -> str:
        return f"{as_written(field, grouped(decimal_of(value)))}%"

    @override
    def column(self, field: Field, language: str) -> Column:
        label = field.label.text(language) or field.key
        return Column(key=field.key, label=label, kind=self.kind, decimals=field.decimals)


class Rating(FieldType[int]):
    """A number of stars."""

    key = "rating"
    name = _("Rating")
    description = _("One to ten stars.")
    icon = "star"
    widget = "rating"
    kind = "rating"
    sortable = True
    groupable = True
    properties = (*HELD, "max_rating")
    least: ClassVar[int] = 1

    @override
    def read(self, field: Field, raw: object, context: ParseContext, before: int | None = None) -> int | None:
        return int(with_places(read_number(_star_count(raw)), 0))

    @override
    def limit(self, field: Field, value: int, context: ParseContext) -> None:
        check_bounds(Decimal(value), Decimal(self.least), Decimal(field.max_rating))

    @override
    def display(self, field: Field, value: int, lookup: Lookup, language: str) -> str:
        return f"{value}/{field.max_rating}"

    @override
    def cell(self, field: Field, value: int, lookup: Lookup, language: str) -> Cell:
        return value


def _star_count(raw: object) -> object:
    """Read `★★★☆☆`, `3/5` and `3星` as 3."""
    if not isinstance(raw, str):
        return raw
    text = narrow_text(raw)
    if _STARS.match(text):
        return text.count("★")
    out_of = _OUT_OF.match(text)
    return out_of.group(1) if out_of else text
