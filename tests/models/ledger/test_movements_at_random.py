"""Whatever happens in whatever order: a stock says the same as a list of single pieces and their places."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import bson
from bson import ObjectId
from bson.codec_options import CodecOptions
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from models.ledger.kinds import INSIDE, KINDS, LENDABLE
from models.ledger.mirroring import status
from models.ledger.movements import Details
from models.ledger.moving import moved
from models.ledger.stock import Promise, ShortageError, Spot, Stock

START = date(2026, 11, 20)
DEPARTMENTS = [ObjectId() for _one in range(2)]
SLIPS = {ObjectId(): ObjectId() for _one in range(4)}
"""Each with its borrower."""
TARGETS = {
    kind: Spot(found.target, DEPARTMENTS[1] if found.target in {"kept", "damaged"} else None)
    for kind, found in KINDS.items()
    if found.target and found.sources and kind not in {"borrow", "return", "pass_on"}
}
OUTCOMES = ("return", "damage", "lose", "use_up")
pieces = st.integers(1, 4).map(Decimal)
days = st.integers(0, 12)
slips = st.sampled_from(sorted(SLIPS))


def iso(after: int) -> str:
    return (START + timedelta(days=after)).isoformat()


@dataclass
class Piece:
    """One piece, where it is, and when it is to be back."""

    spot: Spot
    since: int = 0
    due: int = 0


class Pieces(RuleBasedStateMachine):
    """Every piece for itself, beside the stock that only counts."""

    def __init__(self) -> None:
        super().__init__()
        self.stock, self.pieces, self.gone = Stock(), list[Piece](), 0
        self.promises: dict[ObjectId, Promise] = {}
        self.today = self.minutes = 0

    @property
    def date(self) -> date:
        return START + timedelta(days=self.today)

    def now(self) -> datetime:
        """A moment of today; there are no two the same."""
        self.minutes += 1
        return datetime.combine(self.date, time(1), UTC) + timedelta(seconds=self.minutes)

    # -- what happens --------------------------------------------------------------------------------------

    @rule(quantity=pieces)
    def arrive(self, quantity: Decimal) -> None:
        spot = Spot("kept", DEPARTMENTS[0])
        self.stock = self.stock.move(quantity, None, spot)
        self.pieces += [Piece(spot) for _one in range(int(quantity))]

    @rule(after=st.integers(1, 4))
    def pass_time(self, after: int) -> None:
        self.today += after

    @rule(kind=st.sampled_from(sorted(TARGETS)), quantity=st.none() | pieces)
    def move(self, kind: str, quantity: Decimal | None) -> None:
        sources = [one for one in KINDS[kind].sources if one != "lent"]
        there = [piece for one in sources for piece in self.pieces if piece.spot.kind == one]
        wanted = len(there) if quantity is None else int(quantity)
        try:
            after, made = moved(self.stock, kind, quantity, TARGETS[kind], Details())
        except ShortageError:
            assert not wanted or wanted > len(there)
            return
        assert sum(one.quantity for one in made) <= wanted <= len(there)
        for movement in made:
            self._put(movement.source, movement.quantity, Piece(movement.target or Spot("lost")))
        self.stock = after

    def _put(self, source: Spot | None, quantity: Decimal, new: Piece) -> None:
        for piece in [one for one in self.pieces if one.spot == source][: int(quantity)]:
            piece.spot, piece.since, piece.due = new.spot, new.since, new.due

    @rule(quantity=pieces)
    def correct(self, quantity: Decimal) -> None:
        there = [piece for piece in self.pieces if piece.spot == Spot("kept", DEPARTMENTS[0])]
        try:
            self.stock = self.stock.move(quantity, Spot("kept", DEPARTMENTS[0]), None)
        except ShortageError:
            assert quantity > len(there)
            return
        for piece in there[: int(quantity)]:
            self.pieces.remove(piece)

    @rule(slip=slips, quantity=pieces, begins=days, length=days, queued=st.booleans())
    def ask(self, slip: ObjectId, quantity: Decimal, begins: int, length: int, queued: bool) -> None:  # noqa: FBT001
        first = self.today + begins - 2
        last = max(first + length, self.today)
        asked = Promise(slip, SLIPS[slip], quantity, iso(first), iso(last), self.now(), queued=queued)
        fits = queued or quantity <= self._free(first, last, slip)
        try:
            self.stock = self.stock.promised(asked, self.date)
        except ShortageError:
            assert not fits
            return
        assert fits
        self.promises[slip] = asked

    @rule(slip=slips)
    def release(self, slip: ObjectId) -> None:
        self.stock = self.stock.without_promise(slip)
        self.promises.pop(slip, None)

    @rule(slip=slips, quantity=pieces, length=days)
    def lend(self, slip: ObjectId, quantity: Decimal, length: int) -> None:
        last = self.today + length
        here = sum(piece.spot.kind == "kept" for piece in self.pieces)
        possible = quantity <= min(here, self._free(self.today, last, slip))
        hands = Spot("lent", person=SLIPS[slip], slip=slip)
        try:
            self.stock.require_free(quantity, iso(self.today), iso(last), self.date, but=slip)
            after, made = self._handed_over(quantity, hands, last)
        except ShortageError:
            assert not possible
            return
        assert possible
        due = max([last, *(one.due for one in self.pieces if one.spot == hands)][:1])
        for movement in made:
            self._put(movement, Decimal(1), Piece(hands, self.today, last))
        for piece in self.pieces:
            if piece.spot == hands:
                piece.due = due
        self.stock = after.without_promise(slip)
        self.promises.pop(slip, None)

    def _handed_over(self, quantity: Decimal, hands: Spot, last: int) -> tuple[Stock, list[Spot]]:
        after, taken = self.stock, list[Spot]()
        for spot in [piece.spot for piece in self.pieces if piece.spot.kind == "kept"][: int(quantity)]:
            after = after.move(Decimal(1), spot, hands, since=self.now(), due=iso(last))
            taken.append(spot)
        if len(taken) < quantity:
            raise ShortageError(quantity, Decimal(len(taken)))
        return after, taken

    @rule(slip=slips, quantity=pieces, outcome=st.sampled_from(OUTCOMES))
    def take_back(self, slip: ObjectId, quantity: Decimal, outcome: str) -> None:
        out = [piece for piece in self.pieces if piece.spot.slip == slip]
        spot = KINDS[outcome].target or "kept"
        goal = Spot(spot, DEPARTMENTS[0] if spot in {"kept", "damaged"} else None)
        try:
            self.stock, _made = moved(self.stock, outcome, quantity, goal, Details(), slip=slip)
        except ShortageError:
            assert quantity > len(out)
            return
        for piece in out[: int(quantity)]:
            piece.spot, piece.due = goal, 0

    @rule(slip=slips, length=days)
    def extend(self, slip: ObjectId, length: int) -> None:
        if slip in self.promises and self.promises[slip].begins > iso(self.today + length):
            return
        self.stock = self.stock.due_until(slip, iso(self.today + length))
        for piece in self.pieces:
            if piece.spot.slip == slip:
                piece.due = self.today + length
        if slip in self.promises:
            self.promises[slip] = replace(self.promises[slip], ends=iso(self.today + length))

    # -- what must be true at any time ---------------------------------------------------------------------

    def _free(self, first: int, last: int, slip: ObjectId | None = None) -> int:
        """Count, day by day and piece by piece, how many a slip may have for some days."""
        own = self.promises.get(slip) if slip else None
        least = min(self._free_on(day, slip, own) for day in range(first, last + 1))
        if own and not own.queued and own.begins <= iso(first) and iso(last) <= own.ends:
            earlier = [
                one
                for one in self.promises.values()
                if one.slip != slip and not one.queued and one.asked < own.asked
            ]
            promised = min(
                self._lendable() - self._lent_on(day, slip) - self._asked_on(day, earlier)
                for day in range(first, last + 1)
            )
            least = max(least, min(int(own.quantity), promised))
        return max(0, least)

    def _free_on(self, day: int, slip: ObjectId | None, own: Promise | None) -> int:
        others = [one for one in self.promises.values() if one.slip != slip]
        ahead = own.asked if own and own.queued else None
        before_me = [one for one in others if not one.queued or ahead is None or one.asked < ahead]
        return self._lendable() - self._lent_on(day, slip) - self._asked_on(day, before_me)

    def _lendable(self) -> int:
        return sum(piece.spot.kind in LENDABLE for piece in self.pieces)

    def _lent_on(self, day: int, slip: ObjectId | None) -> int:
        return sum(
            piece.spot.kind == "lent"
            and (slip is None or piece.spot.slip != slip)
            and (piece.due < self.today or day <= piece.due)
            for piece in self.pieces
            if day >= min(piece.since, self.today)
        )

    def _asked_on(self, day: int, asked: list[Promise]) -> int:
        return sum(
            int(one.quantity)
            for one in asked
            if one.ends >= iso(self.today) and one.begins <= iso(day) <= one.ends
        )

    @invariant()
    def every_piece_is_in_one_place(self) -> None:
        counted: dict[Spot, int] = {}
        for piece in self.pieces:
            counted[piece.spot] = counted.get(piece.spot, 0) + 1
        assert {one.spot: int(one.quantity) for one in self.stock.positions} == counted
        assert self.stock.arrived == len(self.pieces)
        assert all(one.quantity > 0 for one in self.stock.positions)
        assert self.stock.total(["lent"]) <= self.stock.inside <= self.stock.arrived
        assert self.stock.inside == sum(piece.spot.kind in INSIDE for piece in self.pieces)

    @invariant()
    def it_says_who_may_have_how_many(self) -> None:
        for first, last in ((0, 0), (0, 6), (3, 5)):
            begins, ends = self.today + first, self.today + last
            for slip in (None, *SLIPS):
                free = self.stock.free(iso(begins), iso(ends), self.date, but=slip)
                assert free == self._free(begins, ends, slip), (first, last, slip)

    @invariant()
    def whoever_is_in_line_is_so_once(self) -> None:
        waiting = [
            one.slip for one in sorted(self.promises.values(), key=lambda one: one.asked) if one.queued
        ]
        assert [one.slip for one in self.stock.queue] == waiting
        for one in self.stock.line(self.date):
            begins = (date.fromisoformat(one.begins) - START).days
            ends = (date.fromisoformat(one.ends) - START).days
            assert self.stock.fits(one, self.date) == (one.quantity <= self._free(begins, ends, one.slip))

    @invariant()
    def it_is_the_same_after_it_was_stored(self) -> None:
        stored = bson.decode(bson.encode(self.stock.dump()), CodecOptions(tz_aware=True, document_class=dict))
        loaded = Stock.load(stored)
        assert loaded == self.stock
        assert status(loaded) == status(self.stock)


Pieces.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestPieces = Pieces.TestCase
