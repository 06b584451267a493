"""What the steps of forms do in the ledger: the actions of a slip, and each movement of an item."""

from models.changes import Change
from models.definition import Definition
from models.errors import DomainError, InvalidError
from models.ledger.act import Act
from models.ledger.lending import SLIP_ACTIONS, moving
from models.ledger.moving import goal_of
from models.ledger.quantities import read_quantity
from models.ledger.rehearsing import rehearse
from models.ledger.settling import settle
from models.ledger.slips import SlipView
from models.ledger_parts import MovePieces
from models.messages import _
from models.workflow.run import Run


def carry_out(run: Run, change: Change, effect: MovePieces) -> None:
    """Plan what a step does in the ledger. Raises InvalidError beside the fields of the record."""
    if run.dry:
        rehearse(change, effect)
        return
    if effect.action in SLIP_ACTIONS:
        slip = SlipView(change)
        act = Act(change, effect, run.book(change, slip.part.ledger))
        SLIP_ACTIONS[effect.action](act, slip)
        run.note(change, effect.action)
    else:
        ledger = _ledger_of(change.form.definition, effect)
        _move_item(run, Act(change, effect, run.book(change, ledger)))


def _ledger_of(definition: Definition, effect: MovePieces) -> str:
    if definition.ledger and not effect.item:
        return definition.key
    field = definition.by_key.get(effect.item)
    if field is None:
        raise DomainError(_("There is no field “%(key)s”.", key=effect.item))
    return field.form


def _move_item(run: Run, act: Act) -> None:
    effect, definition = act.effect, act.book.form.definition
    own = act.change.form.key == act.book.form.key and not effect.item
    item = act.change.record["_id"] if own else act.said(effect.item)
    record = act.change.record if own else act.book.items([item]).get(item) if item else None
    if record is None:
        raise InvalidError({effect.item: [_("Say which item.")]})
    path = effect.quantity or effect.item
    quantity = (
        read_quantity(definition, record["data"], act.said(effect.quantity), path)
        if effect.quantity
        else None
    )
    goal = goal_of(
        effect.action,
        definition,
        record,
        department=act.said(effect.department),
        place=str(act.said(effect.place) or ""),
    )
    slip = act.said(effect.slip)
    if slip:
        quantity = settle(run, act, slip, record["_id"], quantity)
    act.book.plan(record["_id"], moving(effect.action, quantity, goal, act.details(slip), slip), path=path)
