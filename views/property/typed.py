"""What was typed on small pages about property: a quantity, a few words."""

from decimal import Decimal, InvalidOperation
from typing import Final

from flask import request

from models.errors import InvalidError
from models.messages import _

LONGEST: Final = 200
MOST_DIGITS: Final = 20


def quantity(name: str = "quantity") -> Decimal | None:
    """Return a posted number, None for nothing. Raises InvalidError for what is no number."""
    text = request.form.get(name, "").strip().replace(",", "")
    if not text:
        return None
    try:
        found = Decimal(text) if len(text) <= MOST_DIGITS else Decimal("nan")
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite():
        raise InvalidError({name: [_("Enter a number.")]})
    return found


def text(name: str, longest: int = LONGEST) -> str:
    """Return posted words in one line. Raises InvalidError for more than a place or a remark takes."""
    found = " ".join(request.form.get(name, "").split())
    if len(found) > longest:
        raise InvalidError({name: [_("At most %(max)s characters.", max=longest)]})
    return found
