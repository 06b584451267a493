"""The list of reports."""

from models.reports import reading
from views.context import current_language, require_person
from views.reports import base


@base.pages.get("/")
def index() -> str:
    """List the reports that the reader may read."""
    person, language = require_person(), current_language()
    found = [
        {
            "key": one.key,
            "title": one.definition.label.text(language) or one.key,
            "about": one.definition.description.text(language),
            "period": reading.period_of(one.definition, ""),
            "form_number": one.definition.form_number,
            "count": len(one.definition.analyses),
        }
        for one in reading.readable(person)
    ]
    return base.show("index", reports=found)
