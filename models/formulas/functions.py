"""The functions of formulas: what each takes, gives and does. Nothing else can be called."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from types import MappingProxyType
from typing import Any

from models.formulas.arithmetic import CONTEXT, Function, bounded, plain, rounded, strict, unsigned_zero
from models.formulas.types import Table, Type, Value
from models.rules.plan import fold

MAX_ARGUMENTS = 20
_YEARS = range(1900, 3000)
_MILLISECONDS_PER_HOUR = 3_600_000

Types = frozenset[Type]
NUMBER = frozenset({Type.NUMBER})
BOOLEAN = frozenset({Type.BOOLEAN})
TEXT = frozenset({Type.TEXT})
DAY = frozenset({Type.DATE, Type.DATETIME})
MOMENT = frozenset({Type.DATETIME})
ORDERED = NUMBER | DAY
PRINTABLE = frozenset({Type.TEXT, Type.NUMBER, Type.DATE})
SCALAR = PRINTABLE | BOOLEAN | MOMENT
TEXTS = frozenset({Type.TEXT, Type.LIST})


@dataclass(frozen=True)
class Signature:
    """What a function takes (one set of types per argument) and gives; no `result` means "the same type".

    `alike` arguments have one type; `in_days` makes a time the day it falls on.
    """

    call: Function
    takes: tuple[Types, ...]
    result: Type | None
    optional: int = 0
    repeats: bool = False
    alike: bool = False
    in_days: bool = False

    @property
    def least(self) -> int:
        """The number of arguments it needs."""
        return len(self.takes) - self.optional

    @property
    def most(self) -> int:
        """The number of arguments it can take; the last one may repeat."""
        return MAX_ARGUMENTS if self.repeats else len(self.takes)

    def takes_at(self, position: int) -> Types:
        """Return the types an argument may have."""
        return self.takes[min(position, len(self.takes) - 1)]


@dataclass(frozen=True)
class Aggregate:
    """A function over one column of a table, or over the table itself when `columns` is None."""

    columns: Types | None
    result: Type | None


def _sum(table: Table, column: str) -> Decimal:
    return _total(table.column(column))


def _average(table: Table, column: str) -> Decimal | None:
    values = table.column(column)
    return CONTEXT.divide(_total(values), Decimal(len(values))) if values else None


def _total(values: list[Decimal]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = CONTEXT.add(total, value)
    return total


def _count(table: Table) -> Decimal:
    return Decimal(len(table.rows))


def _least(*values: Any) -> Value:  # noqa: ANN401  (a table and a column, or values)
    found = values[0].column(values[1]) if isinstance(values[0], Table) else values
    least: Value = min(found, default=None)
    return least


def _greatest(*values: Any) -> Value:  # noqa: ANN401
    found = values[0].column(values[1]) if isinstance(values[0], Table) else values
    greatest: Value = max(found, default=None)
    return greatest


def _round(number: Decimal, decimals: Decimal = Decimal(0)) -> Decimal:
    places = int(decimals)
    if places != decimals or not 0 <= places <= 10:  # noqa: PLR2004  (what a field can have)
        raise ValueError
    return rounded(number, places)


def _floor(number: Decimal) -> Decimal:
    return unsigned_zero(number.to_integral_value(ROUND_FLOOR))


def _ceil(number: Decimal) -> Decimal:
    return unsigned_zero(number.to_integral_value(ROUND_CEILING))


def _days_between(first: date, last: date) -> Decimal:
    return Decimal((last - first).days)


def _hours_between(first: datetime, last: datetime) -> Decimal:
    milliseconds = Decimal((last - first) // timedelta(milliseconds=1))
    return CONTEXT.divide(milliseconds, Decimal(_MILLISECONDS_PER_HOUR))


def _add_days(day: date, days: Decimal) -> date | None:
    moved = day + timedelta(days=int(days.to_integral_value(ROUND_FLOOR)))
    return moved if moved.year in _YEARS else None


def _concat(*values: Any) -> str | None:  # noqa: ANN401
    return "".join(plain(value) for value in values if value is not None) or None


def _coalesce(*values: Value) -> Value:
    return next((value for value in values if value is not None), None)


def _contains(whole: str | tuple[str, ...], part: str) -> bool:
    return part in whole if isinstance(whole, tuple) else fold(part) in fold(whole)


FUNCTIONS: Mapping[str, Signature] = MappingProxyType(
    {
        "abs": Signature(strict(CONTEXT.abs), (NUMBER,), Type.NUMBER),
        "round": Signature(strict(_round), (NUMBER, NUMBER), Type.NUMBER, optional=1),
        "floor": Signature(strict(_floor), (NUMBER,), Type.NUMBER),
        "ceil": Signature(strict(_ceil), (NUMBER,), Type.NUMBER),
        "min": Signature(strict(_least), (ORDERED, ORDERED), None, repeats=True, alike=True),
        "max": Signature(strict(_greatest), (ORDERED, ORDERED), None, repeats=True, alike=True),
        "days_between": Signature(strict(_days_between), (DAY, DAY), Type.NUMBER, in_days=True),
        "hours_between": Signature(strict(_hours_between), (MOMENT, MOMENT), Type.NUMBER),
        "add_days": Signature(strict(_add_days), (DAY, NUMBER), Type.DATE, in_days=True),
        "year": Signature(strict(lambda day: Decimal(day.year)), (DAY,), Type.NUMBER, in_days=True),
        "month": Signature(strict(lambda day: Decimal(day.month)), (DAY,), Type.NUMBER, in_days=True),
        "concat": Signature(bounded(_concat), (PRINTABLE,), Type.TEXT, repeats=True),
        "coalesce": Signature(bounded(_coalesce), (SCALAR,), None, repeats=True, alike=True),
        "len": Signature(strict(lambda text: Decimal(len(text))), (TEXTS,), Type.NUMBER),
        "lower": Signature(strict(str.lower), (TEXT,), Type.TEXT),
        "upper": Signature(strict(str.upper), (TEXT,), Type.TEXT),
        "contains": Signature(strict(_contains), (TEXTS, TEXT), Type.BOOLEAN),
    }
)

AGGREGATES: Mapping[str, Aggregate] = MappingProxyType(
    {
        "sum": Aggregate(NUMBER, Type.NUMBER),
        "average": Aggregate(NUMBER, Type.NUMBER),
        "min": Aggregate(ORDERED, None),
        "max": Aggregate(ORDERED, None),
        "count": Aggregate(None, Type.NUMBER),
    }
)

# `if_` is not among them: the reader turns it into a conditional expression.
CALLS: Mapping[str, Function] = MappingProxyType(
    {name: signature.call for name, signature in FUNCTIONS.items()}
    | {"sum": strict(_sum), "average": strict(_average), "count": strict(_count)}
)

NAMES: tuple[str, ...] = tuple(sorted({*CALLS, "if_"}))
