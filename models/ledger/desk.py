"""Movements that somebody books by hand on an item's page or its label, without a slip."""

from dataclasses import dataclass, replace
from decimal import Decimal

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from models import access, files
from models.changes import Write
from models.database import Document
from models.errors import DomainError, InvalidError
from models.forms import LiveForm
from models.ledger.book import Book, Booked, RefusedError
from models.ledger.kinds import BY_HAND
from models.ledger.movements import Details, Movement, undone
from models.ledger.moving import goal_of, moved
from models.ledger.quantities import read_quantity
from models.ledger.stock import Spot, Stock
from models.messages import _
from models.people import Action, Actor, Department, User
from models.record_files import referenced_files
from models.storable import text_problem

MAX_NOTE = 2000
MAX_PLACE = 200
MAX_PHOTOS = 10
"""Of one movement."""


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
    also: Write | None = None,
    sent_by: str = "screen",
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
        photos: ids of pictures of the item, or of some that the person uploaded for this.
        also: further writes of the same transaction.
        sent_by: `screen` or `api`.

    Raises:
        NotFoundError: there is no such item for this person.
        ForbiddenError: they may not change it.
        InvalidError: beside `kind`, `quantity`, `department`, `place`, `note`, `condition` or `photos`.
    """
    record = access.fetch(person, form, item, Action.EDIT)
    if kind not in BY_HAND:
        raise InvalidError({"kind": [_("Choose a movement.")]})
    new = set(photos) - referenced_files(record["data"], form.definition)
    _check(kind, _Said(department, place, note, condition, photos), new, person)
    wanted = read_quantity(form.definition, record["data"], quantity, "quantity")
    goal = goal_of(kind, form.definition, record, department=department, place=place)
    asked = Details(form=form.key, record=record["_id"], source=sent_by)
    details = replace(asked, note=note, condition=condition, photos=photos)

    def carry_out(stock: Stock) -> Booked:
        left, made = moved(stock, kind, wanted, goal, details, source=source)
        if not made:
            raise RefusedError(_("These pieces are there already."))
        return left, made

    def claim(session: ClientSession) -> None:
        files.claim(new, form.key, record["_id"], actor.id, session)
        if also:
            also(session)

    book = Book(form, actor)
    book.know([record])
    book.plan(record["_id"], carry_out, path="quantity")
    book.store(claim)
    return access.fetch(person, form, item)


@dataclass(frozen=True)
class _Said:
    """What somebody says of a movement besides how many."""

    department: ObjectId | None
    place: str
    note: str
    condition: str
    photos: tuple[ObjectId, ...]


def _check(kind: str, said: _Said, new: set[ObjectId], person: User) -> None:
    """Raise InvalidError beside what is missing, too long, or not there; `new` pictures are the person's."""
    errors = {
        key: [problem]
        for key, text, most in (
            ("note", said.note, MAX_NOTE),
            ("place", said.place, MAX_PLACE),
            ("condition", said.condition, MAX_NOTE),
        )
        if (problem := text_problem(text, most))
    }
    if kind in {"use_up", "lose", "give_back", "dispose"} and not said.note.strip():
        errors["note"] = [_("Say why.")]
    if kind == "relocate" and not said.place.strip():
        errors["place"] = [_("Say where to.")]
    if kind == "transfer" and said.department is None:
        errors["department"] = [_("This is needed.")]
    if said.department is not None and not Department.objects(id=said.department, retired__ne=True):
        errors["department"] = [_("This department is no longer in use.")]
    if len(said.photos) > MAX_PHOTOS:
        errors["photos"] = [_("At most %(max)s pictures.", max=MAX_PHOTOS)]
    elif files.waiting_pictures(new, person.id) != new:
        errors["photos"] = [_("These are not pictures of the item.")]
    if errors:
        raise InvalidError(errors)


def undo(
    actor: Actor,
    person: User,
    form: LiveForm,
    movement: Document,
    *,
    reason: str,
    also: Write | None = None,
    sent_by: str = "screen",
) -> None:
    """Book the opposite of a movement that was booked by mistake; both stay in the ledger.

    `also` and `sent_by` are those of `move`.

    Raises:
        InvalidError: without a reason, or when the pieces have moved on since.
        DomainError: it was undone before, or a slip counts it.
    """
    access.fetch(person, form, movement["item"], Action.EDIT)
    problem = text_problem(reason, MAX_NOTE) if reason.strip() else _("Say why.")
    if problem:
        raise InvalidError({"reason": [problem]})
    if movement.get("slip") or movement["kind"] in {"arrival", "correction"}:
        raise DomainError(_("This movement is corrected where it was entered: on its slip or on the item."))
    if undone([movement["_id"]]):
        raise DomainError(_UNDONE)
    said = Details(form=form.key, record=movement["item"], note=reason, source=sent_by)
    details = replace(said, reverses=movement["_id"])
    source = Spot.load(movement["to"]) if movement["to"] else None
    goal = Spot.load(movement["from"]) if movement["from"] else None
    pieces = movement["quantity"].to_decimal()

    def back(stock: Stock) -> Booked:
        return stock.move(pieces, source, goal), [Movement("correction", pieces, source, goal, details)]

    book = Book(form, actor)
    book.plan(movement["item"], back)
    try:
        book.store(also)
    except BulkWriteError as error:
        raise DomainError(_UNDONE) from error


_UNDONE = _("This movement was undone already.")
