"""What somebody finds while counting that is not on the list: at another spot, or in no ledger at all."""

from dataclasses import dataclass
from typing import Final

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import access
from models.access import Action
from models.database import Document, in_transaction
from models.errors import InvalidError
from models.ledger.moving import home
from models.ledger.stock import Spot
from models.ledger.stock_check import lines
from models.ledger.stock_check.check import Check, fetch
from models.ledger.stock_check.counting import Also, Count, nothing_else, write_down
from models.messages import Message, _
from models.people import Actor, User
from models.storable import text_problem

MAX_NAME: Final = 200
MAX_PLACE: Final = 200


@dataclass(frozen=True)
class Found:
    """An item of the ledger at a spot that is not on the list, or (by `name`) a thing that no ledger knows.

    `department` is who keeps that spot; without it, the department the check is about, or the item's own.
    """

    item: ObjectId | None = None
    name: str = ""
    place: str = ""
    department: ObjectId | None = None


def found(
    actor: Actor,
    person: User,
    check_id: str | ObjectId,
    what: Found,
    said: Count,
    *,
    also: Also = nothing_else,
) -> Document:
    """Write down something that somebody found and that is not on the list; return its line.

    Where the spot is on the list after all, its line is counted. Raises as `counting.count`, and InvalidError
    beside `item`, `name` or `place`.
    """
    check = fetch(person, check_id, Action.EDIT)
    _check_words(what, said)

    def write(session: ClientSession) -> Document:
        current = check.fresh(session)
        line, is_new = _line_of(person, current, what, session)
        return write_down(actor, current, line, said, session, also=also, is_new=is_new)

    return in_transaction(write)


def _check_words(what: Found, said: Count) -> None:
    errors: dict[str, list[Message]] = {}
    if what.item is None and not what.name.strip():
        errors["name"] = [_("Say what it is.")]
    if what.item is None and not said.quantity:
        errors["quantity"] = [_("At least one piece.")]
    for key, text, most in (("name", what.name, MAX_NAME), ("place", what.place, MAX_PLACE)):
        if problem := text_problem(text, most):
            errors[key] = [problem]
    if errors:
        raise InvalidError(errors)


def _line_of(person: User, check: Check, what: Found, session: ClientSession) -> tuple[Document, bool]:
    """Return the line of what was found, and whether it is a new one."""
    if what.item is None:
        return check.new_line(None, _spot(check, what, None), name=what.name.strip()), True
    alive = {"_id": what.item, "deleted_at": None}
    item = check.ledger.records().find_one(alive, session=session)
    if item is None or not access.visible(person, check.ledger.key, [what.item]):
        raise InvalidError({"item": [_("There is no such thing in the ledger.")]})
    spot = _spot(check, what, item)
    on_list = {"check": check.id, "key": lines.key_of(what.item, spot)}
    if known := lines.collection().find_one(on_list, session=session):
        return known, False
    return check.new_line(item, spot), True


def _spot(check: Check, what: Found, item: Document | None) -> Spot:
    part, own = check.ledger.definition.ledger, check.part.department
    asked = what.department or (check.record["data"].get(own) if own else None)
    department = asked or (home(part, item) if part and item else None)
    place = what.place.strip()
    if not place and item and part and part.place:
        place = str(item["data"].get(part.place) or "")
    return Spot("kept", department, place)
