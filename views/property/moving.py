"""Booking a movement of an item by hand, and taking one back that was booked by mistake."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bson import ObjectId
from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from models import access
from models.access import Action, object_id
from models.database import Document
from models.errors import DomainError, InvalidError, NotFoundError
from models.forms import LiveForm
from models.ledger import desk, movements
from models.ledger.choices import Choice, choices, spot_key, spot_of
from models.ledger.held import closed, held_of, known
from models.ledger.kinds import KINDS
from models.ledger.stock import Spot, Stock
from models.ledger.wording import plain
from models.messages import _ as message
from models.people import Department
from views.context import current_actor, current_language, current_timezone, require_person, say
from views.property import base, pictures, typed
from views.records.borrowing import slips_of
from views.records.pieces import Words
from views.records.telling import by_whom

Errors = dict[str, str]


@base.pages.route("/<form>/<record_id>/move", methods=["GET", "POST"])
def move(form: str, record_id: str) -> ResponseReturnValue:
    """Ask what is to be booked, and book it; what was typed stays where it is refused."""
    ledger, item = _item(form, record_id)
    if request.method == "GET":
        return _page(ledger, item)
    try:
        _book(ledger, item)
    except InvalidError as error:
        return _page(ledger, item, _said(error)), error.status
    flash(_("The movement was booked: %(kind)s.", kind=say(KINDS[request.form["kind"]].label)), "success")
    return redirect(_address(ledger, item))


def _item(form: str, record_id: str) -> tuple[LiveForm, Document]:
    ledger = base.ledger(form)
    return ledger, access.fetch(require_person(), ledger, record_id, Action.EDIT)


def _address(ledger: LiveForm, item: Document) -> str:
    return f"/records/{ledger.key}/{item['_id']}"


def _book(ledger: LiveForm, item: Document) -> None:
    """Book what was posted. Raises InvalidError beside `kind`, `source`, `quantity`, `place`, `note`, …."""
    kind, stock = request.form.get("kind", ""), Stock.load(item.get("stock"))
    with pictures.received() as photos:
        desk.move(
            current_actor(),
            require_person(),
            ledger,
            item["_id"],
            kind,
            quantity=typed.quantity(),
            source=_source(stock, kind),
            department=_department(),
            place=typed.text("place"),
            note=request.form.get("note", "").strip(),
            condition=typed.text("condition"),
            photos=tuple(photos),
        )


def _source(stock: Stock, kind: str) -> Spot | None:
    """Return the spot that was chosen, None for any. Raises InvalidError for one that is gone."""
    key = request.form.get("source", "")
    if not key:
        return None
    found = spot_of(stock, key)
    if found is None or kind not in KINDS or found.kind not in KINDS[kind].sources:
        raise InvalidError({"source": [message("Nothing can be taken from there for this movement.")]})
    return found


def _department() -> ObjectId | None:
    text = request.form.get("department", "")
    if not text:
        return None
    if not ObjectId.is_valid(text) or not Department.objects(id=text, retired__ne=True):
        raise InvalidError({"department": [message("There is no such department.")]})
    return ObjectId(text)


def _said(error: InvalidError) -> Errors:
    return {key: " ".join(say(one) for one in found) for key, found in error.errors.items()}


def _page(ledger: LiveForm, item: Document, errors: Mapping[str, str] | None = None) -> str:
    told = base.told(ledger)
    if "amounts" in closed(told, item):
        raise NotFoundError
    words = Words(ledger, slips_of(ledger.key))
    stock = Stock.load(item.get("stock"))
    offered = choices(stock)
    words.learn([one.spot for one in stock.positions])
    labels = {
        "kind": _("Movement"),
        "quantity": _("How many"),
        "source": _("From where"),
        "department": _("To which department"),
        "place": _("To which place"),
        "note": _("Why"),
        "condition": _("Condition of the pieces"),
        "photos": _("Photos"),
    }
    found = dict(errors or {})
    return base.show(
        "move",
        ledger=ledger,
        item=told.shown(item),
        called=base.called(told, item),
        address=_address(ledger, item),
        choices=offered,
        asked=words.rows([one for one in held_of(told, item, current_timezone()) if one.asked], item),
        spots=[] if closed(told, item) & {"departments", "places"} else _spots(offered, words, item),
        unit=words.unit(item["data"]),
        whole=plain(max((one.most for one in offered), default=Decimal(0))),
        departments=Department.objects(retired__ne=True).order_by("code"),
        labels=labels,
        errors=found,
        problems=[{"key": key, "label": labels.get(key, ""), "message": found[key]} for key in found],
        values=request.form,
        language=current_language(),
    )


def _spots(offered: list[Choice], words: Words, item: Document) -> list[dict[str, Any]]:
    """Return where pieces can be taken from, each with the movements that take from there."""
    positions = {spot_key(one.spot): one for choice in offered for one in choice.positions}
    return [
        {
            "key": key,
            "text": f"{words.spot(one.spot)}: {words.quantity(one.quantity, item['data'])}",
            "kinds": " ".join(choice.key for choice in offered if one in choice.positions),
        }
        for key, one in positions.items()
    ]


# -- taking back -----------------------------------------------------------------------------------------


@base.pages.route("/<form>/<record_id>/undo/<movement_id>", methods=["GET", "POST"])
def undo(form: str, record_id: str, movement_id: str) -> ResponseReturnValue:
    """Ask why a movement was a mistake, and book its opposite."""
    ledger, item = _item(form, record_id)
    movement = movements.get(ledger.key, item["_id"], object_id(movement_id))
    error = ""
    if request.method == "POST":
        try:
            desk.undo(
                current_actor(), require_person(), ledger, movement, reason=request.form.get("reason", "")
            )
        except InvalidError as refused:
            error = " ".join(_said(refused).values())
        except DomainError as refused:
            error = say(refused.message)
        else:
            flash(_("The movement was taken back."), "success")
            return redirect(_address(ledger, item))
    page = _undo_page(ledger, item, movement, error)
    return (page, InvalidError.status) if error else page


def _undo_page(ledger: LiveForm, item: Document, movement: Document, error: str) -> str:
    told, words = base.told(ledger), Words(ledger, ())
    hidden = closed(told, item)
    ends = [Spot.load(movement[end]) if movement[end] else None for end in ("from", "to")]
    source, target = (known(one, hidden) if one else None for one in ends)
    words.learn([one for one in (source, target) if one])
    return base.show(
        "undo",
        ledger=ledger,
        item=told.shown(item),
        called=base.called(told, item),
        address=_address(ledger, item),
        kind=KINDS[movement["kind"]],
        quantity=words.quantity(movement["quantity"].to_decimal(), item["data"]),
        source=words.spot(source),
        target=words.spot(target),
        who=by_whom(movement),
        when=movement["at"].astimezone(current_timezone()).strftime("%Y-%m-%d %H:%M"),
        error=error,
        reason=request.form.get("reason", ""),
    )
