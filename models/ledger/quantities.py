"""How many: pieces are whole, unless their unit can be divided; there are never none or fewer."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bson import Decimal128

from models.definition import Definition, Field
from models.errors import InvalidError
from models.fields.numbers import decimal_of
from models.ledger_parts import Ledger
from models.messages import Message, _

LARGEST = Decimal(10) ** 12
MAX_PLACES = 6
"""Of a stock that can be divided; with them all sums stay exact."""


def quantity_problem(ledger: Definition, data: Mapping[str, Any], quantity: Decimal | None) -> Message | None:
    """Say why an item cannot be moved in such a quantity; `data` is the item's."""
    part = ledger.ledger
    if part is None or quantity is None or not quantity.is_finite():
        return _("Say how many.")
    divisible = is_divisible(part, data)
    if quantity <= 0:
        return _("Must be more than 0.") if divisible else _("At least one piece.")
    if quantity > LARGEST:
        return _("Must be at most %(max)s.", max=f"{LARGEST:,}")
    if not divisible and quantity != quantity.to_integral_value():
        return _("Only whole pieces.")
    if quantity != round(quantity, MAX_PLACES):
        return _("At most %(max)s decimals.", max=MAX_PLACES)
    return None


def is_divisible(part: Ledger, data: Mapping[str, Any]) -> bool:
    """Tell whether an item's unit has fractions."""
    return bool(part.unit) and data.get(part.unit) in part.fractional_units


def read_quantity(ledger: Definition, data: Mapping[str, Any], stored: object, path: str) -> Decimal:
    """Return a stored quantity of an item. Raises InvalidError beside `path`."""
    quantity = None if stored is None else decimal_of(stored)
    problem = quantity_problem(ledger, data, quantity)
    if problem or quantity is None:
        raise InvalidError({path: [problem or _("Say how many.")]})
    return quantity


def require_single(part: Ledger, data: Mapping[str, Any], quantity: Decimal) -> None:
    """Raise InvalidError where what has a serial number is not one piece."""
    if part.serial and data.get(part.serial) and quantity != 1:
        raise InvalidError({part.quantity: [_("With a serial number it is one piece.")]})


def as_stored(field: Field | None, quantity: Decimal) -> int | Decimal128:
    """Return a quantity as a number field keeps it."""
    return int(quantity) if field is not None and field.type == "integer" else Decimal128(quantity)
