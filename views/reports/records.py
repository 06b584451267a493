"""The very records behind a figure, as a list to page through."""

from dataclasses import replace
from urllib.parse import urlencode

from flask import request
from flask.typing import ResponseReturnValue

from models.access import Action, require
from models.forms import current
from models.queries import count, page
from models.reports import drill
from views.context import current_language, require_person
from views.property.base import told
from views.records.listing import columns_of, default_columns, rows_of
from views.reports import base
from views.reports.base import Asked


@base.pages.get("/<key>/records")
def records(key: str) -> ResponseReturnValue:
    """List the records of `source` for which the rule `where` holds, within the reader's rights."""
    asked, person = Asked.read(key), require_person()
    given = request.args
    found = drill.read(asked.linked, *(given.get(name, "") for name in ("source", "where", "said")))
    form = current(found.source.form)
    require(person, form.key, Action.SEE)
    shown_by = told(form)
    query = replace(found.query, columns=default_columns(shown_by.definition), cursor=given.get("cursor", ""))
    listed, total = page(person, form, query), count(person, form, query)
    columns = columns_of(shown_by.definition, query.columns, unasked=shown_by.unasked)
    kept = {name: value for name, value in given.items() if name != "cursor"}

    def turned(cursor: str) -> str:
        return f"{request.path}?{urlencode({**kept, 'cursor': cursor})}" if cursor else ""

    return base.show(
        "records",
        asked=asked,
        title=asked.definition.label.text(current_language()) or key,
        said=found.said,
        form=form,
        columns=columns,
        rows=list(rows_of(form, listed.records, columns, f"/records/{form.key}/")),
        total=f"{total.value:,}" + ("" if total.exact else "+"),
        previous=turned(listed.previous),
        following=turned(listed.next),
    )
