"""Slips as a workbook: the slips, what each lends, and what came back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import access, directory
from models.access import Action
from models.database import Document
from models.definition import Field
from models.disclosure import Disclosure
from models.errors import DomainError, ForbiddenError
from models.export_columns import Sources, named_keys, record_columns, row_columns, rows_of, tables_of
from models.fields.numbers import decimal_of
from models.forms import LiveForm
from models.job_files import Pace
from models.ledger_parts import Slip
from models.ledger_reports.base import UNREAD, Linked, Reading, Row, days_late, each, linked, quantity_column
from models.messages import _
from models.spreadsheets.columns import Column
from models.spreadsheets.workbook import Book, Sheet


def count(reading: Reading, session: ClientSession) -> int:
    """Return how many slips there are. Raises NotFoundError, ForbiddenError, DomainError."""
    slips = _Slips.of(reading)
    return slips.form.records().count_documents(slips.query(), session=session)


def write(reading: Reading, book: Book, session: ClientSession, pace: Pace) -> int:
    """Write slips with their lines, returns and other rows; return how many slips."""
    slips = _Slips.of(reading)
    definition = slips.told.definition
    tables = tables_of(definition)
    keys = [field.key for field in definition.value_fields if field not in tables]
    own = record_columns(definition, ["state", *keys], reading.language, slips.told.limits.masked)
    title = definition.label.text(reading.language) or definition.key
    main = book.sheet(title, [_number(reading), *own.columns], frozen=1)
    below = [_Table.begin(slips, book, table) for table in tables]
    named = named_keys(definition, [*keys, *(table.key for table in tables)]) or ["number"]
    for batch in reading.batches(slips.found(session), pace):
        shown = [slips.told.shown(record) for record in batch]
        reading.lookup.prime(definition, shown, named)
        numbers = [linked(slips.form.key, record) for record in batch]
        cells = own.rows(shown, reading.lookup)
        main.write((number, *row) for number, row in zip(numbers, cells, strict=True))
        for table in below:
            table.write(shown, session)
    return main.rows


def _number(reading: Reading) -> Column:
    return Column("number", reading.say(_("Number")), "record")


@dataclass(frozen=True)
class _Slips:
    """The slips of a form as their reader is shown them."""

    reading: Reading
    form: LiveForm
    part: Slip
    told: Disclosure

    @classmethod
    def of(cls, reading: Reading) -> "_Slips":
        """Return them. Raises NotFoundError, ForbiddenError for what the reader may not export."""
        form = reading.slip_form()
        access.require(reading.person, form.key, Action.EXPORT)
        if form.definition.slip is None:
            raise DomainError(_("This form lends nothing: it is not a slip."))
        return cls(reading, form, form.definition.slip, Disclosure(reading.person, form))

    def query(self) -> Document:
        """Return the filter of the slips that are asked for."""
        asked, part = self.reading.asked, self.part
        wanted: dict[str, Any] = {}
        if asked.begins or asked.ends:
            days = {"$gte": asked.begins, "$lte": asked.ends}
            wanted[part.begins] = {op: day for op, day in days.items() if day}
        if asked.person:
            wanted[part.borrower] = asked.person
        if asked.department and part.department:
            wanted[part.department] = {"$in": directory.current().with_merged(asked.department)}
        if asked.open_only and part.outstanding:
            wanted[part.outstanding] = {"$gt": 0}
        if wanted.keys() & self.told.unasked:
            raise ForbiddenError(_("You may not ask by this."))
        seen = access.records_filter(self.reading.person, self.form, Action.EXPORT)
        return {"$and": [seen, {f"data.{key}": value for key, value in wanted.items()}]}

    def found(self, session: ClientSession) -> Iterator[Document]:
        """Yield them by number."""
        found = self.form.records().find(self.query(), UNREAD, session=session)
        return each(found, "number")


@dataclass(frozen=True)
class _Table:
    """One sheet with the rows of a table of the slips."""

    slips: _Slips
    table: Field
    own: Sources
    sheet: Sheet

    @classmethod
    def begin(cls, slips: _Slips, book: Book, table: Field) -> "_Table":
        """Begin the sheet; rows that name items get their numbers, those that lend them what is still out."""
        reading, own = slips.reading, row_columns(table, slips.reading.language)
        before = [_number(reading)]
        if cls._item_column(slips, table):
            before.append(Column("item", f"{reading.title}: {reading.say(_('Number'))}", "record"))
        after = _open_columns(reading) if table.key == slips.part.items else []
        name = table.label.text(reading.language) or table.key
        columns = [*before, *own.columns[1:], *after]  # the slip's own number stands before all
        return cls(slips, table, own, book.sheet(name, columns, frozen=1))

    @staticmethod
    def _item_column(slips: _Slips, table: Field) -> str:
        """Return the column of a table that names an item of the ledger."""
        ledger = slips.part.ledger
        found = (one.key for one in table.fields if one.type == "reference" and one.form == ledger)
        return next(found, "")

    def write(self, slips: Sequence[Document], session: ClientSession) -> None:
        """Write the rows of some slips as they are shown."""
        pairs = [(slip, row) for slip in slips for row in rows_of(self.table, [slip])]
        if not pairs:
            return
        rows = [row for _slip, row in pairs]
        items = self._items(rows, session)
        cells = self.own.rows(rows, self.slips.reading.lookup)
        self.sheet.write(
            (*self._before(slip, row, items), *one[1:], *self._after(slip, row))
            for (slip, row), one in zip(pairs, cells, strict=True)
        )

    def _before(self, slip: Document, row: Document, items: dict[ObjectId, Linked]) -> Row:
        number = linked(self.slips.form.key, slip)
        column = self._item_column(self.slips, self.table)
        return (number, items.get(row["data"].get(column))) if column else (number,)

    def _items(self, rows: Sequence[Document], session: ClientSession) -> dict[ObjectId, Linked]:
        column, reading = self._item_column(self.slips, self.table), self.slips.reading
        if not column:
            return {}
        ids = (row["data"][column] for row in rows if row["data"].get(column))
        found = reading.items(ids, session, Action.SEE)
        return {key: linked(reading.ledger.key, record) for key, record in found.items()}

    def _after(self, slip: Document, row: Document) -> Row:
        if self.table.key != self.slips.part.items:
            return ()
        part, data = self.slips.part, row["data"]
        still = _amount(data, part.lent) - _amount(data, part.returned)
        due = slip["data"].get(part.ends) if still > 0 else None
        late = (
            days_late(due, self.slips.reading.today) if isinstance(due, str) and due[:1].isdigit() else None
        )
        return still or None, due, late


def _open_columns(reading: Reading) -> list[Column]:
    say = reading.say
    return [
        quantity_column(say(_("Still out")), "open"),
        Column("due", say(_("Due")), "date"),
        Column("late", say(_("Days late")), "integer"),
    ]


def _amount(data: Document, key: str) -> Decimal:
    stored = data.get(key) if key else None
    return Decimal(0) if stored is None else decimal_of(stored)
