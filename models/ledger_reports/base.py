"""What every report on a ledger shares: who reads it, what they are shown, and the words for an item."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.cursor import Cursor

from models import access, forms
from models.access import Action
from models.channels.surroundings import surroundings
from models.database import Document
from models.definition import Field
from models.disclosure import MASKED, Disclosure
from models.errors import DomainError, NotFoundError
from models.export_columns import key_of
from models.fields import type_of
from models.forms import LiveForm
from models.job_files import Pace
from models.ledger_parts import Ledger
from models.ledger_reports.asked import Asked
from models.lookups import Lookup
from models.messages import Message, _, translate
from models.people import Actor, User
from models.spreadsheets.columns import Column
from models.times import now

BATCH: Final = 500
BATCHES_PER_LOOKUP: Final = 20
"""Names are forgotten after so many batches, so that memory stays bounded."""
UNREAD: Final = {"search": 0, "links": 0}

Row = tuple[Any, ...]
Linked = tuple[str, str]
"""What is shown of a record, and where it leads."""


@dataclass
class Reading:
    """A report being made for a person: what they are shown of a ledger, in their language and time zone."""

    person: User
    ledger: LiveForm
    asked: Asked
    language: str

    def __post_init__(self) -> None:
        """Begin. Raises DomainError for a form that is no ledger."""
        part = self.ledger.definition.ledger
        if part is None:
            raise DomainError(_("This form keeps no things: it is not a ledger."))
        self.part: Ledger = part
        self.told = Disclosure(self.person, self.ledger)
        self.zone: ZoneInfo = Actor.of(self.person).timezone
        self.started: datetime = now()
        self.forget_names()

    @property
    def today(self) -> date:
        """The day it is for the reader."""
        return self.started.astimezone(self.zone).date()

    @property
    def title(self) -> str:
        """What the ledger is called."""
        return self.ledger.definition.label.text(self.language) or self.ledger.key

    def say(self, message: Message | str) -> str:
        """Return a text in the reader's language."""
        return translate(message, self.language)

    def forget_names(self) -> None:
        """Look names up anew from here on."""
        self.lookup = Lookup(self.language, self.zone, self.person)

    # -- what is read ----------------------------------------------------------------------------------

    def query(self, action: Action = Action.EXPORT) -> Document:
        """Return the filter of the items that the reader may export, of the customer that is asked for."""
        seen = access.records_filter(self.person, self.ledger, action)
        if self.asked.customer is None:
            return seen
        return {"$and": [seen, {f"data.{self.part.customer}": self.asked.customer}]}

    def items(
        self, ids: Iterable[ObjectId], session: ClientSession, action: Action = Action.EXPORT
    ) -> dict[ObjectId, Document]:
        """Return those of some items that the report is about, as they are stored."""
        query = {"$and": [{"_id": {"$in": list(set(ids))}}, self.query(action)]}
        found = self.ledger.records().find(query, UNREAD, session=session)
        return {one["_id"]: one for one in found}

    def batches(self, found: Iterator[Document], pace: Pace) -> Iterator[list[Document]]:
        """Yield what was found in batches, telling how far it is; names are forgotten now and then."""
        count = 0
        while batch := list(islice(found, BATCH)):
            if count % BATCHES_PER_LOOKUP == 0:
                self.forget_names()
            yield batch
            count += 1
            pace.reach(pace.done + len(batch))

    @cached_property
    def slip_forms(self) -> list[LiveForm]:
        """The forms of slips that lend from the ledger and that the reader may see."""
        return [
            form
            for form in forms.live_forms()
            if form.definition.lends(self.ledger.key) and access.permitted(self.person, form.key, Action.SEE)
        ]

    def slip_form(self) -> LiveForm:
        """Return the form of slips that is asked for. Raises NotFoundError."""
        found = next((form for form in self.slip_forms if form.key == self.asked.slips), None)
        if found is None:
            raise NotFoundError
        return found

    def slips(self, ids: Iterable[ObjectId | None], session: ClientSession) -> dict[ObjectId, Linked]:
        """Return number and address of those of some slips that the reader may see."""
        wanted = list({one for one in ids if one})
        found: dict[ObjectId, Linked] = {}
        for form in self.slip_forms if wanted else ():
            query = {"$and": [{"_id": {"$in": wanted}}, access.records_filter(self.person, form)]}
            for record in form.records().find(query, {"number": 1}, session=session):
                found[record["_id"]] = linked(form.key, record)
        return found

    # -- words for an item -------------------------------------------------------------------------------

    def item_columns(self) -> list[Column]:
        """Return the columns that say which item: number, name, customer."""
        found = [
            Column("number", self.say(_("Number")), "record"),
            Column("title", self.say(_("Item name")), "text", wrap=True),
        ]
        if self._customer:
            found.append(Column("customer", self._label(self._customer), "text"))
        return found

    def item_cells(self, record: Document) -> Row:
        """Return what `item_columns` shows of an item as it is stored."""
        shown = self.told.shown(record)
        cells: Row = (linked(self.ledger.key, record), shown.get("title") or None)
        return (*cells, self._worded(shown, self._customer)) if self._customer else cells

    def unit_of(self, record: Document) -> str:
        """Return in what the pieces of an item are counted, as the reader is shown it."""
        field = self.told.definition.by_key.get(self.part.unit)
        return str(self._worded(self.told.shown(record), field) or "") if field else ""

    @property
    def _customer(self) -> Field | None:
        return self.told.definition.by_key.get(self.part.customer)

    def _label(self, field: Field) -> str:
        return field.label.text(self.language) or field.key

    def _worded(self, shown: Mapping[str, Any], field: Field | None) -> str | None:
        value = shown["data"].get(field.key) if field else None
        if field is None or value is None:
            return None
        return (
            str(value)
            if value is MASKED
            else type_of(field).display(field, value, self.lookup, self.language)
        )

    def department(self, department: ObjectId | None) -> str | None:
        """Return the name of a department."""
        return self.lookup.department(department) or None

    def who(self, person: ObjectId | None) -> str | None:
        """Return the name of a person."""
        return self.lookup.person(person) or None


def linked(form: str, record: Mapping[str, Any]) -> Linked:
    """Return a record's number and its address."""
    return key_of(dict(record)), surroundings().link(f"/records/{form}/{record['_id']}")


def day_of(moment: datetime | None, zone: ZoneInfo) -> str | None:
    """Return the day of a moment (ISO date)."""
    return moment.astimezone(zone).date().isoformat() if moment else None


def days_late(due: str, today: date) -> int | None:
    """Return by how many days a day (ISO date) has passed; None for one that has not."""
    late = (today - date.fromisoformat(due)).days if due else 0
    return late if late > 0 else None


def quantity_column(label: str, key: str = "quantity") -> Column:
    """Return a column of a number of pieces."""
    return Column(key, label, "decimal")


def each(cursor: Cursor[Document], *order: str) -> Iterator[Document]:
    """Return what was found in some order, however much it is."""
    return iter(cursor.sort([(key, 1) for key in (*order, "_id")]).allow_disk_use(allow_disk_use=True))


def primed(lookup: Lookup, people: Sequence[ObjectId | None]) -> None:
    """Fetch the names of people with one query."""
    lookup.prime_people([one for one in people if one])
