"""What the page of a ledger's item says of its pieces and its life, and the page of a slip of its lines."""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from bson import ObjectId
from flask import request, url_for
from flask_admin import expose

from models import access
from models.access import Action
from models.database import Document
from models.disclosure import Disclosure
from models.forms import LiveForm
from models.ledger import movements, timeline
from models.ledger.choices import choices
from models.ledger.held import closed, freedom, held_of
from models.ledger.holdings import MOST, count_of_reference, references
from models.ledger.kinds import KINDS, LENDABLE
from models.ledger.slip_lines import SlipLine, ledger_of, lines_of, rest
from models.ledger.steps import does
from models.ledger.stock import Stock
from models.ledger.timeline import Event, Position
from models.ledger.wording import plain
from models.ledger_parts import Slip
from models.procedure import Transition
from models.times import today
from models.workflow import Offer
from views.context import current_timezone, say
from views.navigation import visible_forms
from views.records.borrowing import borrow_url, slips_of
from views.records.facts import heading
from views.records.inputs import RecordForm
from views.records.pieces import Words
from views.records.telling import by_whom

if TYPE_CHECKING:
    from views.records.detail import DetailScreens
    from views.records.helpers import TemplateHelpers

    class _Base(DetailScreens, TemplateHelpers):
        """Where what it calls comes from."""

else:
    _Base = object

FIRST_EVENTS: Final = 10
UNDONE_ELSEWHERE: Final = frozenset({"arrival", "correction"})
"""Kinds of movements that nobody takes back by hand."""
EVERYTHING: Final = "_everything"
"""In the address of the step that takes back: everything that is out came back well."""


class PropertyPanel(_Base):
    """What belongs to customers, on the pages of its ledger and of the slips that lend it."""

    def belongings(self, record: Document, procedure: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a record's page shows of pieces: `stock` and `life` of an item, `lending` of a slip."""
        definition = self.form.definition
        if definition.ledger:
            words = self._words()
            return {"stock": self._stock(record, words), "life": self._life(record, FIRST_EVENTS, words)}
        ledger = ledger_of(self.form)
        if definition.slip and ledger and not self.told.is_withheld(record, definition.slip.items):
            offers = procedure.get("offers") or ()
            return {"lending": self._lending(record, definition.slip, ledger, offers)}
        return {**super().belongings(record, procedure), "kept_here": self._kept_here(record)}

    def _kept_here(self, record: Document) -> list[dict[str, Any]]:
        """Return the ledgers that keep something of a customer, or of what else they refer to."""
        found = []
        for ledger in visible_forms(self.person):
            fields = references(ledger, self.form.key) if ledger.definition.ledger else []
            if fields and (count := count_of_reference(self.person, ledger, fields[0], record["_id"])):
                url = url_for("property.holdings", form=self.form.key, record=record["_id"])
                found.append({"ledger": ledger, "url": url, "count": f"{count}+" if count == MOST else count})
        return found

    # -- an item -----------------------------------------------------------------------------------------

    def _stock(self, record: Document, words: Words) -> dict[str, Any]:
        rows = words.rows(held_of(self.told, record, current_timezone()), record)
        slip = next(iter(slips_of(self.form.key, creatable=True)), None)
        alive = not record.get("deleted_at")
        stock = Stock.load(record.get("stock"))
        lends = alive and slip and stock.total(LENDABLE)
        moves = alive and choices(stock) and self._may_edit(record)
        return {
            "closed": "amounts" in closed(self.told, record),
            "here": [one for one in rows if not one.asked],
            "asked": [one for one in rows if one.asked],
            "free": self._free(record, words),
            "borrow_url": borrow_url(slip, [record["_id"]], person=self.person) if slip and lends else "",
            "move_url": self._property_url("move", record) if moves else "",
            "calendar_url": url_for("property.calendar", form=self.form.key, item=record["_id"]),
        }

    def _free(self, record: Document, words: Words) -> dict[str, Any] | None:
        if closed(self.told, record) & {"amounts", "days"}:
            return None
        free = freedom(record, today(current_timezone()))
        return {
            "now": words.quantity(free.now, record["data"]),
            "of": words.quantity(free.of, record["data"]),
            "any": free.now > 0,
            "all": free.now == free.of,
            "none_at_all": not free.of,
            "again": free.again,
            "then": words.quantity(free.then, record["data"]),
        }

    def _may_edit(self, record: Document) -> bool:
        return access.allowed(self.person, self.form, record, Action.EDIT)

    def _property_url(self, page: str, record: Document) -> str:
        return url_for(f"property.{page}", form=self.form.key, record_id=record["_id"])

    def _words(self) -> Words:
        return Words(self.form, slips_of(self.form.key))

    # -- its life ----------------------------------------------------------------------------------------

    def _life(
        self, record: Document, size: int, words: Words, start: Position | None = None
    ) -> dict[str, Any]:
        """Return a page of what happened to an item: movements as they are shown, and entries of history."""
        page = timeline.page(self.told, record, start or Position(), size)
        moved = [one for one in page.events if one.kind == "movement"]
        words.learn([spot for one in moved for spot in (one.source, one.target) if spot])
        words.learn_slips({one.document["slip"] for one in moved if one.document.get("slip")})
        undone = movements.undone(one.document["_id"] for one in moved)
        may_undo = not record.get("deleted_at") and self._may_edit(record)
        return {
            "events": [
                self._movement(one, record, words, undone, may_undo=may_undo)
                if one.kind == "movement"
                else {"entry": self._entry(one.document, words.lookup)}
                for one in page.events
            ],
            "older": page.older,
        }

    @expose("/<record_id>/history")
    def history_view(self, record_id: str) -> str:
        """Show everything that ever happened to a record; of an item with the movements of its pieces."""
        if self.form.definition.ledger is None:
            return super().history_view(record_id)
        record = self.record(record_id)
        start = Position.read(request.args.get("before", ""))
        life = self._life(record, timeline.PAGE, self._words(), start)
        return self.show("life", record=record, life=life, first=start == Position())

    def _movement(
        self, event: Event, record: Document, words: Words, undone: Collection[ObjectId], *, may_undo: bool
    ) -> dict[str, Any]:
        document = event.document
        kind = KINDS[document["kind"]]
        own = document["kind"] not in UNDONE_ELSEWHERE and not document.get("slip")
        return {
            "id": document["_id"],
            "label": say(kind.label),
            "icon": kind.icon,
            "quantity": words.quantity(document["quantity"].to_decimal(), record["data"]),
            "source": words.spot(event.source),
            "target": words.spot(event.target),
            "who": by_whom(document),
            "at": event.at,
            "slip": words.slip(document.get("slip")),
            "note": document.get("note") or "",
            "condition": document.get("condition") or "",
            "photos": self._photos(document),
            "undone": document["_id"] in undone,
            "may_undo": may_undo and own and document["_id"] not in undone,
        }

    def _photos(self, movement: Document) -> list[str]:
        """Return the addresses of a movement's pictures, where the record that holds them may be opened."""
        photos, form, holder = movement.get("photos") or (), movement.get("form"), movement.get("record")
        if not (photos and form and holder and access.visible(self.person, form, [holder])):
            return []
        return [f"/records/{form}/{holder}/files/{one}" for one in photos]

    # -- a slip ------------------------------------------------------------------------------------------

    def _lending(
        self, record: Document, part: Slip, ledger: LiveForm, offers: Iterable[Offer]
    ) -> dict[str, Any]:
        lines = lines_of(self.person, part, ledger, record, current_timezone())
        words = Words(ledger, slips_of(ledger.key))
        words.learn([one for line in lines for one in (*line.waiting, *line.elsewhere)])
        back = next((one for one in offers if one.allowed and does(one.transition, "take_back")), None)
        still = [line for line in lines if line.out]
        return {
            "ledger": ledger,
            "lines": [self._line(line, ledger, words) for line in lines],
            "lent_any": any(line.lent for line in lines),
            "out": plain(sum((line.out for line in lines), Decimal(0))),
            "late": any(line.late for line in still),
            "all_back": bool(lines) and not still and any(line.lent for line in lines),
            "back_url": self._everything_back(record, back) if back and still and part.returns else "",
        }

    def _everything_back(self, record: Document, offer: Offer) -> str:
        step = url_for(".move_view", record_id=record["_id"], transition=offer.transition.key)
        return f"{step}?{EVERYTHING}=1"

    def _line(self, line: SlipLine, ledger: LiveForm, words: Words) -> dict[str, Any]:
        item = line.item
        data = item["data"] if item else {}
        shown = Disclosure(self.person, ledger).titled(item) if item else None
        return {
            "title": heading(shown) if shown else words.lookup.record(ledger.key, line.item_id),
            "url": f"/records/{ledger.key}/{line.item_id}" if item else "",
            "calendar_url": url_for("property.calendar", form=ledger.key, item=line.item_id) if item else "",
            "quantity": words.quantity(line.quantity, data),
            "lent": words.quantity(line.lent, data) if line.lent else "",
            "returned": words.quantity(line.returned, data) if line.returned else "",
            "out": words.quantity(line.out, data) if line.out else "",
            "step": line.step,
            "late": line.late and bool(line.out),
            "line": line.place_in_line,
            "waiting": [words.row(one, item) for one in line.waiting] if item else [],
            "elsewhere": [words.row(one, item) for one in line.elsewhere] if item else [],
        }

    # -- the steps of a slip -----------------------------------------------------------------------------

    def with_everything_back(self, form: RecordForm, record: Document, step: Transition) -> bool:
        """Add what is out to the returns of a step's page where that is asked; tell whether it could be."""
        part = self.form.definition.slip
        if not (part and part.returns and part.returns.table in form and does(step, "take_back")):
            return False
        field = form[part.returns.table]
        typed = [dict(row) for row in field.value or ()]
        known = {row.get("_row") for row in record["data"].get(part.returns.table) or ()}
        named = {str(row.get(part.returns.item)) for row in typed if row.get("_row") not in known}
        missing = [row for row in rest(part, record) if row[part.returns.item] not in named]
        if EVERYTHING in request.values:
            field.raw, field.submitted = [*filter(_said, typed), *missing], True
            return False
        return bool(missing)

    def shortage(self, record: Document, errors: dict[str, list[Any]], asked: Collection[str]) -> Any:  # noqa: ANN401
        """Return the rows of a slip of which there are not so many, and the step that queues for them.

        Messages of rows that the page does not ask for are taken out of `errors`.
        """
        part = self.form.definition.slip
        ledger = ledger_of(self.form) if part else None
        found = [path for path in errors if part and path.startswith(f"{part.items}.")]
        if part is None or ledger is None or not found:
            return None
        offers = (one for one in self.offers(record) if one.allowed)
        queue = next((one for one in offers if does(one.transition, "queue")), None)
        lines = self._lending(record, part, ledger, ())["lines"]
        told: dict[int, list[str]] = {}
        for path in found:
            at = int(path.split(".")[1])
            told.setdefault(at, []).extend(say(one) for one in errors[path])
            if part.items not in asked:
                del errors[path]
        rows = [{**line, "messages": told.get(at, [])} for at, line in enumerate(lines)]
        return {"rows": rows, "queue": queue}


def _said(row: Mapping[str, Any]) -> bool:
    """Tell whether anything was typed into a row."""
    return any(value not in {None, ""} for key, value in row.items() if key != "_row")
