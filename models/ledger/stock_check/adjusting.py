"""Booking what was decided about differences, each movement exactly once.

All that was decided of an item is booked in one transaction, which also writes down what came of its lines,
and every movement bears a key that there is only once. What moved since it was counted, or is gone, is left
alone, and the line says so.
"""

from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import Final

from bson import ObjectId
from pymongo import ASCENDING, UpdateMany
from pymongo.client_session import ClientSession

from models.database import Document, in_transaction
from models.ledger.book import Book, Booked
from models.ledger.stock import ShortageError, Spot, Stock
from models.ledger.stock_check import lines
from models.ledger.stock_check.booking import Decided, ElsewhereError, SingleError, book
from models.ledger.stock_check.carrying import CheckJob
from models.ledger.stock_check.check import ADJUSTED, Check
from models.ledger.stock_check.lines import SETTLED
from models.ledger.stock_check.moments import touched_since
from models.times import now

BATCH: Final = 50
"""Items booked in one transaction."""
_REFUSALS: Final[dict[type[Exception], str]] = {
    ElsewhereError: "elsewhere",
    OverflowError: "full",
    ShortageError: "moved",
    SingleError: "single",
}


def run(work: CheckJob) -> None:
    """Book what was decided, item by item; a successor goes on with what has no outcome yet.

    Raises CancelledError when the check was taken from it.
    """
    total = work.check.numbers["differences"]
    while batch := _next(work.check):
        done = int(work.job.position.get("done", 0))
        in_transaction(partial(_carry_out, work, batch, (done, total)))
    outcomes = outcomes_of(work.check.id)
    part = work.check.part
    unsettled = sum(count for outcome, count in outcomes.items() if outcome not in SETTLED)
    step = part.partly if unsettled and part.partly else part.adjusted
    work.end(ADJUSTED, step, {"outcomes": outcomes, "adjusted_at": now()}, outcomes)


def _next(check: Check) -> list[ObjectId | None]:
    """Return the next items with a difference of which nothing came yet; None for what is in no ledger."""
    waiting = {"check": check.id, "off": True, "outcome": None}
    found = lines.collection().find(waiting, {"item": 1}).sort("item", ASCENDING)
    return list(dict.fromkeys(line["item"] for line in found.limit(BATCH)))


def _carry_out(
    work: CheckJob, items: Sequence[ObjectId | None], reached: tuple[int, int], session: ClientSession
) -> None:
    check = work.require_mine(session)
    ids = [one for one in items if one is not None]
    alive = {"_id": {"$in": ids}, "deleted_at": None}
    records = {one["_id"]: one for one in check.ledger.records().find(alive, session=session)}
    of_check = {"check": check.id, "item": {"$in": list(items)}}
    found = lines.collection().find(of_check, session=session).sort("item", ASCENDING)
    ledger = Book(check.ledger, work.actor)
    ledger.know(records.values())
    fates: dict[ObjectId, str] = {}
    for item, group in groupby(found, key=lambda line: line["item"]):
        fates |= _decide(check, records.get(item), list(group), ledger, session)
    ledger.write((), session)
    _note(fates, session)
    done = reached[0] + len(fates)
    work.job.keep_position({"done": done}, done, max(reached[1], done), session)


def _decide(
    check: Check, item: Document | None, of_item: list[Document], ledger: Book, session: ClientSession
) -> dict[ObjectId, str]:
    """Plan what is booked for an item; return what comes of each of its lines with a difference."""
    off = [line for line in of_item if lines.is_off(line) and "outcome" not in line]
    fates = {line["_id"]: "left" for line in off}
    to_book = [line for line in off if line["decision"] != "leave"]
    if to_book:
        outcome = _plan(check, item, of_item, to_book, ledger, session)
        fates |= {line["_id"]: outcome for line in to_book}
    return fates


def _plan(
    check: Check,
    item: Document | None,
    of_item: Sequence[Document],
    to_book: Sequence[Document],
    ledger: Book,
    session: ClientSession,
) -> str:
    if item is None:
        return "unknown" if to_book[0]["item"] is None else "gone"
    stock = Stock.load(item.get("stock"))
    if any(_moved_on(check, item, stock, line, session) for line in to_book):
        return "moved"
    decided = [Decided.of(line, check.record, check.form.key) for line in to_book]
    part = check.ledger.definition.ledger
    single = bool(part and part.serial and item["data"].get(part.serial))
    counted = [Spot.load(line["spot"]) for line in of_item]
    try:
        booked: Booked = book(stock, decided, counted, single=single)
    except tuple(_REFUSALS) as refusal:
        return _REFUSALS[type(refusal)]
    ledger.plan(item["_id"], lambda _stock: booked)
    return "booked"


def _moved_on(check: Check, item: Document, stock: Stock, line: Document, session: ClientSession) -> bool:
    spots = {Spot.load(line["spot"])}
    return touched_since(check.ledger.key, item["_id"], stock, line["moved"], spots, session)


def _note(fates: dict[ObjectId, str], session: ClientSession) -> None:
    writes = [
        UpdateMany(
            {"_id": {"$in": [line for line, one in fates.items() if one == outcome]}},
            {"$set": {"outcome": outcome, "booked_at": now()}},
        )
        for outcome in set(fates.values())
    ]
    if writes:
        lines.collection().bulk_write(writes, session=session)


def outcomes_of(check: ObjectId) -> dict[str, int]:
    """Return how many lines of a check came to what."""
    stages: list[Document] = [
        {"$match": {"check": check, "off": True, "outcome": {"$gt": ""}}},
        {"$group": {"_id": "$outcome", "count": {"$sum": 1}}},
    ]
    return {found["_id"]: found["count"] for found in lines.collection().aggregate(stages)}
