"""Exact, bounded decimal arithmetic: no binary fractions, no number that a record could not hold."""

from collections.abc import Callable
from datetime import date
from decimal import (
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from functools import wraps
from typing import Any

from models.formulas.types import Value

PRECISION = 28
LARGEST = Decimal(10) ** 24  # with ten decimals just within the 34 digits of a Decimal128
MAX_DECIMALS = 10
MAX_TEXT = 2000

CONTEXT = Context(
    prec=PRECISION,
    rounding=ROUND_HALF_UP,
    Emin=-60,
    Emax=60,
    traps=[DivisionByZero, InvalidOperation, Overflow],
)
_WIDE = Context(prec=60, rounding=ROUND_HALF_UP, traps=[InvalidOperation])

Function = Callable[..., Any]


def bounded(function: Function) -> Function:
    """Make a function answer None where there is no answer: a division by zero, a wrong type, too large."""

    @wraps(function)
    def guarded(*values: Value) -> Value:
        try:
            result: Value = function(*values)
        except (ArithmeticError, TypeError, ValueError, AttributeError, LookupError):
            return None
        return result if _is_small(result) else None

    return guarded


def strict(function: Function) -> Function:
    """Make a function answer None as soon as one of its values is empty."""

    @wraps(function)
    def careful(*values: Value) -> Value:
        return None if any(value is None for value in values) else bounded(function)(*values)

    return careful


def _is_small(result: Value) -> bool:
    if isinstance(result, Decimal):
        return result.is_finite() and abs(result) < LARGEST
    return not isinstance(result, str) or len(result) <= MAX_TEXT


def rounded(number: Decimal, decimals: int) -> Decimal:
    """Round half away from zero, as commerce does; never gives a negative zero."""
    return unsigned_zero(number.quantize(Decimal(1).scaleb(-decimals), context=_WIDE))


def unsigned_zero(number: Decimal) -> Decimal:
    """Return the number; a negative zero becomes a plain one."""
    return _WIDE.add(number, Decimal(0))


def plain(value: Decimal | date | str) -> str:
    """Return a value as text inside a text: numbers without exponent, dates as ISO."""
    return format(value, "f") if isinstance(value, Decimal) else str(value)
