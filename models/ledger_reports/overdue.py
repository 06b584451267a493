"""What is overdue: who has it, who leads them, how many days late, whose it is and by which slip."""

from collections.abc import Iterator, Sequence

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import directory
from models.database import Document
from models.errors import ForbiddenError
from models.job_files import Pace
from models.ledger.held import closed
from models.ledger.holdings import may_ask
from models.ledger_reports.base import Reading, Row, day_of, days_late, primed, quantity_column
from models.messages import _
from models.spreadsheets.columns import Column
from models.spreadsheets.workbook import Book


def count(reading: Reading, session: ClientSession) -> int:
    """Return how many positions are overdue. Raises ForbiddenError where days are closed to the reader."""
    if not may_ask(reading.told, "days") or not may_ask(reading.told, "amounts"):
        raise ForbiddenError(_("You may not ask by this."))
    counted = reading.ledger.records().aggregate([*_pipeline(reading), {"$count": "all"}], session=session)
    return next((int(one["all"]) for one in counted), 0)


def write(reading: Reading, book: Book, session: ClientSession, pace: Pace) -> int:
    """Write what is overdue, the longest first; return how many rows."""
    sheet = book.sheet(reading.say(_("Overdue")), _columns(reading), frozen=1)
    pipeline = [*_pipeline(reading), {"$sort": {"due": 1, "_id": 1}}]
    found = reading.ledger.records().aggregate(pipeline, session=session, allowDiskUse=True)
    for batch in reading.batches(iter(found), pace):
        sheet.write(_rows(reading, batch, session))
    return sheet.rows


def _pipeline(reading: Reading) -> list[Document]:
    today = reading.today.isoformat()
    late = {"kind": "lent", "due": {"$gt": "", "$lt": today}}
    person = {"person": reading.asked.person} if reading.asked.person else {}
    department = {}
    if reading.asked.department:
        department = {"department": {"$in": directory.current().with_merged(reading.asked.department)}}
    wanted = {**late, **person, **department}
    return [
        {
            "$match": {
                "$and": [reading.query(), {"stock.busy": True}, {"stock.positions": {"$elemMatch": wanted}}]
            }
        },
        {"$project": {"position": "$stock.positions"}},
        {"$unwind": "$position"},
        {"$match": {f"position.{key}": value for key, value in wanted.items()}},
        {"$addFields": {"due": "$position.due"}},
    ]


def _columns(reading: Reading) -> list[Column]:
    say = reading.say
    return [
        Column("person", say(_("Borrower")), "text"),
        Column("department", say(_("Department")), "choice"),
        Column("head", say(_("Head")), "text"),
        Column("late", say(_("Days late")), "integer"),
        *reading.item_columns(),
        quantity_column(say(_("Quantity"))),
        Column("unit", say(_("Unit")), "choice"),
        Column("slip", say(_("Slip")), "record"),
        Column("since", say(_("Since")), "date"),
        Column("due", say(_("Due")), "date"),
    ]


def _rows(reading: Reading, batch: Sequence[Document], session: ClientSession) -> Iterator[Row]:
    items = reading.items((one["_id"] for one in batch), session)
    positions = [(items[one["_id"]], one["position"]) for one in batch if one["_id"] in items]
    reading.lookup.prime(reading.told.definition, items.values(), [reading.part.customer or "number"])
    primed(reading.lookup, [position.get("person") for _item, position in positions])
    slips = reading.slips((position.get("slip") for _item, position in positions), session)
    for item, position in positions:
        hidden = closed(reading.told, item)
        if "days" in hidden or "amounts" in hidden:
            continue
        department = None if "departments" in hidden else position.get("department")
        person = None if "people" in hidden else position.get("person")
        yield (
            reading.who(person),
            reading.department(department),
            reading.who(head_of(department)),
            days_late(position["due"], reading.today),
            *reading.item_cells(item),
            position["quantity"].to_decimal(),
            reading.unit_of(item) or None,
            slips.get(position["slip"]) if "slip" in position else None,
            day_of(position.get("since"), reading.zone),
            position["due"],
        )


def head_of(department: ObjectId | None) -> ObjectId | None:
    """Return who leads a department, or the one it is part of."""
    above = directory.current().upwards(department)
    return next((one["head"] for one in above if one.get("head")), None)
