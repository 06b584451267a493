"""What a step would book, for a trial that stores nothing: said in facts, and counted on the slip in hand."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, get_args

from models import access, forms
from models.changes import Change
from models.database import Document
from models.errors import InvalidError
from models.fields.numbers import decimal_of
from models.ledger.kinds import KINDS
from models.ledger.moving import picks
from models.ledger.slips import SlipView
from models.ledger.stock import ShortageError, Stock
from models.ledger.wording import plain, shortage
from models.ledger_parts import MovePieces, SlipAction
from models.lookups import Lookup
from models.messages import Message, _
from models.titles import called

BOOKED = "booked"
"""The fact under which a trial finds it."""


def rehearse(change: Change, effect: MovePieces) -> None:
    """Note what an effect would book; whether the pieces are there is only asked for its words.

    Raises InvalidError for what can never be.
    """
    of_slip = effect.action in get_args(SlipAction)
    acts = _of_slip(SlipView(change), effect) if of_slip else _of_item(change, effect)
    change.facts.setdefault(BOOKED, []).extend(acts)


def _of_slip(slip: SlipView, effect: MovePieces) -> Iterator[Document]:
    if effect.action == "take_back":
        yield from _returned(slip)
        return
    lines, about = slip.lines(), {"ledger": slip.part.ledger, **_about(slip, effect)}
    for line in lines:
        pieces = line.out if effect.action in {"extend", "pass_on"} else line.to_lend
        if pieces:
            yield {"action": effect.action, "item": line.item, "quantity": pieces, **about}
        if effect.action == "lend":
            slip.count(line.item, lent=line.to_lend)
    slip.write_outstanding()


def _about(slip: SlipView, effect: MovePieces) -> dict[str, Any]:
    if effect.action in {"reserve", "queue", "lend"}:
        begins, ends = slip.period()
        return {"person": slip.borrower(), "begins": begins, "ends": ends}
    if effect.action == "extend":
        if not slip.data.get(effect.until):
            raise InvalidError({effect.until: [_("Give a day that is still to come.")]})
        return {"ends": slip.data[effect.until]}
    if effect.action == "pass_on":
        return {"person": slip.data.get(effect.person or slip.part.borrower)}
    return {}


def _returned(slip: SlipView) -> Iterator[Document]:
    out = {line.item: line.out for line in slip.lines()}
    for row in slip.new_returns():
        if row.quantity > out.get(row.item, 0):
            text = _("Only %(open)s are still out.", open=f"{out.get(row.item, 0):f}")
            raise InvalidError({row.path: [text]})
        out[row.item] -= row.quantity
        slip.count(row.item, returned=row.quantity)
        booked = {"action": row.outcome, "item": row.item, "quantity": row.quantity}
        yield {"ledger": slip.part.ledger, **booked}
    slip.write_outstanding()


def _of_item(change: Change, effect: MovePieces) -> Iterator[Document]:
    data, field = change.record["data"], change.form.definition.by_key.get(effect.item)
    own = change.form.definition.ledger is not None and field is None
    item = data.get(effect.item) if field else None
    if not own and item is None:
        raise InvalidError({effect.item: [_("Say which item.")]})
    said = data.get(effect.quantity) if effect.quantity else None
    if effect.quantity and said is None:
        raise InvalidError({effect.quantity: [_("Say how many.")]})
    quantity = None if said is None else decimal_of(said)
    ledger = field.form if field else change.form.key
    about = {"ledger": ledger, "item": item, "at_hand": not effect.slip}
    yield {"action": effect.action, "quantity": quantity, **about}


_SLIP_WORDS: Mapping[str, Message] = MappingProxyType(
    {
        "reserve": _("%(quantity)s of “%(item)s” reserved for %(person)s from %(begins)s to %(ends)s."),
        "queue": _("%(person)s queues for %(quantity)s of “%(item)s” from %(begins)s to %(ends)s."),
        "release": _("What was reserved of “%(item)s” comes free."),
        "lend": _("%(quantity)s of “%(item)s” handed over to %(person)s until %(ends)s."),
        "extend": _("%(quantity)s of “%(item)s” due on %(ends)s."),
        "pass_on": _("%(quantity)s of “%(item)s” passed on to %(person)s."),
    }
)


def words(change: Change, lookup: Lookup) -> Iterator[Message]:
    """Yield what a trial noted, in sentences."""
    for act in change.facts.get(BOOKED, ()):
        item = called(change.form.definition, change.record, lookup)
        if act["item"] is not None:
            item = lookup.record(act["ledger"], act["item"])
        yield _sentence(act, item, lookup)
        if refusal := _refusal(change, act):
            yield _("As things stand this would be refused: %(why)s", why=refusal)


def _refusal(change: Change, act: Document) -> Message | None:
    """Say why the real item of a sample has not so many pieces now, to whoever may see it; None if it has."""
    item = _stored(change, act) if act["item"] is not None and act["quantity"] is not None else None
    if item is None:
        return None
    stock, day = Stock.load(item.get("stock")), change.happened_at.astimezone(change.actor.timezone).date()
    try:
        if act["action"] in {"reserve", "lend"}:
            stock.require_free(act["quantity"], max(act["begins"], day.isoformat()), act["ends"], day)
        elif act.get("at_hand") and KINDS[act["action"]].sources:
            picks(stock, KINDS[act["action"]].sources_at_hand, act["quantity"])
    except ShortageError as short:
        return shortage(short, item, change.actor, change.at)
    return None


def _stored(change: Change, act: Document) -> Document | None:
    person, form = change.actor.person, forms.current(act["ledger"])
    seen: Document = {"deleted_at": None} if person is None else access.records_filter(person, form)
    wanted: Document = {"_id": act["item"], "deleted_at": None}
    return form.records().find_one({"$and": [seen, wanted]}, {"title": 1, "number": 1, "stock": 1})


def _sentence(act: Document, item: str, lookup: Lookup) -> Message:
    quantity = plain(act["quantity"]) if act["quantity"] is not None else ""
    if text := _SLIP_WORDS.get(act["action"]):
        facts = {"item": item, "quantity": quantity, "person": lookup.person(act.get("person"))}
        return replace(text, params={**facts, "begins": act.get("begins", ""), "ends": act.get("ends", "")})
    kind = KINDS[act["action"]].label
    if quantity:
        return _("Booked: %(kind)s, %(quantity)s of “%(item)s”.", kind=kind, quantity=quantity, item=item)
    return _("Booked: %(kind)s, all of “%(item)s” that are free.", kind=kind, item=item)
