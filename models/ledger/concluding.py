"""What a change made of a slip once its steps are done: the ledger has to have had its say in all of it."""

from typing import Any

from models.changes import Change
from models.errors import InvalidError
from models.ledger.lending import forget, promise
from models.ledger.slips import SlipView
from models.ledger.stock import Stock
from models.messages import Message, _
from models.workflow.run import Run

_ASKING = frozenset({"reserve", "queue", "release", "lend"})


def conclude(run: Run, change: Change) -> None:
    """Refuse what a change says of lent pieces without a step that books it; renew what it asks for.

    Raises InvalidError beside the fields of the slip.
    """
    if run.dry or change.form.definition.slip is None or change.action == "deleted":
        return
    slip, did = SlipView(change), run.noted(change)
    if "take_back" not in did:
        _refuse_unbooked_returns(slip)
    if slip.was_lent:
        _refuse_other_hands(slip, did)
    elif change.action == "restored":
        _ask_again(run, slip)
    elif not did & _ASKING:
        _renew(run, slip)


def _refuse_unbooked_returns(slip: SlipView) -> None:
    part = slip.part.returns
    if part and slip.adds_returns():
        raise InvalidError({part.table: [_("Take the step by which things come back.")]})


def _refuse_other_hands(slip: SlipView, did: frozenset[str]) -> None:
    """Refuse another borrower or other days for what was lent, unless a step books them."""
    part = slip.part
    fixed = [] if "pass_on" in did else [part.borrower, part.department]
    if slip.is_out:
        fixed += [part.begins] if "extend" in did else [part.begins, part.ends]
    text = _("Something was lent by this slip; a step of its own changes this.")
    errors: dict[str, list[Message]] = {key: [text] for key in fixed if key and slip.differs(key)}
    if errors:
        raise InvalidError(errors)


def _renew(run: Run, slip: SlipView) -> None:
    """Let what the slip asked for in the ledger follow what it says now."""
    part = slip.part
    told = (part.items, part.borrower, part.department, part.begins, part.ends)
    if slip.change.before is None or not any(key and slip.differs(key) for key in told):
        return
    book = run.book(slip.change, part.ledger)
    before = slip.items_before()
    asked = [Stock.load(one.get("stock")).promise_of(slip.id) for one in book.items(before).values()]
    if found := [one for one in asked if one]:
        forget(book, slip, before - slip.items())
        promise(book, slip, queued=any(one.queued for one in found))


def _ask_again(run: Run, slip: SlipView) -> None:
    """Let a slip that comes out of the bin ask for what it had asked for, if its days are still to come."""
    asked: Any = slip.change.record.pop("asked", None)
    if asked and (slip.data.get(slip.part.ends) or "") >= slip.today.isoformat():
        promise(run.book(slip.change, slip.part.ledger), slip, queued=asked == "queue")
