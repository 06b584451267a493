"""What a yearly statement says, on the screen, on paper and in a workbook alike."""

from decimal import Decimal
from typing import Final

from models.ledger_reports.accounts import GAINS, LOSSES, Account, Flow
from models.ledger_reports.base import Reading
from models.ledger_reports.statements import Statement
from models.messages import Message, _

TITLE: Final = _("Yearly statement of customer property")
RULE: Final = _(
    "Opening + arrived + found again + corrections - returned - used up - lost - disposed of = closing. "
    "Pieces that were damaged or are under repair are still here and belong to the balance."
)
AGREED: Final = _("Both sides confirm this statement, except for the following differences:")
SIDES: Final = (_("For us"), _("For the customer"))
SIGNING: Final = (_("Name"), _("Date"), _("Signature and stamp"))
NOTHING: Final = _("Nothing of this customer was here in this year.")
FLOWS: Final = (*GAINS, *LOSSES)

_HEADS: Final[dict[Flow, Message]] = {
    "arrived": _("Arrived"),
    "found": _("Found again"),
    "corrected": _("Corrections"),
    "returned": _("Returned to the customer"),
    "used": _("Used up"),
    "lost": _("Lost"),
    "disposed": _("Disposed of"),
}


def amount_heads(reading: Reading) -> list[str]:
    """Return what stands above the numbers of a line."""
    words = (_("Opening"), *(_HEADS[flow] for flow in FLOWS), _("Closing"), _("Damaged in the year"))
    return [reading.say(word) for word in words]


def amounts(found: Account) -> list[Decimal]:
    """Return the numbers of a line, in the order of `amount_heads`."""
    return [found.opening, *(found.flows[flow] for flow in FLOWS), found.closing, found.damaged]


def facts(reading: Reading, made: Statement) -> list[str]:
    """Return what stands below the title: whose things, in which ledger, of which time."""
    year = made.year
    period = _("%(first)s to %(last)s", first=year.begins.date(), last=year.last_day)
    words = (_("Customer"), _("Ledger"), _("Period"))
    said = (made.name, reading.title, reading.say(period))
    found = [f"{reading.say(word)}: {text}" for word, text in zip(words, said, strict=True)]
    return found if year.is_over else [*found, reading.say(_("The year has not ended yet."))]


def withheld(reading: Reading, made: Statement) -> str:
    """Say how many items are left out because the reader may not see how many there are of them."""
    if not made.withheld:
        return ""
    return reading.say(
        _("%(count)s items are left out: you may not see their quantities.", count=made.withheld)
    )
