"""Who has what when: pieces as bars over the days of a week or a month, by item or by person.

Items are found by `stock.busy` (what is lent or asked for) and by the movements of a window (what was lent
then). How many of them there are decides what a page costs, never how many the ledger has.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final, Literal
from zoneinfo import ZoneInfo

from bson import ObjectId

from models.database import Document
from models.disclosure import Disclosure
from models.forms import LiveForm
from models.ledger.held import Held, closed, held_of, taken_of
from models.ledger.holdings import may_ask
from models.ledger.kinds import LENDABLE
from models.ledger.loans import Loan, ended
from models.ledger.stock import Stock
from models.people import User
from models.queries import ListQuery, list_filter

ROWS: Final = 25
MOST_ITEMS: Final = 20_000
"""Of so many items at most are the people gathered who have something."""
_UNREAD: Final = {"search": 0, "links": 0}
_DAY: Final = timedelta(days=1)

Scope = Literal["busy", "late", "all"]


@dataclass(frozen=True)
class Window:
    """The days that are shown, both ends included, and which day it is."""

    first: date
    last: date
    today: date
    zone: ZoneInfo

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        return [self.first + offset * _DAY for offset in range((self.last - self.first).days + 1)]

    @property
    def opens(self) -> datetime:
        """When its first day begins."""
        return datetime.combine(self.first, time(), self.zone)

    @property
    def closes(self) -> datetime:
        """When its last day is over."""
        return datetime.combine(self.last + _DAY, time(), self.zone)

    def loans(self, form: LiveForm, items: Sequence[ObjectId] | None = None) -> list[Loan]:
        """Return the loans of a ledger that fell into it and are over."""
        return ended(form.key, self.opens, self.closes, items) if self.first <= self.today else []


@dataclass(frozen=True)
class Bar:
    """Pieces that somebody has, or will have, from the day at `start` of a window for `length` days.

    `before` and `beyond` tell that it began earlier and goes on later. `item` is the item's record.
    """

    held: Held
    item: Document
    start: int
    length: int
    before: bool
    beyond: bool


@dataclass(frozen=True)
class Row:
    """An item, or (`person`) somebody, with the bars that do not overlap side by side in one lane.

    `free` says for each day how many pieces nobody has; None for days that are over.
    """

    item: Document | None
    person: ObjectId | None
    lanes: tuple[tuple[Bar, ...], ...]
    free: tuple[Decimal | None, ...] = ()
    waiting: int = 0


@dataclass(frozen=True)
class Page:
    """Rows of a calendar; `more` tells that there are others, `after` where they begin."""

    rows: tuple[Row, ...] = ()
    more: bool = False
    after: str = ""


# -- by item -----------------------------------------------------------------------------------------------


def by_item(
    viewer: User,
    form: LiveForm,
    window: Window,
    query: ListQuery,
    *,
    scope: Scope = "busy",
    after: ObjectId | None = None,
) -> Page:
    """Return a page of items that a reader may see, newest first.

    Raises DomainError for a filter that does not fit the form.
    """
    told = Disclosure(viewer, form)
    if scope == "late" and not may_ask(told, "days"):
        scope = "busy"
    wanted = [list_filter(viewer, form, query, told=told), _scope(form, window, scope)]
    beyond = [{"_id": {"$lt": after}}] if after else []
    found = form.records().find({"$and": [*wanted, *beyond]}, _UNREAD).sort("_id", -1).limit(ROWS + 1)
    items = list(found)
    more = len(items) > ROWS
    past = window.loans(form, [one["_id"] for one in items[:ROWS]])
    rows = tuple(_row(told, one, window, past) for one in items[:ROWS])
    return Page(rows, more, str(items[ROWS - 1]["_id"]) if more else "")


def item_row(told: Disclosure, item: Document, window: Window) -> Row:
    """Return an item with who had, has and will have it when."""
    return _row(told, item, window, window.loans(told.form, [item["_id"]]))


def _row(told: Disclosure, item: Document, window: Window, past: Sequence[Loan]) -> Row:
    held = held_of(told, item, window.zone)
    waiting = sum(one.kind == "queued" for one in held)
    lanes = _lanes(_bars([*held, *_over(told, item, window, past)], item, window))
    return Row(item, None, lanes, _free(told, item, window), waiting)


def _over(told: Disclosure, item: Document, window: Window, past: Sequence[Loan]) -> list[Held]:
    own = (one.held(told, item, window.zone) for one in past if one.item == item["_id"])
    return [one for one in own if one]


def _scope(form: LiveForm, window: Window, scope: Scope) -> Document:
    part = form.definition.ledger
    if scope == "all" or part is None:
        return {}
    if scope == "late" and part.due_on:
        return {f"data.{part.due_on}": {"$lt": window.today.isoformat()}}
    busy = {"stock.busy": True, "$or": [_lent_in(window), _asked_in(window)]}
    past = list({one.item for one in window.loans(form)})
    return {"$or": [busy, {"_id": {"$in": past}}]} if past else busy


def _lent_in(window: Window) -> Document:
    """Return the filter of what is out on some day of a window; what is late is out today."""
    lent: Document = {"kind": "lent", "$or": [{"since": {"$lt": window.closes}}, {"since": None}]}
    if window.first > window.today:
        lent["due"] = {"$not": {"$lt": window.first.isoformat()}}
    return {"stock.positions": {"$elemMatch": lent}}


def _asked_in(window: Window) -> Document:
    days = {"begins": {"$lte": window.last.isoformat()}, "ends": {"$gte": window.first.isoformat()}}
    return {"stock.promises": {"$elemMatch": {"queued": False, **days}}}


def _free(told: Disclosure, item: Document, window: Window) -> tuple[Decimal | None, ...]:
    if closed(told, item) & {"amounts", "days"}:
        return (None,) * len(window.days)
    stock = Stock.load(item.get("stock"))
    whole, taken = stock.total(LENDABLE), taken_of(stock, window.today)

    def free(day: str) -> Decimal:
        return max(Decimal(0), whole - sum((one.quantity for one in taken if one.on(day)), Decimal(0)))

    return tuple(None if day < window.today else free(day.isoformat()) for day in window.days)


# -- by person ---------------------------------------------------------------------------------------------


def people(viewer: User, form: LiveForm, window: Window, query: ListQuery) -> list[ObjectId]:
    """Return who has something in a window, in no order; nobody where the reader may not ask who has what."""
    told = Disclosure(viewer, form)
    if not may_ask(told, "people"):
        return []
    wanted = [list_filter(viewer, form, query, told=told), _scope(form, window, "busy")]
    fields = {"stock.positions.person": 1, "stock.promises.person": 1}
    found = form.records().find({"$and": wanted}, fields).limit(MOST_ITEMS)
    items = {one["_id"]: one["stock"] for one in found}
    now = {p["person"] for stock in items.values() for p in _entries(stock) if p.get("person")}
    return list(now | {one.person for one in window.loans(form) if one.person and one.item in items})


def _entries(stock: Document) -> Iterable[Document]:
    yield from stock.get("positions") or ()
    yield from stock.get("promises") or ()


def by_person(
    viewer: User, form: LiveForm, window: Window, query: ListQuery, some: Sequence[ObjectId]
) -> tuple[Row, ...]:
    """Return what some people have in a window of what a reader may see, in the order of the people."""
    told = Disclosure(viewer, form)
    past = [one for one in window.loans(form) if one.person in some]
    theirs: Document = {
        "$or": [
            {"stock.positions.person": {"$in": list(some)}},
            {"stock.promises.person": {"$in": list(some)}},
            {"_id": {"$in": list({one.item for one in past})}},
        ]
    }
    wanted = {"$and": [list_filter(viewer, form, query, told=told), theirs]}
    bars: defaultdict[ObjectId | None, list[Bar]] = defaultdict(list)
    for item in form.records().find(wanted, _UNREAD).limit(MOST_ITEMS):
        held = [*held_of(told, item, window.zone), *_over(told, item, window, past)]
        for bar in _bars(held, item, window):
            bars[bar.held.person].append(bar)
    return tuple(Row(None, one, _lanes(bars[one])) for one in some if bars[one])


# -- bars ----------------------------------------------------------------------------------------------------


def _bars(held: Iterable[Held], item: Document, window: Window) -> list[Bar]:
    made = (_bar(one, item, window) for one in held if one.kind in {"lent", "reserved", "back"})
    return [bar for bar in made if bar]


def _bar(held: Held, item: Document, window: Window) -> Bar | None:
    """Return what of somebody's days lies in a window; what is late lasts until today."""
    begins = date.fromisoformat(held.begins) if held.begins else window.first
    ends = date.fromisoformat(held.ends) if held.ends else date.max
    ends = window.today if held.late else ends
    first, last = max(begins, window.first), min(ends, window.last)
    if first > last:
        return None
    start, length = (first - window.first).days, (last - first).days + 1
    return Bar(held, item, start, length, begins < window.first, ends > window.last)


def _lanes(bars: Iterable[Bar]) -> tuple[tuple[Bar, ...], ...]:
    """Lay bars into as few lanes as they need."""
    lanes: list[list[Bar]] = []
    for bar in sorted(bars, key=lambda one: (one.start, -one.length)):
        lane = next((lane for lane in lanes if lane[-1].start + lane[-1].length <= bar.start), None)
        if lane is None:
            lanes.append([bar])
        else:
            lane.append(bar)
    return tuple(tuple(lane) for lane in lanes)
