"""What a label leads to: the item on a telephone, and what its reader can do with it now."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from models.access import Action, allowed, permitted
from models.database import Document
from models.definition import Field
from models.disclosure import Disclosure
from models.errors import NotFoundError
from models.forms import LiveForm
from models.ledger import asking, labels
from models.ledger.handing_back import OpenSlip, open_slips
from models.ledger.held import Held, closed, freedom, held_of
from models.ledger.incidents import incident
from models.ledger.kinds import KINDS, OUTCOMES
from models.ledger.stock import Stock
from models.ledger.stock_check.check import being_counted
from models.ledger.wording import plain
from models.people import User
from models.times import today
from views import context
from views.navigation import visible_forms
from views.property import base
from views.records.borrowing import borrow_url, slips_of
from views.records.listing import state_tag, tags_of
from views.records.pieces import Words

label = Blueprint("label", __name__)

MOST_HOLDERS = 2


@dataclass(frozen=True)
class Lending:
    """A slip by which the reader can borrow, and what its small page asks for.

    `needs` are further fields; with `whole` something is needed that only the slip's own page can take.
    """

    form: LiveForm
    label: str
    ends: str
    needs: list[Field]
    whole: bool
    may_wait: bool
    url: str


@label.get("/p/<code>")
def item(code: str) -> ResponseReturnValue:
    """Show the item whose label was scanned."""
    known = labels.read_code(code)
    if known and known != code:
        return redirect(url_for("label.item", code=known))
    try:
        ledger, record = labels.find(context.require_person(), known)
    except NotFoundError:
        return base.show("no_label", code=code[:60]), NotFoundError.status
    return page(ledger, record, known)


def page(ledger: LiveForm, record: Document, code: str) -> str:
    """Return the page of an item."""
    person, told = context.require_person(), base.told(ledger)
    shown = told.shown(record)
    forms = slips_of(ledger.key)
    slips = open_slips(person, record, forms, today(context.current_timezone()).isoformat())
    words = Words(ledger, forms)
    may_edit = allowed(person, ledger, record, Action.EDIT)
    stock = Stock.load(record.get("stock"))
    return base.show(
        "phone",
        ledger=ledger,
        record=record,
        code=labels.shown(code),
        called=shown.get("title") or shown.get("number") or "",
        picture=picture_of(told, record),
        state=status_tag(told, record),
        status=status(told, record, words),
        unit=words.unit(told.plain(record)["data"]),
        lendings=lendings(person, ledger, [record]) if stock.total(("kept", "lent")) else [],
        slips=[slip_row(one, words) for one in slips],
        returns=[slip_row(one, words) for one in slips if one.back],
        outcomes=[
            (key, _("In order") if key == "return" else context.say(KINDS[key].label)) for key in OUTCOMES
        ],
        incidents=incidents(person, ledger, record, slips),
        counts=[
            (
                base.called(base.told(one.form), one.record),
                url_for("property.check_count", check_id=one.id, scan=code),
            )
            for one in being_counted(person, ledger.key)
        ],
        may_edit=may_edit,
        kept=plain(stock.total(("kept",))) if may_edit else "",
        place=(told.plain(record)["data"].get(_place_key(ledger)) or "") if may_edit else "",
    )


def _place_key(ledger: LiveForm) -> str:
    part = ledger.definition.ledger
    return (part.kept_at or part.place) if part else ""


def picture_of(told: Disclosure, record: Document) -> str:
    """Return the address of the item's first picture that the reader may see; empty where there is none."""
    data = told.plain(record)["data"]
    for field in told.definition.value_fields:
        if field.type == "image" and data.get(field.key):
            return f"/records/{told.form.key}/{record['_id']}/files/{data[field.key][0]['file']}"
    return ""


def status_tag(told: Disclosure, record: Document) -> tuple[str, str] | None:
    """Return how an item stands as its ledger says it, with a colour; None where that is closed."""
    part = told.form.definition.ledger
    field = told.definition.by_key.get(part.status) if part else None
    value = told.plain(record)["data"].get(field.key) if field else None
    if field is None or value is None:
        return None
    tags = tags_of(field, value, context.current_language())
    return (tags[0][0], tags[0][1]) if tags else None


def status(told: Disclosure, record: Document, words: Words) -> str:
    """Return in one line how many are free, and who has the others until when."""
    if "amounts" in closed(told, record):
        return ""
    data = told.plain(record)["data"]
    free = freedom(record, today(context.current_timezone()))
    said = []
    if free.of:
        said.append(_("%(free)s of %(all)s free", free=plain(free.now), all=words.quantity(free.of, data)))
    lent = [one for one in held_of(told, record, context.current_timezone()) if one.kind == "lent"]
    words.learn(lent)
    said += [_holder(one, words) for one in lent[:MOST_HOLDERS]]
    if len(lent) > MOST_HOLDERS:
        said.append(_("and %(count)s others", count=len(lent) - MOST_HOLDERS))
    return " · ".join(said)


def _holder(one: Held, words: Words) -> str:
    name = words.lookup.person(one.person) if one.person else _("Somebody")
    values = {"name": name, "quantity": plain(one.quantity), "day": one.ends}
    if one.late:
        return _("%(name)s has %(quantity)s, due since %(day)s", **values)
    if one.ends:
        return _("%(name)s has %(quantity)s until %(day)s", **values)
    return _("%(name)s has %(quantity)s", **values)


def lendings(person: User, ledger: LiveForm, items: list[Document]) -> list[Lending]:
    """Return the slips by which the reader can borrow items of a ledger."""
    begins = today(context.current_timezone())
    found = []
    for form in slips_of(ledger.key, creatable=True):
        ends = asking.usual_end(form, begins).isoformat()
        wishes = [asking.Wish(one["_id"]) for one in items]
        raw = asking.filled_in(person, form, wishes, ends, {})
        needs = asking.missing(person, form, raw, asking.first_step(person, form))
        simple = set(asking.typed_fields(form.definition))
        found.append(
            Lending(
                form,
                form.definition.label.text(context.current_language()),
                ends,
                [one for one in needs if one.key in simple],
                not asking.may_ask(person, form) or any(one.key not in simple for one in needs),
                asking.first_step(person, form, waiting=True) is not None,
                borrow_url(form, [one["_id"] for one in items], begins.isoformat(), ends, person=person),
            )
        )
    return found


def slip_row(one: OpenSlip, words: Words) -> dict[str, Any]:
    """Return a slip as the page of an item shows it."""
    told = base.told(one.form)
    language = context.current_language()
    data = told.plain(one.record)["data"]
    borrower = data.get(asking.slip_of(one.form).borrower)
    photos = asking.slip_of(one.form).photos
    address = f"/records/{one.form.key}/{one.record['_id']}"
    back = one.back.transition if one.back else None
    return {
        "id": str(one.record["_id"]),
        "form": one.form.key,
        "called": base.called(told, one.record),
        "url": address,
        "borrower": words.lookup.person(borrower) if borrower else "",
        "mine": borrower == context.require_person().id,
        "out": plain(one.out) if one.out else "",
        "late": one.late,
        "state": state_tag(one.form.definition, one.record, language),
        "steps": [
            (
                step.transition.label.text(language),
                f"{address}/move/{step.transition.key}",
                step.transition.kind,
            )
            for step in one.steps
        ],
        "takes_photos": bool(back and photos and photos in back.fields),
        "outcome": bool((part := asking.slip_of(one.form).returns) and part.outcome),
        "condition": bool(part and part.condition),
        "reason": back.reason if back else "no",
    }


def incidents(
    person: User, ledger: LiveForm, record: Document, slips: Iterable[OpenSlip]
) -> list[dict[str, str]]:
    """Return the forms on which the reader can report damage or loss of an item, already filled in."""
    mine = next((one for one in slips if one.out and one.borrower == person.id), None)
    found = []
    for form in visible_forms(person):
        one = incident(form, ledger.key) if permitted(person, form.key, Action.CREATE) else None
        if one is None:
            continue
        field = form.definition.by_key.get(one.slip)
        values = {one.item: str(record["_id"])}
        if mine and field and field.form == mine.form.key:
            values[one.slip] = str(mine.record["_id"])
        url = f"/records/{form.key}/new?{urlencode(values)}"
        found.append({"label": form.definition.label.text(context.current_language()), "url": url})
    return found
