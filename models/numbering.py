"""Numbers that are unique, never used twice, and accounted for even when nothing came of them."""

from collections.abc import Iterator
from datetime import date, timedelta

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from models.database import Document, db
from models.numbering_patterns import render, split
from models.times import now

ABANDONED_AFTER = timedelta(hours=1)


def reserve(
    form: str, field: str, pattern: str, day: date, department_code: str = "", count: int = 1
) -> list[str]:
    """Take the next numbers of a pattern, in order.

    They are written down as reserved first; `confirm` is part of the transaction that uses them, and
    what is never confirmed becomes a void. Nothing is ever handed out twice.
    """
    filled, number_format = split(pattern, day, department_code)
    counter = db().counters.find_one_and_update(
        {"_id": f"{form}:{field}:{filled}".replace("\0", "#")},
        {"$inc": {"value": count}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    last = counter["value"]
    numbers = [render(filled, number_format, value) for value in range(last - count + 1, last + 1)]
    db().number_reservations.insert_many(
        [
            {"_id": _key(form, field, number), "form": form, "number": number, "at": now()}
            for number in numbers
        ],
        ordered=False,
    )
    return numbers


def confirm(form: str, field: str, numbers: list[str], session: ClientSession) -> None:
    """Note, in the transaction that stores the records, that the numbers are used."""
    db().number_reservations.delete_many(
        {"_id": {"$in": [_key(form, field, number) for number in numbers]}}, session=session
    )


def void(form: str, field: str, numbers: list[str], reason: str) -> None:
    """Record that reserved numbers will never be used, and why."""
    for number in numbers:
        key = _key(form, field, number)
        reservation = db().number_reservations.find_one_and_delete({"_id": key})
        if reservation:
            _record_void(reservation, reason)


def void_record(record: Document, form: str, reason: str, session: ClientSession) -> None:
    """Record the number of a record that is destroyed for good as void."""
    if record.get("number"):
        db().number_voids.insert_one(
            {"_id": ObjectId(), "form": form, "number": record["number"], "reason": reason, "at": now()},
            session=session,
        )


def void_abandoned() -> int:
    """Void what was reserved by a process that died; return how many."""
    return sum(1 for _ in _void_abandoned())


def _void_abandoned() -> Iterator[str]:
    abandoned = db().number_reservations.find({"at": {"$lt": now() - ABANDONED_AFTER}}, {"_id": 1})
    for reservation in list(abandoned):
        taken = db().number_reservations.find_one_and_delete({"_id": reservation["_id"]})
        if taken:
            _record_void(taken, "interrupted")
            yield taken["number"]


def _record_void(reservation: Document, reason: str) -> None:
    db().number_voids.insert_one(
        {
            "_id": ObjectId(),
            "form": reservation["form"],
            "number": reservation["number"],
            "reason": reason,
            "at": now(),
        }
    )


def _key(form: str, field: str, number: str) -> str:
    return f"{form}:{field}:{number}"
