"""Who signed a stock check: the steps of its approvals, then room to sign on paper."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bson import ObjectId

from models.approvals import queries as approvals
from models.database import Document
from models.ledger.stock_check.check import Check
from models.lookups import Lookup
from models.messages import Message, _, translate

_SAID: Final[dict[str, Message]] = {
    "waiting": _("not asked yet"),
    "asked": _("asked now"),
    "approved": _("approved"),
    "rejected": _("rejected"),
    "returned": _("returned to an earlier step"),
    "skipped": _("no longer needed"),
    "handed_over": _("handed over"),
}


@dataclass(frozen=True)
class Signed:
    """Who signed a step of an approval, and how: by a typed name, or by a `drawing`; or room to sign."""

    step: str
    who: str | None = None
    said: str | None = None
    at: datetime | None = None
    name: str = ""
    drawing: ObjectId | None = None
    reason: str | None = None


def signed(check: Check, lookup: Lookup) -> Iterator[Signed]:
    """Yield who decided in the steps of a check's approvals, and who is to sign on paper."""
    for approval in reversed(approvals.of_record(check.form.key, check.id)):
        for step in approval["steps"]:
            for signer in step["signers"]:
                yield _signer(step, signer, lookup)
    for role in (_("Counted by"), _("Keeper"), _("Checked by")):
        yield Signed(translate(role, lookup.language))


def _signer(step: Document, signer: Document, lookup: Lookup) -> Signed:
    label = step.get("label") or {}
    signature = signer.get("signature") or {}
    said = _SAID.get(signer["status"])
    return Signed(
        label.get(lookup.language) or label.get("zh") or step["key"],
        lookup.person(signer.get("by") or signer["person"]),
        translate(said, lookup.language) if said else None,
        signer.get("at"),
        signature.get("name") or signature.get("by_name") or "",
        signature.get("file"),
        signer.get("reason") or None,
    )
