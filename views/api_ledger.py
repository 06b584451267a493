"""The JSON API of ledgers: where the pieces of an item are, its movements, and booking one by hand."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from bson import ObjectId
from flask import request
from flask.typing import ResponseReturnValue

from models import access
from models.access import Action, fetch
from models.changes import Write
from models.database import Document
from models.disclosure import Disclosure
from models.errors import InvalidError, NotFoundError
from models.forms import LiveForm, live_forms
from models.ledger import desk, movements
from models.ledger.choices import spot_of
from models.ledger.held import Held, closed, freedom, held_of
from models.ledger.kinds import KINDS
from models.ledger.stock import Stock
from models.ledger.timeline import shown
from models.ledger.wording import plain
from models.lookups import Lookup
from models.messages import _
from models.once import Sending, digest, once
from models.people import Department
from models.times import today
from views.api_base import SOURCE, blueprint, form_of, read_body, text_of
from views.context import current_actor, current_language, current_timezone, require_person, say

MAX_MOVEMENTS: Final = 200
MAX_DIGITS: Final = 20
_BODY: Final = frozenset({"kind", "quantity", "from", "department", "place", "note", "condition", "photos"})


@blueprint.get("/records/<key>/<record_id>/stock")
def show_stock(key: str, record_id: str) -> ResponseReturnValue:
    """Return where the pieces of an item are, who asked for them, and how many are free."""
    form = _ledger(key)
    return stock_of(form, fetch(require_person(), form, record_id))["stock"]


@blueprint.get("/records/<key>/<record_id>/movements")
def list_movements(key: str, record_id: str) -> ResponseReturnValue:
    """Return the movements of an item, newest first: `limit` of them below `before`."""
    form = _ledger(key)
    item, told = fetch(require_person(), form, record_id), Disclosure(require_person(), form)
    limit = max(1, min(request.args.get("limit", MAX_MOVEMENTS, type=int), MAX_MOVEMENTS))
    before = request.args.get("before", "")
    start = access.object_id(before) if before else None
    found = movements.of_item(form.key, item["_id"], limit=limit + 1, before=start)
    page = shown(told, item, found[:limit])
    said = _Said(form, [one[end] for one in page for end in ("from", "to") if one[end]], page)
    return {
        "movements": [said.movement(one) for one in page],
        "next": str(found[limit - 1]["_id"]) if len(found) > limit else "",
    }


@blueprint.post("/records/<key>/<record_id>/movements")
def book_movement(key: str, record_id: str) -> ResponseReturnValue:
    """Book a movement by hand and return the stock then.

    What carries the header `Idempotency-Key` is booked once, however often it is sent.
    """
    form, person = _ledger(key), require_person()
    item = fetch(person, form, record_id, Action.EDIT)
    body = read_body(_BODY)
    _once(form, item, body, lambda also: _book(form, item, body, also))
    return stock_of(form, fetch(person, form, item["_id"]))["stock"], 201


@blueprint.post("/records/<key>/<record_id>/movements/<movement_id>/undo")
def undo_movement(key: str, record_id: str, movement_id: str) -> ResponseReturnValue:
    """Take a movement back that was booked by mistake (`reason`), and return the stock then.

    What carries the header `Idempotency-Key` is taken back once, however often it is sent.
    """
    form, person = _ledger(key), require_person()
    item = fetch(person, form, record_id, Action.EDIT)
    movement = movements.get(form.key, item["_id"], access.object_id(movement_id))
    body = read_body({"reason"})
    reason, actor = text_of(body, "reason"), current_actor()

    def work(also: Write | None) -> None:
        desk.undo(actor, person, form, movement, reason=reason, also=also, sent_by=SOURCE)

    _once(form, item, body, work)
    return stock_of(form, fetch(person, form, item["_id"]))["stock"], 201


def _once(form: LiveForm, item: Document, body: Document, work: Callable[[Write | None], None]) -> None:
    """Do something with an item, once if it was sent with a key; `work` stores what remembers it."""
    name, about = request.headers.get("Idempotency-Key", ""), {"form": form.key, "item": item["_id"]}
    if not name:
        work(None)
        return
    sending = Sending(require_person().id, name, digest(request.path, body))

    def remembered() -> Document:
        work(sending.remember(about))
        return about

    once(sending, remembered)


def _book(form: LiveForm, item: Document, body: Document, also: Write | None) -> None:
    desk.move(
        current_actor(),
        require_person(),
        form,
        item["_id"],
        text_of(body, "kind"),
        quantity=_quantity(body),
        source=_spot(item, body),
        department=_department(body),
        place=text_of(body, "place"),
        note=text_of(body, "note"),
        condition=text_of(body, "condition"),
        photos=_photos(body),
        also=also,
        sent_by=SOURCE,
    )


# -- what was sent -------------------------------------------------------------------------------------------


def _ledger(key: str) -> LiveForm:
    form = form_of(key)
    if form.definition.ledger is None:
        raise NotFoundError
    return form


def _quantity(body: Document) -> Decimal | None:
    said = body.get("quantity")
    if said is None:
        return None
    text = str(said).strip()
    try:
        found = Decimal(text if len(text) <= MAX_DIGITS and not isinstance(said, bool) else "nan")
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite():
        raise InvalidError({"quantity": [_("Enter a number.")]})
    return found


def _spot(item: Document, body: Document) -> Any:  # noqa: ANN401  (a spot or nothing)
    """Return the spot that `from` names, as `stock` gives its key."""
    key = text_of(body, "from")
    found = spot_of(Stock.load(item.get("stock")), key) if key else None
    if key and (found is None or found.kind == "lent"):  # lent pieces come back by their slip
        raise InvalidError({"from": [_("Nothing can be taken from there for this movement.")]})
    return found


def _department(body: Document) -> ObjectId | None:
    """Return a department by its id or code."""
    said = text_of(body, "department")
    if not said:
        return None
    wanted = {"id": said} if ObjectId.is_valid(said) else {"code": said}
    found = Department.objects(retired__ne=True, **wanted).first()
    if found is None:
        raise InvalidError({"department": [_("There is no such department.")]})
    return ObjectId(found.id)


def _photos(body: Document) -> tuple[ObjectId, ...]:
    said = body.get("photos", [])
    if not isinstance(said, list) or not all(isinstance(one, str) and ObjectId.is_valid(one) for one in said):
        raise InvalidError({"photos": [_("This value does not fit here.")]})
    return tuple(map(ObjectId, said))


# -- what is answered ----------------------------------------------------------------------------------------


def stock_of(form: LiveForm, record: Document) -> Document:
    """Return what a record of a ledger says of its stock; nothing for other forms."""
    if form.definition.ledger is None:
        return {}
    told, zone = Disclosure(require_person(), form), current_timezone()
    if "amounts" in closed(told, record):
        return {"stock": None}
    held, free = held_of(told, record, zone), freedom(record, today(zone))
    said = _Said(form, [vars(one) for one in held])
    return {
        "stock": {
            "free": plain(free.now),
            "of": plain(free.of),
            "free_again": free.again,
            "positions": [said.position(one) for one in held if not one.asked],
            "promises": [said.position(one) for one in held if one.asked],
        }
    }


class _Said:
    """Names of people, departments and slips, as far as the reader may know them; fetched once."""

    def __init__(
        self, form: LiveForm, spots: Iterable[Mapping[str, Any]], moved: Iterable[Document] = ()
    ) -> None:
        rows, self._form = list(spots), form
        self._lookup = Lookup(current_language(), current_timezone(), require_person())
        self._lookup.prime_people({one["person"] for one in rows if one.get("person")})
        found = {one["slip"] for one in (*rows, *moved) if one.get("slip")}
        self._slips = {slip: key for key, ids in _visible_slips(form, found) for slip in ids}

    def position(self, held: Held) -> Document:
        """Return pieces somewhere, or asked for."""
        days = {"begins": held.begins, "ends": held.ends}
        spot = self._spot(vars(held))
        key = {} if held.asked else {"key": f"{held.kind}.{held.department or ''}.{held.place}"}
        return {
            **key, **spot, "quantity": plain(held.quantity), "late": held.late,
            **{name: day for name, day in days.items() if day},
        }  # fmt: skip

    def movement(self, one: Document) -> Document:
        """Return one movement."""
        words = {name: one[name] for name in ("note", "condition") if one.get(name)}
        return {
            "id": str(one["_id"]),
            "kind": one["kind"],
            "label": say(KINDS[one["kind"]].label),
            "quantity": plain(one["quantity"].to_decimal()),
            "from": self._spot(one["from"]) if one["from"] else None,
            "to": self._spot(one["to"]) if one["to"] else None,
            "at": one["at"].isoformat(),
            "by": one["by_name"],
            **words,
            **self._slip(one.get("slip")),
            **({"reverses": str(one["reverses"])} if one.get("reverses") else {}),
        }

    def _spot(self, spot: Mapping[str, Any]) -> Document:
        person, department = spot.get("person"), spot.get("department")
        return {
            "kind": spot["kind"],
            **({"department": str(department)} if department else {}),
            **({"department_name": self._lookup.department(department)} if department else {}),
            **({"place": spot["place"]} if spot.get("place") else {}),
            **({"person": str(person), "person_name": self._lookup.person(person)} if person else {}),
            **self._slip(spot.get("slip")),
        }

    def _slip(self, slip: ObjectId | None) -> Document:
        return {"slip": f"/api/v1/records/{self._slips[slip]}/{slip}"} if slip in self._slips else {}


def _visible_slips(form: LiveForm, ids: set[ObjectId]) -> Iterable[tuple[str, set[ObjectId]]]:
    """Yield by form those of some slips that the reader may see."""
    for live in live_forms() if ids else ():
        if live.definition.lends(form.key):
            yield live.key, access.visible(require_person(), live.key, list(ids))
