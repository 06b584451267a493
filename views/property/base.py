"""What every page about property shares: the blueprint they hang on, and the ledger they are about."""

from typing import Any, Final

from flask import Blueprint, render_template

from models.errors import NotFoundError
from models.forms import LiveForm
from views.context import require_person
from views.navigation import visible_forms

pages: Final = Blueprint("property", __name__, url_prefix="/property")


def ledgers() -> list[LiveForm]:
    """Return the ledgers of which the reader may see records, in the order of the navigation."""
    return [form for form in visible_forms(require_person()) if form.definition.ledger]


def slips_of(ledger: LiveForm) -> list[LiveForm]:
    """Return the forms that the reader may see and that lend things of a ledger."""
    forms = visible_forms(require_person())
    return [form for form in forms if form.definition.slip and form.definition.slip.ledger == ledger.key]


def ledger(key: str) -> LiveForm:
    """Return a ledger of the reader. Raises NotFoundError for any other form, and for a stranger."""
    found = next((form for form in ledgers() if form.key == key), None)
    if found is None:
        raise NotFoundError
    return found


def show(template: str, **values: Any) -> str:  # noqa: ANN401  (template variables)
    """Render a page about property."""
    return render_template(f"property/{template}.html", **values)
