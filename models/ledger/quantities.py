"""How many: pieces are whole, unless their unit can be divided; there are never none or fewer."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bson import Decimal128

from models.definition import Definition, Field
from models.errors import InvalidError
from models.fields.numbers import decimal_of
from models.messages import Message, _

LARGEST = Decimal(10) ** 12


def quantity_problem(ledger: Definition, data: Mapping[str, Any], quantity: Decimal | None) -> Message | None:
    """Say why an item cannot be moved in such a quantity; `data` is the item's."""
    part = ledger.ledger
    if part is None or quantity is None:
        return _("Say how many.")
    if quantity <= 0:
        return _("At least one piece.")
    if quantity > LARGEST:
        return _("Must be at most %(max)s.", max=f"{LARGEST:,}")
    divisible = part.unit and data.get(part.unit) in part.fractional_units
    if not divisible and quantity != quantity.to_integral_value():
        return _("Only whole pieces.")
    return None


def read_quantity(ledger: Definition, data: Mapping[str, Any], stored: object, path: str) -> Decimal:
    """Return a stored quantity of an item. Raises InvalidError beside `path`."""
    quantity = None if stored is None else decimal_of(stored)
    problem = quantity_problem(ledger, data, quantity)
    if problem or quantity is None:
        raise InvalidError({path: [problem or _("Say how many.")]})
    return quantity


def as_stored(field: Field | None, quantity: Decimal) -> int | Decimal128:
    """Return a quantity as a number field keeps it."""
    return int(quantity) if field is not None and field.type == "integer" else Decimal128(quantity)
