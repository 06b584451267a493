"""The yearly statement of a customer's things: on the screen, and on paper to be signed by both sides."""

from dataclasses import dataclass
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from models import audit
from models.access import Action, permitted, require
from models.errors import DomainError, InvalidError
from models.forms import LiveForm
from models.ledger.wording import plain
from models.ledger_reports import statement_words as words
from models.ledger_reports import statements
from models.ledger_reports.accounts import Account
from models.ledger_reports.asked import Asked, read
from models.ledger_reports.base import Reading
from models.ledger_reports.statements import Statement
from models.messages import _
from models.times import now
from views.context import all_said, current_language, current_timezone, require_person, say
from views.property import base
from views.property.reports import customer_of, years


@base.pages.get("/<form>/statement")
def statement(form: str) -> ResponseReturnValue:
    """Show the statement of `customer` for `year`; without them, what there is to choose from."""
    ledger = base.ledger(form)
    asked = _Asked.of(ledger)
    return base.show("statement", **asked.page()), 422 if asked.error else 200


@base.pages.get("/<form>/statement/print")
def print_statement(form: str) -> str:
    """Show the statement of `customer` for `year` as A4, with boxes for signatures."""
    ledger = base.ledger(form)
    require(require_person(), ledger.key, Action.PRINT)
    asked = _Asked.of(ledger)
    if asked.made is None:
        raise DomainError(_("Choose a customer and a year."))
    details = {"form": ledger.key, "record": asked.made.customer, "year": asked.made.year.year}
    audit.note("record.printed", subject=f"{say(words.TITLE)} {asked.made.name}", details=details)
    printed_at = now().astimezone(current_timezone()).strftime("%Y-%m-%d %H:%M")
    return base.show("statement_print", printed_at=printed_at, **asked.page())


@dataclass(frozen=True)
class _Asked:
    """What the address asks for, and the statement where it can be made."""

    ledger: LiveForm
    reading: Reading
    years: list[int]
    made: Statement | None
    error: str

    @classmethod
    def of(cls, ledger: LiveForm) -> "_Asked":
        """Read the address. Raises ForbiddenError where customers are closed to the reader."""
        known, asked, error = years(ledger), Asked("statements"), ""
        wanted = {"report": "statements", "year": str(known[0] if known else ""), **request.args.to_dict()}
        try:
            asked = read(wanted, base.told(ledger), known) if known else asked
        except InvalidError as refused:
            error = all_said(refused)
        reading = Reading(require_person(), ledger, asked, current_language())
        statements.require_customers(reading)
        made = statements.statement(reading) if asked.customer else None
        return cls(ledger, reading, known, made, error)

    def page(self) -> dict[str, Any]:
        """Return what both pages show."""
        reading, person = self.reading, require_person()
        made = self.made
        return {
            "ledger": self.ledger,
            "title": reading.title,
            "years": self.years,
            "year": reading.asked.year,
            "customer": customer_of(base.told(self.ledger)),
            "chosen": {"id": reading.asked.customer, "name": made.name} if made else None,
            "made": made,
            "heads": words.amount_heads(reading),
            "facts": words.facts(reading, made) if made else [],
            "withheld": words.withheld(reading, made) if made else "",
            "amounts": amounts,
            "rule": say(words.RULE),
            "agreed": say(words.AGREED),
            "sides": [say(one) for one in words.SIDES],
            "signing": [say(one) for one in words.SIGNING],
            "statement_title": say(words.TITLE),
            "nothing": say(words.NOTHING),
            "error": self.error,
            "most": statements.MAX_SHOWN,
            "may_export": permitted(person, self.ledger.key, Action.EXPORT),
            "may_print": permitted(person, self.ledger.key, Action.PRINT),
            "picker": f"/records/{self.ledger.key}/options",
        }


def amounts(account: Account) -> list[str]:
    """Return the numbers of a line as they are read; nothing for none, but for the balances."""
    found = words.amounts(account)
    balances = {0, len(found) - 2}
    return [plain(one) if one or at in balances else "" for at, one in enumerate(found)]
