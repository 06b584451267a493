"""What every page about property shares: the blueprint they hang on, and the ledger they are about."""

from typing import Any, Final

from flask import Blueprint, g, render_template

from models.database import Document
from models.disclosure import Disclosure
from models.errors import NotFoundError
from models.forms import LiveForm
from views.context import require_person
from views.navigation import visible_forms
from views.records.facts import heading, untitled

pages: Final = Blueprint("property", __name__, url_prefix="/property")


def ledgers() -> list[LiveForm]:
    """Return the ledgers of which the reader may see records, in the order of the navigation."""
    return [form for form in visible_forms(require_person()) if form.definition.ledger]


def ledger(key: str) -> LiveForm:
    """Return a ledger of the reader. Raises NotFoundError for any other form, and for a stranger."""
    found = next((form for form in ledgers() if form.key == key), None)
    if found is None:
        raise NotFoundError
    return found


def show(template: str, **values: Any) -> str:  # noqa: ANN401  (template variables)
    """Render a page about property."""
    return render_template(f"property/{template}.html", **values)


def told(form: LiveForm) -> Disclosure:
    """Return what the reader is shown of a form; found out once per request."""
    known: dict[tuple[str, int], Disclosure] = g.setdefault("disclosures", {})
    key = (form.key, form.version)
    if key not in known:
        known[key] = Disclosure(require_person(), form)
    return known[key]


def called(shown_by: Disclosure, record: Document) -> str:
    """Return what a record is called, for who may know it."""
    return heading(shown_by.titled(record)) or untitled()


def titled(shown_by: Disclosure, record: Document) -> str:
    """Return a record's title alone, its number where it has none that the reader may know."""
    shown = shown_by.titled(record)
    return str(shown.get("title") or shown.get("number") or untitled())
