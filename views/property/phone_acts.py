"""What is done on a telephone: borrow, return, put elsewhere, report harm; each by the outbox, once."""

from typing import Final

from bson import ObjectId
from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from models import access, forms
from models.changes import Write
from models.database import Document
from models.errors import InvalidError, NotFoundError
from models.forms import LiveForm
from models.ledger import asking, desk, handing_back
from models.ledger.incidents import HARM
from models.messages import Message
from models.messages import _ as message
from models.people import Actor
from tasks.sweeps import carry_out_effects
from views import context
from views.once import Remember, sent_once
from views.property import base, pictures, typed
from views.records.borrowing import slips_of
from views.records.listing import state_tag
from views.sending import send_quietly

MOST_ITEMS: Final = 100
MORE: Final = "more-"
"""Before the names of inputs that are fields of the slip."""


@base.pages.post("/<form>/borrow")
def borrow(form: str) -> ResponseReturnValue:
    """Ask for items of a ledger by one slip: `slip`, `item`s, `quantity-<item>`, `ends`, `more-<field>`."""
    ledger = base.ledger(form)
    return _answer(sent_once(lambda remember: _borrow(ledger, remember)))


def _borrow(ledger: LiveForm, remember: Remember) -> Document:
    slip, wishes, person = _slip(ledger), _wishes(ledger), context.require_person()
    sent = request.form
    more = {
        key: sent[f"{MORE}{key}"].strip()
        for key in asking.typed_fields(slip.definition)
        if f"{MORE}{key}" in sent
    }
    raw = asking.filled_in(person, slip, wishes, sent.get("ends", ""), more)

    def also(record: ObjectId) -> Write:
        return remember({"form": slip.key, "record": record})

    try:
        stored = asking.ask(Actor.of(person), person, slip, raw, waiting="waiting" in sent, also=also)
    except InvalidError as error:
        raise InvalidError(_beside_wishes(error, slip, wishes)) from None
    return {"form": slip.key, "record": stored["_id"]}


def _slip(ledger: LiveForm) -> LiveForm:
    """Return the slip that was chosen. Raises NotFoundError."""
    wanted = request.form.get("slip", "")
    found = next((one for one in slips_of(ledger.key) if one.key == wanted), None)
    if found is None:
        raise NotFoundError
    return found


def _wishes(ledger: LiveForm) -> list[asking.Wish]:
    """Return what is borrowed; every item must be there for the reader."""
    person = context.require_person()
    ids = [one for one in dict.fromkeys(request.form.getlist("item")) if ObjectId.is_valid(one)]
    if not ids or len(ids) > MOST_ITEMS:
        raise InvalidError({"": [message("Name at least one item.")]})
    seen = access.visible(person, ledger, [ObjectId(one) for one in ids])
    if len(seen) < len(ids):
        raise NotFoundError
    return [asking.Wish(ObjectId(one), request.form.get(f"quantity-{one}", "1").strip()) for one in ids]


def _beside_wishes(
    error: InvalidError, slip: LiveForm, wishes: list[asking.Wish]
) -> dict[str, list[Message]]:
    """Return what was refused beside the inputs of the small page."""
    part = asking.slip_of(slip)
    found: dict[str, list[Message]] = {}
    simple = set(asking.typed_fields(slip.definition))
    for path, messages in error.errors.items():
        key, _dot, below = path.partition(".")
        row = below.partition(".")[0]
        if key == part.items and row.isdigit() and int(row) < len(wishes):
            name = f"quantity-{wishes[int(row)].item}"
        elif key in {part.begins, part.ends}:
            name = "ends"
        else:
            name = f"{MORE}{key}" if key in simple else ""
        found.setdefault(name, []).extend(messages)
    return found


@base.pages.post("/<form>/<record_id>/return")
def give_back(form: str, record_id: str) -> ResponseReturnValue:
    """Book that pieces came back: `slip`, `slip_id`, `quantity`, `outcome`, `condition`, `photos`."""
    ledger = base.ledger(form)
    return _answer(sent_once(lambda remember: _give_back(ledger, record_id, remember)))


def _give_back(ledger: LiveForm, record_id: str, remember: Remember) -> Document:
    slip, person = _slip(ledger), context.require_person()
    item = access.fetch(person, ledger, record_id)
    slip_id = access.object_id(request.form.get("slip_id", ""))
    about = {"form": slip.key, "record": slip_id}
    field = slip.definition.by_key.get(asking.slip_of(slip).photos)
    with pictures.received(field.max_megabytes if field else 0) as photos:
        handing_back.take_back(
            Actor.of(person),
            person,
            slip,
            slip_id,
            item,
            quantity=typed.quantity(),
            outcome=request.form.get("outcome", "return"),
            condition=typed.text("condition"),
            photos=photos,
            reason=typed.text("reason"),
            also=remember(about),
        )
    return about


@base.pages.post("/<form>/<record_id>/put")
def put(form: str, record_id: str) -> ResponseReturnValue:
    """Book that pieces lie elsewhere now, or are damaged or lost.

    Takes `kind`, `quantity`, `place`, `note` and `photos`.
    """
    ledger = base.ledger(form)
    return _answer(sent_once(lambda remember: _put(ledger, record_id, remember)))


def _put(ledger: LiveForm, record_id: str, remember: Remember) -> Document:
    kind, person = request.form.get("kind", ""), context.require_person()
    about = {"form": ledger.key, "record": access.object_id(record_id)}
    if kind not in {"relocate", *HARM}:
        raise InvalidError({"kind": [message("Choose a movement.")]})
    with pictures.received() as photos:
        desk.move(
            Actor.of(person),
            person,
            ledger,
            record_id,
            kind,
            quantity=typed.quantity(),
            place=typed.text("place"),
            note=typed.text("note", desk.MAX_NOTE),
            photos=tuple(photos),
            also=remember(about),
        )
    return about


def _answer(done: Document) -> ResponseReturnValue:
    """Return what was done, in words, and where it can be looked at."""
    send_quietly(carry_out_effects)
    form = forms.current(done["form"])
    url = f"/records/{form.key}/{done['record']}"
    try:
        record = access.fetch(context.require_person(), form, done["record"])
    except NotFoundError:
        return jsonify(text=_("Done."), url="")
    called = base.called(base.told(form), record)
    state = state_tag(form.definition, record, context.current_language())
    text = (
        _("%(name)s: %(state)s", name=called, state=state[0])
        if state and form.definition.slip
        else _("Done.")
    )
    return jsonify(text=text, called=called, url=url)
