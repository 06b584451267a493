"""What the steps of forms do in the ledger: each action of a slip, and each movement of an item.

An action only plans: it reads what the record says, refuses what can never be, and adds operations to the
book of the commit. What depends on where the pieces are is decided when the book is written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from bson import ObjectId

from models.changes import Change
from models.database import Document
from models.definition import Definition
from models.errors import DomainError, InvalidError
from models.ledger.book import Book, Booked, Operation
from models.ledger.kinds import KINDS
from models.ledger.movements import Details, Movement
from models.ledger.quantities import read_quantity
from models.ledger.slips import Line, Return, SlipView, active_person
from models.ledger.stock import Promise, ShortageError, Spot, Stock
from models.ledger_parts import Ledger, MovePieces
from models.messages import _
from models.workflow.run import Run


@dataclass(frozen=True)
class _Act:
    """One effect at work: the change that asks for it, and the book it is written into."""

    change: Change
    effect: MovePieces
    book: Book

    @property
    def data(self) -> Document:
        found: Document = self.change.record["data"]
        return found

    def said(self, key: str) -> Any:  # noqa: ANN401  (any stored value)
        """Return what the record says in a field that the effect names."""
        return self.data.get(key) if key else None

    def details(self, slip: ObjectId | None = None, **more: Any) -> Details:  # noqa: ANN401
        """Return what the movements of this act remember."""
        said = Details(
            slip=slip,
            form=self.change.form.key,
            record=self.change.record["_id"],
            note=str(self.said(self.effect.note) or self.change.reason or ""),
            source=self.change.source,
        )
        return replace(said, **more)


def carry_out(run: Run, change: Change, effect: MovePieces) -> None:
    """Plan what a step does in the ledger. Raises InvalidError beside the fields of the record."""
    if run.dry:
        return
    if effect.action in _SLIP_ACTIONS:
        slip = SlipView(change)
        act = _Act(change, effect, run.book(change, slip.part.ledger))
        _SLIP_ACTIONS[effect.action](act, slip)
    else:
        ledger = _ledger_of(change.form.definition, effect)
        _move_item(_Act(change, effect, run.book(change, ledger)))


def _ledger_of(definition: Definition, effect: MovePieces) -> str:
    if definition.ledger and not effect.item:
        return definition.key
    field = definition.by_key.get(effect.item)
    if field is None:
        raise DomainError(_("There is no field “%(key)s”.", key=effect.item))
    return field.form


# -- slips ---------------------------------------------------------------------------------------------------


def _reserve(act: _Act, slip: SlipView, *, queued: bool = False) -> None:
    borrower, (begins, ends) = slip.borrower(), slip.period()
    for line in _sound_lines(act, slip):
        promise = Promise(
            slip.id, borrower, line.quantity, begins, ends, act.change.at, slip.department, queued=queued
        )
        act.book.plan(line.item, _promising(promise, slip), path=line.path)


def _promising(promise: Promise, slip: SlipView) -> Operation:
    return lambda stock: (stock.promised(promise, slip.today), ())


def _queue(act: _Act, slip: SlipView) -> None:
    _reserve(act, slip, queued=True)


def _release(act: _Act, slip: SlipView) -> None:
    for line in slip.lines():
        act.book.plan(line.item, lambda stock: (stock.without_promise(slip.id), ()), path=line.path)


def _lend(act: _Act, slip: SlipView) -> None:
    borrower, (_begins, ends) = slip.borrower(), slip.period()
    target = Spot("lent", slip.department, person=borrower, slip=slip.id)
    details = act.details(slip.id, photos=slip.new_photos())
    for line in _sound_lines(act, slip):
        act.book.plan(line.item, _lending(act, slip, line, target, ends, details), path=line.path)
        slip.count(line.item, lent=line.quantity)
    slip.write_outstanding()


def _lending(act: _Act, slip: SlipView, line: Line, target: Spot, ends: str, details: Details) -> Operation:
    def lend(stock: Stock) -> Booked:
        stock.require_free(line.quantity, slip.today.isoformat(), ends, slip.today, but=slip.id)
        left = stock.without_promise(slip.id)
        made = []
        for spot, quantity in _picks(left, ("kept",), line.quantity, slip):
            left = left.move(quantity, spot, target, since=act.change.at, due=ends)
            made.append(Movement("borrow", quantity, spot, target, details))
        return left, made

    return lend


def _take_back(act: _Act, slip: SlipView) -> None:
    lines = {line.item: line for line in slip.lines()}
    rows = slip.new_returns()
    items = act.book.items({row.item for row in rows})
    open_yet = {item: line.lent - line.returned for item, line in lines.items()}
    photos = slip.new_photos()
    for row in rows:
        _check_return(act, row, items, open_yet)
        open_yet[row.item] -= row.quantity
        details = act.details(slip.id, condition=row.condition, photos=photos)
        goal = goal_of(row.outcome, act.book.form.definition, items[row.item], place=row.place)
        act.book.plan(row.item, _moving(row.outcome, row.quantity, goal, details, slip.id), path=row.path)
        slip.count(row.item, returned=row.quantity)
    slip.write_outstanding()


def _check_return(
    act: _Act, row: Return, items: Mapping[ObjectId, Document], open_yet: Mapping[ObjectId, Decimal]
) -> None:
    if row.item not in open_yet or row.item not in items:
        raise InvalidError({row.path: [_("This item was not lent by this slip.")]})
    read_quantity(act.book.form.definition, items[row.item]["data"], row.quantity, row.path)
    if row.quantity > open_yet[row.item]:
        raise InvalidError({row.path: [_("Only %(open)s are still out.", open=f"{open_yet[row.item]:f}")]})


def _extend(act: _Act, slip: SlipView) -> None:
    until, today = act.said(act.effect.until), slip.today.isoformat()
    ends = str(slip.data.get(slip.part.ends) or today)
    if not until or until < today:
        raise InvalidError({act.effect.until: [_("Give a day that is still to come.")]})

    def extend(stock: Stock) -> Booked:
        held = sum((one.quantity for one in stock.spots("lent", slip=slip.id)), Decimal(0))
        stock.require_free(held, max(ends, today), until, slip.today, but=slip.id)
        return stock.due_until(slip.id, until), ()

    for line in slip.lines():
        if line.lent > line.returned:
            act.book.plan(line.item, extend, path=act.effect.until)


def _pass_on(act: _Act, slip: SlipView) -> None:
    path = act.effect.person or slip.part.borrower
    receiver = active_person(act.said(path), path)
    department = act.said(act.effect.department) if act.effect.department else slip.department
    target = Spot("lent", department, person=receiver, slip=slip.id)
    details = act.details(slip.id, photos=slip.new_photos())
    for line in slip.lines():
        if line.lent > line.returned:
            quantity = line.lent - line.returned
            act.book.plan(line.item, _moving("pass_on", quantity, target, details, slip.id), path=path)


def _sound_lines(act: _Act, slip: SlipView) -> list[Line]:
    lines = slip.lines()
    items = act.book.items({line.item for line in lines})
    for line in lines:
        if line.item not in items:
            raise InvalidError({line.path: [_("This item is no longer in the ledger.")]})
        read_quantity(act.book.form.definition, items[line.item]["data"], line.quantity, line.path)
    return lines


_SLIP_ACTIONS: Mapping[str, Callable[[_Act, SlipView], None]] = MappingProxyType(
    {
        "reserve": _reserve,
        "queue": _queue,
        "release": _release,
        "lend": _lend,
        "take_back": _take_back,
        "extend": _extend,
        "pass_on": _pass_on,
    }
)


# -- items ---------------------------------------------------------------------------------------------------


def _move_item(act: _Act) -> None:
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
    act.book.plan(record["_id"], _moving(effect.action, quantity, goal, act.details(slip), slip), path=path)


def _moving(
    kind: str,
    quantity: Decimal | None,
    target: Spot,
    details: Details,
    slip: ObjectId | None = None,
) -> Operation:
    """Return the operation that moves pieces, all of them without a quantity; see `moved`."""
    return lambda stock: moved(stock, kind, quantity, target, details, slip=slip)


def moved(
    stock: Stock,
    kind: str,
    quantity: Decimal | None,
    target: Spot,
    details: Details,
    *,
    slip: ObjectId | None = None,
    source: Spot | None = None,
) -> Booked:
    """Return the stock after one kind of movement, and the movements it took, one for each spot drawn on.

    Args:
        stock: as it is.
        kind: a key of `KINDS`.
        quantity: how many; None for all.
        target: where to; a relocation keeps the department of each spot, a new borrower the day of return.
        details: what the movements remember.
        slip: out of whose hands; without it nothing is taken that is lent.
        source: the one spot they are taken from.

    Raises ShortageError.
    """
    sources = ("lent",) if slip else tuple(one for one in KINDS[kind].sources if one != "lent")
    if source is not None and source.kind not in sources:
        raise ShortageError(quantity or Decimal(0), Decimal(0))
    wanted = stock.total(sources) if quantity is None else quantity
    spots = [(source, wanted)] if source else picks(stock, sources, wanted, slip)
    due = next((one.due for one in stock.spots("lent", slip=slip)), "") if target.kind == "lent" else ""
    made, left = [], stock
    for spot, pieces in spots:
        goal = replace(target, department=spot.department) if kind == "relocate" else target
        if goal == spot:
            continue
        left = left.move(pieces, spot, goal, due=due)
        made.append(Movement(kind, pieces, spot, goal, details))
    return left, made


def picks(
    stock: Stock, kinds: tuple[str, ...], quantity: Decimal, slip: ObjectId | None = None
) -> list[tuple[Spot, Decimal]]:
    """Return the spots from which so many pieces are taken, in the order of `kinds`. Raises ShortageError."""
    found, missing = [], quantity
    for kind in kinds:
        for position in stock.spots(kind, slip=slip):
            taken = min(missing, position.quantity)
            if taken:
                found.append((position.spot, taken))
                missing -= taken
    if missing or not quantity:
        raise ShortageError(quantity, quantity - missing)
    return found


def _picks(
    stock: Stock, kinds: tuple[str, ...], quantity: Decimal, slip: SlipView
) -> list[tuple[Spot, Decimal]]:
    """Return the spots to lend from; who still has what was promised is told with the shortage."""
    try:
        return picks(stock, kinds, quantity)
    except ShortageError as short:
        lent = [one for one in stock.occupations(slip.today, but=slip.id) if one.lent]
        raise ShortageError(short.wanted, short.free, tuple(lent)) from None


def goal_of(
    kind: str, ledger: Definition, item: Document, *, department: ObjectId | None = None, place: str = ""
) -> Spot:
    """Return where pieces of an item go by a kind of movement."""
    part, data = ledger.ledger, item["data"]
    spot = KINDS[kind].target
    if part is None or spot is None:
        raise DomainError(_("This form keeps no things: it is not a ledger."))
    if spot in {"kept", "damaged"}:
        return Spot(spot, department or home(part, item), place or str(data.get(part.place) or ""))
    return Spot(spot, place=place) if spot == "repair" else Spot(spot)


def home(part: Ledger, item: Document) -> ObjectId | None:
    """Return the department to which pieces of an item belong: their keeper, or who has them for now."""
    data = item["data"]
    found: ObjectId | None = data.get(part.keeper) or data.get(part.kept_by) or item.get("department")
    return found
