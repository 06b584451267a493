"""The stock of one item: where its pieces are, and who has asked for them. Plain values, no database.

The one rule everything else rests on: no piece is in two hands. Each movement takes pieces out of one
spot, where they must be, and puts them into another; what is promised to people never exceeds, on any day,
what is there to be lent.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Self

from bson import Decimal128, ObjectId

from models.database import Document
from models.fields.numbers import decimal_of
from models.ledger.kinds import INSIDE, LENDABLE
from models.ledger.pieces import FAR, Occupation, Position, Promise, ShortageError, Spot

__all__ = ["FAR", "MAX_ENTRIES", "Occupation", "Position", "Promise", "ShortageError", "Spot", "Stock"]

MAX_ENTRIES: Final = 2000
"""Spots, promises and people in line of one item; its document stays small enough to be read at once."""


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
        """Who waits, in the order in which they asked; it is the same for every item of a slip."""
        return tuple(sorted((one for one in self.promises if one.queued), key=lambda one: one.asked))

    # -- who has what when -----------------------------------------------------------------------------

    def occupations(self, today: date, *, but: ObjectId | None = None) -> list[Occupation]:
        """Return what is taken on which days, leaving out one slip: lent pieces first, then promises."""
        promised = [one for one in self.promises if not one.queued and one.ends >= today.isoformat()]
        return [
            one
            for one in (*self._lent(today), *(promise.occupation() for promise in promised))
            if but is None or one.slip != but
        ]

    def _lent(self, today: date) -> Iterator[Occupation]:
        day = today.isoformat()
        for one in self.spots("lent"):
            since = min(one.since.date().isoformat(), day) if one.since else ""
            late = bool(one.due) and one.due < day
            yield Occupation(
                one.spot.slip, one.spot.person, one.quantity, since, one.due or FAR, lent=True, late=late
            )

    def line(self, today: date, *, before: ObjectId | None = None) -> list[Promise]:
        """Return who waits for days that are still to come, in order; with `before`, ahead of a slip."""
        waiting = [one for one in self.queue if one.ends >= today.isoformat()]
        own = self.promise_of(before) if before else None
        return [one for one in waiting if own is None or not own.queued or one.asked < own.asked]

    def free(self, begins: str, ends: str, today: date, *, but: ObjectId | None = None) -> Decimal:
        """Return how many pieces can be had for a period, by whoever comes now or by one slip.

        They are left for others who have them, who were promised them, and who are in line before. What a
        slip was itself promised comes before what others were promised later: should pieces be lost, whoever
        asked first is served first.
        """
        free = self._left(self._rivals(today, but), begins, ends)
        own = self.promise_of(but) if but else None
        if own and not own.queued and own.begins <= begins and ends <= own.ends:
            earlier = [one for one in self.promises if not one.queued and one.asked < own.asked]
            rivals = [one for one in self._lent(today) if one.slip != but]
            rivals += [one.occupation() for one in earlier if one.ends >= today.isoformat()]
            free = max(free, min(own.quantity, self._left(rivals, begins, ends)))
        return free

    def _rivals(self, today: date, but: ObjectId | None) -> list[Occupation]:
        ahead = (one.occupation() for one in self.line(today, before=but) if one.slip != but)
        return [*self.occupations(today, but=but), *ahead]

    def _left(self, taken: Iterable[Occupation], begins: str, ends: str) -> Decimal:
        """Return how many pieces nobody has taken on any day of a period; it is fewest where one begins."""
        taken = list(taken)
        days = {begins, *(one.begins for one in taken if begins < one.begins <= ends)}
        most = max(sum((one.quantity for one in taken if one.on(day)), Decimal(0)) for day in days)
        return max(Decimal(0), self.total(LENDABLE) - most)

    def require_free(
        self, quantity: Decimal, begins: str, ends: str, today: date, *, but: ObjectId | None = None
    ) -> None:
        """Raise ShortageError unless so many pieces can be had for every day of a period; see `free`."""
        free = self.free(begins, ends, today, but=but)
        if free < quantity:
            taken = self._rivals(today, but)
            inside = [one for one in taken if one.begins <= ends and (one.late or one.ends >= begins)]
            raise ShortageError(quantity, free, tuple(inside))

    def fits(self, promise: Promise, today: date) -> bool:
        """Tell whether what somebody in line waits for can be had now."""
        free = self.free(promise.begins, promise.ends, today, but=promise.slip)
        return free >= promise.quantity

    # -- changes, each a new stock -----------------------------------------------------------------------

    def promised(self, promise: Promise, today: date) -> Self:
        """Return the stock with a promise, which takes the place of the slip's earlier one."""
        if not promise.queued:
            self.require_free(promise.quantity, promise.begins, promise.ends, today, but=promise.slip)
        others = self.without_promise(promise.slip).promises
        return self._with(promises=(*others, promise))

    def without_promise(self, slip: ObjectId) -> Self:
        """Return the stock without what a slip asked for."""
        return self.without([one for one in self.promises if one.slip == slip])

    def without(self, promises: Collection[Promise]) -> Self:
        """Return the stock without some promises."""
        return replace(self, promises=tuple(one for one in self.promises if one not in promises))

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
