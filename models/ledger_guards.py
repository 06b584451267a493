"""What a new version of a form may not do to the pieces that its ledger keeps and its slips lend."""

from collections.abc import Iterator

from bson import ObjectId

from models.database import db
from models.definition import Definition
from models.form_indexes import Records
from models.ledger.kinds import INSIDE
from models.ledger_parts import Slip
from models.messages import _
from models.problems import Problem

COUNT_CAP = 100_000
_OF_SLIP = ("ledger", "items", "item", "quantity", "lent", "returned")
_OF_RETURNS = ("table", "item", "quantity")


def keep_pieces(definition: Definition, before: Definition | None, records: Records) -> Iterator[Problem]:
    """Yield what would leave pieces without anybody who answers for them.

    Args:
        definition: the new version.
        before: the version in force, if there is one.
        records: the collection of the form's records.
    """
    if before and before.ledger and before.ledger != definition.ledger:
        yield from _keep_ledger(definition, before, records)
    if before and before.slip and before.slip != definition.slip:
        yield from _keep_slip(definition.slip, before.slip, records)


def _keep_ledger(definition: Definition, before: Definition, records: Records) -> Iterator[Problem]:
    is_same = definition.ledger and before.ledger and definition.ledger.quantity == before.ledger.quantity
    here = {"stock.positions.kind": {"$in": list(INSIDE)}}
    count = 0 if is_same else records.count_documents(here, limit=COUNT_CAP)
    if count and definition.ledger is None:
        yield Problem(
            "ledger", _("%(count)s items still have pieces here: the form stays a ledger.", count=count)
        )
    elif count:
        text = _("%(count)s items have pieces that are counted by another field; it stays.", count=count)
        yield Problem("ledger.quantity", text)


def _keep_slip(slip: Slip | None, before: Slip, records: Records) -> Iterator[Problem]:
    path = "slip" if slip is None else _changed(slip, before)
    open_slips = _lending(before.ledger) if path else []
    count = records.count_documents({"_id": {"$in": open_slips}}, limit=COUNT_CAP) if open_slips else 0
    if count:
        text = _("%(count)s slips have pieces out or reserved. Until they are back this stays.", count=count)
        yield Problem(path, text)


def _changed(slip: Slip, before: Slip) -> str:
    """Return the path of what says by which fields something is lent and comes back, where it differs."""
    for name in _OF_SLIP:
        if getattr(slip, name) != getattr(before, name):
            return f"slip.{name}"
    if before.returns:
        for name in _OF_RETURNS:
            if getattr(slip.returns, name, "") != getattr(before.returns, name):
                return f"slip.returns.{name}" if slip.returns else "slip.returns"
    return ""


def _lending(ledger: str) -> list[ObjectId]:
    """Return the slips by which pieces of a ledger are lent or asked for now."""
    items = db()[f"record_{ledger}"]
    lent = items.distinct("stock.positions.slip", {"stock.positions.kind": "lent"})
    return [*lent, *items.distinct("stock.promises.slip", {"stock.promises.slip": {"$exists": True}})]
