"""Who may read a letter that was kept: whoever may print its record, and see everything it tells."""

from collections.abc import Mapping
from typing import Any

from models import access, forms
from models.access import Action
from models.database import Document
from models.disclosure import Disclosure
from models.errors import DomainError, ForbiddenError
from models.forms import LiveForm
from models.letters import keeping
from models.people import User


class Reader:
    """Tells one person's letters of a form from those that are closed to them."""

    def __init__(self, person: User, form: LiveForm) -> None:
        self._person, self._form = person, form
        self._told = Disclosure(person, form)

    def may_read(self, record: Document, letter: Mapping[str, Any]) -> bool:
        """Tell whether a letter may be opened: nothing in it is closed to the person."""
        if not access.allowed(self._person, self._form, record, Action.PRINT):
            return False
        if any(self._told.is_withheld(record, key) for key in letter["fields"]):
            return False
        return all(map(self._sees, letter["named"]))

    def _sees(self, named: Mapping[str, Any]) -> bool:
        """Tell whether the person may see a record that a letter names, and the fields of which it tells."""
        try:
            form = forms.current(named["form"])
            other = access.fetch(self._person, form, named["record"])
        except DomainError:
            return False
        told = Disclosure(self._person, form)
        return not any(told.is_withheld(other, key) for key in named["fields"])


def read(person: User, form: LiveForm, record: Document, letter_id: str) -> Document:
    """Return a letter of a record that a person sees. Raises NotFoundError, ForbiddenError."""
    letter = keeping.get(form.key, record["_id"], letter_id)
    if not Reader(person, form).may_read(record, letter):
        raise ForbiddenError
    return letter
