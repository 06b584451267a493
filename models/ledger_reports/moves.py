"""The movements of a ledger in a period, oldest first."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import directory
from models.database import Document, db
from models.job_files import Pace
from models.ledger import timeline
from models.ledger.kinds import KINDS, SPOTS
from models.ledger_reports.base import Reading, Row, each, primed, quantity_column
from models.messages import Message, _
from models.spreadsheets.columns import Column
from models.spreadsheets.workbook import Book

_SPOT_WORDS = (_("From"), _("To"))


def count(reading: Reading, session: ClientSession) -> int:
    """Return how many movements there are, of items that the reader may see or not."""
    return db().property_movements.count_documents(_query(reading), session=session)


def write(reading: Reading, book: Book, session: ClientSession, pace: Pace) -> int:
    """Write the movements of items that the reader may see; return how many."""
    sheet = book.sheet(reading.say(_("Movements")), _columns(reading), frozen=1)
    found = db().property_movements.find(_query(reading), session=session)
    for batch in reading.batches(each(found, "at"), pace):
        sheet.write(_rows(reading, batch, session))
    return sheet.rows


def _query(reading: Reading) -> Document:
    asked, query = reading.asked, {"ledger": reading.ledger.key, **_period(reading)}
    parts: list[Document] = [query]
    if asked.kind:
        parts.append({"kind": asked.kind})
    if asked.person:
        parts.append(_either_end("person", asked.person))
    if asked.department:
        known = directory.current().with_merged(asked.department)
        parts.append(_either_end("department", {"$in": known}))
    return {"$and": parts} if len(parts) > 1 else query


def _period(reading: Reading) -> Document:
    asked, bounds = reading.asked, dict[str, datetime]()
    if asked.begins:
        bounds["$gte"] = midnight(date.fromisoformat(asked.begins), reading.zone)
    if asked.ends:
        bounds["$lt"] = midnight(date.fromisoformat(asked.ends) + timedelta(days=1), reading.zone)
    return {"at": bounds} if bounds else {}


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment with which a day begins."""
    return datetime.combine(day, time(), zone)


def _either_end(name: str, value: ObjectId | Document) -> Document:
    return {"$or": [{f"from.{name}": value}, {f"to.{name}": value}]}


def _columns(reading: Reading) -> list[Column]:
    say = reading.say
    ends = [column for word in _SPOT_WORDS for column in _end_columns(reading, word)]
    return [
        Column("at", say(_("Time")), "datetime"),
        *reading.item_columns(),
        Column("kind", say(_("Movement")), "choice"),
        quantity_column(say(_("Quantity"))),
        Column("unit", say(_("Unit")), "choice"),
        *ends,
        Column("slip", say(_("Slip")), "record"),
        Column("note", say(_("Note")), "text", wrap=True),
        Column("condition", say(_("Condition")), "text", wrap=True),
        Column("by", say(_("Booked by")), "text"),
        Column("source", say(_("Source")), "choice"),
    ]


def _end_columns(reading: Reading, word: Message) -> list[Column]:
    end = reading.say(word)
    of = (_("Where"), _("Department"), _("Place"), _("Holder"))
    return [Column("", f"{end}: {reading.say(one)}", "choice") for one in of]


def _rows(reading: Reading, batch: Sequence[Document], session: ClientSession) -> Iterator[Row]:
    items = reading.items((one["item"] for one in batch), session)
    shown = [
        (items[one["item"]], seen)
        for one in batch
        if one["item"] in items
        for seen in timeline.shown(reading.told, items[one["item"]], [one])
    ]
    reading.lookup.prime(reading.told.definition, items.values(), [reading.part.customer or "number"])
    people = [(one[end] or {}).get("person") for _item, one in shown for end in ("from", "to")]
    primed(reading.lookup, people)
    slips = reading.slips((one.get("slip") for _item, one in shown), session)
    for item, one in shown:
        yield (
            one["at"],
            *reading.item_cells(item),
            reading.say(KINDS[one["kind"]].label),
            one["quantity"].to_decimal(),
            reading.unit_of(item) or None,
            *_spot(reading, one["from"]),
            *_spot(reading, one["to"]),
            slips.get(one["slip"]) if "slip" in one else None,
            one.get("note"),
            one.get("condition"),
            one.get("by_name"),
            reading.say(SOURCES.get(one.get("source", ""), "")) or None,
        )


def _spot(reading: Reading, spot: Document | None) -> Row:
    if spot is None:
        return reading.say(_("Outside")), None, None, None
    return (
        reading.say(SPOTS[spot["kind"]]),
        reading.department(spot.get("department")),
        spot.get("place") or None,
        reading.who(spot.get("person")),
    )


SOURCES: dict[str, Any] = {
    "screen": _("Screen"),
    "import": _("Import"),
    "api": _("Interface"),
    "pack": _("Taken over"),
    "system": _("The program"),
    "clock": _("A deadline"),
    "bulk": _("Several at once"),
    "phone": _("Phone"),
    "check": _("Stock check"),
}
"""Where movements are booked."""
