"""The ledger as a workbook: every item with what became of it, and where every piece is."""

from collections.abc import Iterator, Mapping, Sequence

from bson import ObjectId
from pymongo.client_session import ClientSession

from models.database import Document
from models.export_columns import Sources, named_keys, record_columns
from models.job_files import Pace
from models.ledger.held import Held, closed, held_of
from models.ledger.kinds import SPOTS
from models.ledger.stock import Stock
from models.ledger_reports.base import (
    UNREAD,
    Linked,
    Reading,
    Row,
    days_late,
    each,
    linked,
    primed,
    quantity_column,
)
from models.messages import _
from models.spreadsheets.columns import Column
from models.spreadsheets.workbook import Book

_GONE = ("damaged", "repair", "lost", "used", "disposed", "returned")


def count(reading: Reading, session: ClientSession) -> int:
    """Return how many items there are."""
    return reading.ledger.records().count_documents(reading.query(), session=session)


def write(reading: Reading, book: Book, session: ClientSession, pace: Pace) -> int:
    """Write the items and their positions; return how many items."""
    definition, language = reading.told.definition, reading.language
    keys = [field.key for field in definition.value_fields if field.type != "table"]
    own = record_columns(definition, ["state", *keys], language, reading.told.limits.masked)
    gone = [quantity_column(reading.say(SPOTS[kind]), kind) for kind in _GONE]
    number = Column("number", reading.say(_("Number")), "record")
    items = book.sheet(reading.title, [number, *own.columns, *gone], frozen=1)
    places = book.sheet(reading.say(_("Where every piece is")), _place_columns(reading), frozen=1)
    named = named_keys(definition, keys) or ["number"]
    for batch in reading.batches(_found(reading, session), pace):
        reading.lookup.prime(definition, batch, named)
        items.write(_item_rows(reading, own, batch))
        places.write(_place_rows(reading, batch, session))
    return items.rows


def _found(reading: Reading, session: ClientSession) -> Iterator[Document]:
    found = reading.ledger.records().find(reading.query(), UNREAD, session=session)
    return each(found, "number")


def _item_rows(reading: Reading, own: Sources, batch: Sequence[Document]) -> Iterator[Row]:
    shown = [reading.told.shown(record) for record in batch]
    for record, cells in zip(batch, own.rows(shown, reading.lookup), strict=True):
        stock = Stock.load(record.get("stock"))
        hidden = "amounts" in closed(reading.told, record)
        left = [None if hidden else stock.total([kind]) or None for kind in _GONE]
        yield (linked(reading.ledger.key, record), *cells, *left)


def _place_columns(reading: Reading) -> list[Column]:
    say = reading.say
    return [
        *reading.item_columns(),
        Column("kind", say(_("Where")), "choice"),
        quantity_column(say(_("Quantity"))),
        Column("unit", say(_("Unit")), "choice"),
        Column("department", say(_("Department")), "choice"),
        Column("place", say(_("Place")), "text"),
        Column("person", say(_("Holder")), "text"),
        Column("slip", say(_("Slip")), "record"),
        Column("since", say(_("Since")), "date"),
        Column("due", say(_("Due")), "date"),
        Column("late", say(_("Days late")), "integer"),
    ]


def _place_rows(reading: Reading, batch: Sequence[Document], session: ClientSession) -> Iterator[Row]:
    held = [
        [one for one in held_of(reading.told, record, reading.zone) if one.kind in SPOTS] for record in batch
    ]
    every = [one for found in held for one in found]
    primed(reading.lookup, [one.person for one in every])
    slips = reading.slips((one.slip for one in every), session)
    for record, found in zip(batch, held, strict=True):
        item, unit = reading.item_cells(record), reading.unit_of(record) or None
        for one in found:
            where = reading.say(SPOTS[one.kind]) if one.kind in SPOTS else None
            yield (*item, where, one.quantity, unit, *_holder(reading, one, slips))


def _holder(reading: Reading, one: Held, slips: Mapping[ObjectId, Linked]) -> Row:
    return (
        reading.department(one.department),
        one.place or None,
        reading.who(one.person),
        slips.get(one.slip) if one.slip else None,
        one.begins or None,
        one.ends or None,
        days_late(one.ends, reading.today) if one.kind == "lent" else None,
    )
