"""What the steps of a slip do in the ledger: reserve, queue, release, lend, take back, extend, pass on.

An action only plans: it reads what the slip says, refuses what can never be, and adds operations to the
book of the commit. What depends on where the pieces are is decided when the book is written.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from bson import ObjectId

from models.database import Document
from models.errors import InvalidError
from models.ledger.act import Act
from models.ledger.book import Book, Booked, Operation, RefusedError
from models.ledger.movements import Details, Movement
from models.ledger.moving import goal_of, moved, picks
from models.ledger.opening import keeper
from models.ledger.quantities import read_quantity
from models.ledger.slips import Line, Return, SlipView, active_person
from models.ledger.stock import FAR, Promise, ShortageError, Spot, Stock
from models.messages import _


def promise(book: Book, slip: SlipView, *, queued: bool) -> None:
    """Plan that everything on a slip that was not handed over is kept for it, or that it waits for it.

    A slip that asked before keeps its turn, unless it wants more now. Raises InvalidError.
    """
    borrower, (begins, ends) = slip.borrower(), slip.period()
    lines = sound_lines(book, slip)
    _write_keepers(book, slip)
    for line in lines:
        asked = Promise(
            slip.id,
            borrower,
            line.to_lend,
            begins,
            ends,
            slip.change.happened_at,
            slip.department,
            queued=queued,
        )
        book.plan(line.item, _promising(asked, slip), path=line.path)


def _write_keepers(book: Book, slip: SlipView) -> None:
    part, items = book.form.definition.ledger, book.items(slip.items())
    if part:
        slip.write_keepers({one: keeper(part, item) for one, item in items.items()})


def _promising(asked: Promise, slip: SlipView) -> Operation:
    def keep(stock: Stock) -> Booked:
        had = stock.promise_of(slip.id)
        return stock.promised(asked if had is None else asked.instead_of(had), slip.today), ()

    return keep


def sound_lines(book: Book, slip: SlipView) -> list[Line]:
    """Return the rows of a slip of which something is still to be handed over. Raises InvalidError."""
    lines = [line for line in slip.lines() if not line.lent or line.to_lend]
    items = book.items({line.item for line in lines})
    for line in lines:
        if line.item not in items:
            raise InvalidError({line.path: [_("This item is no longer in the ledger.")]})
        read_quantity(book.form.definition, items[line.item]["data"], line.quantity, line.path)
    if not lines:
        raise InvalidError({slip.part.items: [_("Everything on this slip was handed over already.")]})
    return lines


def forget(book: Book, slip: SlipView, items: set[ObjectId]) -> None:
    """Plan that a slip no longer asks for some items; those that are gone are left aside."""
    for item in book.items(items):
        book.plan(item, forgetting(slip.id))


def forgetting(slip: ObjectId) -> Operation:
    """Return the operation by which a slip asks for an item no longer."""
    return lambda stock: (stock.without_promise(slip), ())


def _reserve(act: Act, slip: SlipView) -> None:
    promise(act.book, slip, queued=False)


def _queue(act: Act, slip: SlipView) -> None:
    promise(act.book, slip, queued=True)


def _release(act: Act, slip: SlipView) -> None:
    forget(act.book, slip, slip.items())


def _lend(act: Act, slip: SlipView) -> None:
    borrower, (_begins, ends) = slip.borrower(), slip.period()
    target = Spot("lent", slip.department, person=borrower, slip=slip.id)
    details = act.details(slip.id, photos=slip.new_photos())
    lines = sound_lines(act.book, slip)
    _write_keepers(act.book, slip)
    for line in lines:
        act.book.plan(line.item, _lending(act, slip, line, target, ends, details), path=line.path)
        slip.count(line.item, lent=line.to_lend)
    slip.write_outstanding()


def _lending(act: Act, slip: SlipView, line: Line, target: Spot, ends: str, details: Details) -> Operation:
    def lend(stock: Stock) -> Booked:
        stock.require_free(line.to_lend, slip.today.isoformat(), ends, slip.today, but=slip.id)
        left = stock.without_promise(slip.id)
        made = []
        for spot, quantity in _picks(left, line.to_lend, slip):
            left = left.move(quantity, spot, target, since=act.change.happened_at, due=ends)
            made.append(Movement("borrow", quantity, spot, target, details))
        return left, made

    return lend


def _picks(stock: Stock, quantity: Decimal, slip: SlipView) -> list[tuple[Spot, Decimal]]:
    """Return the spots to lend from; who still has what was promised is told with the shortage."""
    try:
        return picks(stock, ("kept",), quantity)
    except ShortageError as short:
        lent = [one for one in stock.occupations(slip.today, but=slip.id) if one.lent]
        raise ShortageError(short.wanted, short.free, tuple(lent)) from None


def _take_back(act: Act, slip: SlipView) -> None:
    lines = {line.item: line for line in slip.lines()}
    rows = slip.new_returns()
    items = act.book.items({row.item for row in rows})
    open_yet = {item: line.out for item, line in lines.items()}
    photos = slip.new_photos()
    for row in rows:
        _check_return(act, row, items, open_yet)
        open_yet[row.item] -= row.quantity
        details = act.details(slip.id, condition=row.condition, photos=photos)
        goal = goal_of(row.outcome, act.book.form.definition, items[row.item], place=row.place)
        act.book.plan(row.item, moving(row.outcome, row.quantity, goal, details, slip.id), path=row.path)
        slip.count(row.item, returned=row.quantity)
    slip.write_outstanding()


def _check_return(
    act: Act, row: Return, items: Mapping[ObjectId, Document], open_yet: Mapping[ObjectId, Decimal]
) -> None:
    if row.item not in open_yet or row.item not in items:
        raise InvalidError({row.path: [_("This item was not lent by this slip.")]})
    read_quantity(act.book.form.definition, items[row.item]["data"], row.quantity, row.path)
    if row.quantity > open_yet[row.item]:
        raise InvalidError({row.path: [_("Only %(open)s are still out.", open=f"{open_yet[row.item]:f}")]})


def _extend(act: Act, slip: SlipView) -> None:
    until, today = act.said(act.effect.until), slip.today.isoformat()
    if not until or until < today:
        raise InvalidError({act.effect.until: [_("Give a day that is still to come.")]})
    if until < str(slip.data.get(slip.part.begins) or ""):
        raise InvalidError({act.effect.until: [_("This is before the first day.")]})

    def extend(stock: Stock) -> Booked:
        spots, asked = stock.spots("lent", slip=slip.id), stock.promise_of(slip.id)
        held = sum((one.quantity for one in spots), asked.quantity if asked else Decimal(0))
        ends = min([one.due or FAR for one in spots] + ([asked.ends] if asked else []), default=FAR)
        if until > ends and not (asked and asked.queued):
            stock.require_free(held, max(ends, today), until, slip.today, but=slip.id)
        return stock.due_until(slip.id, until), ()

    for line in slip.lines():
        if line.out or line.to_lend:
            act.book.plan(line.item, extend, path=act.effect.until)


def _pass_on(act: Act, slip: SlipView) -> None:
    path = act.effect.person or slip.part.borrower
    receiver = active_person(act.said(path), path)
    department = act.said(act.effect.department) if act.effect.department else slip.department
    target = Spot("lent", department, person=receiver, slip=slip.id)
    details = act.details(slip.id, photos=slip.new_photos())
    lines = [line for line in slip.lines() if line.out]
    if not lines:
        raise InvalidError({path: [_("Nothing of this slip is out.")]})
    for line in lines:
        operation = moving("pass_on", line.out, target, details, slip.id, since=act.change.at)
        act.book.plan(line.item, _to_somebody_else(operation), path=path)


def _to_somebody_else(operation: Operation) -> Operation:
    def pass_on(stock: Stock) -> Booked:
        left, made = operation(stock)
        if not made:
            raise RefusedError(_("This person has them already."))
        return left, made

    return pass_on


def moving(
    kind: str,
    quantity: Decimal | None,
    target: Spot,
    details: Details,
    slip: ObjectId | None = None,
    since: datetime | None = None,
) -> Operation:
    """Return the operation that moves pieces, all of them without a quantity; see `moved`."""
    return lambda stock: moved(stock, kind, quantity, target, details, slip=slip, since=since)


SLIP_ACTIONS: Mapping[str, Callable[[Act, SlipView], None]] = MappingProxyType(
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
