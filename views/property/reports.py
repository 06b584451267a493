"""Workbooks about a ledger: everybody chooses one, narrows it down, and finds it among their exports."""

from collections.abc import Mapping
from typing import Any

from flask import redirect, request
from flask.typing import ResponseReturnValue

from models.access import Action, permitted, require
from models.disclosure import Disclosure
from models.errors import InvalidError
from models.forms import LiveForm
from models.ledger.holdings import may_ask
from models.ledger.kinds import KINDS
from models.ledger_reports import running, statements
from models.ledger_reports.asked import Asked, read
from models.ledger_reports.base import Reading
from tasks.jobs import dispatch
from views.context import current_language, require_person, say
from views.property import base
from views.records.borrowing import slips_of


@base.pages.get("/<form>/reports")
def reports(form: str) -> str:
    """Show what can be exported about a ledger."""
    return _page(base.ledger(form), {})


@base.pages.post("/<form>/reports")
def export_report(form: str) -> ResponseReturnValue:
    """Begin a report as a job; `report` says which one."""
    ledger = base.ledger(form)
    person = require_person()
    require(person, ledger.key, Action.EXPORT)
    try:
        asked = read(request.form, base.told(ledger), years(ledger))
    except InvalidError as error:
        return _page(ledger, request.form, error), error.status
    made = Reading(person, ledger, asked, current_language())
    if asked.report == "statements":
        statements.require_customers(made)
    if asked.report == "slips":
        require(person, made.slip_form().key, Action.EXPORT)
    job = running.enqueue(person, made)
    dispatch(job)
    return redirect(f"/jobs/{job.id}")


def years(ledger: LiveForm) -> list[int]:
    """Return the years of which there are statements."""
    return statements.years(Reading(require_person(), ledger, Asked("statements"), current_language()))


def _page(ledger: LiveForm, sent: Mapping[str, str], error: InvalidError | None = None) -> str:
    told, person = base.told(ledger), require_person()
    errors = {
        path: " ".join(say(message) for message in found)
        for path, found in (error.errors if error else {}).items()
    }
    return base.show(
        "reports",
        ledger=ledger,
        title=ledger.definition.label.text(current_language()),
        slips=[one for one in slips_of(ledger.key) if permitted(person, one.key, Action.EXPORT)],
        kinds={key: say(kind.label) for key, kind in KINDS.items()},
        may_export=permitted(person, ledger.key, Action.EXPORT),
        asks=asks(told),
        customer=customer_of(told),
        sent=sent,
        chosen=_chosen(sent),
        errors=errors,
        picker=f"/records/{ledger.key}/options",
    )


def _chosen(sent: Mapping[str, str]) -> str:
    """Return which card was sent: the report, and for slips the form, too."""
    return f"{sent.get('report', '')}{sent.get('slips', '')}"


def asks(told: Disclosure) -> dict[str, bool]:
    """Return by what somebody may narrow a report down."""
    return {
        "customer": bool(customer_of(told)),
        "department": may_ask(told, "departments"),
        "person": may_ask(told, "people"),
        "days": may_ask(told, "days") and may_ask(told, "amounts"),
    }


def customer_of(told: Disclosure) -> Any:  # noqa: ANN401  (a field, or nothing)
    """Return the field that says whose things they are, if the reader may ask by it."""
    part = told.form.definition.ledger
    return told.askable.by_key.get(part.customer) if part else None
