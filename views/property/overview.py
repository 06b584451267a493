"""The first page about property: every ledger of the reader, its numbers, and where one can go from it."""

from collections.abc import Iterator
from typing import Any, Final

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from models.access import Action, permitted
from models.forms import LiveForm
from views.context import current_language, require_person
from views.navigation import visible_forms
from views.property import base
from views.property.tiles import mine, tiles
from views.records.borrowing import slips_of

PLACES: Final = (
    ("property.calendar", lazy_gettext("Who has it when"), "calendar-range", Action.SEE),
    ("property.labels", lazy_gettext("Labels"), "qr-code", Action.PRINT),
    ("property.reports", lazy_gettext("Reports"), "file-earmark-spreadsheet", Action.EXPORT),
)
"""Pages of a ledger besides its list: endpoint, title, icon, and what a reader must be allowed."""


@base.pages.get("/")
def index() -> str:
    """Show the ledgers that the reader may see."""
    ledgers = base.ledgers()
    return base.show(
        "index",
        ledgers=[{"form": one, "tiles": tiles(one), "places": list(_places(one))} for one in ledgers],
        mine=mine(ledgers),
    )


def _places(ledger: LiveForm) -> Iterator[dict[str, Any]]:
    person, language = require_person(), current_language()
    yield {"title": _("List"), "url": f"/records/{ledger.key}/", "icon": ledger.definition.icon}
    for slip in slips_of(ledger.key):
        yield {
            "title": slip.definition.label.text(language),
            "url": f"/records/{slip.key}/",
            "icon": slip.definition.icon,
        }
    for endpoint, title, icon, action in PLACES:
        if permitted(person, ledger.key, action):
            yield {"title": title, "url": url_for(endpoint, form=ledger.key), "icon": icon}
    checks = (form.definition.stock_check for form in visible_forms(person))
    if any(one.ledger == ledger.key for one in checks if one):
        yield {"title": _("Stock checks"), "url": url_for("property.checks"), "icon": "clipboard-check"}
