"""What was asked for and cannot be had any more, because pieces left for good, becomes void and is told.

Whoever owns the pieces comes before all who have asked for them (ISO 9001:2015 8.5.3): a return to the
customer is not refused, but nobody waits for what has left. What was asked for first is kept longest.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import forms, notifications
from models.database import Document
from models.forms import LiveForm
from models.ledger.kinds import INSIDE, SPOTS
from models.ledger.stock import Promise, ShortageError, Stock
from models.ledger.wording import plain
from models.messages import Message, _
from models.people import Actor

_FOR_GOOD: Final = ("returned", "disposed", "used")
Void = dict[ObjectId, tuple[Promise, ...]]
"""What became void, by item."""
_AWAY: Final = _("It is no longer there")


def void(before: Stock, after: Stock, today: date) -> tuple[Promise, ...]:
    """Return the promises that a booking broke for good; none when no pieces left for ever.

    Those are reservations that could be kept before and cannot now, and, when nothing is left and nothing
    may be found again, what others wait for.
    """
    if not after.promises or not _has_lost(before, after):
        return ()
    broken = _broken(after, today) - _broken(before, today)
    is_over = not after.total([*INSIDE, "lost"])
    return tuple(one for one in after.promises if one in broken or (one.queued and is_over))


def _has_lost(before: Stock, after: Stock) -> bool:
    return after.arrived < before.arrived or after.total(_FOR_GOOD) > before.total(_FOR_GOOD)


def _broken(stock: Stock, today: date) -> set[Promise]:
    """Return the reservations that cannot be kept; whoever asked first comes first."""
    day, kept, broken = today.isoformat(), replace(stock, promises=()), set()
    coming = (one for one in stock.promises if not one.queued and one.ends >= day)
    for one in sorted(coming, key=lambda one: one.asked):
        try:
            kept = kept.promised(replace(one, begins=max(one.begins, day)), today)
        except ShortageError:
            broken.add(one)
    return broken


def notices(
    ledger: LiveForm,
    items: Mapping[ObjectId, Document],
    stocks: Mapping[ObjectId, Stock],
    void: Void,
    actor: Actor,
    session: ClientSession,
) -> list[Document]:
    """Return the effects that tell those who asked for pieces of items why they cannot have them."""
    slips = _slips(ledger, {one.slip for gone in void.values() for one in gone}, session)
    effects: list[Document] = []
    for item, promise in ((item, one) for item, gone in void.items() for one in gone):
        form, number = slips.get(promise.slip, (None, ""))
        effects += notifications.tell(
            [promise.person],
            key=f"ledger.void:{item}:{stocks[item].version}:{promise.slip}",
            kind="task",
            title=number or _name(items[item]),
            text=_text(items[item], stocks[item], promise),
            form=form,
            record=promise.slip if form else None,
            level="warning",
            by_name=actor.name,
        )
    return effects


def _slips(ledger: LiveForm, ids: set[ObjectId], session: ClientSession) -> dict[ObjectId, tuple[str, str]]:
    """Return form and number of slips, by their id."""
    return {
        slip["_id"]: (form.key, slip.get("number") or "")
        for form in (forms.live_forms() if ids else ())
        if form.definition.lends(ledger.key)
        for slip in form.records().find({"_id": {"$in": list(ids)}}, {"number": 1}, session=session)
    }


def _name(item: Document) -> str:
    return str(item.get("title") or item.get("number") or "")


def _text(item: Document, stock: Stock, promise: Promise) -> Message:
    gone = next((SPOTS[kind] for kind in _FOR_GOOD if stock.total([kind])), _AWAY)
    return _(
        "You cannot have %(quantity)s of “%(item)s” (%(begins)s to %(ends)s) after all: %(why)s.",
        item=_name(item),
        quantity=plain(promise.quantity),
        begins=promise.begins,
        ends=promise.ends,
        why=gone,
    )
