"""Guessing is slowed down: counted at once by everybody, locked for a time, told to nobody but the log."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from pymongo.database import Database

from models import throttle
from models.database import Document
from models.throttle import SIGN_IN, Limits, attempt, lift, locked_until, succeeded, wait
from models.times import set_clock

# Later than today, so that MongoDB does not clear away by its own clock what expires.
NOON = datetime(2046, 11, 2, 4, 0, tzinfo=UTC)
HOME, AWAY = "203.0.113.7", "198.51.100.9"
LOCK = timedelta(minutes=15)


@pytest.fixture(autouse=True)
def noon(db: Database[Document]) -> Iterator[None]:
    with set_clock(NOON):
        yield


def fail(times: int, account: str = "wang.fang", address: str = HOME) -> list[datetime | None]:
    return [attempt(SIGN_IN, account, address) for _turn in range(times)]


def test_the_eleventh_attempt_is_refused_for_a_quarter_of_an_hour() -> None:
    assert fail(10) == [None] * 10
    assert fail(2) == [NOON + LOCK] * 2
    assert wait(SIGN_IN, "wang.fang", HOME) == NOON + LOCK
    with set_clock(NOON + LOCK):
        assert fail(1) == [None]


def test_each_lock_takes_twice_as_long_up_to_four_hours() -> None:
    at, lengths = NOON, []
    for _turn in range(7):
        with set_clock(at):
            until = fail(11)[-1]
            assert until
            lengths.append((until - at).total_seconds() / 60)
            at = until
    assert lengths == [15, 30, 60, 120, 240, 240, 240]


def test_a_day_after_a_lock_the_next_one_is_short_again() -> None:
    fail(11)
    later = NOON + LOCK + timedelta(hours=25)
    with set_clock(later):
        assert fail(11)[-1] == later + LOCK


def test_failures_are_forgotten_after_the_window() -> None:
    fail(10)
    with set_clock(NOON + timedelta(minutes=15, seconds=1)):
        assert fail(10) == [None] * 10


def test_a_lock_from_one_place_leaves_the_others_open() -> None:
    fail(11, address=AWAY)
    assert wait(SIGN_IN, "wang.fang", HOME) is None
    assert fail(1, account="li.qiang", address=AWAY) == [None]


def test_guessing_from_many_places_locks_the_account_everywhere_but_where_it_is_known() -> None:
    attempt(SIGN_IN, "wang.fang", HOME)
    succeeded(SIGN_IN, "wang.fang", HOME)
    tried = [attempt(SIGN_IN, "wang.fang", f"198.51.100.{number % 50}") for number in range(61)]
    assert tried == [None] * 60 + [NOON + LOCK]
    assert wait(SIGN_IN, "wang.fang", "192.0.2.1") == NOON + LOCK
    assert wait(SIGN_IN, "wang.fang", HOME) is None
    assert fail(1) == [None]


def test_a_known_place_is_forgotten_after_a_month() -> None:
    succeeded(SIGN_IN, "wang.fang", HOME)
    with set_clock(NOON + timedelta(days=31)):
        for number in range(61):
            attempt(SIGN_IN, "wang.fang", f"198.51.100.{number % 50}")
        assert wait(SIGN_IN, "wang.fang", HOME)


def test_guessing_at_many_accounts_locks_the_place() -> None:
    tried = [attempt(SIGN_IN, f"person{number}", AWAY) for number in range(101)]
    assert tried == [None] * 100 + [NOON + LOCK]
    assert fail(1) == [None]


def test_success_forgives_its_own_attempt_only() -> None:
    for number in range(99):
        attempt(SIGN_IN, f"person{number}", AWAY)
    attempt(SIGN_IN, "the.guesser", AWAY)
    succeeded(SIGN_IN, "the.guesser", AWAY)
    assert fail(1, address=AWAY) == [None]
    assert fail(1, address=AWAY) == [NOON + LOCK]


def test_success_begins_the_count_anew() -> None:
    fail(10)
    succeeded(SIGN_IN, "wang.fang", HOME)
    assert fail(10) == [None] * 10


def test_fifty_at_once_are_counted_one_by_one() -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _turn: attempt(SIGN_IN, "wang.fang", HOME), range(50)))
    assert answers.count(None) == 10


def test_a_name_is_one_in_every_spelling() -> None:
    assert [attempt(SIGN_IN, name, HOME) for name in ["WANG.FANG", " wang.fang "] * 6][-1] == NOON + LOCK


def test_one_ipv6_site_is_one_place() -> None:
    tried = [attempt(SIGN_IN, "wang.fang", f"2001:db8:1:2::{number:x}") for number in range(11)]
    assert tried[-1] == NOON + LOCK
    assert wait(SIGN_IN, "wang.fang", "2001:db8:1:3::1") is None


@pytest.mark.parametrize("address", [None, "", "unix:", "::ffff:203.0.113.7", "fe80::1%eth0"])
def test_any_address_can_be_counted(address: str | None) -> None:
    assert [attempt(SIGN_IN, "wang.fang", address) for _turn in range(11)][-1] == NOON + LOCK


def test_an_ipv4_address_is_the_same_when_wrapped() -> None:
    fail(11)
    assert wait(SIGN_IN, "wang.fang", f"::ffff:{HOME}") == NOON + LOCK


@pytest.mark.parametrize("account", ["", "\0", "\ud800", "$ne", "x" * 100_000])
def test_any_name_can_be_counted(account: str) -> None:
    assert fail(11, account)[-1] == NOON + LOCK


def test_a_lock_is_told_once_and_never_what_was_typed(db: Database[Document]) -> None:
    for _turn in range(14):
        attempt(SIGN_IN, "my secret password", HOME, subject="")
    [entry] = db.audit.find({"event": "account.locked"})
    assert entry["address"] == HOME
    assert entry["details"]["scope"] == "account_and_address"
    everything = str([list(db[name].find()) for name in ("audit", "throttles")])
    assert "secret password" not in everything


def test_an_administrator_ends_every_lock_of_an_account() -> None:
    fail(11)
    fail(11, account="wang@example.com")
    names = ["wang.fang", "Wang@example.com"]
    assert locked_until(SIGN_IN, names) == NOON + LOCK
    lift(SIGN_IN, names)
    assert locked_until(SIGN_IN, names) is None
    assert fail(1) == [None]


def test_each_kind_counts_for_itself() -> None:
    fail(11)
    assert wait(throttle.FACTOR, "wang.fang", HOME) is None
    tried = [attempt(throttle.RESET, "wang.fang", HOME) for _turn in range(4)]
    assert tried == [None] * 3 + [NOON + timedelta(hours=1)]


def test_the_operator_chooses_the_numbers() -> None:
    throttle.set_limits(Limits(per_pair=3, lock=timedelta(minutes=1)))
    try:
        assert fail(4)[-1] == NOON + timedelta(minutes=1)
    finally:
        throttle.set_limits(Limits())
