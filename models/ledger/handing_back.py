"""Pieces of one item on their way: the slips open on it, and one piece of a slip that comes back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bson import ObjectId

from models import access, workflow
from models.changes import Write
from models.database import Document
from models.errors import DomainError, InvalidError
from models.fields import type_of
from models.forms import LiveForm
from models.ledger.asking import slip_of
from models.ledger.kinds import OUTCOMES
from models.ledger.steps import does
from models.ledger.stock import Stock
from models.ledger_parts import Slip
from models.messages import Message, _
from models.people import Action, Actor, User
from models.workflow import Offer


@dataclass(frozen=True)
class OpenSlip:
    """A slip that has, or asks for, pieces of an item; `out` are with the borrower, `late` too long.

    `back` is the step by which the person may take pieces back, `steps` are their other steps.
    """

    form: LiveForm
    record: Document
    out: Decimal
    late: bool
    waits: bool
    back: Offer | None
    steps: tuple[Offer, ...]

    @property
    def borrower(self) -> ObjectId | None:
        """Who borrows."""
        found: ObjectId | None = self.record["data"].get(slip_of(self.form).borrower)
        return found


def open_slips(person: User, item: Document, forms: Iterable[LiveForm], today: str) -> list[OpenSlip]:
    """Return the slips open on an item that a person may see, their own first.

    Args:
        person: who looks.
        item: as it is stored.
        forms: the slips of its ledger that the person may see.
        today: ISO date.
    """
    stock = Stock.load(item.get("stock"))
    asked = {one.slip: one for one in stock.promises}
    ids = [one for one in dict.fromkeys([*(one.spot.slip for one in stock.spots("lent")), *asked]) if one]
    found = []
    for form in forms if ids else ():
        wanted = {"$and": [{"_id": {"$in": ids}}, access.records_filter(person, form)]}
        for record in form.records().find(wanted, {"search": 0}):
            slip = record["_id"]
            out = sum((one.quantity for one in stock.spots("lent", slip=slip)), Decimal(0))
            late = any(one.due and one.due < today for one in stock.spots("lent", slip=slip))
            waits = slip in asked and asked[slip].queued
            found.append(_open_slip(person, form, record, out, late=late, waits=waits))
    return sorted(found, key=lambda one: (one.borrower != person.id, not one.out, str(one.record["_id"])))


def _open_slip(
    person: User, form: LiveForm, record: Document, out: Decimal, *, late: bool, waits: bool
) -> OpenSlip:
    offers = [one for one in workflow.available(person, form, record) if one.allowed]
    back = next((one for one in offers if does(one.transition, "take_back")), None) if out else None
    others = tuple(one for one in offers if not does(one.transition, "take_back"))
    has_returns = slip_of(form).returns is not None
    return OpenSlip(form, record, out, late, waits, back if has_returns else None, others)


def take_back(
    actor: Actor,
    person: User,
    form: LiveForm,
    slip: str | ObjectId,
    item: Document,
    *,
    quantity: Decimal | None,
    outcome: str = "return",
    condition: str = "",
    photos: Sequence[ObjectId] = (),
    reason: str = "",
    also: Write | None = None,
) -> Document:
    """Book on a slip that pieces of an item came back; return the slip as it is stored then.

    Args:
        actor: the person as the one who acts.
        person: who takes them back.
        form: the slip, in force.
        slip: its id.
        item: of its ledger.
        quantity: how many.
        outcome: one of `kinds.OUTCOMES`.
        condition: how they are.
        photos: ids of pictures that the person uploaded for the slip.
        reason: where the step asks for one.
        also: further writes of the same transaction.

    Raises:
        NotFoundError: there is no such slip for this person.
        ConflictError: it is not the time to take back.
        ForbiddenError: others do that.
        InvalidError: beside `quantity`, `outcome`, `condition` or `photos`, or "".
    """
    record = access.fetch(person, form, slip, Action.TRANSITION)
    part = slip_of(form)
    step = _step(person, form, record)
    if part.returns is None or step is None:
        raise DomainError(_("Nothing can be returned by this slip now."))
    if quantity is None:
        raise InvalidError({"quantity": [_("Say how many.")]})
    if outcome not in OUTCOMES:
        raise InvalidError({"outcome": [_("Say how they came back.")]})
    rows = _typed(form, record, part.returns.table)
    row = {
        part.returns.item: str(item["_id"]),
        part.returns.quantity: f"{quantity:f}",
        part.returns.outcome: outcome,
        part.returns.condition: condition,
    }
    raw: dict[str, Any] = {part.returns.table: [*rows, {key: one for key, one in row.items() if key and one}]}
    if photos and part.photos in step.transition.fields:
        raw[part.photos] = [*_typed(form, record, part.photos), *map(str, photos)]
    try:
        return workflow.take(
            actor, person, form, record["_id"], step.transition.key, raw,
            revision=record["revision"], reason=reason, also=also,
        )  # fmt: skip
    except InvalidError as error:
        raise InvalidError(_beside(error, f"{part.returns.table}.{len(rows)}.", part)) from None


def _step(person: User, form: LiveForm, record: Document) -> Offer | None:
    offers = workflow.available(person, form, record)
    return next((one for one in offers if does(one.transition, "take_back")), None)


def _typed(form: LiveForm, record: Document, key: str) -> list[Any]:
    """Return what a field holds as it would be typed again."""
    stored = record["data"].get(key)
    field = form.definition.by_key[key]
    found: Any = type_of(field).to_json(field, stored) if stored else []
    return list(found)


def _beside(error: InvalidError, row: str, part: Slip) -> dict[str, list[Message]]:
    """Return what was refused of the new row beside the inputs of a page for one return."""
    back = part.returns
    names = {back.quantity: "quantity", back.outcome: "outcome", back.condition: "condition"} if back else {}
    found: dict[str, list[Message]] = {}
    for path, messages in error.errors.items():
        column = path.removeprefix(row) if path.startswith(row) else ""
        name = "photos" if path == part.photos else names.get(column, "")
        found.setdefault(name, []).extend(messages)
    return found
