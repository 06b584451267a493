"""What stands on a slip: its lines, its returns, and who borrows from when to when (P03.64)."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from bson import ObjectId

from models import directory
from models.changes import Change
from models.database import Document
from models.errors import DomainError, InvalidError
from models.fields.numbers import decimal_of
from models.ledger.quantities import as_stored
from models.ledger_parts import Returns, Slip
from models.messages import Message, _
from models.record_files import files_of


@dataclass(frozen=True)
class Line:
    """One row of a slip: so many pieces of an item; `lent` were handed over, `returned` have been settled."""

    path: str
    item: ObjectId
    quantity: Decimal
    lent: Decimal
    returned: Decimal

    @property
    def to_lend(self) -> Decimal:
        """How many are still to be handed over."""
        return self.quantity - self.lent

    @property
    def out(self) -> Decimal:
        """How many have not come back."""
        return self.lent - self.returned


@dataclass(frozen=True)
class Return:
    """One row of the table of returns."""

    path: str
    item: ObjectId
    quantity: Decimal
    outcome: str
    condition: str
    place: str


class SlipView:
    """A slip as it stands in a change, read by what its form says of its fields."""

    def __init__(self, change: Change) -> None:
        part = change.form.definition.slip
        if part is None:
            raise DomainError(_("This form lends nothing: it is not a slip."))
        self.change = change
        self.part: Slip = part
        self.data: Document = change.record["data"]
        self.id: ObjectId = change.record["_id"]

    # -- who, when -------------------------------------------------------------------------------------

    @property
    def today(self) -> date:
        """The day it is for who acts, or it was then."""
        return self.change.happened_at.astimezone(self.change.actor.timezone).date()

    def borrower(self) -> ObjectId:
        """Return who borrows. Raises InvalidError for nobody, and for somebody who left."""
        return active_person(self.data.get(self.part.borrower), self.part.borrower)

    @property
    def department(self) -> ObjectId | None:
        """The borrower's department as the slip says."""
        return self.data.get(self.part.department) if self.part.department else None

    def period(self) -> tuple[str, str]:
        """Return the first and last day. Raises InvalidError for days that are missing or backwards."""
        begins, ends = self.data.get(self.part.begins), self.data.get(self.part.ends)
        if not begins or not ends:
            path = self.part.begins if not begins else self.part.ends
            raise InvalidError({path: [_("This is needed.")]})
        if ends < begins:
            raise InvalidError({self.part.ends: [_("This is before the first day.")]})
        if ends < self.today.isoformat():
            raise InvalidError({self.part.ends: [_("This day has passed.")]})
        return begins, ends

    # -- what --------------------------------------------------------------------------------------------

    def items(self) -> set[ObjectId]:
        """Return the items that it names, however sound its rows are."""
        rows = self.data.get(self.part.items) or ()
        return {row[self.part.item] for row in rows if row.get(self.part.item)}

    def lines(self) -> list[Line]:
        """Return its rows. Raises InvalidError for none, one without item, and an item in two rows."""
        rows = self.data.get(self.part.items) or []
        if not rows:
            raise InvalidError({self.part.items: [_("Name at least one item.")]})
        counted = Counter(row.get(self.part.item) for row in rows)
        errors: dict[str, list[Message]] = {}
        found = []
        for at, row in enumerate(rows):
            item, path = row.get(self.part.item), f"{self.part.items}.{at}"
            if item is None:
                errors[f"{path}.{self.part.item}"] = [_("This is needed.")]
            elif counted[item] > 1:
                errors[f"{path}.{self.part.item}"] = [_("This item stands in two rows.")]
            else:
                found.append(
                    Line(
                        f"{path}.{self.part.quantity}",
                        item,
                        _number(row, self.part.quantity),
                        _number(row, self.part.lent),
                        _number(row, self.part.returned),
                    )
                )
        if errors:
            raise InvalidError(errors)
        return found

    def new_returns(self) -> list[Return]:
        """Return the rows of the table of returns that this change adds. Raises InvalidError for none."""
        part = self.part.returns
        if part is None:
            raise DomainError(_("This form has no table of returns."))
        found = list(self._returns(part))
        if not found:
            raise InvalidError({part.table: [_("Say what came back.")]})
        return found

    def _returns(self, part: Returns) -> Iterator[Return]:
        stored = {row["_row"] for row in self._before().get(part.table) or ()}
        for at, row in enumerate(self.data.get(part.table) or ()):
            if row["_row"] in stored:
                continue
            path = f"{part.table}.{at}"
            item = row.get(part.item)
            if item is None:
                raise InvalidError({f"{path}.{part.item}": [_("This is needed.")]})
            yield Return(
                f"{path}.{part.quantity}",
                item,
                _number(row, part.quantity),
                (row.get(part.outcome) if part.outcome else "") or "return",
                (row.get(part.condition) if part.condition else "") or "",
                (row.get(part.place) if part.place else "") or "",
            )

    def new_photos(self) -> tuple[ObjectId, ...]:
        """Return the pictures that this change adds."""
        field = self.change.form.definition.by_key.get(self.part.photos)
        if field is None:
            return ()
        had = set(files_of(field, self._before().get(field.key)))
        return tuple(one for one in files_of(field, self.data.get(field.key)) if one not in had)

    def adds_returns(self) -> bool:
        """Tell whether this change adds rows to the table of returns."""
        return self.part.returns is not None and any(self._returns(self.part.returns))

    # -- what it was -----------------------------------------------------------------------------------

    @property
    def was_lent(self) -> bool:
        """Tell whether something had been handed over before this change."""
        rows = self._before().get(self.part.items) or ()
        return any(_number(row, self.part.lent) for row in rows)

    @property
    def is_out(self) -> bool:
        """Tell whether something that had been handed over had not come back before this change."""
        rows = self._before().get(self.part.items) or ()
        return any(_number(row, self.part.lent) > _number(row, self.part.returned) for row in rows)

    def items_before(self) -> set[ObjectId]:
        """Return the items that it named before this change."""
        rows = self._before().get(self.part.items) or ()
        return {row[self.part.item] for row in rows if row.get(self.part.item)}

    def differs(self, key: str) -> bool:
        """Tell whether this change gives a field another value."""
        return bool(self._before().get(key) != self.data.get(key))

    def _before(self) -> Document:
        before: Document = self.change.before["data"] if self.change.before else {}
        return before

    # -- what the ledger writes ----------------------------------------------------------------------------

    def count(self, item: ObjectId, *, lent: Decimal = Decimal(0), returned: Decimal = Decimal(0)) -> None:
        """Add to what a row says was handed over and has come back."""
        rows = [dict(row) for row in self.data[self.part.items]]
        columns = self.change.form.definition.by_key[self.part.items].columns
        for row in rows:
            if row[self.part.item] == item:
                for key, more in ((self.part.lent, lent), (self.part.returned, returned)):
                    if key and more:
                        row[key] = as_stored(columns.get(key), _number(row, key) + more)
        self.data[self.part.items] = rows

    def write_keepers(self, keepers: Mapping[ObjectId, ObjectId | None]) -> None:
        """Write beside each row which department hands the item over."""
        if column := self.part.keeper:
            self.data[self.part.items] = [
                {**row, column: found} if (found := keepers.get(row.get(self.part.item))) else row
                for row in self.data[self.part.items]
            ]

    def write_outstanding(self) -> None:
        """Write how many pieces are still out."""
        if self.part.outstanding:
            still = sum(
                (
                    _number(row, self.part.lent) - _number(row, self.part.returned)
                    for row in self.data[self.part.items]
                ),
                Decimal(0),
            )
            field = self.change.form.definition.by_key[self.part.outstanding]
            self.data[self.part.outstanding] = as_stored(field, still)

    # -- what nobody may change ---------------------------------------------------------------------------

    def keep_counts(self) -> None:
        """Let what the ledger wrote stand as it is stored, whatever somebody sent."""
        counts = sorted(self.part.counts)
        stored = {row["_row"]: row for row in self._before().get(self.part.items) or ()}
        if rows := self.data.get(self.part.items):
            self.data[self.part.items] = [
                {
                    **{key: value for key, value in row.items() if key not in counts},
                    **{key: stored[row["_row"]][key] for key in counts if key in stored.get(row["_row"], {})},
                }
                for row in rows
            ]
        if key := self.part.outstanding:
            had = self._before().get(key)  # first: a step of the program may share its data with what was
            self.data.pop(key, None)
            if had is not None:
                self.data[key] = had

    def require_same_lines(self) -> None:
        """Raise InvalidError when rows by which something was lent are changed or gone, or others added."""
        if not self.was_lent:
            return
        stored = self._before().get(self.part.items) or ()
        fixed = ("_row", self.part.item, self.part.quantity)
        if [[row.get(key) for key in fixed] for row in stored] != [
            [row.get(key) for key in fixed] for row in self.data.get(self.part.items) or ()
        ]:
            raise InvalidError(
                {self.part.items: [_("What was lent stays as it was; book a return instead.")]}
            )

    def require_same_returns(self) -> None:
        """Raise InvalidError when a return that was booked is changed or taken away."""
        if self.part.returns is None:
            return
        stored = self._before().get(self.part.returns.table) or []
        now = {row["_row"]: row for row in self.data.get(self.part.returns.table) or ()}
        if any(now.get(row["_row"]) != row for row in stored):
            text = _("A return that was booked stays as it is; book a correction instead.")
            raise InvalidError({self.part.returns.table: [text]})


def active_person(person: ObjectId | None, path: str) -> ObjectId:
    """Return a person who is there. Raises InvalidError beside `path`."""
    if person is None:
        raise InvalidError({path: [_("This is needed.")]})
    if not directory.current().is_active(person):
        raise InvalidError({path: [_("This person has left.")]})
    return person


def _number(row: Document, key: str) -> Decimal:
    stored: Any = row.get(key) if key else None
    return Decimal(0) if stored is None else decimal_of(stored)
