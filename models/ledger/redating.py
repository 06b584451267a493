"""An arrival that was entered on a wrong day: what was booked stays, a correction and a new arrival follow.

Both stand at the days they are about, so that accounts are right for every year, and say when they were
booked; of the stock nothing changes.
"""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING

from models.changes import Change
from models.database import Document, db
from models.errors import InvalidError
from models.ledger.book import Booked, Operation
from models.ledger.movements import Details, Movement
from models.ledger.stock import Spot, Stock
from models.ledger_parts import Ledger
from models.messages import Message, _, translate
from models.times import noon


def arrived_at(change: Change, part: Ledger) -> datetime | None:
    """Return the noon of the day on which an item came, as its record says; None for the present.

    Raises InvalidError for a day to come.
    """
    day = change.record["data"].get(part.arrived_on) if part.arrived_on else None
    today = change.at.astimezone(change.actor.timezone).date().isoformat()
    if not day or day == today:
        return None
    if day > today:
        raise InvalidError({part.arrived_on: [_("This day is still to come.")]})
    return noon(day, change.actor.timezone)


def redating(change: Change, part: Ledger, details: Details) -> Operation | None:
    """Return what books the arrival of an item on the day that its record says now; None if it is there.

    Raises InvalidError for a day to come, or on which pieces of it had been moved already.
    """
    item, zone = change.record["_id"], change.actor.timezone
    arrival = _newest(change.form.key, item) if change.record["data"].get(part.arrived_on) else None
    if arrival is None:
        return None
    at = arrived_at(change, part) or change.at
    was, day = _day(arrival["at"], zone), _day(at, zone)
    if was == day:
        return None
    first = _first_of_others(change.form.key, item)
    if first and day > _day(first, zone):
        text = _("Pieces of it were moved on %(day)s already.", day=_day(first, zone))
        raise InvalidError({part.arrived_on: [text]})
    note = _note(change, _("Arrived on %(day)s, not on %(was)s.", day=day, was=was))
    said = replace(details, note=note, redated_at=change.at)
    return _anew(arrival, min(at, first or at), said)


def _anew(arrival: Document, at: datetime, said: Details) -> Operation:
    quantity, spot = arrival["quantity"].to_decimal(), Spot.load(arrival["to"])
    gone = Movement(
        "correction", quantity, spot, None, replace(said, at=arrival["at"], reverses=arrival["_id"])
    )
    came = Movement("arrival", quantity, None, spot, replace(said, at=at))

    def book(stock: Stock) -> Booked:
        return replace(stock, moved=stock.moved + 2), [gone, came]

    return book


def _newest(ledger: str, item: ObjectId) -> Document | None:
    query = {"ledger": ledger, "item": item, "kind": "arrival"}
    return db().property_movements.find_one(query, sort=[("_id", DESCENDING)])


def _first_of_others(ledger: str, item: ObjectId) -> datetime | None:
    """Return when pieces of an item were moved first after they had come."""
    query: Document = {"ledger": ledger, "item": item, "kind": {"$ne": "arrival"}, "redated_at": None}
    found = db().property_movements.find_one(query, {"at": 1}, sort=[("at", ASCENDING)])
    return found["at"] if found else None


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _note(change: Change, what: Message) -> str:
    return " ".join(filter(None, (translate(what, change.actor.language), change.reason)))
