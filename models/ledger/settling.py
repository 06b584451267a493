"""What happens to lent pieces otherwise than by a return is counted on their slip all the same."""

from decimal import Decimal

from bson import ObjectId

from models.changes import Change
from models.errors import DomainError, InvalidError, NotFoundError
from models.ledger.act import Act
from models.ledger.slips import SlipView
from models.messages import _
from models.planning import step, stored
from models.workflow.run import Run


def settle(run: Run, act: Act, slip: ObjectId, item: ObjectId, quantity: Decimal | None) -> Decimal:
    """Count pieces that were lost, damaged or used up in a borrower's hands; return how many.

    The slip changes in the same commit, so that it is closed with the last of them.

    Args:
        run: the commit.
        act: what another form's step does with the pieces.
        slip: who borrowed them.
        item: of which item.
        quantity: how many; None for all that are out.

    Raises InvalidError for more than are out.
    """
    change = run.changed.get(slip)
    if change is None:
        change = _change(run, act, slip)
        run.settle(act.change, change)
    else:
        run.again.append(change)
    view = SlipView(change)
    out = next((line.out for line in view.lines() if line.item == item), Decimal(0))
    path = act.effect.quantity or act.effect.slip
    if not out:
        raise InvalidError({act.effect.slip: [_("This item was not lent by this slip.")]})
    if quantity is not None and quantity > out:
        raise InvalidError({path: [_("Only %(open)s are still out.", open=f"{out:f}")]})
    view.count(item, returned=out if quantity is None else quantity)
    view.write_outstanding()
    return out if quantity is None else quantity


def _change(run: Run, act: Act, slip: ObjectId) -> Change:
    """Return a change of a slip in the name of whoever changes the other record."""
    by, field = act.change, act.change.form.definition.by_key.get(act.effect.slip)
    if field is None:
        raise DomainError(_("There is no field “%(key)s”.", key=act.effect.slip))
    form = run.form(field.form)
    try:
        before = stored(form, slip)
    except NotFoundError:
        raise InvalidError({act.effect.slip: [_("This slip is no longer there.")]}) from None
    record = {
        **before,
        "data": dict(before["data"]),
        "revision": before["revision"] + 1,
        "updated_at": by.at,
        "updated_by": by.actor.id,
    }
    change = step(by.actor, form, before, record, "updated", source="system", reason=by.reason)
    change.at = by.at
    return change
