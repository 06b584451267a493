"""What changes of ledgers and slips do by themselves, whoever makes them, and what they may not do."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from models.changes import Change
from models.errors import InvalidError
from models.fields.numbers import decimal_of
from models.ledger.book import Booked, Operation, RefusedError
from models.ledger.lending import forget
from models.ledger.movements import Details, Movement, Past
from models.ledger.moving import picks
from models.ledger.quantities import is_divisible, read_quantity, require_single
from models.ledger.redating import arrived_at, redating
from models.ledger.slips import SlipView
from models.ledger.stock import Spot, Stock
from models.ledger.stock_check import steps as stock_checks
from models.ledger_parts import Ledger, Slip
from models.messages import _
from models.workflow.run import Run


def guard(run: Run, change: Change) -> None:
    """Book what a change of an item means for its stock, and keep what the ledger wrote.

    Raises InvalidError where a change would leave pieces that nobody answers for.
    """
    definition = change.form.definition
    if run.dry:
        return
    if definition.stock_check:
        stock_checks.guard(change)
    if definition.ledger:
        _guard_item(run, change, definition.ledger)
    if definition.slip and change.record["_id"] not in run.settled:
        _guard_slip(run, change, definition.slip)


# -- items ---------------------------------------------------------------------------------------------------


def _guard_item(run: Run, change: Change, part: Ledger) -> None:
    data = change.record["data"]
    if change.before is None:
        for key in part.written:
            data.pop(key, None)
        _arrive(run, change, part)
    elif change.action == "deleted":
        _refuse_deleting(change.before)
        stock_checks.forget_item(change)
    else:
        _follow_edit(run, change, part)


def _arrive(run: Run, change: Change, part: Ledger) -> None:
    data = change.record["data"]
    quantity = read_quantity(change.form.definition, data, data.get(part.quantity), part.quantity)
    require_single(part, data, quantity)
    spot = Spot("kept", change.record.get("department"), str(data.get(part.place) or ""))
    past = change.past or Past(arrived_at(change, part))
    movement = Movement("arrival", quantity, None, spot, replace(_details(change), at=past.at))
    run.book(change, change.form.key).arrive(change.record, movement, *past.movements)


def _refuse_deleting(before: Mapping[str, Any]) -> None:
    stock = Stock.load(before.get("stock"))
    if stock.moved > 1 or stock.promises:
        raise InvalidError({"": [_("This item has a history of movements; it cannot be deleted.")]})


def _follow_edit(run: Run, change: Change, part: Ledger) -> None:
    """Book a change of the quantity that arrived as what it is, and keep single and whole pieces so."""
    was, data = change.before or {}, change.record["data"]
    changed = {key for key in {*was["data"], *data} if was["data"].get(key) != data.get(key)}
    book, item = run.book(change, change.form.key), change.record["_id"]
    if changed & {part.quantity, part.serial}:
        quantity = read_quantity(change.form.definition, data, data.get(part.quantity), part.quantity)
        require_single(part, data, quantity)
    if not was.get("stock"):
        book.plan(item, lambda stock: (stock, ()))  # it arrives now, with what the record says
    elif part.quantity in changed:
        more = quantity - decimal_of(was["data"].get(part.quantity, 0))
        book.plan(item, _correcting(change, more), path=part.quantity)
    if was.get("stock") and part.arrived_on in changed and (anew := redating(change, part, _details(change))):
        book.plan(item, anew, path=part.arrived_on)
    if part.unit in changed and not is_divisible(part, data):
        book.plan(item, _require_whole, path=part.unit)


def _correcting(change: Change, more: Decimal) -> Operation:
    details, home = _details(change), Spot("kept", change.record.get("department"))

    def correct(stock: Stock) -> Booked:
        if more > 0:
            target = next((one.spot for one in stock.spots("kept")), home)
            return stock.move(more, None, target), [Movement("correction", more, None, target, details)]
        made = []
        for spot, pieces in picks(stock, ("kept",), -more):
            stock = stock.move(pieces, spot, None)
            made.append(Movement("correction", pieces, spot, None, details))
        return stock, made

    return correct


def _require_whole(stock: Stock) -> Booked:
    pieces = [one.quantity for one in stock.positions] + [one.quantity for one in stock.promises]
    if any(one % 1 for one in pieces):
        raise RefusedError(_("There are pieces here that are not whole."))
    return stock, ()


def _details(change: Change) -> Details:
    return Details(
        form=change.form.key, record=change.record["_id"], note=change.reason, source=change.source
    )


# -- slips ---------------------------------------------------------------------------------------------------


def _guard_slip(run: Run, change: Change, part: Slip) -> None:
    slip = SlipView(change)
    if change.action == "deleted":
        _forget_slip(run, slip, part)
        return
    slip.keep_counts()
    slip.require_same_lines()
    slip.require_same_returns()


def _forget_slip(run: Run, slip: SlipView, part: Slip) -> None:
    """Let a slip that is deleted ask for nothing; it remembers what, should it come back."""
    if slip.was_lent:
        raise InvalidError({"": [_("Something was lent by this slip; it cannot be deleted.")]})
    book = run.book(slip.change, part.ledger)
    found = book.items(slip.items()).values()
    asked = [one for one in (Stock.load(item.get("stock")).promise_of(slip.id) for item in found) if one]
    if asked:
        slip.change.record["asked"] = "queue" if any(one.queued for one in asked) else "reserve"
        forget(book, slip, slip.items())
