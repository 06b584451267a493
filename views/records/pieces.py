"""Pieces, spots and slips of a ledger in words, for whoever reads a page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from bson import ObjectId
from flask import url_for
from flask_babel import gettext as _

from models import access
from models.database import Document
from models.disclosure import Disclosure
from models.forms import LiveForm
from models.ledger.held import Held
from models.ledger.kinds import SPOTS
from models.ledger.stock import Spot
from models.ledger.wording import plain
from models.lookups import Lookup
from models.messages import Message
from models.messages import _ as message
from views.context import current_language, current_lookup, require_person, say
from views.records.facts import heading

ICONS: Final[Mapping[str, str]] = {
    "kept": "box-seam",
    "lent": "box-arrow-up-right",
    "damaged": "exclamation-triangle",
    "repair": "tools",
    "lost": "question-circle",
    "used": "fire",
    "disposed": "trash",
    "returned": "truck",
    "reserved": "calendar-check",
    "queued": "hourglass-split",
    "back": "box-arrow-in-left",
}
TONES: Final[Mapping[str, str]] = {
    "kept": "green", "lent": "blue", "damaged": "orange", "repair": "yellow", "lost": "red",
    "used": "gray", "disposed": "gray", "returned": "gray", "reserved": "purple", "queued": "teal",
    "back": "gray",
}  # fmt: skip
KINDS: Final[Mapping[str, Message]] = {
    **SPOTS,
    "reserved": message("Reserved"),
    "queued": message("In line"),
    "back": message("Came back"),
}


@dataclass(frozen=True)
class SlipLink:
    """A slip as it is named; `url` is empty where the reader may not open it."""

    text: str
    url: str


@dataclass(frozen=True)
class HeldRow:
    """Pieces somewhere, as a page shows them."""

    kind: str
    label: str
    icon: str
    tone: str
    quantity: str
    person: str
    person_url: str
    where: str
    slip: SlipLink | None
    begins: str
    ends: str
    late: bool
    mine: bool

    @property
    def asked(self) -> bool:
        """Tell whether they are only asked for."""
        return self.kind in {"reserved", "queued"}


class Words:
    """What spots and slips of one ledger are called on one page; names are fetched once for all of them."""

    def __init__(self, ledger: LiveForm, slips: Iterable[LiveForm]) -> None:
        self.ledger, self._forms = ledger, list(slips)
        self._slips: dict[ObjectId, SlipLink] = {}

    @cached_property
    def lookup(self) -> Lookup:
        """The names of people and departments."""
        return current_lookup()

    # -- what a page's worth needs ---------------------------------------------------------------------

    def learn(self, held: Iterable[Held | Spot]) -> None:
        """Fetch what some rows are going to name."""
        rows = list(held)
        self.lookup.prime_people({one.person for one in rows if one.person})
        self.learn_slips({one.slip for one in rows if one.slip})

    def learn_slips(self, ids: set[ObjectId]) -> None:
        """Fetch what slips are called that the reader may open."""
        missing = ids - self._slips.keys()
        for form in self._forms if missing else ():
            self._slips |= _links(form, missing)

    # -- words -----------------------------------------------------------------------------------------

    def slip(self, slip: ObjectId | None) -> SlipLink | None:
        """Return what a slip is called; one that the reader may not open has no name."""
        if slip is None:
            return None
        return self._slips.get(slip) or SlipLink("", "")

    def quantity(self, quantity: Decimal, data: Mapping[str, Any]) -> str:
        """Return how many, with the item's unit."""
        return f"{plain(quantity)} {self.unit(data)}".strip()

    def unit(self, data: Mapping[str, Any]) -> str:
        """Return in what an item is counted."""
        part = self.ledger.definition.ledger
        field = self.ledger.definition.by_key.get(part.unit) if part and part.unit else None
        option = field.options_by_key.get(str(data.get(field.key))) if field else None
        return option.label.text(self.lookup.language) if option else ""

    def where(self, spot: Spot | Held) -> str:
        """Return a department and a place."""
        department = self.lookup.department(spot.department) if spot.department else ""
        return " · ".join(filter(None, (department, spot.place)))

    def spot(self, spot: Spot | None) -> str:
        """Return where pieces are, in a few words; nothing for what is outside."""
        if spot is None:
            return ""
        if spot.kind == "lent":
            return self.lookup.person(spot.person) if spot.person else say(SPOTS["lent"])
        where = self.where(spot)
        if spot.kind == "kept":
            return where or say(SPOTS["kept"])
        return f"{say(SPOTS[spot.kind])} ({where})" if where else say(SPOTS[spot.kind])

    def row(self, held: Held, item: Document) -> HeldRow:
        """Return pieces as a page shows them."""
        me = require_person().id
        return HeldRow(
            held.kind,
            _("Overdue") if held.late else say(KINDS[held.kind]),
            "exclamation-circle" if held.late else ICONS[held.kind],
            "red" if held.late else TONES[held.kind],
            self.quantity(held.quantity, item["data"]),
            self.lookup.person(held.person) if held.person else "",
            url_for("property.holdings", person=held.person) if held.person else "",
            self.where(held),
            self.slip(held.slip),
            held.begins,
            held.ends,
            held.late,
            held.person == me,
        )

    def rows(self, held: Iterable[Held], item: Document) -> list[HeldRow]:
        """Return the pieces of one item as a page shows them."""
        found = list(held)
        self.learn(found)
        return [self.row(one, item) for one in found]


def _links(form: LiveForm, ids: set[ObjectId]) -> dict[ObjectId, SlipLink]:
    person = require_person()
    told = Disclosure(person, form)
    wanted = {"$and": [{"_id": {"$in": list(ids)}}, access.records_filter(person, form)]}
    found = form.records().find(wanted, {"number": 1, "title": 1})
    return {one["_id"]: SlipLink(_called(told, one), f"/records/{form.key}/{one['_id']}") for one in found}


def _called(told: Disclosure, record: Document) -> str:
    shown = told.titled(record)
    return str(shown.get("number") or heading(shown) or told.definition.label.text(current_language()))
