"""Numbers as Excel can hold them: 15 significant digits, written exactly or not as numbers at all."""

import struct
from decimal import Decimal
from math import isfinite

from bson.decimal128 import Decimal128

MAX_DIGITS = 15
"""Significant digits that a cell keeps."""

MAX_EXACT = 10**MAX_DIGITS
_MAX_EXPONENT = 300

_words = struct.Struct("<QQ").unpack
_BIAS = 6176
_EXPONENT_SHIFT = 49
_EXPONENT_MASK = 0x3FFF
_COEFFICIENT_MASK = (1 << _EXPONENT_SHIFT) - 1
_SPECIAL = 3 << 61
_SIGN = 1 << 63
_POWERS = tuple(float(10**power) for power in range(MAX_DIGITS + 8))
_POWER_LIMIT = len(_POWERS) - 1


def quick_number(value: object, shift: int = 0) -> str | None:
    """Return a stored decimal × 10^−shift as a cell's number, or None when `number` must look closer.

    Reads the bits of a Decimal128, because its own conversion costs twenty times as much.
    A quotient of two exact doubles is the nearest double, so its shortest form has the same digits.
    """
    if type(value) is not Decimal128:
        return None
    low, high = _words(value.bid)
    if low >= MAX_EXACT or high & _SPECIAL == _SPECIAL or high & _COEFFICIENT_MASK:
        return None
    places = _BIAS + shift - (high >> _EXPONENT_SHIFT & _EXPONENT_MASK)
    if places < 0 or places > _POWER_LIMIT:
        return None
    digits = repr(low / _POWERS[places]) if places else str(low)
    return "-" + digits if high & _SIGN else digits


def number(value: object, shift: int = 0) -> str | None:
    """Return a number × 10^−shift as a cell's number, or None when a cell would lose digits.

    Raises TypeError for what is not a number.
    """
    if isinstance(value, Decimal128):
        value = value.to_decimal()
    if isinstance(value, float):
        value = Decimal(repr(value)) if isfinite(value) else Decimal("NaN")
    if isinstance(value, int):
        value = Decimal(value)
    if not isinstance(value, Decimal):
        raise TypeError(value)
    return _exact(value, shift)


def _exact(value: Decimal, shift: int) -> str | None:
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return None
    significant = "".join(map(str, digits)).lstrip("0").rstrip("0")
    if len(significant) > MAX_DIGITS or abs(value.adjusted() - shift) > _MAX_EXPONENT:
        return None
    shifted = Decimal((sign, digits, exponent - shift))
    if -MAX_DIGITS <= shifted.adjusted() <= MAX_DIGITS:
        return f"{shifted:f}"
    return str(shifted)
