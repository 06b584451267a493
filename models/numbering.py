"""Numbers that are unique, never used twice, and accounted for even when nothing came of them.

A number goes through three places. The counter hands it out and notes in the same write which numbers are
on their way. A reservation per number keeps it until the record's transaction takes the reservation away.
What nobody took, at whichever point the process died, becomes a void.

Only the last write before the transaction waits for the journal, and with it for everything before.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from bson import ObjectId
from pymongo import ReturnDocument, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from models.database import Document, db, in_transaction
from models.errors import ConflictError
from models.messages import _
from models.numbering_patterns import render, split
from models.times import now

ABANDONED_AFTER = timedelta(hours=1)
INTERRUPTED = "interrupted"
DISPOSED = "disposed"
_DUPLICATE = 11000


def reserve(
    form: str, field: str, pattern: str, day: date, department_code: str = "", count: int = 1
) -> list[str]:
    """Take the next numbers of a pattern, in order.

    They are written down as reserved first; `confirm` is part of the transaction that uses them, and
    what is never confirmed becomes a void. Nothing is ever handed out twice, also when another pattern of
    the form, or an earlier one, made the same number.

    Args:
        form: the form's key.
        field: the key of a serial field, or `""` for the records' own numbers.
        pattern: as `numbering_patterns.check` allows.
        day: fills the parts for year, month and day.
        department_code: fills `{dept}`.
        count: how many.
    """
    numbers: list[str] = []
    while len(numbers) < count:
        numbers += _reserve_block(form, field, *split(pattern, day, department_code), count - len(numbers))
    return numbers


def _reserve_block(form: str, field: str, filled: str, number_format: str, count: int) -> list[str]:
    block = ObjectId()
    counter: Document = _fast("counters").find_one_and_update(  # type: ignore[assignment]
        {"_id": f"{form}:{field}:{filled}".replace("\0", "#")},
        [
            {"$set": {"form": form, "field": field, "value": {"$ifNull": ["$value", 0]}}},
            {"$set": {"handed_out": _handed_out(block, filled, number_format, count)}},
            {"$set": {"value": {"$add": ["$value", count]}}},
        ],
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    first = counter["value"] - count + 1
    numbers = [render(filled, number_format, value) for value in range(first, first + count)]
    free = _write_reservations(form, field, numbers)
    # waits for a majority, and so for all of the above: the record's transaction will see the reservations
    db().counters.update_one({"_id": counter["_id"]}, {"$pull": {"handed_out": {"block": block}}})
    return free


def _handed_out(block: ObjectId, filled: str, number_format: str, count: int) -> Document:
    """Return the expression that notes a block of numbers which has no reservations yet."""
    note = {
        "block": block,
        "filled": {"$literal": filled},
        "format": {"$literal": number_format},
        "first": {"$add": ["$value", 1]},
        "count": count,
        "at": now(),
    }
    return {"$concatArrays": [{"$ifNull": ["$handed_out", []]}, [note]]}


def _write_reservations(form: str, field: str, numbers: list[str]) -> list[str]:
    """Reserve numbers and return those that were free; the rest was used under another pattern."""
    taken: set[str] = set()
    reservations = [
        {"_id": _key(form, field, number), "form": form, "field": field, "number": number, "at": now()}
        for number in numbers
    ]
    try:
        _fast("number_reservations").insert_many(reservations, ordered=False)
    except BulkWriteError as error:
        if any(one["code"] != _DUPLICATE for one in error.details["writeErrors"]):
            raise
        taken = {reservations[one["index"]]["number"] for one in error.details["writeErrors"]}
    mine = [number for number in numbers if number not in taken]
    used = _used(form, field, mine)
    if used:
        keys = [_key(form, field, number) for number in used]
        _fast("number_reservations").delete_many({"_id": {"$in": keys}})
    return [number for number in mine if number not in used]


def _used(form: str, field: str, numbers: list[str]) -> set[str]:
    """Return which numbers a record has, or had; asked after reserving, so that nobody slips in between."""
    path = f"data.{field}" if field else "number"
    records = db()[f"record_{form}"].find({path: {"$in": numbers}}, {path: 1, "_id": 0})
    keys = [_key(form, field, number) for number in numbers]
    voids = db().number_voids.find({"_id": {"$in": keys}}, {"number": 1})
    held = (record["data"][field] if field else record["number"] for record in records)
    return {*held, *(void["number"] for void in voids)}


def confirm(form: str, field: str, numbers: list[str], session: ClientSession) -> None:
    """Note, in the transaction that stores the records, that the numbers are used.

    Raises ConflictError when they were given up meanwhile, because the process slept for an hour.
    """
    deleted = db().number_reservations.delete_many(
        {"_id": {"$in": [_key(form, field, number) for number in numbers]}}, session=session
    )
    if deleted.deleted_count != len(numbers):
        raise ConflictError(_("This took too long. Please try again."))


def void(form: str, field: str, numbers: list[str], reason: str) -> None:
    """Record that reserved numbers will never be used, and why."""
    for number in numbers:
        _give_up(_key(form, field, number), reason)


def retire(form: str, field: str, numbers: list[str], session: ClientSession) -> None:
    """Keep the numbers of records that are removed for good from ever being given again."""
    for number in numbers:
        key = _key(form, field, number)
        void = {"_id": key, "form": form, "field": field, "number": number, "reason": DISPOSED, "at": now()}
        db().number_voids.replace_one({"_id": key}, void, upsert=True, session=session)


def void_abandoned() -> int:
    """Void what was reserved by a process that died; return how many."""
    return sum(_give_up(key, INTERRUPTED) for key in [*_abandoned_blocks(), *_abandoned_reservations()])


def _abandoned_reservations() -> list[str]:
    abandoned = db().number_reservations.find({"at": {"$lt": now() - ABANDONED_AFTER}}, {"_id": 1})
    return [found["_id"] for found in abandoned]


def _abandoned_blocks() -> list[str]:
    """Reserve what a counter handed out to a process that died before it could; return the keys."""
    stale = {"$lt": now() - ABANDONED_AFTER}
    keys: list[str] = []
    for counter in list(db().counters.find({"handed_out.at": stale})):
        for block in counter["handed_out"]:
            if block["at"] < stale["$lt"]:
                numbers = list(_of_block(block))
                free = _write_reservations(counter["form"], counter["field"], numbers)
                keys += [_key(counter["form"], counter["field"], number) for number in free]
        db().counters.update_one({"_id": counter["_id"]}, {"$pull": {"handed_out": {"at": stale}}})
    return keys


def _of_block(block: Document) -> Iterator[str]:
    for value in range(block["first"], block["first"] + block["count"]):
        yield render(block["filled"], block["format"], value)


def _give_up(key: str, reason: str) -> bool:
    """Turn a reservation into a void; false when it was used or given up by someone else."""

    def work(session: ClientSession) -> bool:
        reservation = db().number_reservations.find_one_and_delete({"_id": key}, session=session)
        if reservation:
            db().number_voids.insert_one({**reservation, "reason": reason, "at": now()}, session=session)
        return reservation is not None

    return in_transaction(work)


def _fast(name: str) -> Collection[Document]:
    return db().get_collection(name, write_concern=WriteConcern(1))


def _key(form: str, field: str, number: str) -> str:
    return f"{form}:{field}:{number}"
