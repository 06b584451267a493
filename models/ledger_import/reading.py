"""What a row of an existing ledger says of its thing: checked, with every mistake beside its cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Final

from models.database import Document
from models.definition import Definition
from models.errors import InvalidError
from models.fields.numbers import decimal_of
from models.forms import LiveForm
from models.ledger.quantities import quantity_problem, read_quantity, require_single
from models.ledger.wording import plain
from models.ledger_import.columns import GONE, LOANS, extended
from models.ledger_import.slips import SlipReader
from models.ledger_import.steps import lending
from models.ledger_parts import Ledger
from models.lookups import References
from models.messages import Message, _
from models.people import Actor
from models.times import noon, now
from models.validation import Errors

_NEEDED: Final = _("This is needed.")
_TO_COME: Final = _("This day is still to come.")
_HERE_ALREADY: Final = _("This thing is in the ledger already; what happens to it now is booked there.")


@dataclass(frozen=True)
class Loan:
    """Pieces that are out: since when (ISO date), and what their slip will say besides."""

    quantity: Decimal
    since: str
    note: str
    slip: Document


@dataclass(frozen=True)
class Gone:
    """Pieces that are no longer there, or not fit for use: the kind of the movement, and its day."""

    kind: str
    quantity: Decimal
    day: str
    note: str


@dataclass
class Taken:
    """What a thing has behind it. Loans that are over leave no trace; `back` counts them."""

    quantity: Decimal
    arrived_at: datetime | None = None
    loans: list[Loan] = attribute(default_factory=list)
    gone: list[Gone] = attribute(default_factory=list)
    back: int = 0

    @property
    def left(self) -> Decimal:
        """How many pieces are neither out nor gone."""
        out = sum((one.quantity for one in self.loans), Decimal(0))
        return self.quantity - out - sum((one.quantity for one in self.gone), Decimal(0))


@dataclass(frozen=True)
class LedgerReader:
    """Reads what the rows of a file say of the things of one ledger.

    With `taken_over` they are here already, and the file may say what is out and what is gone.
    """

    actor: Actor
    form: LiveForm
    part: Ledger
    taken_over: bool

    @cached_property
    def slips(self) -> SlipReader | None:
        """What reads loans; None where whoever imports may not take them over."""
        form = lending(self.actor.person, self.form.key) if self.taken_over else None
        return SlipReader(self.actor, form) if form else None

    @cached_property
    def definition(self) -> Definition:
        """The ledger with everything that a column can fill."""
        if not self.taken_over:
            return self.form.definition
        return extended(self.form.definition, loans=self.slips is not None)

    @cached_property
    def today(self) -> str:
        """The day it is (ISO date)."""
        return now().astimezone(self.actor.timezone).date().isoformat()

    def read(self, data: Document, references: References, *, new: bool) -> tuple[Taken | None, Errors]:
        """Take what is no field out of the data of a row; return it, and what is wrong by its path."""
        loans, gone = (data.pop(key, None) or [] for key in (LOANS, GONE))
        if not new:
            return None, {key: [_HERE_ALREADY] for key, rows in ((LOANS, loans), (GONE, gone)) if rows}
        try:
            quantity = read_quantity(
                self.form.definition, data, data.get(self.part.quantity), self.part.quantity
            )
            require_single(self.part, data, quantity)
        except InvalidError as refused:
            return None, dict(refused.errors)
        reading = _Reading(self, data, Taken(quantity), references)
        reading.read(loans, gone)
        return (reading.taken if self.taken_over else None), reading.errors


def ledger_reader(actor: Actor, form: LiveForm, *, taken_over: bool) -> LedgerReader | None:
    """Return what reads the things of a form; None for one that is no ledger."""
    part = form.definition.ledger
    return LedgerReader(actor, form, part, taken_over) if part else None


@dataclass
class _Reading:
    """One thing being read: what is known of it, and what is wrong."""

    reader: LedgerReader
    data: Document
    taken: Taken
    references: References
    errors: Errors = attribute(default_factory=dict)
    arrived: str = ""

    def read(self, loans: Sequence[Document], gone: Sequence[Document]) -> None:
        """Read when it came, what is out, and what is gone, which may be all the rest."""
        self._read_arrival()
        for at, row in enumerate(loans):
            self._read_loan(f"{LOANS}.{at}", row)
        for at, row in enumerate(gone):
            self._read_gone(f"{GONE}.{at}", row)
        days = [one.since for one in self.taken.loans] + [one.day for one in self.taken.gone if one.day]
        first = self.arrived or min(days, default="")
        if first and first != self.reader.today:
            self.taken.arrived_at = noon(first, self.reader.actor.timezone)

    def _refuse(self, path: str, message: Message) -> None:
        self.errors.setdefault(path, []).append(message)

    def _read_arrival(self) -> None:
        key = self.reader.part.arrived_on
        self.arrived = str(self.data.get(key) or "") if key else ""
        if self.arrived > self.reader.today:
            self._refuse(key, _TO_COME)

    def _read_day(self, path: str, row: Document, column: str) -> str:
        """Return a day on which the thing must have been here."""
        day = str(row.get(column) or "")
        if day > self.reader.today:
            self._refuse(f"{path}.{column}", _TO_COME)
        elif day and day < self.arrived:
            message = _("This is before the day on which it came, %(day)s.", day=self.arrived)
            self._refuse(f"{path}.{column}", message)
        return day

    def _read_quantity(self, path: str, row: Document, *, rest: bool) -> Decimal:
        """Return how many pieces a row is about; with `rest` all that are left, where it does not say so."""
        stored, left = row.get("quantity"), self.taken.left
        quantity = decimal_of(stored) if stored is not None else left if rest else None
        problem = quantity_problem(self.reader.form.definition, self.data, quantity)
        if quantity is not None and (quantity > left or (stored is None and problem)):
            problem = _("Only %(left)s of them are left for this.", left=plain(max(left, Decimal(0))))
        if problem or quantity is None:
            self._refuse(f"{path}.quantity", problem or _NEEDED)
            return Decimal(0)
        return quantity

    def _read_loan(self, path: str, row: Document) -> None:
        if row.get("returned"):
            self.taken.back += 1
            return
        for column in ("borrower", "since", "due"):
            if not row.get(column):
                self._refuse(f"{path}.{column}", _NEEDED)
        since, due = self._read_day(path, row, "since"), str(row.get("due") or "")
        if due and due < since:
            self._refuse(f"{path}.due", _("This is before the first day."))
        quantity = self._read_quantity(path, row, rest=self.taken.quantity == 1)
        if self.reader.slips and not any(key.startswith(path) for key in self.errors):
            slip, wrong = self.reader.slips.read(row, self.references)
            self.errors |= {f"{path}.{column}".removesuffix("."): found for column, found in wrong.items()}
            self.taken.loans.append(Loan(quantity, since, str(row.get("note") or ""), slip))

    def _read_gone(self, path: str, row: Document) -> None:
        day = self._read_day(path, row, "day")
        quantity = self._read_quantity(path, row, rest=True)
        if quantity:
            kind = str(row.get("what") or "give_back")
            self.taken.gone.append(Gone(kind, quantity, day, str(row.get("note") or "")))
