"""The rows of a calendar of property: bars of who has what, and between them the days that are free."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from bson import ObjectId
from flask import url_for

from models.database import Document
from models.disclosure import Disclosure
from models.forms import LiveForm
from models.ledger import calendar
from models.ledger.calendar import Bar, Scope, Window
from models.ledger.held import freedom
from models.ledger.wording import plain
from models.people import User
from models.queries import ListQuery
from views.context import current_lookup, require_person
from views.property import base
from views.records.borrowing import borrow_url, slips_of
from views.records.pieces import HeldRow, Words

PEOPLE: Final = 25


@dataclass(frozen=True)
class BarCell:
    """A bar over `span` days; `text` (and `count`, unless it is one) stand in it.

    `url` leads to the slip, or to the item.
    """

    span: int
    held: HeldRow
    text: str
    count: str
    url: str
    before: bool
    beyond: bool


@dataclass(frozen=True)
class DayCell:
    """A day of an item: `free` (how many, and where a slip for it starts), `taken`, `over` or `empty`."""

    at: int
    state: str
    text: str = ""
    url: str = ""


Line = list[BarCell | DayCell]


@dataclass(frozen=True)
class Row:
    """An item or a person, and the lines of cells beside it."""

    title: str
    note: str
    url: str
    lines: list[Line]
    bars: list[BarCell] = field(default_factory=list)
    waiting: int = 0
    free: str = ""
    again: str = ""
    borrow_url: str = ""


@dataclass(frozen=True)
class Shown:
    """Rows, and the arguments of the page that follows."""

    rows: list[Row]
    next: dict[str, Any] | None = None


def by_item(
    viewer: User,
    told: Disclosure,
    window: Window,
    query: ListQuery,
    scope: Scope,
    after: ObjectId | None,
    slip: LiveForm | None,
) -> Shown:
    """Return a page of items."""
    page = calendar.by_item(viewer, told.form, window, query, scope=scope, after=after)
    maker = _Maker(told, window, slip, [bar for row in page.rows for lane in row.lanes for bar in lane])
    rows = [maker.item(row) for row in page.rows]
    return Shown(rows, {"after": page.after} if page.after else None)


def of_item(told: Disclosure, item: Document, window: Window, slip: LiveForm | None) -> Shown:
    """Return the row of one item."""
    row = calendar.item_row(told, item, window)
    maker = _Maker(told, window, slip, [bar for lane in row.lanes for bar in lane])
    return Shown([maker.item(row)])


def by_person(viewer: User, told: Disclosure, window: Window, query: ListQuery, number: int) -> Shown:
    """Return a page of people, by name."""
    found = calendar.people(viewer, told.form, window, query)
    lookup = current_lookup()
    lookup.prime_people(found)
    ordered = sorted(found, key=lambda one: (lookup.person(one), one))
    start = (number - 1) * PEOPLE
    rows = calendar.by_person(viewer, told.form, window, query, ordered[start : start + PEOPLE])
    maker = _Maker(told, window, None, [bar for row in rows for lane in row.lanes for bar in lane])
    more = len(ordered) > start + PEOPLE
    return Shown([maker.person(row) for row in rows], {"page": number + 1} if more else None)


class _Maker:
    """Makes the rows of one page."""

    def __init__(self, told: Disclosure, window: Window, slip: LiveForm | None, bars: Sequence[Bar]) -> None:
        self.told, self.window, self.slip = told, window, slip
        self.words = Words(told.form, slips_of(told.form.key))
        self.words.learn(bar.held for bar in bars)
        self.days = len(window.days)

    # -- an item ---------------------------------------------------------------------------------------

    def item(self, row: calendar.Row) -> Row:
        """Return an item: single pieces in one line, of several first how many are free on which day."""
        item = row.item or {}
        lanes = [self._cells(lane, item=True) for lane in row.lanes]
        free = freedom(item, self.window.today)
        days = [self._day(at, number, free.of, item) for at, number in enumerate(row.free)]
        nothing = [DayCell(at, "empty") for at in range(self.days)]
        if free.of <= 1 and len(lanes) <= 1:
            lines = [_filled(lane, days) for lane in lanes or [[]]]
        else:
            lines = [_filled([], days), *(_filled(lane, nothing) for lane in lanes)]
        knows = any(day.state in {"free", "taken"} for day in days)
        return Row(
            base.titled(self.told, item),
            self._note(item, free.of),
            f"/records/{self.told.form.key}/{item['_id']}",
            lines,
            [cell for lane in lanes for _start, cell in lane],
            row.waiting,
            self.words.quantity(free.now, item["data"]) if knows else "",
            free.again if knows else "",
            self._borrow(item, "") if free.now else "",
        )

    def _note(self, item: Document, whole: Decimal) -> str:
        quantity = self.words.quantity(whole, item["data"]) if whole != 1 else ""
        return " · ".join(filter(None, (item.get("number"), quantity)))

    def _day(self, at: int, free: Decimal | None, whole: Decimal, item: Document) -> DayCell:
        if not free:
            return DayCell(at, "over" if free is None else "taken")
        url = self._borrow(item, self.window.days[at].isoformat())
        return DayCell(at, "free", plain(free) if whole != 1 else "", url)

    def _borrow(self, item: Document, day: str) -> str:
        if self.slip is None:
            return ""
        return borrow_url(self.slip, [item["_id"]], day, day, person=require_person())

    # -- a person --------------------------------------------------------------------------------------

    def person(self, row: calendar.Row) -> Row:
        """Return somebody with what they have when."""
        lanes = [self._cells(lane, item=False) for lane in row.lanes]
        lines = [_filled(lane, [DayCell(at, "empty") for at in range(self.days)]) for lane in lanes]
        return Row(
            self.words.lookup.person(row.person),
            "",
            url_for("property.holdings", person=row.person),
            lines,
            [cell for lane in lanes for _start, cell in lane],
        )

    # -- bars ------------------------------------------------------------------------------------------

    def _cells(self, lane: Sequence[Bar], *, item: bool) -> list[tuple[int, BarCell]]:
        return [(bar.start, self._cell(bar, item=item)) for bar in lane]

    def _cell(self, bar: Bar, *, item: bool) -> BarCell:
        held = self.words.row(bar.held, bar.item)
        name = base.titled(self.told, bar.item)
        text = (held.person or held.label) if item else name
        own = f"/records/{self.told.form.key}/{bar.item['_id']}"
        slip = held.slip.url if held.slip else ""
        count = "" if bar.held.quantity == 1 else plain(bar.held.quantity)
        return BarCell(bar.length, held, text, count, slip if item else own, bar.before, bar.beyond)


def _filled(lane: Sequence[tuple[int, BarCell]], days: Sequence[DayCell]) -> Line:
    """Return a line: the bars of a lane, and between them the cells of the days."""
    line: Line = []
    at = 0
    for start, cell in lane:
        line += [*days[at:start], cell]
        at = start + cell.span
    return [*line, *days[at:]]
