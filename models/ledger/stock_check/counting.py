"""Counting: what somebody found at a spot, held against what the books said of it at that moment.

Several people count at once. Of one line the latest count stands, whoever's it is; the others are kept with
who and when. What was typed without a network comes later and says how long ago it was typed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from bson import Decimal128, ObjectId
from pymongo.client_session import ClientSession

from models import access, files
from models.access import Action
from models.changes import Write
from models.database import Document, in_transaction
from models.definition import Definition
from models.errors import InvalidError, NotFoundError
from models.ledger.quantities import LARGEST
from models.ledger.stock import Spot
from models.ledger.stock_check import lines
from models.ledger.stock_check.check import Check, fetch
from models.ledger.stock_check.lines import COUNTED, GONE, LISTED_KINDS
from models.ledger.stock_check.moments import books_at
from models.messages import Message, _
from models.people import Actor, User
from models.storable import text_problem
from models.times import now

MAX_NOTE: Final = 2000
MAX_PHOTOS: Final = 10
KEPT_COUNTS: Final = 30
LONGEST_AGO: Final = timedelta(days=60)

Also = Callable[[ObjectId], Write]
"""Gives a further write of the transaction that stores a line, by its id."""


def nothing_else(_line: ObjectId) -> Write:
    """Return a write that writes nothing."""
    return lambda _session: None


@dataclass(frozen=True)
class Count:
    """What somebody counted; `ago` is how long before it arrived it was typed."""

    quantity: Decimal | None
    note: str = ""
    photos: tuple[ObjectId, ...] = ()
    ago: timedelta = timedelta()

    @property
    def at(self) -> datetime:
        """When it was counted."""
        return now() - min(max(self.ago, timedelta()), LONGEST_AGO)

    def entry(self, actor: Actor, at: datetime, book: Decimal) -> Document:
        """Return it as a line keeps it."""
        return {
            "counted": Decimal128(self.quantity or Decimal(0)),
            "book": Decimal128(book),
            "by": actor.id,
            "by_name": actor.name,
            "at": at,
            "note": self.note.strip(),
            "photos": list(self.photos),
        }


def count(
    actor: Actor,
    person: User,
    check_id: str | ObjectId,
    line_id: str | ObjectId,
    said: Count,
    *,
    also: Also = nothing_else,
) -> Document:
    """Write down what somebody counted at the spot of a line; return the line as it is stored then.

    `also` gives a further write of the same transaction, by which what is sent twice counts once.

    Raises:
        NotFoundError: there is no such check or line for this person.
        ForbiddenError: they may not change the check.
        ConflictError: it is not being counted now.
        InvalidError: beside `quantity`, `note` or `photos`.
    """
    check, wanted = fetch(person, check_id, Action.EDIT), access.object_id(line_id)

    def write(session: ClientSession) -> Document:
        line = lines.collection().find_one({"_id": wanted, "check": check.id}, session=session)
        if line is None or not _sees(person, check, line):
            raise NotFoundError
        return write_down(actor, check.fresh(session), line, said, session, also=also)

    return in_transaction(write)


def quantity_problem(ledger: Definition, data: Mapping[str, Any], quantity: Decimal | None) -> Message | None:
    """Say why so many pieces of an item cannot have been counted; none is a count, too."""
    part = ledger.ledger
    if quantity is None or part is None:
        return _("Say how many.")
    if not quantity.is_finite() or quantity < 0:
        return _("There cannot be fewer than none.")
    if quantity > LARGEST:
        return _("Must be at most %(max)s.", max=f"{LARGEST:,}")
    divisible = part.unit and data.get(part.unit) in part.fractional_units
    if not divisible and quantity != quantity.to_integral_value():
        return _("Only whole pieces.")
    if part.serial and data.get(part.serial) and quantity > 1:
        return _("With a serial number it is one piece.")
    return None


# -- one line ----------------------------------------------------------------------------------------------


def _sees(person: User, check: Check, line: Document) -> bool:
    item = line["item"]
    return item is None or bool(access.visible(person, check.ledger.key, [item])) or _is_gone(check, item)


def _is_gone(check: Check, item: ObjectId) -> bool:
    return check.ledger.records().find_one({"_id": item, "deleted_at": None}, {"_id": 1}) is None


def write_down(
    actor: Actor,
    check: Check,
    line: Document,
    said: Count,
    session: ClientSession,
    *,
    also: Also,
    is_new: bool = False,
) -> Document:
    """Store a count in a transaction; return its line, which may be a new one."""
    before = None if is_new else line
    check.require_count(before)
    item = _item(check, line, session)
    _check(check, item, said)
    at = max(said.at, line["taken_at"])
    after = _counted(check, line, item, said, actor, at, session)
    if said.photos:
        files.claim(set(said.photos), check.form.key, check.id, actor.id, session)
    lines.store(check.form, check.part, check.id, [(before, after)], session)
    also(after["_id"])(session)
    return after


def _counted(
    check: Check,
    line: Document,
    item: Document | None,
    said: Count,
    actor: Actor,
    at: datetime,
    session: ClientSession,
) -> Document:
    """Return a line after a count: the latest count stands, whatever order they arrive in."""
    if item is None and line["item"] is not None:
        return {**line, "status": GONE, "off": False, "decision": ""}
    spot = Spot.load(line["spot"])
    books = books_at(check.ledger.key, item, spot, at, session) if item else None
    entry = said.entry(actor, at, books.quantity if books else Decimal(0))
    counts = [*line.get("counts", ()), entry][-KEPT_COUNTS:]
    if at < max(line.get("at", at), line.get("asked_at", at)):
        return {**line, "counts": counts}
    after = {**line, **entry, "counts": counts, "status": COUNTED, "moved": books.moved if books else 0}
    after["photos"] = [*line.get("photos", ()), *said.photos][-MAX_PHOTOS:]
    after["note"] = entry["note"] or line.get("note", "")
    difference = lines.difference_of(after)
    off = bool(difference and difference.to_decimal()) and line["kind"] not in LISTED_KINDS
    return {**after, "difference": difference, "off": off, "decision": "", "reason": ""}


def _item(check: Check, line: Document, session: ClientSession) -> Document | None:
    if line["item"] is None:
        return None
    alive = {"_id": line["item"], "deleted_at": None}
    return check.ledger.records().find_one(alive, {"stock": 1, "data": 1}, session=session)


def _check(check: Check, item: Document | None, said: Count) -> None:
    errors: dict[str, list[Message]] = {}
    if problem := quantity_problem(check.ledger.definition, item["data"] if item else {}, said.quantity):
        errors["quantity"] = [problem]
    if problem := text_problem(said.note, MAX_NOTE):
        errors["note"] = [problem]
    if len(said.photos) > MAX_PHOTOS:
        errors["photos"] = [_("At most %(max)s pictures.", max=MAX_PHOTOS)]
    if errors:
        raise InvalidError(errors)
