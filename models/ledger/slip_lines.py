"""What a slip's page shows of its lines: what was handed over, what is still out, and who waits for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId

from models import access, forms
from models.database import Document
from models.disclosure import Disclosure
from models.errors import NotFoundError
from models.fields.numbers import decimal_of
from models.forms import LiveForm
from models.ledger.held import Held, held_of
from models.ledger_parts import Slip
from models.people import User


@dataclass(frozen=True)
class SlipLine:
    """One row of a slip. `item` is None where there is none, or none that the reader may see.

    `promise` is what the slip has asked for and not been given, `waiting` who else is in line for the item,
    `elsewhere` who else has or will have pieces of it.
    """

    item_id: ObjectId | None
    item: Document | None
    quantity: Decimal
    lent: Decimal
    returned: Decimal
    late: bool = False
    place_in_line: int = 0
    waiting: tuple[Held, ...] = ()
    elsewhere: tuple[Held, ...] = ()

    @property
    def out(self) -> Decimal:
        """How many are still out."""
        return self.lent - self.returned

    @property
    def step(self) -> str:
        """In one word how it stands: `asked`, `out`, `partly`, `back`, or `queued`."""
        if self.lent:
            return ("partly" if self.returned else "out") if self.out else "back"
        return "queued" if self.place_in_line else "asked"


def ledger_of(slip: LiveForm) -> LiveForm | None:
    """Return the ledger of which a slip lends things; None where it was never published."""
    part = slip.definition.slip
    try:
        return forms.current(part.ledger) if part else None
    except NotFoundError:
        return None


def lines_of(viewer: User, slip: Slip, ledger: LiveForm, record: Document, zone: ZoneInfo) -> list[SlipLine]:
    """Return the rows of a slip as a reader is shown them; of items they may not see only the numbers."""
    rows = record["data"].get(slip.items) or []
    told = Disclosure(viewer, ledger)
    items = _items(viewer, ledger, (row.get(slip.item) for row in rows))
    return [_line(told, slip, row, items, record["_id"], zone) for row in rows]


def _items(viewer: User, ledger: LiveForm, ids: Iterable[ObjectId | None]) -> dict[ObjectId, Document]:
    if not access.permitted(viewer, ledger.key, access.Action.SEE):
        return {}
    wanted = {"_id": {"$in": [one for one in ids if one]}}
    found = ledger.records().find({"$and": [access.records_filter(viewer, ledger), wanted]}, {"search": 0})
    return {one["_id"]: one for one in found}


def _line(
    told: Disclosure,
    slip: Slip,
    row: Mapping[str, Any],
    items: Mapping[ObjectId, Document],
    own: ObjectId,
    zone: ZoneInfo,
) -> SlipLine:
    item_id: ObjectId | None = row.get(slip.item)
    item = items.get(item_id) if item_id else None
    held = held_of(told, item, zone) if item else []
    queue = [one for one in held if one.kind == "queued"]
    place = next((at for at, one in enumerate(queue, 1) if one.slip == own), 0)
    return SlipLine(
        item_id,
        item,
        _number(row, slip.quantity),
        _number(row, slip.lent),
        _number(row, slip.returned),
        late=any(one.late for one in held if one.slip == own),
        place_in_line=place,
        waiting=tuple(one for one in queue if one.slip != own),
        elsewhere=tuple(one for one in held if one.kind in {"lent", "reserved"} and one.slip != own),
    )


def _number(row: Mapping[str, Any], key: str) -> Decimal:
    stored = row.get(key) if key else None
    return Decimal(0) if stored is None else decimal_of(stored)


def rest(slip: Slip, record: Document) -> list[dict[str, str]]:
    """Return, as they are typed, the rows of returns that would settle all that is still out, unharmed."""
    part = slip.returns
    if part is None:
        return []
    out = ((row.get(slip.item), _number(row, slip.lent) - _number(row, slip.returned))
           for row in record["data"].get(slip.items) or ())  # fmt: skip
    outcome = {part.outcome: "return"} if part.outcome else {}
    return [
        {part.item: str(item), part.quantity: f"{left.normalize():f}", **outcome}
        for item, left in out
        if item and left > 0
    ]
