"""A stock check on paper: its result with room to sign, or its whole list to be counted by hand."""

from datetime import datetime
from itertools import chain, islice
from typing import Final

from flask import request
from flask_babel import gettext as _

from models import audit
from models.access import Action
from models.ledger.stock_check.check import fetch
from models.ledger.stock_check.sheets import Writing
from models.times import now
from views import context
from views.property import base
from views.property.check_lines import rows

MOST_PRINTED: Final = 2000
"""Lines on paper; more are read in the workbook."""


@base.pages.get("/checks/<check_id>/print")
def check_print(check_id: str) -> str:
    """Show a check as A4: numbers, differences and signatures; with `?lines` every line."""
    person = context.require_person()
    check = fetch(person, check_id, Action.PRINT)
    printed = {"form": check.form.key, "record": check.id}
    audit.note("record.printed", subject=check.record.get("number") or _("Stock check"), details=printed)
    writing = Writing(person, check, context.current_language())
    whole = "lines" in request.args or check.is_blind
    every = chain.from_iterable(writing.reader.every("all" if whole else "off"))
    found = rows(writing.reader, islice(every, MOST_PRINTED + 1))
    return base.show(
        "check_print",
        check=check,
        definition=check.form.definition,
        called=base.called(base.told(check.form), check.record),
        summary=list(writing.summary()),
        whole=whole,
        to_count=whole and (check.is_counting or check.is_reviewing),
        lines=found[:MOST_PRINTED],
        cut=len(found) > MOST_PRINTED,
        signatures=list(writing.signed()),
        most=MOST_PRINTED,
        moment=_moment,
        printed_at=_moment(now()),
    )


def _moment(at: datetime | None) -> str:
    return at.astimezone(context.current_timezone()).strftime("%Y-%m-%d %H:%M") if at else ""
