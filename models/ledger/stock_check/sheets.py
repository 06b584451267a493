"""The sheets of a check's report: its summary, its differences, every line, and who signed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from models.channels.surroundings import surroundings
from models.disclosure import Disclosure
from models.fields import type_of
from models.job_files import Pace
from models.ledger.kinds import SPOTS
from models.ledger.stock import Spot
from models.ledger.stock_check.check import Check
from models.ledger.stock_check.lines import DECISIONS, OUTCOMES, STATUSES
from models.ledger.stock_check.reading import Reader, Shown
from models.ledger.stock_check.signatures import Signed, signed
from models.lookups import Lookup
from models.messages import Message, _, translate
from models.people import Actor, User
from models.procedure import State
from models.spreadsheets.columns import Column
from models.spreadsheets.names import file_name
from models.spreadsheets.paper import Paper
from models.spreadsheets.workbook import About, Book
from models.times import now

Row = tuple[Any, ...]
_NOT_SUMMED_UP: Final = frozenset({"attachment", "image", "signature", "table"})
_NUMBERS: Final[dict[str, Message]] = {
    "lines": _("Lines to be counted"),
    "counted": _("Counted"),
    "open": _("Not yet counted"),
    "differences": _("Differences"),
    "undecided": _("Differences to decide"),
}


@dataclass
class Writing:
    """A report being written for a person, in their language and time zone."""

    person: User
    check: Check
    language: str

    def __post_init__(self) -> None:
        """Begin with what the person may see of the check."""
        self.reader = Reader(self.person, self.check)
        self.zone: ZoneInfo = Actor.of(self.person).timezone
        self.started: datetime = now()
        self.lookup = Lookup(self.language, self.zone, self.person)
        self.numbers = self.reader.numbers()
        told = Disclosure(self.person, self.check.form)
        self.record = told.shown(self.check.record)
        self.definition = told.definition_of(self.check.record)

    # -- the file ------------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """What the check is called."""
        label = self.check.form.definition.label.text(self.language)
        return f"{label} {self.record.get('number') or ''}".strip()

    @property
    def name(self) -> str:
        """The name of the file: the check, day and minute."""
        return file_name(f"{self.title} {self._local:%Y-%m-%d %H%M}", "xlsx")

    @property
    def _local(self) -> datetime:
        return self.started.astimezone(self.zone)

    @property
    def about(self) -> About:
        """What the workbook says of itself."""
        return About(self.title, str(self.person), self._local.replace(tzinfo=None), self.language, self.zone)

    @property
    def paper(self) -> Paper:
        """How it is printed."""
        note = self.say(_("As of %(moment)s", moment=f"{self._local:%Y-%m-%d %H:%M}"))
        definition = self.check.form.definition
        number = " ".join(filter(None, (definition.form_number, definition.form_revision)))
        return Paper(" · ".join(filter(None, (surroundings().company, self.title, number))), note)

    def say(self, message: Message | str) -> str:
        """Return a text in the reader's language."""
        return translate(message, self.language)

    def write(self, book: Book, pace: Pace) -> int:
        """Write every sheet; return how many lines the check has for this reader."""
        what = Column("what", self.say(_("What")), "text", width=34)
        value = Column("value", self.say(_("Value")), "text", width=70, wrap=True)
        summary = book.sheet(self.say(_("Summary")), [what, value])
        summary.write(self.summary())
        differences = book.sheet(self.say(_("Differences")), self._difference_columns(), frozen=2)
        for found in self.reader.every("off"):
            differences.write(self._difference(one) for one in self._named(found))
        every = book.sheet(self.say(_("Lines")), self._line_columns(), frozen=2)
        for found in self.reader.every("all"):
            every.write(self._line(one) for one in self._named(found))
            pace.reach(pace.done + len(found))
        book.sheet(self.say(_("Signatures")), self._signature_columns()).write(self.signatures())
        return every.rows

    # -- summary -------------------------------------------------------------------------------------------

    def summary(self) -> Iterator[Row]:
        """Yield what the check is about, how it stands, and its numbers."""
        self.lookup.prime(self.definition, [self.record])
        yield self.say(_("Number")), str(self.record.get("number") or "")
        flow = self.check.form.definition.workflow
        place: State | None = flow.state_of(self.check.record) if flow else None
        if place:
            yield self.say(_("State")), place.label.text(self.language) or place.key
        numbers = set(self.check.part.numbers.values())
        for field in self.definition.value_fields:
            value = self.record["data"].get(field.key)
            if value is not None and field.key not in numbers and field.type not in _NOT_SUMMED_UP:
                text = str(value) if isinstance(value, str) and not field.options else ""
                yield (
                    field.label.text(self.language) or field.key,
                    text or type_of(field).display(field, value, self.lookup, self.language),
                )
        yield self.say(_("List drawn up at")), self._moment(self.check.taken_at)
        yield self.say(_("Ledger")), self.check.ledger.definition.label.text(self.language)
        for name, message in _NUMBERS.items():
            if self.numbers is not None:
                yield self.say(message), f"{self.numbers[name]:,}"
        for outcome, count in (self.check.about.get("outcomes") or {}).items():
            if self.reader.sees_all:
                yield self.say(OUTCOMES[outcome]), f"{count:,}"

    def _moment(self, at: datetime | None) -> str:
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M") if at else ""

    # -- lines ---------------------------------------------------------------------------------------------

    def _named(self, found: Sequence[Shown]) -> Sequence[Shown]:
        spots = [one.line["spot"] for one in found]
        self.lookup.prime_people({spot["person"] for spot in spots if "person" in spot})
        return found

    def _item_columns(self) -> list[Column]:
        return [
            Column("number", self.say(_("Number")), "text"),
            Column("title", self.say(_("Item")), "text", wrap=True),
            Column("department", self.say(_("Department")), "choice"),
            Column("place", self.say(_("Place")), "text"),
        ]

    def _item(self, one: Shown) -> Row:
        spot = Spot.load({"kind": one.line["kind"], **one.line["spot"]})
        department = self.lookup.department(spot.department) if spot.department else None
        return one.line["number"] or None, one.line["title"] or None, department, spot.place or None

    def _line_columns(self) -> list[Column]:
        say = self.say
        return [
            *self._item_columns(),
            Column("kind", say(_("How it stands")), "choice"),
            Column("person", say(_("Borrower")), "text"),
            Column("due", say(_("Due")), "date"),
            Column("expected", say(_("On the list")), "decimal"),
            Column("book", say(_("By the books when counted")), "decimal"),
            Column("counted", say(_("Counted")), "decimal"),
            Column("difference", say(_("Difference")), "decimal"),
            Column("unit", say(_("Unit")), "choice"),
            Column("status", say(_("State")), "choice"),
            Column("by", say(_("Counted by")), "text"),
            Column("at", say(_("Counted at")), "datetime"),
            Column("note", say(_("Note")), "text", wrap=True),
        ]

    def _line(self, one: Shown) -> Row:
        line = one.line
        person = line["spot"].get("person")
        return (
            *self._item(one),
            self.say(SPOTS[line["kind"]]),
            self.lookup.person(person) if person else None,
            line.get("due") or None,
            one.number("expected"),
            one.number("book"),
            one.number("counted"),
            one.number("difference"),
            self._unit(one) or None,
            self.say(STATUSES[line["status"]]),
            line.get("by_name") or None,
            line.get("at"),
            line.get("note") or None,
        )

    def _difference_columns(self) -> list[Column]:
        say = self.say
        return [
            *self._item_columns(),
            Column("book", say(_("By the books when counted")), "decimal"),
            Column("counted", say(_("Counted")), "decimal"),
            Column("difference", say(_("Difference")), "decimal"),
            Column("unit", say(_("Unit")), "choice"),
            Column("decision", say(_("Decision")), "choice"),
            Column("reason", say(_("Reason")), "text", wrap=True),
            Column("decided_by", say(_("Decided by")), "text"),
            Column("outcome", say(_("Outcome")), "choice"),
            Column("by", say(_("Counted by")), "text"),
            Column("at", say(_("Counted at")), "datetime"),
        ]

    def _difference(self, one: Shown) -> Row:
        line = one.line
        decision, outcome = line.get("decision"), line.get("outcome")
        return (
            *self._item(one),
            one.number("book"),
            one.number("counted"),
            one.number("difference"),
            self._unit(one) or None,
            self.say(DECISIONS[decision]) if decision else None,
            line.get("reason") or None,
            line.get("decided_by_name") or None,
            self.say(OUTCOMES[outcome]) if outcome else None,
            line.get("by_name") or None,
            line.get("at"),
        )

    def _unit(self, one: Shown) -> str:
        part = self.check.ledger.definition.ledger
        field = self.reader.told.definition.by_key.get(part.unit) if part and part.unit else None
        value = one.item["data"].get(field.key) if field and one.item else None
        option = field.options_by_key.get(str(value)) if field else None
        return option.label.text(self.language) if option else ""

    # -- signatures ----------------------------------------------------------------------------------------

    def _signature_columns(self) -> list[Column]:
        say = self.say
        return [
            Column("step", say(_("Step")), "text", width=34),
            Column("who", say(_("Who")), "text", width=20),
            Column("decision", say(_("Decision")), "text", width=16),
            Column("at", say(_("Decided at")), "datetime"),
            Column("signature", say(_("Signature")), "text", width=26),
            Column("reason", say(_("Reason")), "text", width=40, wrap=True),
        ]

    def signatures(self) -> Iterator[Row]:
        """Yield who signed as rows of the workbook; a drawing is told by who drew it when."""
        for one in self.signed():
            drawn = _("drawn by %(name)s, %(at)s", name=one.name, at=self._moment(one.at))
            name = self.say(drawn) if one.drawing else one.name
            yield one.step, one.who, one.said, one.at, name or None, one.reason

    def signed(self) -> Iterator[Signed]:
        """Yield who signed, then room to sign on paper."""
        return signed(self.check, self.lookup)
