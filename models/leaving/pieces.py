"""What of customers' property somebody still has in their hands or has asked for (P03 d)."""

from collections.abc import Iterator

from bson import ObjectId

from models.forms import LiveForm
from models.handover import every_form
from models.leaving.finding import Fate, Finding
from models.leaving.work import examples_of
from models.messages import _
from models.people import User


def held(leaver: User, viewer: User) -> Iterator[Finding]:
    """Pieces that were lent to the person: they come back, or go on with their slips."""
    note = _("They should come back before the account ends, or be passed on together with their slips.")
    for form in _ledgers():
        query = {"deleted_at": None, "stock.positions.person": leaver.id}
        if count := form.records().count_documents(query):
            title = _("Property of customers that they hold: %(form)s", form=form.definition.label)
            examples = examples_of(form, query, viewer)
            yield Finding("pieces", title, Fate.PIECES, count, examples, _sheet(leaver), note)


def asked(leaver: User, viewer: User) -> Iterator[Finding]:
    """Pieces that the person reserved or waits for: somebody has to look after their slips."""
    note = _("Cancel these slips, or enter another borrower.")
    for form in _ledgers():
        query = {"deleted_at": None, "stock.promises.person": leaver.id}
        if count := form.records().count_documents(query):
            title = _("Property of customers that they asked for: %(form)s", form=form.definition.label)
            examples = examples_of(form, query, viewer)
            yield Finding("asked", title, Fate.STAYS, count, examples, _sheet(leaver), note)


def _sheet(leaver: User) -> str:
    return f"/property/clearance/{leaver.id}"


def slips_held(form: LiveForm, person: ObjectId) -> list[ObjectId]:
    """Return the slips of a form by which somebody has pieces in their hands."""
    part = form.definition.slip
    ledger = next((one for one in _ledgers() if part and one.key == part.ledger), None)
    if ledger is None:
        return []
    found = ledger.records().find({"stock.positions.person": person}, {"stock.positions": 1})
    spots = (spot for item in found for spot in item["stock"]["positions"])
    return list(dict.fromkeys(spot["slip"] for spot in spots if spot.get("person") == person))


def _ledgers() -> list[LiveForm]:
    return [form for form in every_form() if form.definition.ledger]
