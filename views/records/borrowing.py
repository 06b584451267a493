"""Addresses of new slips that are filled in already: what is borrowed, by whom, from when to when."""

from collections.abc import Sequence
from urllib.parse import urlencode

from bson import ObjectId

from models.access import Action, permitted
from models.forms import LiveForm
from models.people import User
from views.context import require_person
from views.navigation import visible_forms


def slips_of(ledger: str, *, creatable: bool = False) -> list[LiveForm]:
    """Return the forms that the reader may see (and fill in) and that lend things of a ledger."""
    person = require_person()
    found = [form for form in visible_forms(person) if form.definition.lends(ledger)]
    return [form for form in found if not creatable or permitted(person, form.key, Action.CREATE)]


def borrow_url(
    slip: LiveForm, items: Sequence[ObjectId | str], begins: str = "", ends: str = "", *, person: User
) -> str:
    """Return the address of a new slip for one piece of each of some items.

    Args:
        slip: the form of the slip.
        items: ids of items of its ledger.
        begins: the first day (ISO date), if known.
        ends: the last.
        person: who borrows.
    """
    part = slip.definition.slip
    if part is None:
        return f"/records/{slip.key}/new"
    values = {
        part.borrower: str(person.id),
        part.department: str(person.department.id) if person.department else "",
        part.begins: begins,
        part.ends: ends,
    }
    for at, item in enumerate(items):
        values |= {f"{part.items}-{at}-{part.item}": str(item), f"{part.items}-{at}-{part.quantity}": "1"}
    return f"/records/{slip.key}/new?{urlencode({key: one for key, one in values.items() if key and one})}"
