"""Movements that somebody books by hand on an item's page or its label, without a slip."""

from decimal import Decimal

from bson import ObjectId
from pymongo.errors import BulkWriteError

from models import access
from models.database import Document
from models.errors import DomainError, InvalidError
from models.forms import LiveForm
from models.ledger.book import Book, Booked
from models.ledger.kinds import BY_HAND
from models.ledger.movements import Details, Movement
from models.ledger.moving import goal_of, moved
from models.ledger.quantities import read_quantity
from models.ledger.stock import Spot, Stock
from models.messages import _
from models.people import Action, Actor, User

MAX_NOTE = 2000


def move(
    actor: Actor,
    person: User,
    form: LiveForm,
    item: str | ObjectId,
    kind: str,
    *,
    quantity: Decimal | None,
    source: Spot | None = None,
    department: ObjectId | None = None,
    place: str = "",
    note: str = "",
    condition: str = "",
    photos: tuple[ObjectId, ...] = (),
) -> Document:
    """Book a movement of an item by hand; return the item as it is stored then.

    Args:
        actor: the person as the one who acts.
        person: who must be allowed to edit the item.
        form: the ledger, in force.
        item: its id.
        kind: one of `kinds.BY_HAND`.
        quantity: how many; None is refused.
        source: the spot they are taken from; without it, wherever the kind takes them from.
        department: where they go, for a transfer and for what is found.
        place: where they go; for a repair, who repairs.
        note: why; needed for what leaves us.
        condition: how they are.
        photos: ids of the item's pictures.

    Raises:
        NotFoundError: there is no such item for this person.
        ForbiddenError: they may not change it.
        InvalidError: beside `kind`, `quantity`, `department`, `place` or `note`.
    """
    record = access.fetch(person, form, item, Action.EDIT)
    if kind not in BY_HAND:
        raise InvalidError({"kind": [_("Choose a movement.")]})
    _check_words(kind, note, place)
    wanted = read_quantity(form.definition, record["data"], quantity, "quantity")
    goal = goal_of(kind, form.definition, record, department=department, place=place)
    details = Details(form=form.key, record=record["_id"], note=note, condition=condition, photos=photos)
    book = Book(form, actor)
    book.know([record])
    book.plan(
        record["_id"],
        lambda stock: moved(stock, kind, wanted, goal, details, source=source),
        path="quantity",
    )
    book.store()
    return access.fetch(person, form, item)


def _check_words(kind: str, note: str, place: str) -> None:
    if len(note) > MAX_NOTE:
        raise InvalidError({"note": [_("At most %(max)s characters.", max=MAX_NOTE)]})
    if kind in {"use_up", "lose", "give_back", "dispose"} and not note.strip():
        raise InvalidError({"note": [_("Say why.")]})
    if kind == "relocate" and not place.strip():
        raise InvalidError({"place": [_("Say where to.")]})


def undo(actor: Actor, person: User, form: LiveForm, movement: Document, *, reason: str) -> None:
    """Book the opposite of a movement that was booked by mistake; both stay in the ledger.

    Raises:
        InvalidError: without a reason, or when the pieces have moved on since.
        DomainError: it was undone before, or a slip counts it.
    """
    access.fetch(person, form, movement["item"], Action.EDIT)
    if not reason.strip():
        raise InvalidError({"reason": [_("Say why.")]})
    if movement.get("slip") or movement["kind"] in {"arrival", "correction"}:
        raise DomainError(_("This movement is corrected where it was entered: on its slip or on the item."))
    details = Details(form=form.key, record=movement["item"], note=reason, reverses=movement["_id"])
    source = Spot.load(movement["to"]) if movement["to"] else None
    goal = Spot.load(movement["from"]) if movement["from"] else None
    pieces = movement["quantity"].to_decimal()

    def back(stock: Stock) -> Booked:
        return stock.move(pieces, source, goal), [Movement("correction", pieces, source, goal, details)]

    book = Book(form, actor)
    book.plan(movement["item"], back)
    try:
        book.store()
    except BulkWriteError as error:
        raise DomainError(_("This movement was undone already.")) from error
