"""The stock of one item, without a database: who can have how many of its pieces on which days."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from bson import ObjectId

from models.ledger.stock import Promise, ShortageError, Spot, Stock

TODAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
HERE = Spot("kept", ObjectId())


def day(after: int) -> str:
    return (TODAY + timedelta(days=after)).isoformat()


def stock(pieces: int = 1) -> Stock:
    return Stock().move(Decimal(pieces), None, HERE)


def promise(begins: int, ends: int, quantity: int = 1, *, minute: int = 0, queued: bool = False) -> Promise:
    asked_at = NOON + timedelta(minutes=minute)
    return Promise(ObjectId(), ObjectId(), Decimal(quantity), day(begins), day(ends), asked_at, queued=queued)


def lent(before: Stock, due: int, pieces: int = 1, *, since: datetime = NOON) -> Stock:
    hands = Spot("lent", person=ObjectId(), slip=ObjectId())
    return before.move(Decimal(pieces), HERE, hands, since=since, due=day(due))


def free(of: Stock, begins: int, ends: int, but: ObjectId | None = None) -> int:
    return int(of.free(day(begins), day(ends), TODAY, but=but))


def test_a_piece_is_free_from_the_day_after_it_comes_back() -> None:
    found = lent(stock(), due=3)
    assert [free(found, one, one) for one in (0, 3, 4)] == [0, 0, 1]
    assert free(found, 4, 40) == 1
    assert free(found, 3, 40) == 0


def test_a_piece_that_comes_back_today_can_be_had_tomorrow() -> None:
    assert free(lent(stock(), due=0), 1, 1) == 1


def test_what_is_overdue_can_be_promised_for_no_day() -> None:
    found = lent(stock(2), due=-1)
    assert [free(found, one, one) for one in (0, 1, 400)] == [1, 1, 1]


def test_what_was_lent_in_a_time_zone_that_is_ahead_is_taken_today() -> None:
    found = lent(stock(), due=3, since=NOON + timedelta(days=1))
    assert free(found, 0, 0) == 0


def test_a_reservation_that_began_and_was_not_fetched_holds_its_pieces_until_it_ends() -> None:
    found = stock().promised(promise(-2, 1), TODAY)
    assert [free(found, one, one) for one in (0, 1, 2)] == [0, 0, 1]
    over = replace(found, promises=(promise(-5, -1),))
    assert free(over, 0, 5) == 1


def test_the_day_on_which_most_pieces_are_taken_decides() -> None:
    found = stock(3).promised(promise(2, 4, 2), TODAY).promised(promise(4, 6), TODAY)
    assert [free(found, *days) for days in ((0, 1), (0, 3), (0, 4), (5, 9), (0, 9))] == [3, 1, 0, 2, 0]


def test_a_newcomer_leaves_the_pieces_for_which_others_wait() -> None:
    waiting = promise(2, 4, minute=1, queued=True)
    found = stock().promised(waiting, TODAY)
    assert [free(found, 0, 1), free(found, 1, 2), free(found, 5, 9)] == [1, 0, 1]
    with pytest.raises(ShortageError) as short:
        found.promised(promise(4, 4, minute=2), TODAY)
    assert [(one.person, one.waiting) for one in short.value.taken] == [(waiting.person, True)]
    assert found.fits(waiting, TODAY)


def test_whoever_is_later_in_line_goes_ahead_only_where_the_first_does_not_want_it() -> None:
    first = promise(0, 9, 2, minute=1, queued=True)
    second, third = (promise(0, 5, minute=2, queued=True), promise(10, 12, minute=3, queued=True))
    found = lent(stock(2), due=9)
    for one in (third, second, first):
        found = found.promised(one, TODAY)
    assert found.queue == (first, second, third)
    assert [found.fits(one, TODAY) for one in (first, second, third)] == [False, False, True]


def test_whose_days_have_passed_waits_in_nobodys_way() -> None:
    found = stock().promised(promise(-5, -1, queued=True), TODAY)
    assert found.line(TODAY) == []
    assert free(found, 0, 5) == 1


def test_should_pieces_be_lost_whoever_asked_first_is_served_first() -> None:
    first, second = promise(0, 5, minute=1), promise(0, 5, minute=2)
    found = stock(2).promised(first, TODAY).promised(second, TODAY).move(Decimal(1), HERE, Spot("lost"))
    assert [free(found, 0, 5, one.slip) for one in (first, second)] == [1, 0]
    assert free(found, 0, 6, first.slip) == 0  # longer than promised
    assert free(found, 0, 5) == 0


def test_an_enlarged_reservation_may_not_take_what_others_were_promised() -> None:
    first, second = promise(0, 5, minute=1), promise(0, 5, minute=2)
    found = stock(2).promised(first, TODAY).promised(second, TODAY)
    assert free(found, 0, 5, first.slip) == 1
    with pytest.raises(ShortageError):
        found.promised(replace(first, quantity=Decimal(2)), TODAY)
