"""The stock of one item: where its pieces are, and who has asked for them. Plain values, no database.

The one rule everything else rests on: no piece is in two hands. Each movement takes pieces out of one
spot, where they must be, and puts them into another; what is promised to people never exceeds, on any day,
what is there to be lent.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Self

from bson import Decimal128, ObjectId

from models.database import Document
from models.fields.numbers import decimal_of
from models.ledger.kinds import INSIDE, LENDABLE, SpotKind

MAX_ENTRIES: Final = 2000
"""Spots, promises and people in line of one item; its document stays small enough to be read at once."""
FAR: Final = "9999-12-31"


@dataclass(frozen=True)
class Spot:
    """Where pieces are: kept by a department at a place, or in the hands of a person by a slip."""

    kind: SpotKind
    department: ObjectId | None = None
    place: str = ""
    person: ObjectId | None = None
    slip: ObjectId | None = None

    def dump(self) -> Document:
        """Return it as a document without what is empty."""
        return {key: value for key, value in vars(self).items() if value}

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> Self:
        """Read what `dump` gave; other keys are left aside."""
        return cls(**{key: document[key] for key in cls.__dataclass_fields__ if key in document})


@dataclass(frozen=True)
class Position:
    """Pieces at a spot; lent ones since when and until which day (ISO date)."""

    spot: Spot
    quantity: Decimal
    since: datetime | None = None
    due: str = ""


@dataclass(frozen=True)
class Promise:
    """Pieces that a slip asked for, from one day to another (ISO dates); `queued` ones wait for others."""

    slip: ObjectId
    person: ObjectId
    quantity: Decimal
    begins: str
    ends: str
    asked_at: datetime
    department: ObjectId | None = None
    queued: bool = False


@dataclass(frozen=True)
class Occupation:
    """Pieces that somebody has or will have on some days; `late` ones should have been back."""

    slip: ObjectId | None
    person: ObjectId | None
    quantity: Decimal
    begins: str
    ends: str
    lent: bool
    late: bool = False

    def on(self, day: str) -> bool:
        """Tell whether the pieces are taken on a day."""
        return self.begins <= day <= (FAR if self.late else self.ends)


class ShortageError(Exception):
    """There are not so many pieces; `free` are, and `taken` says who has the others, or will have."""

    def __init__(self, wanted: Decimal, free: Decimal, taken: tuple[Occupation, ...] = ()) -> None:
        super().__init__(f"{wanted} wanted, {free} free")
        self.wanted = wanted
        self.free = free
        self.taken = taken


@dataclass(frozen=True)
class Stock:
    """All pieces of one item. `arrived` counts what ever came in; `version` counts its changes."""

    arrived: Decimal = Decimal(0)
    positions: tuple[Position, ...] = ()
    promises: tuple[Promise, ...] = ()
    version: int = 0
    moved: int = field(default=0, kw_only=True)

    # -- what is there ---------------------------------------------------------------------------------

    def total(self, kinds: Iterable[str]) -> Decimal:
        """Return how many pieces are at spots of these kinds."""
        wanted = set(kinds)
        return sum((one.quantity for one in self.positions if one.spot.kind in wanted), Decimal(0))

    @property
    def inside(self) -> Decimal:
        """Pieces that we still answer for."""
        return self.total(INSIDE)

    def at(self, spot: Spot) -> Decimal:
        """Return how many pieces are at a spot."""
        return sum((one.quantity for one in self.positions if one.spot == spot), Decimal(0))

    def spots(self, *kinds: str, slip: ObjectId | None = None) -> list[Position]:
        """Return the positions of some kinds, of one slip where given."""
        return [
            one
            for one in self.positions
            if one.spot.kind in kinds and (slip is None or one.spot.slip == slip)
        ]

    @property
    def queue(self) -> tuple[Promise, ...]:
        """Who waits, in the order in which they asked."""
        return tuple(one for one in self.promises if one.queued)

    # -- who has what when -----------------------------------------------------------------------------

    def occupations(self, today: date, *, but: ObjectId | None = None) -> list[Occupation]:
        """Return what is taken on which days, leaving out one slip: lent pieces first, then promises."""
        day = today.isoformat()
        lent = [
            Occupation(
                one.spot.slip,
                one.spot.person,
                one.quantity,
                one.since.date().isoformat() if one.since else "",
                one.due or FAR,
                lent=True,
                late=bool(one.due) and one.due < day,
            )
            for one in self.spots("lent")
        ]
        promised = [
            Occupation(one.slip, one.person, one.quantity, one.begins, one.ends, lent=False)
            for one in self.promises
            if not one.queued and one.ends >= day
        ]
        return [one for one in (*lent, *promised) if but is None or one.slip != but]

    def free(self, begins: str, ends: str, today: date, *, but: ObjectId | None = None) -> Decimal:
        """Return how many pieces nobody has or will have on any day of a period, one slip left out."""
        taken = self.occupations(today, but=but)
        days = {begins, *(one.begins for one in taken if begins < one.begins <= ends)}
        most = max(sum((one.quantity for one in taken if one.on(day)), Decimal(0)) for day in days)
        return max(Decimal(0), self.total(LENDABLE) - most)

    def require_free(
        self, quantity: Decimal, begins: str, ends: str, today: date, *, but: ObjectId | None = None
    ) -> None:
        """Raise ShortageError unless so many pieces are free on every day of a period."""
        free = self.free(begins, ends, today, but=but)
        if free < quantity:
            taken = self.occupations(today, but=but)
            inside = [one for one in taken if one.begins <= ends and (one.late or one.ends >= begins)]
            raise ShortageError(quantity, free, tuple(inside))

    # -- changes, each a new stock -----------------------------------------------------------------------

    def promised(self, promise: Promise, today: date) -> Self:
        """Return the stock with a promise, which takes the place of the slip's earlier one."""
        if not promise.queued:
            self.require_free(promise.quantity, promise.begins, promise.ends, today, but=promise.slip)
        others = self.without_promise(promise.slip).promises
        return self._with(promises=(*others, promise))

    def without_promise(self, slip: ObjectId) -> Self:
        """Return the stock without what a slip asked for."""
        return replace(self, promises=tuple(one for one in self.promises if one.slip != slip))

    def promise_of(self, slip: ObjectId) -> Promise | None:
        """Return what a slip has asked for."""
        return next((one for one in self.promises if one.slip == slip), None)

    def put(
        self,
        quantity: Decimal,
        target: Spot,
        *,
        since: datetime | None = None,
        due: str = "",
        new: bool = True,
    ) -> Self:
        """Return the stock with pieces more at a spot; `new` ones came from outside."""
        same = next((one for one in self.positions if one.spot == target), None)
        others = tuple(one for one in self.positions if one.spot != target)
        put = Position(target, quantity, since, due)
        if same is not None:
            put = replace(same, quantity=same.quantity + quantity, due=due or same.due)
        arrived = self.arrived + quantity if new else self.arrived
        return self._with(positions=(*others, put), arrived=arrived)

    def take(self, quantity: Decimal, source: Spot, *, away: bool = True) -> Self:
        """Return the stock with fewer pieces at a spot; `away`: off the books. Raises ShortageError."""
        held = self.at(source)
        if held < quantity:
            raise ShortageError(quantity, held)
        positions = tuple(
            replace(one, quantity=one.quantity - quantity) if one.spot == source else one
            for one in self.positions
        )
        left = tuple(one for one in positions if one.quantity)
        return self._with(positions=left, arrived=self.arrived - quantity if away else self.arrived)

    def move(
        self,
        quantity: Decimal,
        source: Spot | None,
        target: Spot | None,
        *,
        since: datetime | None = None,
        due: str = "",
    ) -> Self:
        """Return the stock after pieces went from one spot to another. Raises ShortageError."""
        taken = self.take(quantity, source, away=target is None) if source else self
        moved = taken.put(quantity, target, since=since, due=due, new=source is None) if target else taken
        return replace(moved, moved=moved.moved + 1)

    def due_until(self, slip: ObjectId, ends: str) -> Self:
        """Return the stock with another day on which a slip's pieces, lent or promised, come back."""
        return self._with(
            positions=tuple(
                replace(one, due=ends) if one.spot.slip == slip and one.spot.kind == "lent" else one
                for one in self.positions
            ),
            promises=tuple(replace(one, ends=ends) if one.slip == slip else one for one in self.promises),
        )

    def _with(self, **changes: Any) -> Self:  # noqa: ANN401  (its own attributes)
        changed = replace(self, **changes)
        if len(changed.positions) + len(changed.promises) > MAX_ENTRIES:
            raise OverflowError(MAX_ENTRIES)
        return changed

    # -- as a document -----------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Tell whether anything of it is lent or asked for."""
        return bool(self.promises or self.spots("lent"))

    def dump(self) -> Document:
        """Return it as it is kept in an item's record; `busy` is there to be looked for."""
        return {
            **({"busy": True} if self.busy else {}),
            "arrived": Decimal128(self.arrived),
            "positions": [
                {
                    **one.spot.dump(),
                    "quantity": Decimal128(one.quantity),
                    **({"since": one.since} if one.since else {}),
                    **({"due": one.due} if one.due else {}),
                }
                for one in self.positions
            ],
            "promises": [{**vars(one), "quantity": Decimal128(one.quantity)} for one in self.promises],
            "version": self.version,
            "moved": self.moved,
        }

    @classmethod
    def load(cls, document: Mapping[str, Any] | None) -> Self:
        """Read what `dump` gave; nothing is an empty stock."""
        if not document:
            return cls()
        return cls(
            decimal_of(document["arrived"]),
            tuple(
                Position(Spot.load(one), decimal_of(one["quantity"]), one.get("since"), one.get("due", ""))
                for one in document["positions"]
            ),
            tuple(
                Promise(**{**one, "quantity": decimal_of(one["quantity"])}) for one in document["promises"]
            ),
            document["version"],
            moved=document["moved"],
        )
